"""The constants that a procedure is about, and texts that suit the name of a parameter."""

import ast
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from daydream.analysis.source import Definition
from daydream.dream.trials.inputs_target import Target

_MOST = 24
_LONGEST = 60
_LARGEST = 10**12

TEXTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"url|uri|link|href|endpoint|location", ("https://user:pw@example.com:8080/a/b?c=1&d=%20#e", "http://example.com", "/relative/path?q=1", "example.com/a")),
    (r"path|file|dir|folder|root", ("a/b.txt", "/srv/x/../y.tar.gz", "notes", "./c d/é.py", "/")),
    (r"email|mail|address", ("ann@example.com", "Ann <ann@example.com>", "nobody")),
    (r"date|day|when|time|since|until", ("2024-02-29", "2023-12-31T23:59:59Z", "12:30", "yesterday")),
    (r"json", ('{"a": [1, 2.5, null], "b": "c"}', "[]", "{")),
    (r"html|markup|xml", ("<p class='a'>b &amp; c</p>", "<a href=x>y</a><br/>", "a < b")),
    (r"regex|pattern|glob|expr", ("a+b", r"^\w+$", "*.py", "[")),
    (r"encoding|charset|codec", ("utf-8", "latin-1", "ascii", "none-such")),
    (r"mode", ("r", "w", "rb", "a")),
    (r"version|release", ("1.2.3", "0.9", "2.0.0rc1", "v10")),
    (r"host|domain|server", ("example.com", "127.0.0.1", "[::1]:80", "localhost:8080")),
    (r"header", ("text/html; charset=utf-8", 'a=1; b="2"', "Bearer abc")),
    (r"cookie", ("a=1; Path=/", "b=2")),
    (r"command|cmd|line|args", ("ls -l 'a b'", "run --name=x -v", "")),
    (r"code|source|src", ("x = 1\nprint(x)\n", "def f(a):\n    return a\n", "x = (")),
    (r"colou?r", ("red", "#ff8800", "bright_blue")),
    (r"lang|locale", ("en", "de-AT", "zh_Hans_CN")),
    (r"method|verb", ("GET", "post", "DELETE")),
    (r"num|int|amount|size|bytes|price", ("42", "-1.5", "1,000", "1e3", "ten")),
    (r"module|package|import|dotted", ("os.path", "a.b.c", "json", "a.b:c")),
    (r"name|key|attr|field|label|id|slug|tag|var", ("name", "some_name", "CamelCase", "with space", "x-y")),
    (r"title|sentence|text|msg|message|body|content|doc|paragraph|s|string", ("Hello, World!", "the quick  brown fox", "one\ntwo\n\nthree", "a,b;c", "Ünïcödé ß")),
)  # fmt: skip
WORDS = ("", "a", "abc", "Hello, World", "one two  three", "a_b-c.d", "12", "3.14", "true", "a,b,c", "x=1", "line\nline\n", " padded ", "ABC", "aaab")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pool:
    """Numbers, texts and bytes that occur in a procedure, in order, without its docstring."""

    ints: tuple[int, ...] = ()
    floats: tuple[float, ...] = ()
    texts: tuple[str, ...] = ()
    blobs: tuple[bytes, ...] = ()


def pool_of(target: Target) -> Pool:
    """The constants of a procedure, and of the module's names that it mentions."""
    values = list(_constants(target.node))
    for each in ast.walk(target.node):
        bound = target.scope.assigned.get(each.id) if isinstance(each, ast.Name) else None
        if bound is not None:
            values += [one.value for one in ast.walk(bound) if isinstance(one, ast.Constant)][:_MOST]
    distinct = list(dict.fromkeys((type(each), each) for each in values if not _is_odd(each)))
    found = [each for _, each in distinct]
    return Pool(
        tuple(each for each in found if type(each) is int)[:_MOST],
        tuple(each for each in found if type(each) is float)[:_MOST],
        tuple(each for each in found if isinstance(each, str))[:_MOST],
        tuple(each for each in found if isinstance(each, bytes))[:_MOST],
    )


def _is_odd(value: object) -> bool:
    """Too long to be handed about, or equal to nothing, itself included."""
    if isinstance(value, float) and math.isnan(value):
        return True
    if isinstance(value, int) and abs(value) > _LARGEST:
        return True
    return isinstance(value, str | bytes) and len(value) > _LONGEST


def _constants(node: Definition) -> Iterator[object]:
    body = node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body
    said: set[int] = set()  # what an error says is not what the procedure is about
    for statement in body:
        for each in ast.walk(statement):
            wording = (
                each.msg
                if isinstance(each, ast.Assert)
                else each.exc
                if isinstance(each, ast.Raise)
                else None
            )
            said.update(id(one) for one in (ast.walk(wording) if wording is not None else ()))
            if isinstance(each, ast.Constant) and id(each) not in said:
                yield each.value


def texts_for(name: str) -> tuple[str, ...]:
    """Texts that suit a parameter's name; none for an unknown one."""
    words = set(re.split(r"_+|\d+", name.lower()))
    for pattern, texts in TEXTS:
        alone = re.compile(rf"(?:{pattern})s?\Z")
        if any(alone.match(word) for word in words) or (len(name) > 4 and re.search(rf"(?:{pattern.removesuffix('|s|string')})", name.lower()) and "|s|" not in pattern):  # fmt: skip
            return texts
    return ()
