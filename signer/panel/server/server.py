"""A panel's server in sixty lines of code: keeps each prescription, and stores its signature with a verdict.

`python server.py PORT ANCHORS STORE`; needs `pip install mohr` and nothing else. It serves the demo beside
itself, in plain http on loopback: TLS, who may write, and a database are for you to add.
"""

import json
import re
import sys
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from signer.verify import Indication, verify
from signer.verify.anchors import load

ANCHORS, STORE, PANEL = Path(sys.argv[2]), Path(sys.argv[3]), Path(__file__).parent.parent
PLACE = re.compile(r"/api/prescriptions/([\w-]{1,64})(/signature)?", re.ASCII)


def judge(content: bytes, signature: bytes) -> dict[str, object]:
    """Does it sign exactly what we kept, under a certificate that we trust, of the prescriber?"""
    trusted = tuple(certificate for _, certificate in load(ANCHORS).found)
    report = verify(signature, content=content, anchors=trusted)
    reasons = list(dict.fromkeys(one.code for one in report.findings if one.severity.value == "failed"))
    if report.content != content:
        reasons.append("signs-something-else")
    signer, numbers = (report.signer.name, report.signer.council_numbers) if report.signer else (None, ())
    if json.loads(content)["prescriber"]["council_number"] not in numbers:
        reasons.append("signer-is-not-the-prescriber")
    good = report.indication is Indication.VALID and not reasons
    return {"verdict": "valid" if good else report.indication.value, "signer": signer, "reasons": reasons}


class Panel(SimpleHTTPRequestHandler):
    about: dict[str, object] = {"panel": 1}  # noqa: RUF012

    def do_GET(self) -> None:
        return self.answer(200, self.about) if self.path == "/api/" else super().do_GET()

    def do_PUT(self) -> None:
        place, length = PLACE.fullmatch(self.path), int(self.headers.get("Content-Length", "0"))
        if place is None or length > 1 << 20:
            return self.answer(404 if place is None else 413, {})
        body, kept, found = self.rfile.read(length), STORE / f"{place[1]}.json", STORE / f"{place[1]}.verdict"
        if place[2] is None:
            if kept.exists() and kept.read_bytes() != body:  # a doctor may be reading it: it does not change
                return self.answer(409, {})
            try:
                json.loads(body)["prescriber"]["council_number"]
            except (ValueError, LookupError, TypeError):
                return self.answer(400, {})
            kept.write_bytes(body)
            return self.answer(200, {})
        if not kept.exists():
            return self.answer(404, {})
        verdict = judge(kept.read_bytes(), body)
        if not found.exists() or json.loads(found.read_text())["verdict"] != "valid":
            (STORE / f"{place[1]}.p7m").write_bytes(body)  # a bad one too: with its verdict it is evidence
            found.write_text(json.dumps(verdict))
        return self.answer(200, verdict)

    def answer(self, status: int, said: dict[str, object], cookie: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        if cookie:
            self.send_header("Set-Cookie", cookie)
        self.end_headers()
        self.wfile.write(json.dumps(said).encode())


def serve(panel: type[Panel]) -> None:
    STORE.mkdir(parents=True, exist_ok=True)
    made = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), lambda *a: panel(*a, directory=str(PANEL)))
    print(f"http://127.0.0.1:{made.server_port}/demo/", flush=True)  # noqa: T201
    made.serve_forever()


if __name__ == "__main__":
    serve(Panel)
