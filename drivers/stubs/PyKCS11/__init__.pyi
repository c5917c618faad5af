# The high-level half of PyKCS11, as far as the benchmark's yardstick uses it; the worker uses LowLevel.
from collections.abc import Sequence

CKA_CLASS: int
CKA_ID: int
CKA_VALUE: int
CKM_SHA256_RSA_PKCS: int
CKO_CERTIFICATE: int
CKO_PRIVATE_KEY: int

class Mechanism:
    def __init__(self, mechanism: int, param: object = None) -> None: ...

class CK_TOKEN_INFO:  # noqa: N801
    label: str

class Session:
    def login(self, pin: str) -> None: ...
    def findObjects(self, template: Sequence[tuple[int, object]]) -> list[int]: ...  # noqa: N802
    def getAttributeValue(  # noqa: N802
        self, obj_id: int, attr: Sequence[int]
    ) -> list[Sequence[int]]: ...
    def sign(self, key: int, data: bytes, mecha: Mechanism) -> Sequence[int]: ...

class PyKCS11Lib:
    def load(self, pkcs11dll_filename: str) -> None: ...
    def getSlotList(self, tokenPresent: bool = False) -> list[int]: ...  # noqa: N802, N803
    def getTokenInfo(self, slot: int) -> CK_TOKEN_INFO: ...  # noqa: N802
    def openSession(self, slot: int) -> Session: ...  # noqa: N802
