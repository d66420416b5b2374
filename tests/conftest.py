"""What all suites share."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

# The same commit always gets the same answer; HYPOTHESIS_PROFILE=explore draws anew each time, to look for more.
settings.register_profile("repeatable", derandomize=True)
settings.register_profile("explore", max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


@pytest.fixture(scope="session", autouse=True)
def no_trials() -> Iterator[None]:
    """Nights of tests try no dreams unless they ask for it: measuring takes minutes, and no two measurements are alike."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAYDREAM_TRIALS_PER_NIGHT", "0")
        yield
