"""A step's place in the report, as data."""

from typing import Any

import msgspec


class SectionData(msgspec.Struct, frozen=True, kw_only=True):
    """What a step says of its night. `facts` feed the section's template; `notes` are full sentences
    that a reader must see (what could not be looked at, and why)."""

    key: str
    title: str
    facts: dict[str, Any] = {}
    notes: tuple[str, ...] = ()


class SubStepResult(msgspec.Struct, frozen=True, kw_only=True):
    """How one sub-step ended, as a step sees it when it writes its section.

    `kind` is done, skipped or failed; `parts` are the facts of each part in order (one for a
    sub-step that never answered More); `reason` says why it was skipped or failed.
    """

    name: str
    kind: str
    parts: tuple[dict[str, Any], ...] = ()
    reason: str = ""
