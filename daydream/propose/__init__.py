"""From findings and from dreams to proposals: two states of the night, after everything was looked at."""

from daydream.contracts.step import StepSpec
from daydream.propose import dreams, upkeep

PROPOSE: tuple[StepSpec, ...] = (
    StepSpec("propose", "upkeep", "Proposals", upkeep.make, share=6, ordered=True),
    StepSpec("propose", "dreams", "Dreams as proposals", dreams.make, share=1, ordered=True),
)
