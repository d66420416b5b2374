"""Which fenced examples parse, which do not, and which cannot be judged."""

import pytest

from daydream.analysis.examples import judge, language


@pytest.mark.parametrize(
    ("info", "expected"),
    [
        *(("python", "python"), ("py title='x'", "python"), ("{.python .wide}", "python"), ("yml", "yaml")),
        *(
            ("pycon", None),
            ("", None),
            ("bash", None),
            ("jsonc", None),
            ("{note}", None),
            ("Python", "python"),
        ),
    ],
)
def test_the_language_is_read_from_the_info_string(info: str, expected: str | None) -> None:
    assert language(info) == expected


@pytest.mark.parametrize(
    ("info", "code"),
    [
        ("python", "x = 1\n"),
        ("python", "    indented = True\n"),
        ("python", "await call()\n"),
        ("python", "return x\n"),
        ("python", "@app.get('/')\n"),
        ("python", "def f(x: int) -> str\n"),
        ("python", "def f() -> A | None\ndef g(self) -> B\n"),
        ("python", "class A(B):\n"),
        ("python", "else:\n    x()\n"),
        ("python", "name: str = 'x', other=2\n"),
        ("python", "first()\n  second()\n  third()\n"),
        ("python", ""),
        ("toml", '[tool.x]\na = "b"\n'),
        ("toml", '"a>=1",\n"b"\n'),
        ("json", '"a": 1,\n"b": 2\n'),
        ("json", '{"a": 1}\n{"b": 2}\n'),
        ("yaml", "a: !Ref b\nc: [1, 2]\n---\nd: e\n"),
    ],
)
def test_whole_texts_and_fragments_parse(info: str, code: str) -> None:
    assert judge(info, code, "").state == "ok"


@pytest.mark.parametrize(
    ("info", "code", "why"),
    [
        ("python", "x = {\n  'a': 1\n  'b': 2\n}\n", "comma"),
        ("python", "width = '50%\n", "unterminated"),
        ("py", "call(a, b))\n", "unmatched"),
        ("toml", "b = 1\na = null\n", "Invalid value"),
        ("json", '{\n  {"type": "x"}\n}\n', "property name"),
        ("yaml", "a: b: c\n", "mapping values"),
    ],
)
def test_a_broken_example_is_broken_with_the_parsers_word(info: str, code: str, why: str) -> None:
    verdict = judge(info, code, "")
    assert verdict.state == "broken"
    assert why in verdict.why
    assert verdict.sure >= 0.5


@pytest.mark.parametrize(
    ("info", "code", "before"),
    [
        ("python", "x = (...", ""),
        ("python", "x = <your key>\n", ""),
        ("python", ">>> 1 +\n", ""),
        ("python", "$ pip install x\n", ""),
        ("python", "wget https://x.test/a.tar.gz\nx = 1\n", ""),
        ("python", "{% if x %}\n", ""),
        ("python", "- old = 1\n+ new = 1\n", ""),
        ("python", "format_ts(value: int) -> str\n", ""),
        ("python", "__init__(\n    self,\n    x: int = f((1, 2)),\n) -> None\n", ""),
        ("python", "x = 1\n> 1 is it\n", ""),
        ("python", "dataset:\n  name: a b\n", ""),
        ("python", "tool show --task a:b\n", ""),
        ("python", "def f():\n    {write your own logic}\n", ""),
        ("yaml", "$ run a=b\na: b: c\n", ""),
        ("yaml", "├── docs # pages\n└── a: b: c\n", ""),
        ("python", "x = = 1\n", "This is a syntax error:"),
        ("python bad", "x = = 1\n", ""),
        ("python", "print 'x'\n", "Why do we write ``print('x')`` instead of:"),
        ("toml", "a = 1\na = 2\n", ""),
        ("toml", "a = <value>\n", ""),
        ("json", '{"a": 1, // why\n}\n', ""),
        ("json", "{'a': 1}\n", ""),
        ("yaml", "a: {{ value }}:\n  - b\n c", ""),
        ("yaml", "a: *somewhere\n", ""),
        ("yaml", "[" * 50_000, ""),
        ("yaml", "- " * 50_000, ""),
        ("python", "(" * 50_000, ""),
        ("json", "[" * 50_000, ""),
        ("python", "x = = 1\n" * 50_000, ""),
    ],
)
def test_placeholders_prompts_and_wrong_on_purpose_are_unknown(info: str, code: str, before: str) -> None:
    assert judge(info, code, before).state == "unknown"


def test_parsing_yaml_builds_no_objects() -> None:
    assert judge("yaml", "!!python/object/apply:os.system ['exit 1']\n", "").state == "ok"


def test_other_languages_are_left_alone() -> None:
    assert judge("rust", "fn main( {", "").state == "other"


def test_plain_invalid_syntax_is_too_uncertain_to_print() -> None:
    assert 0 < judge("python", "one two three\n", "").sure < 0.5
    assert 0 < judge("toml", "A=1 tool run\n", "").sure < 0.5


def test_a_missing_body_is_too_uncertain_to_print() -> None:
    assert judge("python", "def f():\n    # your code\nx()\n", "").sure < 0.5


@pytest.mark.parametrize(
    "code", ["    lambda x: x[0],\n    list)\n", "    1,\n    2,\n)\n", "name='x',\nage=2)])\n"]
)
def test_the_end_of_a_call_that_begins_above_is_an_excerpt(code: str) -> None:
    assert judge("python", code, "").state == "unknown"


@pytest.mark.parametrize("code", ["x = f(1))\n", "def f():\n    x = g(1))\n    return x\n"])
def test_one_bracket_too_many_in_a_statement_is_broken(code: str) -> None:
    assert judge("python", code, "").sure >= 0.5


@pytest.mark.parametrize(
    "code",
    [
        "f(a=1\n  b=2)\n",
        "f(\n    a='x'\n    b='y'\n    c='z',\n)\n",
        "xs = [\n    a['b']  # one\n    a['c']\n]\n",
        "f(a={\n    'b': 1,\n}\n  c=2)\n",
        'f(x="<meta name="recipe" content="fries">")\n',
    ],
)
def test_a_comma_or_two_that_is_missing_or_quotes_within_quotes_is_a_slip(code: str) -> None:
    verdict = judge("python", code, "")
    assert (verdict.state, verdict.sure >= 0.5) == ("broken", True)


def test_a_notation_of_types_and_names_is_too_uncertain_to_print() -> None:
    code = "x = {\n    'a': uuid task_id,\n    'b': string kind,\n    'c': string other,\n}\n"
    assert 0 < judge("python", code, "").sure < 0.5


def test_what_a_program_printed_is_unknown_and_the_same_text_without_that_word_is_broken() -> None:
    code = 'a = "x"\nb = null\n'
    assert judge("toml", code, "which will give you something similar to this:").state == "unknown"
    assert judge("toml", code, "Put this into the file:").state == "broken"
    assert judge("toml", code, "The command prints a table.").state == "broken"


def test_values_without_a_name_one_below_the_other_are_no_yaml_document() -> None:
    assert judge("yaml", "a string\n\n'another'\n\n\"a : b\"\n", "").state == "unknown"
    assert judge("yaml", "a: b\n\nc: d: e\n", "").state == "broken"
