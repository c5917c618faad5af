"""Entry of the worker process. It imports a binding only when it is told which."""

from __future__ import annotations

import os

from drivers.cryptoki import Cryptoki
from drivers.types import Binding
from drivers.worker import process
from drivers.worker.loop import serve


def open_binding(binding: Binding) -> Cryptoki:
    """Import the one binding of this process."""
    if binding is Binding.PYKCS11:
        from drivers.bindings.pykcs11 import PyKcs11

        return PyKcs11()
    from drivers.bindings.python_pkcs11 import PythonPkcs11

    return PythonPkcs11()


def main() -> None:
    """Serve the supervisor's pipe, then leave without running the module's exit handlers."""
    requests, answers = process.prepare()
    serve(requests, answers, open_binding, process.limit_farewell)
    os._exit(0)


if __name__ == "__main__":
    main()
