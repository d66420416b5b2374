"""From findings to proposals: one state of the night, after everything was looked at."""

from daydream.contracts.step import StepSpec
from daydream.propose import upkeep

PROPOSE: tuple[StepSpec, ...] = (
    StepSpec("propose", "upkeep", "Proposals", upkeep.make, share=6, ordered=True),
)
