"""Source that is parsed once: hashes, encodings, and what a function does to the world."""

import pytest

from daydream.analysis.source import NotParsed, function_tree, parse


def effect(body: str, parameters: str = "a, b") -> str:
    lines = "\n".join(f"    {line}" for line in body.split("\n"))
    return parse(f"def f({parameters}):\n{lines}\n".encode()).functions[0].side_effects


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return a + len(b)", "pure"),
        ("total = 0\nfor x in a:\n    total += x\nreturn total", "pure"),
        ("out = []\nout += a\nreturn out", "pure"),
        ("a += b\nreturn a", "writes"),
        ("c = a\nc += b\nreturn c", "writes"),
        ("if b:\n    a = 0\na += b\nreturn a", "writes"),
        ("out = []\nfor x in a:\n    out.append(x)\nreturn out", "pure"),
        ("out = {}\nout[a] = b\nreturn out", "pure"),
        ("return math.sqrt(a)", "pure"),
        ("return ', '.join(sorted(a))", "pure"),
        ("raise ValueError(a)", "pure"),
        ("return a.x", "reads"),
        ("return open(a).__class__", "reads"),
        ("return time.time()", "reads"),
        ("a.x = b", "writes"),
        ("a[0] = b", "writes"),
        ("a.append(b)", "writes"),
        ("global g\ng = a", "writes"),
        ("print(a)", "writes"),
        ("open(a, 'w')", "writes"),
        ("open(a, mode='ab')", "writes"),
        ("logger.info(a)", "writes"),
        ("shutil.rmtree(a)", "writes"),
        ("open(a, b)", "unknown"),
        ("return a()", "unknown"),
        ("return helper(a)", "unknown"),
        ("return a.method()", "unknown"),
        ("return a[0]()", "unknown"),
        ("len = a\nreturn len(b)", "unknown"),
        ("yield a", "unknown"),
        ("out = a\nout = []\nout.append(b)", "writes"),
    ],
)
def test_side_effects_are_told_from_the_source_alone(body: str, expected: str) -> None:
    assert effect(body) == expected


def test_a_hash_survives_a_move_and_not_a_change() -> None:
    def hash_of(text: str) -> str:
        return parse(text.encode()).functions[0].source_hash

    source = "def f(a):\n    return a\n"
    assert hash_of(source) == hash_of("import x\n\n" + source) == hash_of(source.replace("\n", "\r\n"))
    assert hash_of(source) != hash_of(source.replace("return a", "return  a"))


def test_a_name_defined_twice_is_told_apart_by_its_occurrence() -> None:
    source = b"if x:\n    def f(): pass\nelse:\n    def f(): return 1\n"
    assert [(each.qualname, each.occurrence) for each in parse(source).functions] == [("f", 1), ("f", 2)]


def test_constants_are_numbers_that_the_module_binds_once() -> None:
    source = b"A = 1\nB = 2.5\nC = 3\nC = 4\nD = 'x'\nE = 6\ndef f():\n    global E\n    E = 7\n"
    assert parse(source).constants == {"A": 1, "B": 2.5}


@pytest.mark.parametrize(
    "data", [b"", b"\n", b"\xef\xbb\xbf# only a mark\n", b"# -*- coding: latin-1 -*-\n# \xe9\n"]
)
def test_files_without_functions_parse(data: bytes) -> None:
    assert parse(data).functions == ()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"def f(:\n", "line 1: "),
        (b"x = '\xff'\n", "encoding"),
        (b"# coding: nonsense\n", "encoding"),
        (b"x = 1\x00\n", "null bytes"),
        (b"x = " + b"-" * 100_000 + b"1\n", "nested too deeply"),
    ],
)
def test_what_does_not_parse_gives_a_short_reason(data: bytes, words: str) -> None:
    with pytest.raises(NotParsed, match=words):
        parse(data)


def test_a_warning_in_somebody_elses_source_is_not_ours() -> None:
    assert len(parse(b"def f():\n    return '\\d'\n").functions) == 1


def test_a_function_tree_is_one_function() -> None:
    for text in ("x = 1\n", "def f(): pass\ndef g(): pass\n", "", "    x = 1\n"):
        with pytest.raises(NotParsed, match="not one function"):
            function_tree(text)
