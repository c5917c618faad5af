"""`mohr token`: what a holder does to a token at a terminal, where PINs are typed without echo.

Says before what is destructive, and asks for the token's serial number then. What is done is
`signer.service.token_desk`; which tokens there are is `mohr tokens here`.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

from drivers.catalogue import Unblocking
from drivers.pin import Pin
from drivers.types import KeySpec
from signer.cli.language import Language, Pair, first_of, problem_line
from signer.cli.token_speed import bench_file, bench_lines
from signer.cli.tty import NoAnswer, Tty
from signer.cli.typed_pin import typed_pin, typed_word
from signer.model.applicant import Applicant
from signer.model.credential import Authorisation, AuthorisationKind
from signer.model.errors import LastTryUnconfirmed, MohrError, SignatureWantsPin
from signer.service.key_requests import KeyRequests
from signer.service.pin_guard import PinGuard
from signer.service.self_test import Trial
from signer.service.token_bench import Limits
from signer.service.token_desk import ManagedToken, Secret, TokenDesk
from signer.service.token_signers import TokenModule
from signer.x509.files import request_pem

_MARK = b"-----BEGIN CERTIFICATE-----"

_TOKEN: Pair = ("توکن {label}، شمارهٔ سریال {serial}.", "Token {label}, serial {serial}.")
_BLANK: Pair = ("(بی‌نام)", "(blank)")
_ELSEWHERE: Pair = (
    "{what}: آن را روی کارت‌خوان یا در پنجرهٔ نرم‌افزار خود توکن بنویسید.",
    "{what}: type it on the reader, or where the token's own software asks.",
)
_GIVE_UP: Pair = ("{what} (هیچ برای انصراف): ", "{what} (nothing to give up): ")
_LAST: Pair = (
    "رمز نادرست شاید توکن را قفل کند. هنوز هیچ باری مصرف نشده است.",
    "A wrong PIN now may lock the token. No try was spent yet.",
)
_ALL_THE_SAME: Pair = ("با این همه بیازماییم؟", "Try all the same?")
_PIN: Pair = ("رمز توکن", "PIN")
_KEY_WANTS_PIN: Pair = (
    "کلید {key} برای هر امضا رمز می‌خواهد؛ برای هر شیوهٔ امضا تا {count} بار فرستاده می‌شود.",
    "Key {key} wants its PIN for each signature: it would be sent up to {count} times for each way.",
)
_MEASURE_TOO: Pair = ("این کلید هم سنجیده شود؟", "Measure this key too?")
_NOTHING: Pair = ("کاری انجام نشد.", "Nothing was done.")
_NO_TERMINAL: Pair = (
    "برای نوشتن رمز، ورودی و خروجی باید پایانه باشد",
    "it needs a terminal on standard input and output, for the PIN",
)


class Visit:
    """One command at one token: the desk, and the terminal of who sits before it."""

    def __init__(self, desk: TokenDesk, tty: Tty, serial: str | None, language: Language = "en") -> None:
        self.desk = desk
        self.tty = tty
        self.language = language
        self._serial = serial

    def words(self, pair: Pair, **values: str) -> str:
        """In the language of who sits there."""
        return first_of(pair, self.language).format(**values)

    async def token(self) -> ManagedToken:
        """The token that is meant, named on the screen."""
        token = await self.desk.only_token(self._serial)
        label = token.ref.label or self.words(_BLANK)
        self.tty.say(self.words(_TOKEN, label=label, serial=token.ref.serial))
        return token

    async def secret(self, what: str, wants: Authorisation, *, last_try: bool = False) -> Secret:
        """One PIN for one thing, typed where the token wants it. Raises `NoAnswer` where none is."""
        if wants.kind is not AuthorisationKind.PIN:
            self.tty.say(self.words(_ELSEWHERE, what=what))
            return Secret(pin=None, last_try_accepted=last_try)
        pin = await typed_pin(
            self.tty,
            self.words(_GIVE_UP, what=what),
            least=wants.pin_min,
            most=wants.pin_max,
            language=self.language,
        )
        if pin is None:
            raise NoAnswer
        return Secret(pin=pin, last_try_accepted=last_try)

    async def new_pin(self, wants: Authorisation) -> Pin | None:
        """A new PIN, typed twice; None where the reader asks for it."""
        if wants.kind is not AuthorisationKind.PIN:
            return None
        while True:
            first = (await self.secret("New PIN", wants)).pin
            second = (await self.secret("New PIN again", wants)).pin
            assert first is not None
            assert second is not None
            same = first.reveal() == second.reveal()
            second.forget()
            if same:
                return first
            first.forget()
            self.tty.say("The two are not the same. No try was spent.")

    async def trying(
        self, what: str, wants: Authorisation, do: Callable[[Secret], Awaitable[object]]
    ) -> None:
        """Do it with a PIN; where the try may be the last, once more after a yes of its own."""
        try:
            await self._once(what, wants, do, last_try=False)
        except LastTryUnconfirmed:
            said = LastTryUnconfirmed.fa if self.language == "fa" else LastTryUnconfirmed.en
            self.tty.say(f"{said} {self.words(_LAST)}")
            if not await self.yes(_ALL_THE_SAME):
                raise NoAnswer from None
            await self._once(what, wants, do, last_try=True)

    async def yes(self, question: Pair) -> bool:
        """Asked until it is answered. Raises `NoAnswer`."""
        return await typed_word(self.tty, self.words(question), "yes", "no", self.language) == "yes"

    async def _once(
        self, what: str, wants: Authorisation, do: Callable[[Secret], Awaitable[object]], *, last_try: bool
    ) -> None:
        secret = await self.secret(what, wants, last_try=last_try)
        try:
            await do(secret)
        finally:
            # Whoever gives up at a later question has typed this one all the same.
            if secret.pin is not None:
                secret.pin.forget()


def change_pin(serial: str | None) -> int:
    """The holder gives the PIN a new value."""

    async def act(visit: Visit) -> None:
        token = await visit.token()

        async def do(secret: Secret) -> None:
            await visit.desk.change_pin(token, secret, await visit.new_pin(token.user))

        await visit.trying("Present PIN", token.user, do)
        visit.tty.say("The PIN is changed.")

    return _run(serial, act)


def unblock(serial: str | None) -> int:
    """The officer's PIN or the PUK gives the user a new PIN; the first one, where there is none yet."""

    async def act(visit: Visit) -> None:
        token = await visit.token()
        what = "PUK" if token.unblocking is Unblocking.PUK else "SO-PIN"
        visit.tty.say(
            f"Wrong ones are counted by the token: when its {what} is locked, nobody can unlock it."
        )

        async def do(secret: Secret) -> None:
            await visit.desk.unblock(token, secret, await visit.new_pin(token.user))

        await visit.trying(what, token.officer, do)
        visit.tty.say("The new PIN is set.")

    return _run(serial, act)


