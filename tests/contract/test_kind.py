"""What every kind of dream keeps to, on procedures of the standard library."""

import importlib.util
import json
import random
from dataclasses import replace
from pathlib import Path

import pytest

from daydream.analysis.source import parse
from daydream.contracts.dream import Kind, Policy, Procedure
from daydream.dream.acceptance import Checker, diff
from daydream.dream.catalogue import procedure_of
from daydream.dream.kinds import KINDS
from daydream.records.repository import SourceFile

MODULES = (
    "asyncio.base_events",
    "concurrent.futures.process",
    "difflib",
    "http.client",
    "http.server",
    "multiprocessing.managers",
    "multiprocessing.pool",
    "queue",
    "socketserver",
    "subprocess",
)
POLICY = Policy(per_procedure=5)
PER_KIND = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.key)


def procedures_of(name: str) -> list[Procedure]:
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    module = parse(Path(spec.origin).read_bytes())
    file = SourceFile(name.replace(".", "/") + ".py", "0", 0)
    return [
        replace(
            procedure_of(file, each),
            source=module.source(each.first_line, each.last_line),
            constants=module.constants,
        )
        for each in module.functions
    ]


CORPUS = {name: procedures_of(name) for name in MODULES}


def test_the_registry_names_each_kind_once() -> None:
    keys = [kind.key for kind in KINDS]
    known = {
        "constraint_relaxation",
        "cross_project_synthesis",
        "parameter_exploration",
        "conditional_variant",
    }
    assert len(set(keys)) == len(keys)
    assert set(keys) <= known
    assert all(kind.version >= 1 for kind in KINDS)


@PER_KIND
def test_it_finds_something_in_the_standard_library(kind: Kind) -> None:
    found = [
        kind.propose(each, corpus, POLICY, random.Random(1)) for corpus in CORPUS.values() for each in corpus
    ]
    assert sum(bool(candidates) for candidates in found) >= 5


@PER_KIND
def test_the_same_chance_gives_the_same_candidates(kind: Kind) -> None:
    for corpus in CORPUS.values():
        for each in corpus:
            first = kind.propose(each, corpus[:20], POLICY, random.Random(7))
            assert first == kind.propose(each, corpus[:20], POLICY, random.Random(7))


@PER_KIND
def test_every_candidate_compiles_changes_something_and_keeps_its_signature(kind: Kind) -> None:
    for corpus in CORPUS.values():
        for each in corpus:
            candidates = kind.propose(each, corpus[:20], POLICY, random.Random(3))
            checker = Checker(each, ())
            for candidate in candidates:
                checker.offer(candidate)
            assert {name: checker.rejected[name] for name in ("does_not_compile", "no_op", "signature")} == {
                "does_not_compile": 0,
                "no_op": 0,
                "signature": 0,
            }


@PER_KIND
def test_every_candidate_says_what_it_is(kind: Kind) -> None:
    for corpus in CORPUS.values():
        for each in corpus:
            for candidate in kind.propose(each, [], POLICY, random.Random(3)):
                assert candidate.transform_id.startswith(f"{kind.key}.")
                assert candidate.transform_id.rpartition("@")[2].isdigit()
                assert candidate.name
                assert candidate.assumption
                assert candidate.reasoning
                assert candidate.description
                assert json.loads(json.dumps(candidate.details)) == candidate.details
                assert diff(each, candidate.code).startswith(f"--- a/{each.path}\n")


@PER_KIND
def test_a_procedure_that_takes_nothing_for_granted_gets_no_dream_and_no_error(kind: Kind) -> None:
    empty = replace(CORPUS["queue"][0], source="def nothing():\n    pass\n", constants={})
    assert list(kind.propose(empty, [], POLICY, random.Random(1))) == []
    assert list(kind.propose(replace(empty, source=None), [], POLICY, random.Random(1))) == []
