"""What a proposed dream says of where it was seen."""

from typing import Any

import msgspec

from daydream.contracts.sandbox import NOT_ISOLATED
from daydream.propose.dream_words import sentences
from daydream.records.proposal import Sandboxed


def seen(**more: Any) -> Sandboxed:
    told = {"dream": "d", "name": "f", "path": "a.py", "qualname": "f", "occurrence": 1, "source_hash": "h"}
    told |= {
        "commit": "c" * 40,
        "at": "2026-03-01T02:00:00Z",
        "backend": "bubblewrap",
        "inputs": 3,
        "same": 3,
    }
    return msgspec.convert({**told, **more}, Sandboxed)


def test_what_was_seen_in_a_sandbox_names_it() -> None:
    *_, last = sentences(seen())
    assert "seen in the sandbox alone (bubblewrap on commit cccccccccccc, 2026-03-01)" in last


def test_what_was_not_isolated_says_so_and_claims_no_sandbox() -> None:
    *_, last = sentences(seen(backend=NOT_ISOLATED))
    assert (
        "seen not isolated, in a plain process of this machine (on commit cccccccccccc, 2026-03-01)" in last
    )
    assert "sandbox" not in last
    *_, last = sentences(seen(backend=NOT_ISOLATED, commit=""))
    assert "(no commit, 2026-03-01)" in last