def initialise(serial: str | None, label: str) -> int:
    """Empty the token, after its serial number was typed."""

    async def act(visit: Visit) -> None:
        token = await visit.token()
        visit.tty.say("EVERYTHING on this token will be gone for good: keys, certificates and the PIN.")
        visit.tty.say(
            "A certificate whose key is gone can never sign again. This is the only way to name it."
        )
        if (await visit.tty.line("Type its serial number to go on: ")).strip() != token.ref.serial:
            raise NoAnswer
        await visit.trying("SO-PIN", token.officer, lambda so: visit.desk.initialise(token, so, label))
        visit.tty.say("The token is empty and named. Give it a PIN: mohr token init-pin")

    return _run(serial, act)


def keys(serial: str | None) -> int:
    """List the private keys."""

    async def act(visit: Visit) -> None:
        token = await visit.token()

        async def do(secret: Secret) -> None:
            for key in await visit.desk.keys(token, secret):
                certified = "certified" if key.certified else "no certificate"
                visit.tty.say(f"{key.key_id.hex()}  {certified}  ", key.label)

        await visit.trying("PIN", token.user, do)

    return _run(serial, act)


def self_test(serial: str | None) -> int:
    """Sign with each key in each way, and verify. 1 where a signature does not come or does not verify."""
    wrong: list[Trial] = []

    async def act(visit: Visit) -> None:
        token = await visit.token()

        async def do(secret: Secret) -> None:
            async with visit.desk.open(token, secret) as opened:
                for trial in await opened.try_keys():
                    way = trial.algorithm.value if trial.algorithm else "no algorithm"
                    visit.tty.say(
                        f"{trial.key_id.hex()}  {way:<18} {trial.problem or 'signed and verified'}  ",
                        trial.label,
                    )
                    if trial.problem not in {None, SignatureWantsPin.code}:
                        wrong.append(trial)

        await visit.trying("PIN", token.user, do)

    return _run(serial, act) or int(bool(wrong))


def bench(serial: str | None, limits: Limits, out: Path | None, language: Language) -> int:
    """How many signatures a second each key makes in each way, on the screen and as JSON in a file."""

    async def act(visit: Visit) -> None:
        token = await visit.token()

        async def ask(key: str) -> bool:
            visit.tty.say(visit.words(_KEY_WANTS_PIN, key=key, count=str(limits.count)))
            return await visit.yes(_MEASURE_TOO)

        async def do(secret: Secret) -> None:
            rows = await visit.desk.bench(token, secret, limits, ask)
            for line in bench_lines(rows, language):
                visit.tty.say(line)
            if out is not None:
                await asyncio.to_thread(out.write_bytes, bench_file(token.family, rows))

        await visit.trying(visit.words(_PIN), token.user, do)

    return _run(serial, act, language)


