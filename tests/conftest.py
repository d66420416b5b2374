"""What all suites share."""

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def no_trials() -> Iterator[None]:
    """Nights of tests try no dreams unless they ask for it: measuring takes minutes, and no two measurements are alike."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAYDREAM_TRIALS_PER_NIGHT", "0")
        yield
