"""Faults of what is on a token, its certificates, keys and PIN, and of the clock that judges them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from cryptography import x509 as strict

from drivers.errors import ModuleReturned
from drivers.pin import Pin
from signer import x509
from signer.cli.demo.authority import PLAIN_DOCTOR, DemoAuthority, NamePart, Usage
from signer.cli.diagnosis.place import past
from signer.diagnostics.ground import Ground
from signer.endpoint.local_ca import local_identity
from signer.platform.folders import folders_under
from signer.verify.anchors import load
from tests import pki, revocation
from tests import softhsm as hsm
from tests.diagnostics.computer import A_DAY, KEY, OTHER_KEY, Computer, anchors, current_crl, pair
from tests.diagnostics.row import Table
from tests.fault.module import FaultyModule

TABLE = Table()
MIDDLE = (NamePart("2.5.4.3", "Mohr demo intermediate"),)
_TOKEN = ("module softhsm",)


def _certificate(name: str, first: str) -> Callable[[Callable[[Computer], tuple[bytes, bytes]]], object]:
    """A row whose token holds one certificate, which the function gives with its CKA_ID."""

    def add(made: Callable[[Computer], tuple[bytes, bytes]]) -> object:
        @TABLE.row(name, first, *_TOKEN)
        @contextmanager
        def breaking(computer: Computer, folder: Path) -> Iterator[Ground]:
            yield computer.ground(computer.certified(folder / "token", made(computer)))

        return breaking

    return add


@_certificate("a certificate that has expired", "certificate-expired")
def _(computer: Computer) -> tuple[bytes, bytes]:
    return KEY, computer.issue(not_before=computer.now - 9 * A_DAY, not_after=computer.now - A_DAY)


@_certificate("a certificate that is not valid yet", "certificate-not-yet-valid")
def _(computer: Computer) -> tuple[bytes, bytes]:
    return KEY, computer.issue(not_before=computer.now + 3 * A_DAY)


@_certificate("a certificate that ends in a week", "certificate-ends-soon")
def _(computer: Computer) -> tuple[bytes, bytes]:
    return KEY, computer.issue(not_before=computer.now - 9 * A_DAY, not_after=computer.now + 7 * A_DAY)


@_certificate("a certificate for encryption", "certificate-wrong-usage")
def _(computer: Computer) -> tuple[bytes, bytes]:
    return KEY, computer.issue(usage=frozenset({Usage.KEY_ENCIPHERMENT}))


@_certificate("a certificate with a key of 1024 bits", "certificate-key-size")
def _(computer: Computer) -> tuple[bytes, bytes]:
    return KEY, computer.issue(pki.spki(pki.key("rsa-1024")))


@_certificate("a certificate whose key is nowhere on the token", "certificate-without-key")
def _(computer: Computer) -> tuple[bytes, bytes]:
    return b"\x09", computer.issue(pki.spki(pki.key("rsa-2048")))


@_certificate("a key that belongs to another certificate", "certificate-key-mismatch")
def _(computer: Computer) -> tuple[bytes, bytes]:
    return KEY, computer.issue(pki.spki(pki.key("rsa-2048")))


@_certificate("a certificate under another identifier than its key", "key-under-other-id")
def _(computer: Computer) -> tuple[bytes, bytes]:
    return b"\x09", computer.issue()


@_certificate("a certificate under the identifier of another key", "key-under-other-id")
def _(computer: Computer) -> tuple[bytes, bytes]:
    return OTHER_KEY, computer.issue()


@_certificate("a certificate object that holds no certificate", "certificate-unreadable")
def _(computer: Computer) -> tuple[bytes, bytes]:
    return KEY, computer.issue()[:-40]


@_certificate("an authority's certificate and none of the holder's", "certificate-absent")
def _(computer: Computer) -> tuple[bytes, bytes]:
    return b"\x09", computer.authority.certificate


@_certificate("a certificate of an authority that nobody trusts", "chain-missing")
def _(computer: Computer) -> tuple[bytes, bytes]:
    stranger = DemoAuthority(now=computer.now - A_DAY, key=pki.key("p384"))
    return KEY, stranger.issue(computer.spkis[KEY], PLAIN_DOCTOR, not_before=computer.now - A_DAY)


@TABLE.row("a token with keys and no certificate", "certificate-absent", *_TOKEN)
@contextmanager
def _(computer: Computer, folder: Path) -> Iterator[Ground]:
    yield computer.ground(computer.keyed)


@TABLE.row("an authority whose own certificate is over", "chain-not-valid-now", *_TOKEN)
@contextmanager
def _(computer: Computer, folder: Path) -> Iterator[Ground]:
    folders = anchors(folder, computer)
    (folders.data / "anchors" / "authority.pem").unlink()
    ended = DemoAuthority(now=computer.now - 4000 * A_DAY, key=pki.key("p256"))
    ended.write(folders.data / "anchors")
    yield computer.ground(folders=folders)


def _list(name: str, first: str) -> Callable[[Callable[[Computer, x509.Certificate], bytes]], object]:
    """A row whose revocation list the function gives, over the healthy token's certificate."""

    def add(made: Callable[[Computer, x509.Certificate], bytes]) -> object:
        @TABLE.row(name, first, *_TOKEN)
        @contextmanager
        def breaking(computer: Computer, folder: Path) -> Iterator[Ground]:
            certificate = x509.read(computer.issue())
            token = computer.certified(folder / "token", (KEY, certificate.der))
            yield computer.ground(token, folders=anchors(folder, computer, made(computer, certificate)))

        return breaking

    return add


