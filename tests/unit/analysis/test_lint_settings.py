"""What the repository's own configuration says: ignored rules, and the lowest Python."""

import pytest

from daydream.analysis import lint_policy, python_floor


@pytest.mark.parametrize(
    ("texts", "path", "code", "excused"),
    [
        ({"pyproject.toml": '[tool.ruff.lint]\nignore = ["F401"]\n'}, "a/b.py", "F401", True),
        ({"pyproject.toml": '[tool.ruff]\nextend-ignore = ["UP"]\n'}, "a.py", "UP006", True),
        ({"pyproject.toml": '[tool.ruff.lint]\nignore = ["E501"]\n'}, "a.py", "F401", False),
        ({"ruff.toml": '[lint.per-file-ignores]\n"tests/**" = ["ERA001"]\n'}, "tests/x/t.py", "ERA001", True),
        ({"ruff.toml": '[lint.per-file-ignores]\n"tests/**" = ["ERA001"]\n'}, "src/t.py", "ERA001", False),
        ({"ruff.toml": '[lint.per-file-ignores]\n"!src/**" = ["ALL"]\n'}, "docs/t.py", "F841", True),
        ({"ruff.toml": '[lint.per-file-ignores]\n"conf.py" = ["ERA"]\n'}, "docs/conf.py", "ERA001", True),
        ({"ruff.toml": 'extend-exclude = ["old"]\n'}, "old/deep/t.py", "F841", True),
        ({"sub/ruff.toml": '[lint]\nignore = ["F"]\n'}, "sub/t.py", "F841", True),
        ({"sub/ruff.toml": '[lint]\nignore = ["F"]\n'}, "t.py", "F841", False),
        (
            {"sub/ruff.toml": "line-length = 9\n", "ruff.toml": '[lint]\nignore = ["F"]\n'},
            "sub/t.py",
            "F841",
            False,
        ),
        (
            {"base.toml": '[lint]\nignore = ["F"]\n', "ruff.toml": 'extend = "base.toml"\n'},
            "t.py",
            "F841",
            True,
        ),
        (
            {".flake8": "[flake8]\nper-file-ignores =\n    a.py: F401, F841\n    b/*.py:F841\n"},
            "b/c.py",
            "F841",
            True,
        ),
        ({".flake8": "[flake8]\nper-file-ignores =\n    a.py: F401, F841\n"}, "a.py", "F841", True),
        ({"setup.cfg": "[flake8]\nextend_ignore = F841 # why\n"}, "x.py", "F841", True),
        ({"tox.ini": "[tox]\nenvlist = a\n"}, "x.py", "F841", False),
    ],
)
def test_what_a_maintainer_ignored_is_excused(
    texts: dict[str, str], path: str, code: str, excused: bool
) -> None:
    assert lint_policy.read(texts).excuses(path, code) is excused


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[tool.ruff", "not valid TOML"),
        ('[tool.ruff]\nextend = "../gone.toml"\n', "not among the examined files"),
    ],
)
def test_configuration_that_cannot_be_followed_is_named_and_stops_nothing(text: str, words: str) -> None:
    policy = lint_policy.read({"pyproject.toml": text})
    assert words in policy.notes[0]
    assert not policy.excuses("a.py", "F401")


def test_configuration_that_extends_itself_ends() -> None:
    policy = lint_policy.read({"ruff.toml": 'extend = "ruff.toml"\n[lint]\nignore = ["F"]\n'})
    assert policy.excuses("a.py", "F401")


@pytest.mark.parametrize("text", ["[flake8\n", "[flake8]\nper-file-ignores = \n"])
def test_a_damaged_flake8_file_ignores_nothing(text: str) -> None:
    assert not lint_policy.read({".flake8": text}).excuses("a.py", "F401")


@pytest.mark.parametrize(
    ("specifier", "bound"),
    [
        (">=3.9", (3, 9)),
        (">=3.8,!=3.9.0,<4", (3, 8)),
        ("^3.10", (3, 10)),
        ("~=3.8", (3, 8)),
        ("==3.*", (3, 0)),
        (">=2.7,>=3.6", (3, 6)),
        ("^2.7 || ^3.6", (2, 7)),
        ("<4", None),
        ("", None),
    ],
)
def test_a_lower_bound_is_read_from_a_specifier(specifier: str, bound: tuple[int, int] | None) -> None:
    assert python_floor.lower_bound(specifier) == bound


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (
            {"pyproject.toml": '[project]\nrequires-python = ">=3.9"\n[tool.ruff]\ntarget-version="py311"\n'},
            (3, 9),
        ),
        ({"pyproject.toml": '[tool.poetry.dependencies]\npython = "^3.10"\n'}, (3, 10)),
        ({"ruff.toml": 'target-version = "py312"\n'}, (3, 12)),
        ({"setup.cfg": "[options]\npython_requires = >=3.7\n"}, (3, 7)),
        ({"setup.py": 'setup(python_requires=">=3.8")'}, (3, 8)),
        (
            {"setup.py": '"Programming Language :: Python :: 3.9", "Programming Language :: Python :: 2.7"'},
            (2, 7),
        ),
        (
            {
                "a/pyproject.toml": '[project]\nrequires-python=">=3.8"\n',
                "ruff.toml": 'target-version="py310"',
            },
            (3, 8),
        ),
        ({"tests/data/pyproject.toml": '[project]\nrequires-python=">=3.8"\n'}, None),
        ({"pyproject.toml": "[project"}, None),
        ({"pyproject.toml": "project = 3\n"}, None),
        ({}, None),
    ],
)
def test_the_lowest_declared_python_counts(texts: dict[str, str], expected: tuple[int, int] | None) -> None:
    declared = python_floor.declared(texts)
    assert (declared[0] if declared else None) == expected
