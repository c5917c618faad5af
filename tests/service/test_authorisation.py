"""What a token wants before it opens: told by its flags, and by its profile where they are silent."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from drivers.catalogue import Login, LoginForm, PinFlags, SignaturePin
from drivers.types import Token, TokenFlags
from signer.model.credential import Authorisation, AuthorisationKind, PinRole, TriesLeft
from signer.service.token_signers import authorisation_of
from tests import softhsm as hsm

PLAIN, PAD = TokenFlags(0), TokenFlags.PROTECTED_AUTHENTICATION_PATH


def authorisation(login: Login, flags: TokenFlags = PLAIN, label: str = "card") -> Authorisation:
    token = Token(
        slot=0,
        label=label,
        serial="1",
        manufacturer="",
        model="",
        reader="",
        flags=int(flags),
        pin_min=4,
        pin_max=8,
        mechanisms=(),
    )
    return authorisation_of(token, replace(hsm.profile(), login=login))


@pytest.mark.parametrize(
    ("form", "flags", "kind"),
    [
        (LoginForm.PIN, PLAIN, AuthorisationKind.PIN),
        (LoginForm.PIN, PAD, AuthorisationKind.PIN_PAD),
        (LoginForm.MODULE_DIALOG, PLAIN, AuthorisationKind.MODULE_DIALOG),
        (LoginForm.MODULE_DIALOG, PAD, AuthorisationKind.MODULE_DIALOG),
    ],
)
def test_who_asks_for_the_pin_is_told_by_the_profile_and_then_by_the_token(
    form: LoginForm, flags: TokenFlags, kind: AuthorisationKind
) -> None:
    assert authorisation(Login(form=form), flags).kind is kind


@pytest.mark.parametrize(
    ("label", "role"),
    [("OpenPGP card (User PIN (sig))", PinRole.SIGNATURE), ("OpenPGP card (User PIN)", PinRole.USER)],
)
def test_a_slot_for_the_signature_pin_is_known_by_its_label(label: str, role: PinRole) -> None:
    login = Login(signature_pin=SignaturePin(slots=("(User PIN (sig))",)))
    assert authorisation(login, label=label).role is role


def test_tries_are_those_of_the_flags_and_their_silence_counts_where_it_is_trusted() -> None:
    assert authorisation(Login()).tries is TriesLeft.UNKNOWN
    assert authorisation(Login(pin_flags=PinFlags.TRUSTED)).tries is TriesLeft.OK
    assert authorisation(Login(), TokenFlags.USER_PIN_FINAL_TRY).tries is TriesLeft.LAST