@_list("a certificate that was revoked", "certificate-revoked")
def _(computer: Computer, certificate: x509.Certificate) -> bytes:
    return current_crl(computer.now, (certificate, computer.now - A_DAY))


@_list("a certificate on hold", "certificate-on-hold")
def _(computer: Computer, certificate: x509.Certificate) -> bytes:
    hold = strict.ReasonFlags.certificate_hold
    at = computer.now - A_DAY / 2
    return revocation.crl((certificate, at), at=at, until=at + A_DAY, reason=hold)


@_list("a revocation list that is out of date", "revocation-stale")
def _(computer: Computer, certificate: x509.Certificate) -> bytes:
    return current_crl(computer.now, age=5 * A_DAY)


@TABLE.row("an intermediate authority that was revoked", "certificate-revoked", *_TOKEN)
@contextmanager
def _(computer: Computer, folder: Path) -> Iterator[Ground]:
    middle = DemoAuthority(now=computer.now - 9 * A_DAY, name=MIDDLE, key=pki.key("p384"))
    own = computer.authority.issue(
        pki.spki(pki.key("p384")),
        MIDDLE,
        not_before=computer.now - 9 * A_DAY,
        usage=frozenset({Usage.KEY_CERT_SIGN}),
        ca=True,
    )
    leaf = middle.issue(computer.spkis[KEY], PLAIN_DOCTOR, not_before=computer.now - A_DAY)
    token = computer.certified(folder / "token", (KEY, leaf), (b"\x09", own))
    revoked = current_crl(computer.now, (x509.read(own), computer.now - A_DAY))
    yield computer.ground(token, folders=anchors(folder, computer, revoked))


@_certificate("a certificate that holds no number of the doctor's", "certificate-without-number")
def _(computer: Computer) -> tuple[bytes, bytes]:
    return KEY, computer.authority.issue(computer.spkis[KEY], MIDDLE, not_before=computer.now - A_DAY)


@TABLE.row("an anchor file that holds no certificate", "anchors-unreadable", "authorities", *_TOKEN)
@contextmanager
def _(computer: Computer, folder: Path) -> Iterator[Ground]:
    folders = anchors(folder, computer)
    (folders.data / "anchors" / "authority.pem").write_text("moved to the new server")
    assert not load(folders.data / "anchors").found
    yield computer.ground(folders=folders)


@TABLE.row("a clock that is a day behind, with a certificate of today", "clock-behind", "clock", *_TOKEN)
@contextmanager
def _(computer: Computer, folder: Path) -> Iterator[Ground]:
    token = computer.certified(folder / "token", (KEY, computer.issue(not_before=computer.now - A_DAY / 24)))
    yield computer.ground(token, now=lambda: computer.now - A_DAY)


