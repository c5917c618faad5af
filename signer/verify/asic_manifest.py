"""An ASiCManifest (ETSI EN 319 162-1 §A.4), read: which signature it belongs to, and which files it names.

The signature of such a container is a CAdES over these octets, so what stands here is signed; the files
themselves are only as good as the digests here say. Whether they are the same is checked by `asic`.
"""

from __future__ import annotations

from urllib.parse import unquote

from lxml import etree
from msgspec import Struct

from signer.verify.candidate import Unreadable
from signer.verify.xmldsig import DIGESTS, DS, MAX_REFERENCES, algorithm, base64, broken, children
from signer.xml.parser import XmlRefused, parse

_ASIC = "http://uri.etsi.org/02918/v1.2.1#"
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
_REFERENCE, _EXTENSIONS = f"{{{_ASIC}}}DataObjectReference", f"{{{_ASIC}}}ASiCManifestExtensions"


class Named(Struct, frozen=True, kw_only=True):
    """A file by its name in the container, its digest (of a hash of `hashlib`), and what it is said to be.

    `root` is True where the manifest says that it is the file which the others belong to.
    """

    name: str
    media_type: str | None
    digest: str
    value: bytes
    root: bool


class Manifest(Struct, frozen=True, kw_only=True):
    """`signature` is the name of the signature's file; each name in `files` stands once."""

    signature: str
    files: tuple[Named, ...]


def read(octets: bytes) -> Manifest:
    """Read a manifest. Raises `Unreadable` for one that says anything which is not understood."""
    try:
        root = parse(octets).getroot()
    except XmlRefused as refused:
        raise _wrong(str(refused)) from None
    if root.tag != f"{{{_ASIC}}}ASiCManifest" or root.attrib:
        raise _wrong("not an ASiCManifest")
    signature, *others = [*children(root)] or [root]
    if signature.tag != f"{{{_ASIC}}}SigReference" or len(signature):
        raise _wrong("no reference to its signature")
    if others and others[-1].tag == _EXTENSIONS:
        _check_extensions(others.pop())
    files = tuple(_named(element) for element in others)
    if not 0 < len(files) <= MAX_REFERENCES:
        raise _wrong("no files, or too many")
    if len({file.name for file in files}) != len(files):
        raise _wrong("a file named twice")
    if sum(file.root for file in files) > 1:
        raise _wrong("two root files")
    return Manifest(signature=_name(signature), files=files)


def _named(element: etree._Element) -> Named:
    parts = list(children(element))
    if element.tag != _REFERENCE:
        raise _wrong("an element that is not known")
    if len(parts) == 3 and parts[2].tag == f"{{{_ASIC}}}DataObjectReferenceExtensions":
        _check_extensions(parts.pop())
    if [part.tag for part in parts] != [f"{{{DS}}}DigestMethod", f"{{{DS}}}DigestValue"]:
        raise _wrong("a reference without its digest")
    digest = DIGESTS.get(algorithm(parts[0]))
    if digest is None or len(parts[0]):
        raise broken("algorithm-unknown", "DigestMethod")
    root = element.get("Rootfile", "false")
    if root not in _BOOLEANS:
        raise _wrong("an attribute of another form")
    return Named(
        name=_name(element),
        media_type=element.get("MimeType"),
        digest=digest,
        value=base64(parts[1]),
        root=_BOOLEANS[root],
    )


def _name(element: etree._Element) -> str:
    """The file that a URI relative to the container's root names: no scheme, query or fragment."""
    if {str(name) for name in element.attrib} - {"URI", "MimeType", "Rootfile"}:
        raise _wrong("an attribute that is not known")
    uri = element.get("URI", "")
    if not uri or set(uri) & set(":?#\\"):
        raise _wrong("a reference to something else than a file of the container")
    return unquote(uri)


def _check_extensions(extensions: etree._Element) -> None:
    """§A.4: whoever does not understand a critical extension must not go on. None is understood here."""
    for extension in children(extensions):
        if extension.get("Critical", "true") not in {"false", "0"}:
            raise _wrong("an extension that is not known")


def _wrong(detail: str) -> Unreadable:
    return broken("asic-manifest", detail)
