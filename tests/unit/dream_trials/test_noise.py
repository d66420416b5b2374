"""What identical code seems to differ by."""

import pytest

from daydream.contracts.sandbox import Failure
from daydream.dream.trials.effectiveness_types import Plan
from daydream.dream.trials.noise import LEAST, REFERENCE, noise_floor, reference_inputs
from daydream.sandbox.guest.encoding import decode
from tests.fakes.sandbox import FakeSandbox, Machine

PLAN = Plan(most=60, resamples=400)
NAME = REFERENCE.variant or ""


def lane(**noise: float) -> FakeSandbox:
    return FakeSandbox(
        costs={NAME: lambda _x: 50e-6},
        machine=Machine(**noise),  # type: ignore[arg-type]
        answering=False,
    )


def test_a_quiet_machine_has_the_least_floor() -> None:
    found = noise_floor(lane(jitter=0.005), plan=PLAN)
    assert found.ratio == LEAST
    assert found.measured
    assert found.repetitions == 60
    assert found.low is not None
    assert found.high is not None
    assert found.low <= 1 <= found.high
    assert found.cpu_s > 0
    assert f"{found.low:.4f}" in found.reason


def test_a_noisy_machine_has_a_higher_one() -> None:
    found = noise_floor(lane(jitter=0.15, spikes=0.2), plan=PLAN)
    assert found.ratio > 1.02
    assert found.ratio == pytest.approx(max(found.high or 0, 1 / (found.low or 1)))


def test_where_it_cannot_be_measured_there_is_none() -> None:
    broken = FakeSandbox(failures={NAME: Failure("lost", "gone")})
    found = noise_floor(broken, plan=PLAN)
    assert not found.measured
    assert "gone" in found.reason
    assert (found.low, found.high, found.repetitions) == (None, None, 0)


def test_the_reference_is_a_module_that_runs_on_its_inputs() -> None:
    space: dict[str, object] = {}
    exec(NAME, space)
    reference = space["reference"]
    assert callable(reference)
    answers = {reference(*(decode(tree) for tree in each.given)) for each in reference_inputs(1, 20)}
    assert len(answers) > 5
    assert reference_inputs(1, 3) == reference_inputs(1, 3) != reference_inputs(2, 3)
