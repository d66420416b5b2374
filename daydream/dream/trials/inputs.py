"""What a procedure is tried on: observed arguments first, then drawn by type, at the edges, and mutated.

Everything is read from source; nothing of the repository is imported. The same procedure, sources and seed give the
same plan.
"""

import hashlib
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from daydream.analysis.source import NotParsed
from daydream.contracts.dream import Procedure
from daydream.contracts.sandbox import Encoded, Inputs
from daydream.dream.trials.annotations import ANY, Hint, Reader, union, with_keys
from daydream.dream.trials.call_sites import call_sites
from daydream.dream.trials.call_sites_literals import NotLiteral, Surroundings, tree_of_literal
from daydream.dream.trials.doctests import examples
from daydream.dream.trials.inputs_contracts import Guard, guards, mended, violates
from daydream.dream.trials.inputs_draw import Drawer
from daydream.dream.trials.inputs_edges import edges
from daydream.dream.trials.inputs_guess import guesses, spread, uses_keys, with_items
from daydream.dream.trials.inputs_index import Index, Scope
from daydream.dream.trials.inputs_objects import CannotBuild
from daydream.dream.trials.inputs_observed import seen_types
from daydream.dream.trials.inputs_plan import ALL_BYTES, Origin, Plan, Planned, as_json, held
from daydream.dream.trials.inputs_pool import Pool, pool_of
from daydream.dream.trials.inputs_target import Parameter, Target, inputs_of, target_of
from daydream.dream.trials.mutation import mutated, related, relative
from daydream.sandbox.guest.grammar import EncodingError, check

_OBSERVED = 0.4
_EDGES = 0.25
_MUTATED = 0.15
_VIOLATING = 0.1
_TRIES = 6
_LEFT_OUT = 0.5
_MADE_UP = 0.25
_RELATED = 0.3
_STEPS = 25
_ASKED = 8
_MENDING = 12
_WEIGHTS = (10, 3, 1, 1)


@dataclass(frozen=True, slots=True)
class _Slot:
    parameter: Parameter
    hints: tuple[Hint, ...]
    inferred: bool
    keywords: tuple[tuple[str, Hint], ...] = ()


def inputs_for(
    procedure: Procedure, module_source: str, harvested: Sequence[Inputs], index: Index, seed: int, most: int
) -> Plan:
    """Plan at most `most` calls of a procedure.

    `harvested` are arguments that were recorded of real calls; `index` holds the sources of the repository. A procedure
    whose source is not what the catalogue says is not exercisable; nothing is raised.
    """
    try:
        target = target_of(procedure, module_source, index)
    except NotParsed as error:
        return Plan(not_exercisable=f"its file does not parse ({error})")
    if target is None:
        return Plan(not_exercisable="its file no longer holds it as catalogued")
    if "<locals>" in procedure.qualname:
        return Plan(not_exercisable="it is defined inside another function")
    if not target.scope.module:
        return Plan(not_exercisable="its file has no import name")
    rng = random.Random(f"{seed} {procedure.path} {procedure.qualname} {procedure.occurrence}")  # noqa: S311 - inputs that can be made again
    return _Planner(target, index, rng, most).plan(harvested, seed)


