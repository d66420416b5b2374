"""Call sites found again: lines written from the logging calls of real repositories, mined, and asked for.

`python -m bench.logs_callsites FOLDER FOLDER ...`: clones of repositories, read only. For each: every logging
call writes lines with random values (every other call through `logging` itself), the lines are redacted and
mined as a night does it, and the index is asked for each template. Precision: of the named sites, the share
that wrote most lines of the template. Recall: of the templates whose site's pattern has two words at least and
is no twin's of another site, the share that is named rightly. Then templates of the *other* repositories are
asked for, which this one cannot have written.
"""

import argparse
import ast
import io
import logging
import random
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.machine import heading
from daydream.analysis.logs import callsites
from daydream.analysis.logs.callsites import Index, Site
from daydream.analysis.logs.callsites_text import HOLE
from daydream.analysis.logs.templates import Miner
from daydream.analysis.redaction import redact
from daydream.records.repository import SourceFile

LINES = 12
EXAMPLES = 3
METHODS = {"debug", "info", "warning", "warn", "error", "exception", "critical", "fatal", "log"}
_WORDS = [
    *("alpha", "bravo", "report", "queue", "worker", "main", "user", "orders"),
    *("cache", "index", "backup", "payment", "Smith", "Berlin", "default"),
]


def value(dice: random.Random) -> str:
    """Something that a program writes into a message."""
    kinds = (
        lambda: str(dice.randrange(100_000)),
        lambda: f"{dice.random() * 100:.3f}",
        lambda: dice.choice(_WORDS),
        lambda: dice.choice(_WORDS) + str(dice.randrange(100)),
        lambda: f"/var/lib/{dice.choice(_WORDS)}/{dice.choice(_WORDS)}.{dice.choice(('db', 'json', 'txt'))}",
        lambda: f"10.0.{dice.randrange(256)}.{dice.randrange(256)}",
        lambda: (
            "".join(dice.choices("0123456789abcdef", k=8))
            + "-1b2c-4d3e-8f90-"
            + "".join(dice.choices("0123456789abcdef", k=12))
        ),
        lambda: f"https://{dice.choice(_WORDS)}.example.com/{dice.randrange(100)}",
        lambda: " ".join(dice.choices(_WORDS, k=dice.randrange(2, 5))),
        lambda: repr({dice.choice(_WORDS): dice.randrange(100)}),
        lambda: f"<{dice.choice(_WORDS).title()} object at 0x{dice.randrange(1 << 40):x}>",
        lambda: repr(dice.choice(_WORDS)),
        lambda: "None",
    )
    return dice.choice(kinds)()


def substituted(text: str, dice: random.Random) -> str:
    """One line of a pattern, each hole with a value."""
    first, *others = text.split(HOLE)
    return first + "".join(value(dice) + piece for piece in others)


