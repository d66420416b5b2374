"""The dream half of the night, one line each; the order is the night's."""

from daydream.contracts.step import StepSpec
from daydream.dream import catalogue, generate, judge, score, tighten, trial

PHASES: tuple[StepSpec, ...] = (
    StepSpec("dream", "catalogue", "Catalogue", catalogue.make, share=2),
    StepSpec("dream", "generate", "Generation", generate.make, share=1, needs=("dream.catalogue",)),
    StepSpec("dream", "judge", "Judgement", judge.make, share=1, needs=("dream.generate",)),
    StepSpec("dream", "trial", "Trials", trial.make, share=4, needs=("dream.judge",), ordered=True),
    StepSpec("dream", "tighten", "Learning", tighten.make, share=0.2),
    StepSpec("dream", "score", "Health of dreams", score.make, share=0.5, needs=("dream.catalogue",)),
)