class _Planner:
    """One plan in the making: `kept` are distinct calls by the digest of their arguments."""

    def __init__(self, target: Target, index: Index, rng: random.Random, most: int) -> None:
        self.target = target
        self.most = most
        self.rng = rng
        self.reader = Reader(index, lambda node, scope: _literal(node, scope, index))
        self.pool: Pool = pool_of(target)
        self.drawer = Drawer(index, self.reader, rng, self.pool)
        self.demands: list[Guard] = guards(target)
        self.kept: dict[str, Planned] = {}
        self.spare: dict[str, Planned] = {}
        self.size = 0
        self.refused = 0
        self.mending = most * _MENDING
        self.last: tuple[Hint, ...] = ()
        self.seen: dict[str, Hint] = {}

    def plan(self, harvested: Sequence[Inputs], seed: int) -> Plan:
        """Fill the plan by quota, then with what is left over."""
        observed = self._share(_OBSERVED)
        self._take(harvested, "harvested", observed)
        self._take(examples(self.target, self.target.index, observed), "docstring", observed)
        self._take(call_sites(self.target, self.target.index, observed), "call site", observed)
        self.seen = seen_types(self.target, [each.inputs for each in self.kept.values()])
        try:
            slots = [self._slot(each) for each in self.target.parameters]
            self._receiver()
        except CannotBuild as error:
            slots = None
            why = str(error)
            if not self.kept:
                return Plan(not_exercisable=why)
        if slots is not None:
            generated = self.most - self._share(_MUTATED)
            self._take(self._edges(slots), "edge", len(self.kept) + self._share(_EDGES))
            inferred = any(each.inferred for each in slots)
            self._take(self._drawn(slots), "inferred" if inferred else "typed", generated)
        self._take(self._mutations(), "mutated", self.most)
        for key, each in self.spare.items():
            if len(self.kept) < self.most:
                self._keep(key, each)
        return Plan(held(list(self.kept.values()), seed))

    def _share(self, share: float) -> int:
        return max(1, int(self.most * share))

    def _take(self, found: Iterable[Inputs], origin: Origin, up_to: int) -> None:
        """Keep what is new until the plan holds `up_to`; a few that the contract refuses, the rest of those not at all."""
        for each in found:
            key = self._key(each)
            if key is None or key in self.kept or key in self.spare:
                continue
            refused = origin in ("typed", "inferred", "edge", "mutated") and violates(
                self.target, self.demands, each
            )
            if refused and self.refused >= self._share(_VIOLATING):
                again = self._mended(each)
                key = self._key(again) if again is not None else None
                if again is None or key is None or key in self.kept:
                    continue
                planned = Planned(again, origin)
            else:
                self.refused += refused
                planned = Planned(each, "violating" if refused else origin)
            if len(self.kept) < min(up_to, self.most):
                self._keep(key, planned)
            elif origin in ("harvested", "docstring", "call site"):
                self.spare[key] = planned
            else:
                return

    def _mended(self, inputs: Inputs) -> Inputs | None:
        """What the contract refuses, changed until it does not; None where that takes too long."""
        if self.mending <= 0:
            return None

        def change(given: Inputs) -> Inputs | None:
            self.mending -= 1
            return self._mutated(given)

        return mended(self.target, self.demands, inputs, change, _STEPS)

    def _keep(self, key: str, planned: Planned) -> None:
        weight = len(as_json(planned.inputs))
        if self.size + weight <= ALL_BYTES:
            self.size += weight
            self.kept[key] = planned

    def _key(self, inputs: Inputs) -> str | None:
        """A digest of the arguments, None for what is malformed or too large."""
        try:
            for tree in (*inputs.given, *(tree for _, tree in inputs.named)):
                check(tree)
            return hashlib.sha256(as_json(inputs)).hexdigest()
        except EncodingError:
            return None

    def _receiver(self) -> Encoded | None:
        """The object or class that the call is made on.

        Raises:
            CannotBuild: there is none.
        """
        if self.target.receiver != "object":
            return self.target.receiving()
        return self.drawer.value(Hint("class", name=f"{self.target.scope.module}.{self.target.owner}"))

    def _slot(self, parameter: Parameter) -> _Slot:
        """What may be drawn for a parameter.

        Raises:
            CannotBuild: it must be given, and nothing can be.
        """
        hint = self.reader.read(parameter.annotation, self.target.scope, self.target.owner)
        if parameter.way == "keywords":
            pairs = spread(parameter, self.target, self.reader)
            loose = hint if hint.kind not in ("unknown", "any") else Hint("usual")
            return _Slot(parameter, (loose,), hint.kind == "unknown", tuple(pairs))
        inferred = hint.kind in ("unknown", "any") and not hint.name
        hints: tuple[Hint, ...] = (hint,)
        if inferred:
            guessed = self._guessed(parameter)
            hints = tuple(guessed) or ((ANY,) if hint.kind == "any" else ())
            if parameter.way == "variadic":
                hints = tuple(part for each in hints for part in each.parts[:1]) or self.last or (Hint("usual"),)  # fmt: skip
        elif hint.kind != "class":
            told = self._told(hint, parameter)
            hints = (with_keys(told, uses_keys(parameter, self.target)),)
        why = "nothing says what it takes"
        usable: list[Hint] = []
        for each in hints:
            try:
                self.drawer.value(each, 0, parameter.name)
                usable.append(each)
            except CannotBuild as error:
                why = str(error)
        if not usable and parameter.must:
            msg = f"argument `{parameter.name}`: {why}"
            raise CannotBuild(msg)
        usable = self._allowed(parameter, usable)
        self.last = tuple(usable)
        return _Slot(parameter, tuple(usable), inferred)

    def _allowed(self, parameter: Parameter, hints: list[Hint]) -> list[Hint]:
        """Without the types that the contract refuses whatever the value; all where that would be all."""
        if not self.demands or parameter.way in ("variadic", "keywords"):
            return hints
        found: list[Hint] = []
        for each in hints:
            if each == self.seen.get(parameter.name):
                found.append(each)
                continue
            kept = [one for one in each.options if not self._refused(parameter, one)]
            found += [union(*kept)] if kept else []
        return found or hints

    def _refused(self, parameter: Parameter, hint: Hint) -> bool:
        """Whether the contract refuses several values of a type, whatever the other arguments are."""
        for _ in range(_ASKED):
            try:
                value = self.drawer.value(hint, 0, parameter.name)
            except CannotBuild:
                return False
            if not violates(self.target, self.demands, Inputs((), ((parameter.name, value),))):
                return False
        return True

    def _guessed(self, parameter: Parameter) -> list[Hint]:
        """What it was seen to be given, then what speaks for it."""
        seen = self.seen.get(parameter.name)
        found = guesses(parameter, self.target, self.reader)
        return [seen, *(each for each in found[:1] if each != seen)] if seen is not None else found

    def _told(self, hint: Hint, parameter: Parameter) -> Hint:
        """What an annotation leaves open of a container, its examples say, or what is done with its items."""
        seen = self.seen.get(parameter.name)
        if seen is not None and seen.kind == hint.kind and seen.parts and not hint.parts:
            return seen
        return with_items(hint, parameter, self.target, self.reader)

    def _drawn(self, slots: Sequence[_Slot]) -> Iterator[Inputs]:
        for _ in range(self.most * _TRIES):
            made = self._draw(slots, {})
            if made is not None:
                yield made

    def _draw(self, slots: Sequence[_Slot], fixed: dict[str, Any]) -> Inputs | None:
        """One call; what is `fixed` is not drawn, what has a default is left out now and then."""
        self.drawer.begin()
        values: dict[str, Any] = {}
        try:
            receiver = self._receiver()
            for each in slots:
                name = each.parameter.name
                if name in fixed:
                    values[name] = fixed[name]
                elif each.hints and (each.parameter.must or self.rng.random() > _LEFT_OUT):
                    values[name] = self._argument(each)
        except CannotBuild:
            return None
        if not fixed and self.rng.random() < _RELATED:
            self._relate(slots, values)
        return inputs_of(self.target, receiver, values)

    def _relate(self, slots: Sequence[_Slot], values: dict[str, Any]) -> None:
        """Make one argument of another of its type: the same, a part of it, or changed a little."""
        ways = {each.parameter.name: each.parameter.way for each in slots}
        plain = [name for name in values if ways[name] not in ("variadic", "keywords")]
        pairs = [
            (one, two) for one in plain for two in plain if one != two and related(values[one], values[two])
        ]
        if pairs:
            one, two = self.rng.choice(pairs)
            values[two] = relative(values[one], self.rng)

    def _argument(self, slot: _Slot) -> Any:
        hints = self.drawer.agreeing(slot.hints)
        hint = self.rng.choices(hints, _WEIGHTS[: len(hints)])[0]
        name = slot.parameter.name
        if slot.parameter.way == "variadic":
            return [self.drawer.value(hint, 1, name) for _ in range(self.rng.randint(0, 3))]
        if slot.parameter.way == "keywords":
            return self._keywords(slot)
        return self.drawer.value(hint, 0, name)

    def _keywords(self, slot: _Slot) -> list[tuple[str, Any]]:
        """Keywords that are known to be asked for; where none is, seldom one that is made up."""
        found: list[tuple[str, Any]] = []
        for name, hint in slot.keywords:
            if self.rng.random() < min(0.4, 2 / len(slot.keywords)):
                try:
                    found.append((name, self.drawer.value(hint, 1, name)))
                except CannotBuild:
                    continue
        if not slot.keywords and self.rng.random() < _MADE_UP:
            found.append(("extra_name", self.drawer.value(slot.hints[0], 1, "")))
        return found

    def _edges(self, slots: Sequence[_Slot]) -> Iterator[Inputs]:
        """One argument at an edge, the others drawn; the parameters take turns."""
        base = self._draw(slots, {})
        if base is not None and not slots:
            yield base
        turns = [iter(self._edge_values(each)) for each in slots if each.hints]
        names = [each.parameter.name for each in slots if each.hints]
        while turns:
            for turn, name in list(zip(turns, names, strict=True)):
                tree = next(turn, _NOTHING)
                if tree is _NOTHING:
                    place = turns.index(turn)
                    del turns[place], names[place]
                    continue
                made = self._draw(slots, {name: tree})
                if made is not None:
                    yield made

    def _edge_values(self, slot: _Slot) -> Iterator[Any]:
        way = slot.parameter.way
        if way in ("variadic", "keywords"):
            yield []
            return
        for hint in slot.hints[:2]:
            yield from edges(self.drawer, hint, slot.parameter.name)

    def _mutations(self) -> Iterator[Inputs]:
        """Mutations of what was observed, or where nothing was, of what was drawn."""
        seeds = [each.inputs for each in self.kept.values() if each.origin in ("harvested", "docstring", "call site")]  # fmt: skip
        seeds = seeds or [each.inputs for each in self.kept.values() if each.origin in ("typed", "inferred")]
        for _ in range(self.most * _TRIES if seeds else 0):
            made = self._mutated(self.rng.choice(seeds))
            if made is not None:
                yield made

    def _mutated(self, inputs: Inputs) -> Inputs | None:
        return mutated(inputs, self.rng, receiver=self.target.is_handed_over, constants=self.pool.ints)


_NOTHING = object()


def _literal(node: Any, scope: Scope, index: Index) -> list[Any] | None:
    try:
        return [tree_of_literal(node, Surroundings(scope, index))]
    except NotLiteral:
        return None


__all__ = ["ALL_BYTES", "Plan", "Planned", "inputs_for"]