@TABLE.row(
    "a clock behind the last visit of a panel, and nothing else to tell it by", "clock-behind", "clock"
)
@contextmanager
def _(computer: Computer, folder: Path) -> Iterator[Ground]:
    folders = folders_under(folder)
    later = computer.now + A_DAY
    pair(folders.data, later)
    yield computer.ground(folders=folders, past=lambda: tuple(past(folders.data)))


@TABLE.row("a clock behind the making of the agent's own authority", "clock-behind", "clock")
@contextmanager
def _(computer: Computer, folder: Path) -> Iterator[Ground]:
    folders = folders_under(folder)
    local_identity(folders.data / "tls", computer.now + A_DAY)
    yield computer.ground(folders=folders, past=lambda: tuple(past(folders.data)))


@TABLE.row("a clock that went back to the year of the computer's making", "clock-behind", "clock", *_TOKEN)
@contextmanager
def _(computer: Computer, folder: Path) -> Iterator[Ground]:
    yield computer.ground(now=lambda: computer.now.replace(year=2015, day=1))


def _flags(name: str, first: str, flags: int) -> None:
    @TABLE.row(name, first, *_TOKEN)
    @contextmanager
    def breaking(computer: Computer, folder: Path) -> Iterator[Ground]:
        folder.mkdir(exist_ok=True)
        lying = FaultyModule(computer.faulty, computer.token, folder)
        lying.fail("C_GetTokenInfo", f"flags {flags:#x}")
        yield computer.ground(lying.token)


_flags("a PIN that is locked", "pin-locked", 0x00040000)
_flags("a PIN with one last try", "pin-last-try", 0x00020000)
_flags("a PIN of which a try is spent", "pin-low", 0x00010000)
_flags("a PIN that must be changed", "pin-must-change", 0x00080000)
_flags("a PIN locked, with the flags of the tries still set", "pin-locked", 0x00070000)
_flags("an officer's PIN that is locked", "officer-pin-locked", 0x00400000)


@TABLE.row("a PIN that was really typed wrong once", "pin-low", *_TOKEN)
@contextmanager
def _(computer: Computer, folder: Path) -> Iterator[Ground]:
    token = hsm.copy(computer.token, folder / "token")

    async def mistype() -> None:
        async with token.supervisor() as supervisor:
            try:
                await supervisor.login(await hsm.only_slot(supervisor), Pin("99999999"))
            except ModuleReturned:
                return
        raise AssertionError("a wrong PIN was taken")

    asyncio.run(mistype())
    yield computer.ground(token)


@TABLE.row("a token whose PIN was never set", "pin-not-set", *_TOKEN)
@contextmanager
def _(computer: Computer, folder: Path) -> Iterator[Ground]:
    token = hsm.copy(computer.token, folder / "token")

    async def initialise() -> None:
        async with token.supervisor() as supervisor:
            slot = await hsm.only_slot(supervisor)
            await supervisor.init_token(slot, Pin(hsm.SO_PIN), "blank")

    asyncio.run(initialise())
    yield computer.ground(token)


@TABLE.row("a token that was never initialised", "token-blank", *_TOKEN)
@contextmanager
def _(computer: Computer, folder: Path) -> Iterator[Ground]:
    (folder / "token" / "tokens").mkdir(parents=True)
    configuration = folder / "token" / "softhsm2.conf"
    configuration.write_text(
        f"directories.tokendir = {folder / 'token' / 'tokens'}\nobjectstore.backend = file\n"
    )
    yield computer.ground(replace(computer.token, env={"SOFTHSM2_CONF": str(configuration)}))


@TABLE.row("a module that offers no mechanism for the key", "mechanism-missing", *_TOKEN)
@contextmanager
def _(computer: Computer, folder: Path) -> Iterator[Ground]:
    token = hsm.copy(computer.token, folder / "token")
    configuration = folder / "token" / "softhsm2.conf"
    configuration.write_text(f"{configuration.read_text()}slots.mechanisms = CKM_SHA256,CKM_ECDSA\n")
    yield computer.ground(token)


@TABLE.row("two certificates, the old one beside the new", "certificate-expired", *_TOKEN)
@contextmanager
def _(computer: Computer, folder: Path) -> Iterator[Ground]:
    old = computer.issue(not_before=computer.now - 9 * A_DAY, not_after=computer.now - A_DAY)
    yield computer.ground(computer.certified(folder / "token", (KEY, old), (KEY, computer.issue())))
