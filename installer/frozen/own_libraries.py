"""Runs before each frozen program: what it starts must not load this package's libraries for its own.

The launcher points LD_LIBRARY_PATH at the package for itself; a browser or a tool of the system that
inherited it would get libraries that it was not made for.
"""

import os

_own = os.environ.pop("LD_LIBRARY_PATH_ORIG", None)
if _own is None:
    os.environ.pop("LD_LIBRARY_PATH", None)
else:
    os.environ["LD_LIBRARY_PATH"] = _own
