"""The style of a repository's commit messages: an accepted change looks like the others."""

import re
from collections.abc import Sequence

_CONVENTIONAL = re.compile(r"(feat|fix|chore|refactor|docs|style|test|build|ci|perf)(\([^)]*\))?!?: ")
_TRAILER = re.compile(r"[A-Za-z][A-Za-z0-9-]*: ")
_MOST = 0.5


def restyled(text: str, subjects: Sequence[str], signed: Sequence[str], person: str) -> str:
    """Give a proposal's message the habits of its repository.

    `subjects` are recent first lines; `signed` holds a line per recent commit, empty where it has no
    sign-off; `person` is ``Name <address>``. Where most subjects are Conventional Commits, so is this
    one; where most commits are signed off, the person signs this one off.
    """
    subject, _, body = text.strip().partition("\n")
    if subjects and sum(1 for s in subjects if _CONVENTIONAL.match(s)) / len(subjects) > _MOST:
        kind = "docs" if "\nDaydream-Rule: docs." in body else "refactor"
        if "\nDaydream-Rule: dream\n" in body:
            kind = "perf" if subject.startswith("Speed up ") else "fix"
        subject = f"{kind}: {subject[:1].lower()}{subject[1:]}"
    lines = [subject, *body.split("\n")] if body else [subject]
    if signed and sum(1 for s in signed if s.strip()) / len(signed) > _MOST:
        trailer = f"Signed-off-by: {person}"
        ends_in_trailers = bool(lines[1:]) and bool(_TRAILER.match(lines[-1]))
        lines += [trailer] if ends_in_trailers else ["", trailer]
    return "\n".join(lines) + "\n"
