"""Small random functions for bench.dreams_legality: typed and untyped parameters, guards, loops, changes, things others see."""

import functools
import random
import re
from collections.abc import Mapping, Sequence
from types import CodeType

PRELUDE = """
def note(value):
    LOG.append(value)
    return value

def half(number):
    if number % 2:
        raise ValueError("odd")
    return number // 2

def longest(names):
    best = ""
    for each in names:
        if len(each) > len(best):
            best = each
    return best
"""
TYPES = ("int", "str", "bool", "list[int]", "list[str]", "dict[str, int]", "set[int]", "float")


class Writer:
    """Writes one random function; `names` are the variables with their types so far."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.names: dict[str, str] = {}
        self.lines: list[str] = []
        self._made = 0

    def program(self, name: str) -> tuple[str, list[str]]:
        """Return source and the types of the parameters (`?` where nothing is written)."""
        wanted = ["int", "list[int]", *self.rng.choices([*TYPES, "?"], k=self.rng.randint(1, 3))]
        parameters = [f"p{number}" for number in range(len(wanted))]
        self.names = {each: kind for each, kind in zip(parameters, wanted, strict=True) if kind != "?"}
        for _ in range(self.rng.randint(3, 7)):
            self.statement(1, parameters)
        result = self.rng.sample(list(self.names), min(3, len(self.names)))
        self.lines.append(f"    return ({', '.join(result)},)" if result else "    return None")
        head = ", ".join(p if k == "?" else f"{p}: {k}" for p, k in zip(parameters, wanted, strict=True))
        return f"def {name}({head}):\n" + "\n".join(self.lines) + "\n", wanted

    def statement(self, depth: int, parameters: Sequence[str]) -> None:
        """Write one statement, or a few that belong together."""
        made = self.rng.choices(
            (
                self.assign,
                self.guard,
                self.fill,
                self.flag,
                self.change,
                self.branch,
                self.repeat,
                self.act,
                self.strange,
                self.twice,
            ),
            (9, 3, 2, 2, 3, 2, 2, 1, 1, 1),
        )[0]
        made("    " * depth, depth, parameters)

    def fresh(self, kind: str) -> str:
        """A new variable of a type."""
        self._made += 1
        name = f"v{self._made}"
        self.names[name] = kind
        return name

    def assign(self, indent: str, depth: int, parameters: Sequence[str]) -> None:
        """`v = expression`, sometimes of a variable that exists."""
        del depth, parameters
        kind = self.rng.choice(TYPES)
        text = self.expression(kind)
        known = [each for each, one in self.names.items() if one == kind]
        name = self.rng.choice(known) if known and self.rng.random() < 0.2 else self.fresh(kind)
        self.lines.append(f"{indent}{name} = {text}")

    def guard(self, indent: str, depth: int, parameters: Sequence[str]) -> None:
        """An early exit."""
        del depth, parameters
        leave = self.rng.choice(["return None", f"return {self.expression('int')}", 'raise ValueError("no")'])
        self.lines += [f"{indent}if {self.expression('bool')}:", f"{indent}    {leave}"]

    def fill(self, indent: str, depth: int, parameters: Sequence[str]) -> None:
        """A loop that fills a list."""
        del depth, parameters
        source = self.expression("list[int]")
        name = self.fresh("list[int]")
        self.names.pop(name)
        test = self.expression("bool")
        each = self.fresh("int")
        self.lines += [f"{indent}{name} = []", f"{indent}for {each} in {source}:"]
        inner = f"{indent}    "
        if self.rng.random() < 0.3:
            extra, text = self.fresh("int"), self.expression("int")
            self.lines.append(f"{inner}{extra} = {text}")
            self.names.pop(extra)
        if self.rng.random() < 0.4:
            self.lines.append(f"{inner}if {test}:")
            inner += "    "
        self.lines.append(f"{inner}{name}.append({self.expression('int')})")
        self.names.pop(each)
        self.names[name] = "list[int]"

    def flag(self, indent: str, depth: int, parameters: Sequence[str]) -> None:
        """A loop that looks for something."""
        del depth, parameters
        source = self.expression("list[int]")
        each = self.fresh("int")
        test = self.expression("bool")
        self.names.pop(each)
        name = self.fresh("bool")
        self.lines += [
            f"{indent}{name} = False",
            f"{indent}for {each} in {source}:",
            f"{indent}    if {test}:",
            f"{indent}        {name} = True",
        ]

    def change(self, indent: str, depth: int, parameters: Sequence[str]) -> None:
        """Something that changes a container or a number."""
        del depth, parameters
        options = []
        for name, kind in self.names.items():
            if kind == "int":
                options.append(f"{name} += {self.expression('int')}")
            elif kind == "list[int]":
                options += [
                    f"{name}.append({self.expression('int')})",
                    f"{name}[0] = {self.expression('int')}",
                    f"{name}.sort()",
                ]
            elif kind == "dict[str, int]":
                options += [
                    f"{name}[{self.expression('str')}] = {self.expression('int')}",
                    f"{name}.pop({self.expression('str')})",
                ]
            elif kind == "set[int]":
                options.append(f"{name}.add({self.expression('int')})")
        self.lines.append(f"{indent}{self.rng.choice(options) if options else 'pass'}")

    def branch(self, indent: str, depth: int, parameters: Sequence[str]) -> None:
        """`if` with perhaps an `else`, which set the same variable."""
        del parameters
        kind = self.rng.choice(("int", "str"))
        name, other = self.fresh(kind), self.expression(kind)
        self.names.pop(name)
        self.lines += [f"{indent}{name} = {other}"] if self.rng.random() < 0.5 else []
        both = self.lines[-1:] != [f"{indent}{name} = {other}"]
        self.lines += [
            f"{indent}if {self.expression('bool')}:",
            f"{indent}    {name} = {self.expression(kind)}",
        ]
        if both:
            self.lines += [f"{indent}else:", f"{indent}    {name} = {self.expression(kind)}"]
        self.names[name] = kind
        if depth == 1 and self.rng.random() < 0.15:
            self.lines.append(f"{indent}return {name}")

    def repeat(self, indent: str, depth: int, parameters: Sequence[str]) -> None:
        """A loop with two statements in it."""
        if depth > 2:
            self.assign(indent, depth, parameters)
            return
        source = self.expression("list[int]")
        before = dict(self.names)
        each = self.fresh("int")
        self.lines.append(f"{indent}for {each} in {source}:")
        so_far = len(self.lines)
        for _ in range(2):
            self.statement(depth + 1, parameters)
        if len(self.lines) == so_far:
            self.lines.append(f"{indent}    pass")
        # What a loop sets may not be set after it; what it may have set keeps its type.
        self.names = before

    def act(self, indent: str, depth: int, parameters: Sequence[str]) -> None:
        """Something that others see, or a function that is known to be pure."""
        del depth, parameters
        if self.rng.random() < 0.4:
            self.lines.append(f"{indent}note({self.expression('int')})")
            return
        called = self.rng.choice([f"half({self.simple('int')})", f"longest({self.simple('list[str]')})"])
        kind = "int" if called.startswith("half") else "str"
        name = self.fresh(kind)
        self.names[name] = "opaque"
        self.lines.append(f"{indent}{name} = {called}")

    def twice(self, indent: str, depth: int, parameters: Sequence[str]) -> None:
        """Calls of pure functions that follow one another, or of one for each element."""
        del depth, parameters
        texts, numbers = self.simple("list[str]"), self.simple("int")
        known = [each for each, kind in self.names.items() if kind == "list[int]"]
        if known and self.rng.random() < 0.5:
            self.lines.append(
                f"{indent}{self.fresh('list[int]')} = [half(x) for x in {self.rng.choice(known)}]"
            )
            return
        calls = [f"half({numbers})", f"longest({texts})", f"half({self.simple('int')})"]
        for each in self.rng.sample(calls, 2):
            self.lines.append(f"{indent}{self.fresh('opaque')} = {each}")

    def strange(self, indent: str, depth: int, parameters: Sequence[str]) -> None:
        """Something about a parameter of which nothing is known."""
        del depth
        unknown = [each for each in parameters if each not in self.names]
        if unknown:
            name, one = self.fresh("opaque"), self.rng.choice(unknown)
            text = self.rng.choice(
                [
                    f"{one}.size",
                    f"{one}.size + {one}.size",
                    f"len({one})",
                    f"{one} is None",
                    f"list({one})",
                    f"{one}[0]",
                ]
            )
            self.lines.append(f"{indent}{name} = {text}")

    def simple(self, kind: str) -> str:
        """A variable of a type, or a literal."""
        known = [each for each, one in self.names.items() if one == kind]
        if known and self.rng.random() < 0.85:
            return self.rng.choice(known)
        return self.rng.choice(LITERALS[kind])

    def expression(self, kind: str) -> str:
        """An expression of a type."""
        if self.rng.random() < 0.3:
            return self.simple(kind)
        holes = re.split(r"<([a-z]+(?:\[[a-z, ]+\])?)>", self.rng.choice(EXPRESSIONS[kind]))
        return "".join(part if number % 2 == 0 else self.simple(part) for number, part in enumerate(holes))


LITERALS: Mapping[str, Sequence[str]] = {
    "int": ("0", "1", "3", "7"),
    "str": ('"a"', '"key"', '""'),
    "bool": ("True", "False"),
    "float": ("0.5", "2.0"),
    "list[int]": ("[3, 1, 2]", "[]"),
    "list[str]": ('["b", "a"]', "[]"),
    "dict[str, int]": ('{"a": 1}', "{}"),
    "set[int]": ("{1, 2}", "set()"),
}
# Angle brackets hold the type of what goes in.
EXPRESSIONS: Mapping[str, Sequence[str]] = {
    "int": (
        *(
            "<int> + <int>",
            "<int> * <int>",
            "<int> - <int>",
            "len(<list[int]>)",
            "len(<str>)",
            "sum(<list[int]>)",
        ),
        *(
            "<int> // <int>",
            "<int> % 3",
            "max(<int>, <int>)",
            "<list[int]>[0]",
            "<dict[str, int]>.get(<str>, 0)",
        ),
        *(
            "<dict[str, int]>[<str>]",
            "abs(<int>)",
            "int(<str>)",
            "sum([x * 2 for x in <list[int]>])",
            "len(sorted(<list[int]>))",
        ),
    ),
    "str": (
        *(
            "<str> + <str>",
            "<str>.upper()",
            "str(<int>)",
            '", ".join(<list[str]>)',
            "<str>.strip()",
            "<list[str]>[0]",
        ),
        *(
            '"".join([x.lower() for x in <list[str]>])',
            "<str>.join(x[0] for x in <list[str]>)",
        ),
    ),
    "bool": (
        *(
            "<int> > <int>",
            "<int> == <int>",
            "not <list[int]>",
            "<str> in <dict[str, int]>",
            "<int> in <list[int]>",
        ),
        *(
            "any([x > <int> for x in <list[int]>])",
            "len(<list[str]>) > <int> and <bool>",
            "<str>.startswith(<str>)",
        ),
        *(
            "<str> in <dict[str, int]>.keys()",
            "<int> in list(<set[int]>)",
            "all([x for x in <list[int]>]) or <bool>",
        ),
        '<str> in ("a", "b", "key")',
    ),
    "float": ("<float> + <float>", "<float> * <int>", "<int> / <int>", "float(<str>)"),
    "list[int]": (
        *(
            "sorted(<list[int]>)",
            "[x + <int> for x in <list[int]>]",
            "<list[int]> + <list[int]>",
            "list(<set[int]>)",
        ),
        *(
            "[half(x) for x in <list[int]>]",
            "<list[int]>[1:]",
            "sorted(list(<set[int]>))",
            "list(range(<int>))",
            "list(100 // x for x in <list[int]> if x != <int>)",
            "sorted(half(x) for x in <list[int]>)",
        ),
    ),
    "list[str]": ("<str>.split()", "sorted(<list[str]>)", "list(<dict[str, int]>)", "<list[str]>[:2]"),
    "dict[str, int]": (
        "dict(<dict[str, int]>)",
        "{x: 1 for x in <list[str]>}",
        "<dict[str, int]>.copy()",
        "dict((x, <int> // len(x)) for x in <list[str]>)",
        "dict([(<str>, x) for x in <list[int]>])",
        "dict(one=<int>, key=<int>)",
    ),
    "set[int]": (
        "set(<list[int]>)",
        "set([x for x in <list[int]>])",
        "<set[int]> | <set[int]>",
        "set(100 // x for x in <list[int]>)",
        "set((<int>, <int>, 1))",
    ),
}


@functools.cache
def prelude() -> CodeType:
    """The functions that the programs may call, compiled."""
    return compile(PRELUDE, "<prelude>", "exec")
