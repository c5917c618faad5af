"""The loading of a library before a binding calls C_Initialize with it, so that faults are told apart.

It calls no C_ function and keeps nothing; the binding finds the library loaded.
"""

from __future__ import annotations

import os
import sys

from drivers.errors import ModuleNotLoaded


def load_library(path: str) -> None:
    """Have the loader load it and run its constructors. Raises `ModuleNotLoaded` with the loader's sentence.

    Windows is left to the binding, which looks in other folders for what the library needs itself.
    """
    if sys.platform == "win32":
        return
    import ctypes

    try:
        # As the bindings ask: a symbol that nobody calls may be missing.
        ctypes.CDLL(path, mode=os.RTLD_LAZY)
    except OSError as error:
        raise ModuleNotLoaded(str(error)) from None
