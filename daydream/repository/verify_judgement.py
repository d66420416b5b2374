"""The judgement on one edit: the same outcome, from the slot's own modules, by tests that notice an error there."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from daydream.records.proposal import Evidence, ModuleProof, Ran, Verdict
from daydream.repository.verify_edits import EditedLines, edited_lines, planted
from daydream.repository.verify_memory import proof_key
from daydream.repository.verify_outcomes import Sample, expected_failures, flaky, ran, unlike
from daydream.repository.verify_roots import imports_of
from daydream.repository.verify_runs import Observed, Watched
from daydream.repository.verify_tests import Tests, is_safe

_TIMES, _PLUS_S = 3.0, 60.0
_BAD = frozenset({"failed", "error", "xpassed"})


@dataclass(frozen=True, slots=True)
class Edit:
    """One changed file: its content before and after, None where it is not there."""

    path: str
    old: bytes | None
    new: bytes | None

    @property
    def is_module(self) -> bool:
        """Whether it is Python."""
        return self.path.endswith(".py")


def edits_of(tree: Path, files: Mapping[str, bytes | None]) -> list[Edit] | str:
    """What really changes, by path; or why this cannot be tried, in a sentence. Raises OSError."""
    found = []
    for path, new in sorted(files.items()):
        if not is_safe(path):
            return f"{path!r} is no path that could be edited in a checkout"
        steps = [tree.joinpath(*Path(path).parts[:depth]) for depth in range(1, len(Path(path).parts) + 1)]
        if any(step.is_symlink() for step in steps) or any(step.is_file() for step in steps[:-1]):
            return f"{path} is, or lies behind, a symbolic link or a file, and is not edited there"
        if steps[-1].is_dir():
            return f"{path} is a folder"
        old = steps[-1].read_bytes() if steps[-1].is_file() else None
        if old != new:
            found.append(Edit(path, old, new))
    return found or "it changes nothing in the commit that is examined"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is needed to judge; `proofs` are remembered ones, `remember` adds one."""

    tests: Tests
    command: str
    samples: Sequence[Sample]
    base: Ran
    flaky: tuple[str, ...]
    proofs: Mapping[str, ModuleProof]
    remember: Callable[[str, ModuleProof], None]

    def of(self, edits: Sequence[Edit]) -> Evidence:
        """Judge an edit; raises as `Tests.run`."""
        modules = [edit for edit in edits if edit.is_module]
        lines = {edit.path: edited_lines(edit.old, edit.new) for edit in modules if edit.new is not None}
        seen = self.tests.run(
            {edit.path: edit.new for edit in edits},
            limit_s=self._limit_s,
            watched={edit.path: self._watched(edit.path, lines.get(edit.path)) for edit in modules},
        )
        ended = self._ended(seen)
        if ended is not None:
            return self._evidence(*ended, seen)
        tests, clause = unlike(self.samples, seen.exit_code, seen.outcomes)
        if clause:
            return self._second_look(edits, seen, tests, clause)
        proofs, reason = self._proofs(edits, modules, seen)
        verdict: Verdict = "unverified" if reason else "verified"
        return self._evidence(verdict, reason, seen, modules=proofs, lines=_counted(lines, seen))

    @property
    def _limit_s(self) -> float:
        return _TIMES * max(sample.seconds for sample in self.samples) + _PLUS_S

    def _watched(self, path: str, lines: EditedLines | None) -> Watched:
        return Watched(imports_of(path, self.tests.roots), lines.watched() if lines else ())

    def _evidence(
        self,
        verdict: Verdict,
        reason: str,
        seen: Observed,
        *,
        unlike: Sequence[str] = (),
        modules: Mapping[str, ModuleProof] | None = None,
        lines: Mapping[str, tuple[int, int]] | None = None,
    ) -> Evidence:
        return Evidence(
            verdict=verdict,
            command=self.command,
            reason=reason,
            baseline=self.base,
            candidate=ran(seen.exit_code, seen.outcomes, unlike),
            flaky=self.flaky,
            modules=dict(modules or {}),
            lines=dict(lines or {}),
        )

    def _ended(self, seen: Observed) -> tuple[Verdict, str] | None:
        """The verdict on a run that did not come to its end."""
        if seen.refused is not None:
            return "unverified", f"the command could not be started with the change ({seen.refused})"
        if seen.exit_code is not None:
            return None
        usual = max(sample.seconds for sample in self.samples)
        if seen.seconds >= self._limit_s:
            return "broken", (
                f"with the change the tests had not ended after {seen.seconds:.0f} s; "
                f"without it they take {usual:.0f} s"
            )
        return "unverified", "the night's time for tests (verify.budget) was over before they had ended"

    def _second_look(self, edits: Sequence[Edit], seen: Observed, tests: list[str], clause: str) -> Evidence:
        """Run it again, so that a test that fails now and then does not condemn a good change, or pass a bad one."""
        expected = expected_failures(self.samples[0], flaky(self.samples))
        again = self.tests.run(
            {edit.path: edit.new for edit in edits}, limit_s=self._limit_s, expected=expected
        )
        if again.exit_code is None and again.seconds < self._limit_s:
            reason = f"{clause}; there was no time left to see whether that happens again"
            return self._evidence("unverified", reason, seen, unlike=tests)
        if self._same_trouble(again, set(tests), set(expected)):
            words = f': "{seen.tail}"' if seen.tail and not tests else ""
            return self._evidence("broken", f"with the change {clause}{words}", seen, unlike=tests)
        reason = f"in one of two runs with the change {clause}; that never happened without it"
        return self._evidence("unverified", reason, seen, unlike=tests)

    def _same_trouble(self, again: Observed, tests: set[str], expected: set[str]) -> bool:
        if again.exit_code is None or not tests:
            return again.exit_code is None or bool(unlike(self.samples, again.exit_code, again.outcomes)[1])
        failing = {
            test
            for test, outcome in (again.outcomes or {}).items()
            if outcome in _BAD and test not in expected
        }
        if failing:  # the session ended there, so that nothing else can be compared
            return bool(failing & tests)
        return bool(tests & set(unlike(self.samples, again.exit_code, again.outcomes)[0]))

    def _proofs(
        self, edits: Sequence[Edit], modules: Sequence[Edit], seen: Observed
    ) -> tuple[dict[str, ModuleProof], str]:
        """What is known of each edited module, and why that is not enough; empty: it is."""
        found: dict[str, ModuleProof] = {edit.path: "not tried" for edit in modules}
        reason = ""
        for edit in modules:
            if edit.new is None:
                reason = reason or f"{edit.path} is removed, and no test can show that nobody needs it"
            elif edit.path in seen.inside:
                continue
            elif edit.path in seen.outside:
                found[edit.path] = "outside"
                reason = reason or (
                    f"the tests import {edit.path} from {seen.outside[edit.path]}, so they do not see the change"
                )
            else:
                found[edit.path] = "not imported"
                reason = reason or _not_imported(edit.path, seen)
        for edit in modules:
            if reason:
                break
            found[edit.path], reason = self._proof(edits, edit)
        return found, reason

    def _proof(self, edits: Sequence[Edit], edit: Edit) -> tuple[ModuleProof, str]:
        """Plant an error in a module and see whether the tests notice; a sentence unless they do."""
        content = edit.new or b""
        name = proof_key(edit.path, content)
        if name in self.proofs:
            return _told(edit.path, self.proofs[name])
        wrong = planted(content)
        if wrong is None:
            return (
                "not tried",
                f"no error could be planted in {edit.path}, as daydream's Python cannot read it",
            )
        seen = self.tests.run(
            {**{other.path: other.new for other in edits}, edit.path: wrong},
            limit_s=self._limit_s,
            watched={edit.path: self._watched(edit.path, None)},
            expected=expected_failures(self.samples[0], flaky(self.samples)),
        )
        if seen.exit_code is None:
            return "not tried", f"the tests did not end in time with an error planted in {edit.path}"
        red = edit.path in seen.inside and bool(unlike(self.samples, seen.exit_code, seen.outcomes)[1])
        proof: ModuleProof = "red" if red else "green"
        self.remember(name, proof)
        return _told(edit.path, proof)


def _told(path: str, proof: ModuleProof) -> tuple[ModuleProof, str]:
    if proof == "red":
        return proof, ""
    return (
        proof,
        f"an error planted in {path} goes unnoticed by the tests, so they cannot vouch for the change",
    )


def _not_imported(path: str, seen: Observed) -> str:
    if not seen.pythons:
        return (
            f"no Python that the command starts could be watched, so nobody knows whether it sees {path}; "
            "it starts none, or one that ignores PYTHONPATH"
        )
    return f"the tests never import {path}, so they cannot vouch for the change"


def _counted(lines: Mapping[str, EditedLines | None], seen: Observed) -> dict[str, tuple[int, int]]:
    """Edited lines of code, and those of them that ran, by module; without those that could not be counted."""
    found = {}
    for path, one in sorted(lines.items()):
        if one is not None:
            executed = one.executed(seen.lines.get(path, frozenset()))
            if executed == len(one.spans) or not seen.unwatched:
                found[path] = (len(one.spans), executed)
    return found
