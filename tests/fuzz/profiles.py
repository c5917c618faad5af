"""The loader of token profiles: nearly right TOML is a profile, or a refusal that names file and key."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.catalogue import load_module, load_profile, shipped
from drivers.errors import ProfileInvalid
from tests.fuzz.mutations import nearly

_REAL = st.sampled_from(sorted(shipped().items()))
_PIECES = st.sampled_from(
    [
        "=",
        "[",
        "]",
        '"',
        "\n",
        "[module]\n",
        "[match]\n",
        "true",
        "-1",
        "1e999",
        "nan",
        "{}",
        "%",
        "../",
        "\\u0000",
    ]
) | st.text(max_size=5)


def fuzz(examples: int) -> None:
    """Real profiles with small changes, read whole and for their module alone."""

    @settings(max_examples=examples)
    @given(st.data())
    def loader(data: st.DataObject) -> None:
        family, real = data.draw(_REAL)
        text = data.draw(nearly(st.just(real), _PIECES))
        try:
            profile = load_profile(family, text)
        except ProfileInvalid as refusal:
            assert refusal.file == f"{family}.toml"
            assert refusal.key
            return
        assert profile.family == family
        assert load_module(family, text) == profile.module

    loader()
