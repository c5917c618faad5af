"""`mohr tokens`: for the helpdesk, which families of tokens Mohr knows and which tokens it sees just now.

Nothing is signed and no PIN is asked for. A module that fails is a line of the answer, not the end of it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from drivers.atr import read_atr
from drivers.catalogue import Profile, known_by_atr, known_by_token
from drivers.installed import Presence, PresentModule, candidates, find_modules, presence
from drivers.types import Token, TokenFlags
from signer.cli.language import Language
from signer.cli.loadable import profile_set
from signer.model.text import visible

if TYPE_CHECKING:
    from signer.cli.loadable import ModuleChoice

_PRESENCE = {
    Presence.PRESENT: "module present",
    Presence.SERVED: "served by another family's module",
    Presence.ABSENT: "module not on this computer",
    Presence.NOT_FOR_THIS_SYSTEM: "no module known for this system",
    Presence.NO_MODULE_KNOWN: "no module known",
}


class KnownFamily(Struct, frozen=True, kw_only=True):
    """One family as `mohr tokens known` tells it; `modules` are the paths tried on this system.

    `seen`, `published` and `guessed` count its facts: what the project saw happen, what others published,
    what is inferred or remembered.
    """

    family: str
    name: str
    atrs: tuple[str, ...]
    manufacturers: tuple[str, ...]
    models: tuple[str, ...]
    modules: tuple[str, ...]
    served_by: tuple[str, ...]
    presence: Presence
    seen: int
    published: int
    guessed: int
    help: str


class SeenToken(Struct, frozen=True, kw_only=True):
    """One token in a slot; `family` is whose manufacturer and model it has, None where nobody's."""

    label: str
    serial: str
    manufacturer: str
    model: str
    reader: str
    initialised: bool
    family: str | None


class AskedModule(Struct, frozen=True, kw_only=True):
    """What one module answered: its tokens, or the condition that it is in, a code of the error catalogue."""

    family: str
    path: str
    tokens: tuple[SeenToken, ...] = ()
    condition: str | None = None
    detail: str = ""
    remedy: str = ""


def known(*, atr: str | None, language: Language, as_json: bool) -> int:
    """Print the catalogue, or the family that has an ATR: 1 where none has, 2 where it is no ATR."""
    profiles = profile_set().load()
    asked: Iterable[Profile] = profiles
    if atr is not None:
        try:
            one = known_by_atr(profiles, read_atr(atr))
        except ValueError as error:
            print(f"not an ATR: {error}")
            return 2
        asked = () if one is None else (one,)
    present = find_modules(profiles)
    families = [_known(profile, present, language) for profile in asked]
    if as_json:
        _print_json(families)
    elif not families:
        print("no family is known by this ATR")
    else:
        for family in families:
            print("\n".join(_known_lines(family)))
    return 0 if families else 1


def here(*, as_json: bool) -> int:
    """Ask the modules that are here and print what they answer: 1 where there is none, or one failed."""
    from signer.cli.loadable import present_modules

    asked = asyncio.run(ask(present_modules()))
    if as_json:
        _print_json(asked)
    elif not asked:
        print("no module of a known family is on this computer: see `mohr tokens known`")
    else:
        for module in asked:
            print("\n".join(_asked_lines(module)))
    return 0 if asked and not any(module.condition for module in asked) else 1


async def ask(modules: Iterable[ModuleChoice]) -> tuple[AskedModule, ...]:
    """Each module's tokens, asked all at once, each in a worker that has gone when this returns."""
    profiles = profile_set().load()
    return tuple(await asyncio.gather(*(_ask_one(module, profiles) for module in modules)))


async def _ask_one(module: ModuleChoice, profiles: Sequence[Profile]) -> AskedModule:
    from signer.model.errors import ModuleCannotLoad, MohrError
    from signer.service.token_signers import meaning

    family, path = module.profile.family, str(module.path)
    try:
        with meaning(module.profile):
            async with module.supervisor() as supervisor:
                # What keeps a module from loading is told by this, and by nothing that is asked later.
                await supervisor.library()
                tokens = await supervisor.tokens()
    except (MohrError, OSError) as caught:
        problem = caught if isinstance(caught, MohrError) else ModuleCannotLoad(str(caught))
        return AskedModule(
            family=family, path=path, condition=problem.code, detail=problem.detail, remedy=problem.remedy
        )
    return AskedModule(family=family, path=path, tokens=tuple(_seen(token, profiles) for token in tokens))


def _known(profile: Profile, present: Sequence[PresentModule], language: Language) -> KnownFamily:
    seen = sum(fact.seen for fact in profile.evidence)
    guessed = sum(fact.guess for fact in profile.evidence)
    return KnownFamily(
        family=profile.family,
        name=profile.name,
        atrs=profile.match.atrs,
        manufacturers=profile.match.manufacturers,
        models=profile.match.models,
        modules=tuple(str(path) for path in candidates(profile.module)),
        served_by=profile.module.served_by,
        presence=presence(profile, present),
        seen=seen,
        published=len(profile.evidence) - seen - guessed,
        guessed=guessed,
        help=profile.help.fa if language == "fa" else profile.help.en,
    )


def _seen(token: Token, profiles: Sequence[Profile]) -> SeenToken:
    family = known_by_token(profiles, token)
    return SeenToken(
        label=token.label,
        serial=token.serial,
        manufacturer=token.manufacturer,
        model=token.model,
        reader=token.reader,
        initialised=TokenFlags.TOKEN_INITIALIZED in token.token_flags,
        family=None if family is None else family.family,
    )


def _known_lines(family: KnownFamily) -> Iterator[str]:
    yield f"{family.family:<24}{family.name:<36}{_PRESENCE[family.presence]}"
    ways = (("ATR", family.atrs), ("manufacturer", family.manufacturers), ("model", family.models))
    known_by = [f"{name} {visible(text)}" for name, texts in ways for text in texts]
    yield f"  known by   {' | '.join(known_by) or 'nothing: its name alone'}"
    if family.modules:
        yield f"  modules    {' | '.join(family.modules)}"
    if family.served_by:
        yield f"  served by  {', '.join(family.served_by)}"
    yield f"  facts      {family.seen} seen, {family.published} published, {family.guessed} guessed"
    yield f"  {family.help}"
    yield ""


def _asked_lines(module: AskedModule) -> Iterator[str]:
    yield f"{module.family:<24}{visible(module.path)}"
    if module.condition is not None:
        yield f"  {module.condition}: {visible(module.detail)}".rstrip(": ")
        yield f"  {module.remedy}"
    elif not module.tokens:
        yield "  no token"
    for token in module.tokens:
        label = token.label if token.initialised else "(blank)"
        facts = (label, token.serial, f"{token.manufacturer} {token.model}", token.reader)
        yield f"  {visible(' · '.join(facts))}"
        yield f"    family: {token.family or 'not known by manufacturer and model'}"


def _print_json(rows: Sequence[Struct]) -> None:
    """ASCII, so that no console's code page can spoil it."""
    print(json.dumps(msgspec.to_builtins(rows), indent=2))
