"""What a file is for, told from its path: the same line is dead in a package and an input in test data."""

import re

_TEST_ROOT = re.compile(
    r"^([a-z]?tests?|testing|unittests?|testapps?)/|(^|/)(tests|tests?[ _-]cases?|test_?(resources|libs|data))/"
)
_TEST_FILE = re.compile(r"(^|/)(test_[^/]*|[^/]*_tests?|tests?|conftest)\.py$")
_DATA = re.compile(
    r"(^|/)(tests?|testing)/(.*/)?(data|testdata|test_data|test-data|fixtures|snapshots|golden|roots|[^/]+-[^/]+)/"
    r"|(^|/)(testdata|test_data|test-data)/"
)
_ILLUSTRATION = re.compile(
    r"(^|/)(docs?|documentation|examples?|samples?|demos?|tutorials?|benchmarks?)(/|$)|(^|[/_])(demos?|examples?)(_[^/]*)?\.py$",
    re.IGNORECASE,
)
_SETTINGS = re.compile(r"(^|/)(conf|settings?|.*_settings|.*config|setup|local|default[^/]*)\.py$|/settings/")
_MIGRATION = re.compile(r"(^|/)(migrations|versions)/")


def is_test(path: str) -> bool:
    """Whether a file belongs to the tests: by its folder (``tests`` anywhere, ``test`` only at the
    top, where it is not a package of that name) or by its name."""
    return bool(_TEST_ROOT.search(path) or _TEST_FILE.search(path))


def is_test_data(path: str) -> bool:
    """Whether a file is an input of tests: code that is wrong on purpose."""
    return bool(_DATA.search(path))


def is_illustration(path: str) -> bool:
    """Whether a file shows something to a reader: documentation, examples, benchmarks."""
    return bool(_ILLUSTRATION.search(path))


def is_settings(path: str) -> bool:
    """Whether a file holds settings, where a comment is an offer to switch something on."""
    return bool(_SETTINGS.search(path))


def is_migration(path: str) -> bool:
    """Whether a file is a step of a database's history, which nobody edits."""
    return bool(_MIGRATION.search(path))


def is_public(path: str) -> bool:
    """Whether people outside may import the module: no part of its path is private, and it is not in a folder beside
    the packages that is for whoever works on them."""
    parts = path.removesuffix(".py").split("/")
    apart = {"scripts", "script", "tools", "tool", "ci", "build", "profiling", "bin", "hack", "dev"}
    private = any(part.startswith("_") and part != "__init__" for part in parts)
    return not (private or is_test(path) or is_illustration(path) or (len(parts) > 1 and parts[0] in apart))
