"""The evidence of a proposed dream: all that a person needs who wants to see it again without believing anybody."""

import msgspec

from daydream.contracts.dream import Dream
from daydream.propose.dream_words import replay
from daydream.store.json_text import json_text
from daydream.store.trial_rows import Trial

FOLDER = "evidence"


def path_of(identifier: str) -> str:
    """The file of a proposal's evidence, relative to the state folder."""
    return f"{FOLDER}/{identifier}.json"


def pack(identifier: str, base: str, dream: Dream, trial: Trial) -> bytes:
    """Write the evidence of a proposal as a file; `base` is the procedure's wording in which it was tried."""
    known = trial.evidence
    data = {
        "schema": 1,
        "proposal": identifier,
        "dream": dream.id,
        "made_by": {
            "created_by": dream.created_by,
            "model": dream.model_used,
            "transform": dream.transform_id,
        },
        "procedure": {
            "path": dream.base_path,
            "qualname": dream.base_qualname,
            "occurrence": dream.base_occurrence,
            "source_hash": dream.base_source_hash,
        },
        "code": {"base": base, "dream": dream.code},
        "commit": known.get("commit"),
        "at": trial.at,
        "replay": replay(dream.id),
        "seed": trial.seed,
        "options": known.get("options"),
        "environment": {"backend": trial.backend, "ground": trial.ground, **known.get("environment", {})},
        "verdict": {"outcome": trial.outcome, "reason": trial.reason, "counts": trial.counts},
        "own_tests": {
            "files": known.get("test_paths", []),
            "passed": known.get("own_tests"),
            "mended": known.get("mended", []),
        },
        "effect": {
            "verdict": trial.effect,
            "ratio": trial.effectiveness,
            "low": trial.effect_low,
            "high": trial.effect_high,
            "noise_floor": trial.noise_floor,
            "comparisons_of_the_night": known.get("weighed"),
            **known.get("effect", {}),
        },
        "notes": known.get("notes", []),
    }
    # Inputs are trees of many small lists: on a line of their own they stay readable as a whole.
    head = msgspec.json.format(msgspec.json.encode(data), indent=1).removesuffix(b"\n}")
    return head + b',\n "inputs": ' + json_text(known.get("inputs")).encode() + b"\n}\n"