def new_key(serial: str | None, kind: str, label: str, *, each: bool) -> int:
    """Make a key pair."""

    async def act(visit: Visit) -> None:
        token = await visit.token()

        async def do(secret: Secret) -> None:
            key = await visit.desk.make_key(token, secret, KeySpec(kind), label, each=each)
            visit.tty.say(f"Key {key.key_id.hex()} is made. It never leaves the token.")

        await visit.trying("PIN", token.user, do)

    return _run(serial, act)


def request(serial: str | None, applicant: Applicant, kind: str, out: Path) -> int:
    """Make a key and write a PKCS #10 request for it, PEM, to a file that is not there yet."""

    async def act(visit: Visit) -> None:
        applicant.check()
        if await asyncio.to_thread(out.exists):
            raise FileExistsError(f"{out} is there already")
        token = await visit.token()

        async def do(secret: Secret) -> None:
            made = await visit.desk.request(token, secret, applicant, KeySpec(kind))
            await asyncio.to_thread(out.write_text, request_pem(made.request))
            visit.tty.say(f"Request {made.id} is in ", str(out), ". Send it to the authority.")

        await visit.trying("PIN", token.user, do)

    return _run(serial, act)


def requests(forget: str | None) -> int:
    """List the requests in progress, or throw one away; its key stays on the token."""

    async def act(visit: Visit) -> None:
        if forget is not None:
            visit.desk.forget_request(forget)
            visit.tty.say("The request is thrown away. Its key stays on the token.")
            return
        for made in visit.desk.requests():
            who = (made.applicant.name, ", ", made.applicant.centre or "no centre")
            visit.tty.say(f"{made.id}  {made.made_at:%Y-%m-%d}  token ", made.token_serial, "  ", *who)
            if made.origin is not None:
                visit.tty.say("    asked for by ", made.origin)
            if not made.finished:
                visit.tty.say(
                    "    not finished: its key may be on the token, and is used when it is made again"
                )

    return _run(None, act)


def import_certificate(serial: str | None, file: Path) -> int:
    """Write an issued certificate, PEM or DER, beside its key."""

    async def act(visit: Visit) -> None:
        octets = await asyncio.to_thread(file.read_bytes)
        token = await visit.token()

        async def do(secret: Secret) -> None:
            stored = await visit.desk.store_certificate(token, secret, _der(octets))
            visit.tty.say(
                "The certificate of ", stored.holder.name, f" until {stored.not_after:%Y-%m-%d} is stored."
            )

        await visit.trying("PIN", token.user, do)

    return _run(serial, act)


def _run(serial: str | None, act: Callable[[Visit], Awaitable[None]], language: Language = "en") -> int:
    """0, or 1 with a sentence where it was not done."""
    tty = Tty(0, 1)
    if not tty.attended:
        print(f"mohr token: {first_of(_NO_TERMINAL, language)}")
        return 1
    try:
        asyncio.run(_visit(tty, serial, act, language))
    except NoAnswer:
        tty.say(first_of(_NOTHING, language))
    except MohrError as problem:
        tty.say(problem_line(problem, language))
    except (OSError, ValueError) as problem:
        tty.say(str(problem))
    else:
        return 0
    return 1


async def _visit(
    tty: Tty, serial: str | None, act: Callable[[Visit], Awaitable[None]], language: Language
) -> None:
    from signer.cli.assembly import SystemClock
    from signer.cli.loadable import present_modules
    from signer.platform.folders import user_data

    data = user_data()
    async with AsyncExitStack() as stack:
        modules = []
        for choice in present_modules():
            supervisor = await stack.enter_async_context(choice.supervisor())
            modules.append(TokenModule(path=str(choice.path), profile=choice.profile, supervisor=supervisor))
        desk = TokenDesk(
            tuple(modules),
            clock=SystemClock(),
            guard=PinGuard(data / "wrong-pins.json"),
            requests=KeyRequests(data / "certificate-requests.json"),
            turn=asyncio.Lock(),
        )
        await act(Visit(desk, tty, serial, language))


def _der(octets: bytes) -> bytes:
    """The first certificate of a PEM text (RFC 7468 §5), or DER as it is. Raises `ValueError`."""
    if _MARK not in octets:
        return octets
    body = octets.split(_MARK, 1)[1].split(b"-----END", 1)[0]
    return base64.b64decode(b"".join(body.split()), validate=True)
