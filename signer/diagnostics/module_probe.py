"""Looks at one module: its file, whether it loads and answers, and what its tokens show; then asks it again
through the other binding. Every call is made in a worker.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime

from drivers import errors as faults
from drivers.bitness import bits_of
from drivers.types import TokenFlags
from signer.diagnostics.certificate_judgement import Known
from signer.diagnostics.finding import Finding, Subject, finding
from signer.diagnostics.ground import Candidate, Ground
from signer.diagnostics.library_file import not_loaded, open_to_others, trouble_with
from signer.diagnostics.probing import Seen
from signer.diagnostics.survey import Survey, SurveyedToken, differences, survey
from signer.diagnostics.token_judgement import judge_token

#: Seconds that a survey gets beyond what one call gets: OpenSC takes seven over a card that it does not know.
_BEYOND = 1.7
#: Seconds for the end of the workers.
_ENDING = 1.0
#: A second survey is begun only where there is so much time left for it.
_ENOUGH = 3.0
_INITIALISED = TokenFlags.TOKEN_INITIALIZED


def seconds(ground: Ground) -> float:
    """The deadline of the probe of one module."""
    return ground.patience + _BEYOND + _ENDING


async def look(module: Candidate, ground: Ground, known: Known) -> Seen:
    """Everything about one module."""
    subject = (module.name,)
    if not ground.bindings:
        return Seen(survey=Survey())
    trouble = trouble_with(module.path, module.standing, subject)
    if trouble is not None:
        return Seen(findings=(trouble,), survey=Survey())
    first, second = module.bindings
    loop = asyncio.get_running_loop()
    ends = loop.time() + ground.patience + _BEYOND
    seen = await survey(module, first, ground.patience, ground.patience + _BEYOND)
    findings = [*_file(module, subject), *_judged(seen, module, ground, known)]
    if seen.fault is None and (left := ends - loop.time()) > _ENOUGH:
        # One after the other: two processes at one card at the same time is a fault of its own.
        findings += _compared(seen, await survey(module, second, left, left), subject)
    return Seen(findings=tuple(findings), told=tuple(_told(seen, module)), survey=seen)


def _told(seen: Survey, module: Candidate) -> Iterator[tuple[str, str]]:
    bits = bits_of(module.path)
    if bits is not None:
        yield "bits", str(bits)
    if seen.library is not None:
        yield "version", seen.library.version
        yield "cryptoki", seen.library.cryptoki
    here = [token for token in seen.tokens if _initialised(token)]
    yield "tokens", str(len(here))
    if here:
        yield "certificates", str(sum(len(token.certificates) for token in here))
        yield "public-keys", str(sum(len(token.public_keys) for token in here))


def _file(module: Candidate, subject: Subject) -> tuple[Finding, ...]:
    found = open_to_others(module.path, subject)
    return () if found is None else (found,)


def _judged(seen: Survey, module: Candidate, ground: Ground, known: Known) -> tuple[Finding, ...]:
    subject: Subject = (module.name,)
    if seen.fault is not None:
        return (_faulty(seen.fault, module, subject),)
    now = ground.now()
    initialised = [token for token in seen.tokens if _initialised(token)]
    if seen.tokens and not initialised:
        return (finding("token-blank", subject, model=seen.tokens[0].token.model),)
    return tuple(
        found
        for number, token in enumerate(initialised, 1)
        for found in _token(token, number, module, ground, known, now)
    )


def _token(
    token: SurveyedToken, number: int, module: Candidate, ground: Ground, known: Known, now: datetime
) -> tuple[Finding, ...]:
    subject = (module.name, f"token {number}")
    return judge_token(token, module.profile, ground.profiles, subject, known, now)


def _initialised(token: SurveyedToken) -> bool:
    return _INITIALISED in token.token.token_flags


def _faulty(fault: Exception, module: Candidate, subject: Subject) -> Finding:
    """A fault that ended the survey, as a finding."""
    match fault:
        case faults.ModuleNotLoaded(reason=reason):
            return not_loaded(reason, module.path, subject)
        case faults.ModuleChanged():
            return finding("module-changed", subject, file=module.path.name)
        case faults.WorkerHung(function=function, seconds=seconds):
            return finding("module-hung", subject, function=function, seconds=f"{seconds:g}")
        case faults.WorkerKilled(function=function):
            return finding("module-hung", subject, function=function)
        case faults.WorkerDied(how=how, function=function):
            return finding("module-crashed", subject, function=function, how=how)
        case faults.ModuleReturned(rv=rv, function=function):
            # CKR_GENERAL_ERROR, CKR_DEVICE_ERROR and their like are told as they are: the number is evidence.
            code = module.profile.meanings(function).get(rv)
            return finding("module-failed", subject, function=function, rv=f"0x{rv:08X}", code=code)
        case faults.WorkerOfAnotherVersion() | OSError():
            return finding("worker-cannot-start", subject, error=type(fault).__name__)
        case _:
            return finding("module-failed", subject, error=type(fault).__name__)


def _compared(first: Survey, second: Survey, subject: Subject) -> tuple[Finding, ...]:
    if second.fault is not None:
        return (finding("second-binding-failed", subject, error=type(second.fault).__name__),)
    differs = differences(first, second)
    return (finding("bindings-differ", subject, differs="+".join(differs)),) if differs else ()
