"""What may mend an error, by rule: from the exception, its message and the line that failed.

Advice is text for a person and never a change. Messages are a stranger's: they are compared with what the source
says, and what is quoted is the source's.
"""

import re
from collections.abc import Callable, Mapping

from daydream.analysis.errors import advice_outside, advice_values
from daydream.analysis.errors.site import Advice, Code, Site, site_of

__all__ = ["Advice", "Code", "advice"]

Rule = Callable[[str, Site | None], Advice | None]

RULES: Mapping[str, Rule] = {**advice_values.RULES, **advice_outside.RULES}

GENERAL: Mapping[str, str] = {
    "AssertionError": "the assertion says what does not hold: find who breaks it, or drop it if it no longer applies",
    "AttributeError": "guard against None, or against the type that lacks the attribute",
    "DeadlockDetected": "take the locks in one order, or retry the transaction",
    "DoesNotExist": "answer 404 (or handle the missing row) where the object is looked up",
    "ImportError": "check that the deployed environment has the package and version the code imports",
    "IndexError": "check the length before indexing",
    "JSONDecodeError": "check status and content type before parsing, and handle an answer that is not JSON",
    "KeyError": "use .get() or validate the keys where the data comes in",
    "MemoryError": "process in chunks instead of loading everything at once",
    "MultipleObjectsReturned": "add a uniqueness constraint, or pick one row explicitly",
    "NameError": "define or import the name before this line",
    "RecursionError": "bound the recursion, or look for a cycle in the data",
    "StopIteration": "give next() a default, or handle the empty iterator",
    "UnboundLocalError": "assign the variable on every path",
    "UnicodeDecodeError": "name the encoding when reading, and decide what happens to undecodable bytes",
    "UnicodeEncodeError": "name the encoding when writing",
    "ValidationError": "answer with the field's error where the data comes in",
    "ZeroDivisionError": "handle the zero before dividing",
}
_ALIASES = {
    "ObjectDoesNotExist": "DoesNotExist",
    "NoResultFound": "DoesNotExist",
    "MultipleResultsFound": "MultipleObjectsReturned",
    "UniqueViolation": "IntegrityError",
    "ReadTimeout": "TimeoutError",
    "ConnectTimeout": "TimeoutError",
    "Timeout": "TimeoutError",
    "ReadTimeoutError": "TimeoutError",
    "NewConnectionError": "ConnectionError",
    "MaxRetryError": "ConnectionError",
    "ConnectError": "ConnectionError",
    "ConnectionRefusedError": "ConnectionError",
    "ConnectionResetError": "ConnectionError",
    "gaierror": "ConnectionError",
    "IOError": "OSError",
}


def advice(kind: str, message: str, code: Code | None) -> Advice:
    """Say what may mend an error whose failing line is at `code` (None: not in the repository).

    The verdict is `fix_clear` only where the source line itself shows the cause, `cause_only` where the cause is
    known and its mending is not, and `needs_a_person` otherwise.
    """
    site = site_of(code) if code is not None else None
    name = kind.rpartition(".")[2]
    name = _ALIASES.get(name, name)
    rule = RULES.get(name)
    found = rule(message, site) if rule is not None else None
    if found is not None:
        return found
    if (general := GENERAL.get(name)) is not None:
        return Advice("cause_only" if site is not None else "needs_a_person", general)
    if re.search(r"time(d)? ?out", message, re.IGNORECASE):
        return Advice(
            "needs_a_person", "something took longer than its time-out: find what, and whether it may"
        )
    return Advice("needs_a_person", "")
