"""The contract of a step: plan, run, section. Steps are pure towards the outside."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

from daydream.contracts.context import Context
from daydream.records.outcome import Outcome
from daydream.records.section import SectionData, SubStepResult

if TYPE_CHECKING:
    from daydream.config.model import Config


class Step(Protocol):
    """One duty of the night.

    Results are values: Done, More, Skipped (could not look; says why), Failed (looked and went wrong).
    Exceptions are bugs or passing trouble: the runner retries them with back-off, then records Failed.
    A step changes nothing outside; it returns changes as data. It may read `ctx.tree`, and `ctx.root`
    only for logs and untracked caches.
    """

    def plan(self, ctx: Context) -> Sequence[str]:
        """Name the sub-steps, in order, unique, at most 200 characters each. Committed before the
        first one runs, so a resumed night sees the same list even if the world changed. Cheap."""
        ...

    def run(self, ctx: Context, sub_step: str, cursor: str | None) -> Outcome:
        """Do one sub-step, or the next part of it after `cursor`. Given the same observations it
        returns the same outcome, whatever was interrupted before."""
        ...

    def section(self, results: Sequence[SubStepResult]) -> SectionData:
        """Add up the recorded results for the report; a pure function of them."""
        ...


@dataclass(frozen=True, slots=True)
class StepSpec:
    """One line of a registry.

    `group` and `key` name the state (`maintain.docs`); `make` binds the step's options; `share` is its
    weight when the night's budget is shared out; `on_failure` says whether the night goes on; `needs`
    names states without whose success it is skipped; `ordered`: its sub-steps build on one another, and none
    comes first because it did not fit last night; `rules` says why each of its rules is trusted.
    """

    group: Literal["dream", "maintain", "propose"]
    key: str
    title: str
    make: "Callable[[Config], Step]"
    share: float = 1.0
    on_failure: Literal["continue", "halt"] = "continue"
    needs: tuple[str, ...] = ()
    ordered: bool = False
    rules: Mapping[str, str] = field(default_factory=dict)

    @property
    def state(self) -> str:
        """The state's dotted name."""
        return f"{self.group}.{self.key}"
