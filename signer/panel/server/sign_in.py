"""The same server, which lets doctors in by their token too: a nonce for each visitor, used once.

`python sign_in.py PORT ANCHORS STORE`. What a token says and what is refused is in the docs on signing in.
"""

import secrets
import sys
from datetime import UTC, datetime
from http.cookies import SimpleCookie

from server import ANCHORS, Panel, serve

from signer.verify.anchors import load
from signer.verify.sign_in import SignInRefused, check

nonces: dict[str, str] = {}  # one for each visitor's session; in a real server, in its store


class SignIn(Panel):
    about: dict[str, object] = {"panel": 1, "sign_in": True}  # noqa: RUF012

    def do_POST(self) -> None:  # noqa: N802
        body = self.rfile.read(min(int(self.headers.get("Content-Length", "0")), 1 << 16))
        if self.path == "/api/nonces":
            session, nonce = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
            nonces[session] = nonce
            cookie = f"session={session}; HttpOnly; SameSite=Strict; Path=/api/"  # and Secure, behind TLS
            return self.answer(200, {"nonce": nonce}, cookie)
        if self.path == "/api/sign-ins":
            return self.answer(200, {"doctor": self.doctor(body.decode("ascii", "replace"))})
        return self.answer(404, {})

    def doctor(self, token: str) -> str | None:
        """The doctor's name, or None. The nonce is used up by the first token, good or bad."""
        morsel = SimpleCookie(self.headers.get("Cookie", "")).get("session")
        nonce = nonces.pop(morsel.value, None) if morsel else None
        origin = f"http://{self.headers['Host']}"  # a real server knows its own
        if nonce is None:
            return None
        trusted = tuple(certificate for _, certificate in load(ANCHORS).found)
        try:
            found = check(token, origin=origin, nonce=nonce, anchors=trusted, now=datetime.now(UTC))
        except SignInRefused as refused:
            print(f"sign-in refused: {refused}", file=sys.stderr)  # noqa: T201  # a reason, never a person
            return None
        return found.holder.name


if __name__ == "__main__":
    serve(SignIn)