class Remembering:
    """A cache in memory."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], bytes] = {}

    def read(self, kind: str, keys: Sequence[str]) -> dict[str, bytes]:
        """As the contract says."""
        return {key: self._kept[kind, key] for key in keys if (kind, key) in self._kept}

    def write(self, kind: str, values: Mapping[str, bytes]) -> None:
        """As the contract says."""
        self._kept |= {(kind, key): value for key, value in values.items()}


class _Values(ast.NodeTransformer):
    """Every value of a call into a constant, so that nothing of a repository is run but its format strings."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice

    def message(self, node: ast.expr) -> ast.expr:
        """Keep what makes the text: literals, f-strings, sums, %-formatting, `str.format`."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return node
        if isinstance(node, ast.JoinedStr):
            return ast.JoinedStr([self.part(part) for part in node.values])
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            return ast.BinOp(self.message(node.left), node.op, self.message(node.right))
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
            return ast.BinOp(self.message(node.left), node.op, self.value(node.right))
        formats = (
            isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format"
        )
        if formats and isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            words = [ast.keyword(word.arg, self.value(word.value)) for word in node.keywords]
            called = ast.Attribute(self.message(node.func.value), "format", ast.Load())
            return ast.Call(called, [self.value(arg) for arg in node.args], words)
        return ast.Constant(value(self._dice))

    def part(self, node: ast.expr) -> ast.expr:
        """A value of an f-string without its format, which it might not have."""
        return (
            ast.FormattedValue(self.value(node.value), -1) if isinstance(node, ast.FormattedValue) else node
        )

    def value(self, node: ast.expr) -> ast.expr:
        """Some value; of a tuple and of a dictionary each of its own."""
        if isinstance(node, ast.Tuple):
            return ast.Tuple([self.value(each) for each in node.elts], ast.Load())
        if isinstance(node, ast.Dict):
            return ast.Dict(node.keys, [self.value(each) for each in node.values])
        return ast.Constant(value(self._dice))


def logged(call: ast.Call, dice: random.Random) -> str | None:
    """What `logging` itself makes of a call; None where random values do not fit its format."""
    values = _Values(dice)
    args = call.args[1:] if getattr(call.func, "attr", "") == "log" else call.args
    if not args or isinstance(args[0], ast.Name | ast.Attribute | ast.Subscript):
        return None
    tree = ast.Tuple([values.message(args[0]), *(values.value(arg) for arg in args[1:])], ast.Load())
    code = compile(ast.fix_missing_locations(ast.Expression(tree)), "call", "eval")
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    try:
        message, *rest = eval(code, {"__builtins__": {}})
        record = logging.LogRecord("bench", logging.INFO, "", 0, message, tuple(rest), None)
        stream.write(handler.format(record))
    except (TypeError, ValueError, KeyError, IndexError, AttributeError):
        return None
    return stream.getvalue()


def calls(folder: Path, path: str) -> dict[int, ast.Call]:
    """The calls of a method of a file by line, where a line has one only of those that log."""
    found: dict[int, list[ast.Call]] = {}
    for node in ast.walk(ast.parse((folder / path).read_bytes())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in METHODS:
            found.setdefault(node.lineno, []).append(node)
    return {line: each[0] for line, each in found.items() if len(each) == 1}


def files(folder: Path) -> list[SourceFile]:
    """Its Python files, tests and docs aside."""
    paths = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*.py") if p.is_file())
    kept = [p for p in paths if not {"tests", "test", "docs", "examples"} & set(p.split("/"))]
    return [SourceFile(p, p, (folder / p).stat().st_size) for p in kept]


Answer = tuple[str, Counter[tuple[str, int]], int, str, tuple[str, ...]]


def mined(index: Index, folder: Path) -> list[Answer]:
    """Templates with the sites that wrote their lines, level and name of the logger of most."""
    dice = random.Random(folder.name)
    lines: list[tuple[str, tuple[str, int], int, str]] = []
    real = 0
    nodes: dict[str, dict[int, ast.Call]] = {}
    for number, (site, raw) in enumerate(index.sites("log")):
        if site.path not in nodes:
            nodes[site.path] = calls(folder, site.path)
        call = nodes[site.path].get(site.line) if number % 2 else None
        for _ in range(LINES):
            text = logged(call, dice) if call is not None else None
            real += text is not None
            text = text if text is not None else substituted(raw.text, dice)
            name = raw.name or site.path.removesuffix(".py").replace("/", ".")
            lines.append((text.split("\n", 1)[0], (site.path, site.line), site.level, name))
    print(f"  {len(lines)} lines, {real} of them written by logging itself")
    dice.shuffle(lines)
    miner = Miner(most=20_000)
    numbered = [
        (miner.add(redact(text)), where, level, name, redact(text)) for text, where, level, name in lines
    ]
    groups: dict[str, list[tuple[int, tuple[str, int], int, str, str]]] = {}
    for each in numbered:
        if each[0]:
            groups.setdefault(miner.identity(each[0]), []).append(each)
    return [
        (
            miner.template(members[0][0]),
            Counter(where for _, where, _, _, _ in members),
            Counter(level for _, _, level, _, _ in members).most_common(1)[0][0],
            Counter(name for _, _, _, name, _ in members).most_common(1)[0][0],
            tuple(shown for _, _, _, _, shown in members[:EXAMPLES]),
        )
        for _, members in sorted(groups.items())
    ]


def _alike(site: Site, named: bool) -> tuple[object, ...]:
    """What tells a site from another for whom asks."""
    return (site.pattern, site.level, site.path) if named else (site.pattern,)


def judge(index: Index, answers: list[Answer], *, named: bool, examples: bool = False) -> str:
    """Ask for all and count."""
    asked = right = wrong = wanted = found = 0
    twins = Counter(_alike(site, named) for site, _ in index.sites("log"))
    by_place = {(s.path, s.line): s for s, _ in index.sites("log")}
    begun = time.perf_counter()
    got: list[Site | None] = [
        index.find(template, level if named else None, name if named else None, shown if examples else ())
        for template, _, level, name, shown in answers
    ]
    took = time.perf_counter() - begun
    for site, (_, wrote, _, _, _) in zip(got, answers, strict=True):
        asked += 1
        place, lines = wrote.most_common(1)[0]
        truth = by_place[place]
        sure = lines == wrote.total() and index.words(truth) >= 2 and twins[_alike(truth, named)] == 1
        wanted += sure
        if site is not None:
            good = (site.path, site.line) in wrote and wrote[(site.path, site.line)] == lines
            right += good
            wrong += not good
            found += good and sure
    return (
        f"{asked} templates, named {right + wrong}, precision {right / max(1, right + wrong):.3f}, "
        f"recall {found / max(1, wanted):.3f} of {wanted}, {took:.3f} s"
    )


def together(indexes: dict[str, Index], answers: dict[str, list[Answer]]) -> None:
    """How long 2,000 templates take among all sites at once, repeated under other paths up to 10,000."""
    kinds = ("log", "warning", "print", "raise")
    sites = [
        (f"{name}/{site.path}", raw) for name, index in indexes.items() for site, raw in index.sites(*kinds)
    ]
    copies = -(-10_000 // len(sites))
    index = Index([(f"{copy}/{path}", raw) for copy in range(copies) for path, raw in sites][:10_000])
    wanted = [each for found in answers.values() for each in found][:2000]
    begun = time.perf_counter()
    for template, _, level, logger, _ in wanted:
        index.find(template, level, logger)
    print(f"{len(wanted)} templates among {len(index)} patterns: {time.perf_counter() - begun:.2f} s")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folders", nargs="+", type=Path)
    args = parser.parse_args()
    heading("Call sites of log templates")
    indexes: dict[str, Index] = {}
    answers: dict[str, list[Answer]] = {}
    for folder in args.folders:
        begun = time.perf_counter()
        listed = files(folder)
        cache = Remembering()
        index = indexes[folder.name] = callsites.build(folder, listed, cache)
        first = time.perf_counter() - begun
        begun = time.perf_counter()
        callsites.build(folder, listed, cache)
        again = time.perf_counter() - begun
        print(
            f"{folder.name}: {len(listed)} files, {len(index)} patterns in {first:.2f} s, unchanged {again:.2f} s"
        )
        answers[folder.name] = mined(index, folder)
        print(f"  by its text alone:       {judge(index, answers[folder.name], named=False)}")
        print(f"  with level and logger:   {judge(index, answers[folder.name], named=True)}")
        print(
            f"  and three examples:      {judge(index, answers[folder.name], named=True, examples=True)}",
            flush=True,
        )
    together(indexes, answers)
    for name, index in indexes.items():
        foreign = [each for other, found in answers.items() if other != name for each in found]
        named = sum(
            index.find(template, level, logger, shown) is not None
            for template, _, level, logger, shown in foreign
        )
        print(
            f"{name}: {len(foreign)} templates of the others, {named} wrongly named ({named / max(1, len(foreign)):.1%})"
        )


if __name__ == "__main__":
    main()
