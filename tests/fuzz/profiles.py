"""The loader of token profiles: nearly right TOML is a profile, or a refusal that names file and key."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.catalogue import PROFILES, load_module, load_profile
from drivers.errors import ProfileInvalid
from tests.fuzz.mutations import nearly

_REAL = st.sampled_from([(file.name, file.read_text("utf-8")) for file in sorted(PROFILES.glob("*.toml"))])
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
    with tempfile.TemporaryDirectory() as folder:

        @settings(max_examples=examples)
        @given(st.data())
        def loader(data: st.DataObject) -> None:
            name, text = data.draw(_REAL)
            file = Path(folder) / name
            file.write_bytes(data.draw(nearly(st.just(text), _PIECES)).encode("utf-8", "surrogatepass"))
            try:
                profile = load_profile(file)
            except ProfileInvalid as refusal:
                assert refusal.file == name
                assert refusal.key
                return
            assert profile.family == file.stem
            assert load_module(file) == profile.module

        loader()
