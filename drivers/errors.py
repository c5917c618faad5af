"""What can go wrong at a module, as raw facts: numbers, signals and names of C_ functions.

The supervisor raises these; `signer.model.errors` gives them meaning.
"""

from __future__ import annotations


class DriverFault(Exception):
    """Root of all faults of this room."""


class ModuleReturned(DriverFault):
    """The module answered, with a CK_RV other than CKR_OK."""

    def __init__(self, rv: int, function: str) -> None:
        super().__init__(f"{function} returned 0x{rv:08X}")
        self.rv = rv
        self.function = function


class ModuleNotLoaded(DriverFault):
    """The library could not be loaded; `reason` is the loader's own sentence."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class ModuleChanged(DriverFault):
    """The module's file is not the one that somebody agreed to; nothing of it was loaded."""


class WorkerDied(DriverFault):
    """The worker's process ended while `function` was in hand, or before it was begun (`begun` False)."""

    def __init__(self, how: str, function: str, *, begun: bool) -> None:
        super().__init__(f"{how} in {function}" if begun else f"{how} before {function}")
        self.how = how
        self.function = function
        self.begun = begun


class WorkerKilled(WorkerDied):
    """The worker was killed at the deadline of another call, before `function` was begun."""

    def __init__(self, function: str) -> None:
        super().__init__("killed at a deadline", function, begun=False)


class WorkerHung(DriverFault):
    """`function` did not answer within `seconds`; the worker was killed."""

    def __init__(self, function: str, seconds: float) -> None:
        super().__init__(f"{function} gave no answer in {seconds:g} s")
        self.function = function
        self.seconds = seconds


class NoSuchKey(DriverFault):
    """The slot holds no private key with that CKA_ID."""


class NoSuchMechanism(DriverFault):
    """The token offers no mechanism that makes the wanted signature."""

    def __init__(self, wanted: str) -> None:
        super().__init__(f"no mechanism for {wanted}")
        self.wanted = wanted


class KeyAmbiguous(DriverFault):
    """The slot holds more than one private key with that CKA_ID; none is chosen."""


class KeyIdTaken(DriverFault):
    """The slot already holds a private key with the CKA_ID wanted for a new one."""


class NotLoggedIn(DriverFault):
    """No private key with that CKA_ID is visible, and this worker has nobody logged in at the slot."""


class ContextLoginNeeded(DriverFault):
    """The key has CKA_ALWAYS_AUTHENTICATE: each signature needs a login of its own, which was not given."""


class NotInBinding(DriverFault):
    """The Python binding of this worker has no way to call what was wanted; another one may have."""


class SignatureMalformed(DriverFault):
    """The module answered CKR_OK with something that cannot be a signature of the wanted kind."""


class FrameMalformed(DriverFault):
    """Bytes on the pipe are no message of `drivers.wire`, or an answer that does not fit the question."""


class WorkerOfAnotherVersion(DriverFault):
    """The worker speaks another version of `drivers.wire`: the installation was changed under the agent."""

    def __init__(self, theirs: int, ours: int) -> None:
        super().__init__(f"the worker speaks version {theirs}, the agent version {ours}")
        self.theirs = theirs
        self.ours = ours


class ProfileInvalid(DriverFault):
    """A token profile cannot be used: `file` is its name, `key` the path of the key at fault."""

    def __init__(self, file: str, key: str, problem: str) -> None:
        super().__init__(f"{file}: {key}: {problem}")
        self.file = file
        self.key = key
        self.problem = problem
