"""The kinds of dreams, in the order in which they share the night's quota: the rarest first, as what one leaves over the
next may use."""

from daydream.contracts.dream import Kind
from daydream.dream.kinds.conditional_variant import ConditionalVariant
from daydream.dream.kinds.constraint_relaxation import ConstraintRelaxation
from daydream.dream.kinds.cross_project_synthesis import CrossProjectSynthesis
from daydream.dream.kinds.parameter_exploration import ParameterExploration

KINDS: tuple[Kind, ...] = (
    ParameterExploration(),
    CrossProjectSynthesis(),
    ConstraintRelaxation(),
    ConditionalVariant(),
)
