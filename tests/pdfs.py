"""Small PDFs for tests, written object by object, so that each attack is a change of one of them."""

from __future__ import annotations

from collections.abc import Mapping

#: A4 in points.
WIDTH, HEIGHT = 595, 842
MARKED = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"

#: For a trailer: encrypted, with the empty password of whoever reads this.
ENCRYPTED = b"/ID [<00> <00>] /Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <%s> /U <%s> >>" % (
    b"41" * 32,
    b"42" * 32,
)


def stream(data: bytes, extra: bytes = b"") -> bytes:
    """A stream object, not compressed."""
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(data), extra, data)


def written(objects: Mapping[int, bytes], *, trailer: bytes = b"") -> bytes:
    """A whole file: objects by number, 1 the catalog, and a classic cross-reference table."""
    out, offsets = bytearray(MARKED), {}
    for number, body in sorted(objects.items()):
        offsets[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start, size = len(out), max(objects) + 1
    out += b"xref\n0 %d\n0000000000 65535 f \n" % size
    out += b"".join(
        b"%010d 00000 n \n" % offsets[n] if n in offsets else b"0000000000 65535 f \n" for n in range(1, size)
    )
    out += b"trailer\n<< /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n" % (size, trailer, start)
    return bytes(out)


def updated(content: bytes, objects: Mapping[int, bytes], *, root: int = 1) -> bytes:
    """The file with one incremental update behind it that replaces or adds these objects."""
    previous = int(content.rsplit(b"startxref", 1)[1].split()[0])
    out = bytearray(content if content.endswith(b"\n") else content + b"\n")
    entries, size = [], max([*objects, *range(200)]) + 1
    for number, body in sorted(objects.items()):
        entries.append(b"%d 1\n%010d 00000 n \n" % (number, len(out)))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n" + b"".join(entries)
    out += b"trailer\n<< /Size %d /Root %d 0 R /Prev %d >>\nstartxref\n%d\n%%%%EOF\n" % (
        size,
        root,
        previous,
        start,
    )
    return bytes(out)


def text(*lines: str, size: int = 14) -> bytes:
    """A page's content: Latin lines from the top."""
    drawn = b" ".join(b"(%s) Tj T*" % line.encode("latin-1") for line in lines)
    return b"BT /F1 %d Tf 18 TL 60 760 Td %s ET" % (size, drawn)


def objects(
    pages: int = 2, *, catalog: bytes = b"", page: bytes = b"", contents: bytes | None = None
) -> dict[int, bytes]:
    """The objects of a document: 1 catalog, 2 page tree, 3 font, then a page and its contents in turn.

    `catalog` and `page` are added to those dictionaries, `page` to the first page's alone.
    """
    kids = b" ".join(b"%d 0 R" % (4 + 2 * n) for n in range(pages))
    made = {
        1: b"<< /Type /Catalog /Pages 2 0 R %s >>" % catalog,
        2: b"<< /Type /Pages /Count %d /Kids [%s] >>" % (pages, kids),
        3: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    }
    for n in range(pages):
        made[4 + 2 * n] = (
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] /Contents %d 0 R"
            b" /Resources << /Font << /F1 3 0 R >> >> %s >>"
        ) % (WIDTH, HEIGHT, 5 + 2 * n, page if n == 0 else b"")
        made[5 + 2 * n] = stream(
            contents if contents is not None and n == 0 else text("Amoxicillin 500 mg", f"Page {n + 1}")
        )
    return made


def plain(pages: int = 2, **parts: bytes) -> bytes:
    """A PDF without anything notable, or with the parts of `objects`."""
    return written(objects(pages, **parts))


def padded(size: int) -> bytes:
    """A one-page PDF of about this many octets, most of them in a stream that no page uses."""
    many = objects(1)
    many[6] = stream(bytes(i * 7919 % 251 for i in range(1000)) * (size // 1000))
    return written(many)


def scripted() -> bytes:
    """One that runs a script when it is opened, and carries a file along."""
    return plain(
        catalog=b"/OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >>"
        b" /Names << /EmbeddedFiles << /Names [(a) << /Type /Filespec /F (a) /EF << /F 5 0 R >> >>] >> >>"
    )
