"""Expected failures: each says in one sentence what is wrong and what to do, and knows its exit code."""


class DaydreamError(Exception):
    """An expected failure; its message is printed as it is, without a traceback."""

    exit_code = 1


class UsageError(DaydreamError):
    """The command line asks for something that cannot be done."""

    exit_code = 2


class ConfigError(UsageError):
    """A configuration file, variable or flag is not valid."""


class StateDamaged(DaydreamError):
    """State on disk fails its checks and cannot be recovered from an earlier generation."""

    exit_code = 70


class StateUnreadable(DaydreamError):
    """The disk refused to read or write what the night needs."""

    exit_code = 74


class TryAgain(DaydreamError):
    """Nothing is wrong with the night: it is locked, was stopped, or the disk is full."""

    exit_code = 75


class StateNewer(DaydreamError):
    """State was written by a newer daydream."""

    exit_code = 78


class Stopped(TryAgain):
    """A stop was requested; the current sub-step stays not done."""


class OutOfBudget(DaydreamError):
    """The share of the night's budget for this state is used up."""
