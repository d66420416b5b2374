"""Fenced examples that do not parse as what they say they are."""

import functools
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from importlib import import_module
from importlib.metadata import version
from textwrap import dedent

import msgspec

from daydream.analysis import examples
from daydream.analysis.doc_links import Library
from daydream.analysis.markdown import Fence
from daydream.analysis.symbols import tells_history
from daydream.contracts.context import Context
from daydream.records.finding import Examined, Finding
from daydream.records.outcome import Done
from daydream.steps.docs_links import short

EXAMPLE = "docs.example_does_not_parse"
VERSIONS = {EXAMPLE: 2}
_AROUND = 12
_TITLES = {"python": "Python", "toml": "TOML", "json": "JSON", "yaml": "YAML"}


def parsed(ctx: Context, library: Library, batch: Sequence[str], whole: bool) -> Done:
    """Parse the examples of these pages, never run one; what a page's examples came to is remembered by its content."""
    broken: list[tuple[str, Fence, Finding]] = []
    states: Counter[str] = Counter()
    keys = {path: _key(path, library) for path in batch}
    known = ctx.cache.read(_kind(), sorted(key for key in keys.values() if key))
    fresh: dict[str, bytes] = {}
    library.shelf.warm(batch)
    read = []
    for path in batch:
        ctx.check()
        page = library.shelf.readable(path)
        if page is None:
            continue
        read.append(path)
        verdicts = _remembered(known, keys[path], len(page.fences))
        if verdicts is None:
            verdicts = [_judge(ctx, path, fence) for fence in page.fences]
            if keys[path]:
                fresh[keys[path]] = msgspec.msgpack.encode(verdicts)
        seen: Counter[str] = Counter()
        for fence, verdict in zip(page.fences, verdicts, strict=True):
            states[verdict.state] += 1
            if verdict.state == "broken":
                broken.append((path, fence, _finding(path, fence, verdict, seen)))
    if fresh:
        ctx.cache.write(_kind(), fresh)
    findings = list(_once(ctx, library, broken))
    everything = whole and len(read) == len(batch)
    return Done(
        findings=tuple(findings),
        examined=(Examined(rules=dict(VERSIONS), subjects=tuple(read), everything=everything),),
        facts={
            "examples": states["ok"] + states["broken"],
            "unknown_examples": states["unknown"],
            "broken_examples": len(findings),
        },
    )


def _once(ctx: Context, library: Library, broken: Sequence[tuple[str, Fence, Finding]]) -> Iterator[Finding]:
    """What is broken, once where pages are made of one another: on the longest page, or the first of the longest."""
    around = {id(finding): _around(path, fence, library) for path, fence, finding in broken}
    others: dict[int, list[str]] = {key: [] for key in around}
    order = {page.path: (-page.size, page.path) for page in library.pages}
    for page in library.pages if broken else ():
        ctx.check()
        text = _plain(library.shelf.text(page.path))
        for path, _, finding in broken:
            if path != page.path and around[id(finding)] and around[id(finding)] in text:
                others[id(finding)].append(page.path)
    for path, _, finding in broken:
        copies = sorted(others[id(finding)], key=order.__getitem__)
        if not copies:
            yield finding
        elif order[path] < order[copies[0]]:
            said = f"{finding.evidence}; {short(copies[0], 80)} repeats it"
            yield msgspec.structs.replace(finding, evidence=said)


def _around(path: str, fence: Fence, library: Library) -> str:
    """The example with all that stands around it."""
    lines = _plain(library.shelf.text(path)).split("\n")
    last = fence.line + fence.code.count("\n") + _AROUND
    return "\n".join(lines[max(fence.line - 1 - _AROUND, 0) : last]).strip()


def _plain(text: str | None) -> str:
    return (text or "").replace("\r\n", "\n")


@functools.cache
def _kind() -> str:
    """What a verdict depends on beside the page: our own rules and the parsers'."""
    parsers = f"{sys.version_info[0]}.{sys.version_info[1]}/{version('ruff')}/{version('PyYAML')}"
    return f"docs.examples/{VERSIONS[EXAMPLE]}/{parsers}"


def _key(path: str, library: Library) -> str:
    blob = library.shelf.blob(path)
    return f"{blob}.{sha256(path.encode('utf-8', 'surrogateescape')).hexdigest()[:16]}" if blob else ""


def _remembered(known: Mapping[str, bytes], key: str, count: int) -> list[examples.Verdict] | None:
    if key not in known:
        return None
    try:
        verdicts = msgspec.msgpack.decode(known[key], type=list[examples.Verdict])
    except msgspec.DecodeError:
        return None
    return verdicts if len(verdicts) == count else None


def _judge(ctx: Context, path: str, fence: Fence) -> examples.Verdict:
    ctx.check()
    about = re.sub(r"[\W_]+", " ", path)
    verdict = examples.judge(fence.info, fence.code, f"{about}\n{fence.before}")
    newer = verdict.state == "broken" and _newer_python(ctx, fence)
    return examples.Verdict("unknown") if newer else verdict


def _finding(path: str, fence: Fence, verdict: examples.Verdict, seen: Counter[str]) -> Finding:
    tongue = examples.language(fence.info) or ""
    digest = sha256(fence.code.encode("utf-8", "surrogateescape")).hexdigest()[:12]
    seen[digest] += 1
    shown = next((line.strip() for line in fence.code.splitlines() if line.strip()), "")
    return Finding(
        rule=EXAMPLE,
        rule_version=VERSIONS[EXAMPLE],
        severity="medium",
        subject=path,
        identity=f"{tongue}:{digest}~{seen[digest]}",
        message=f"The {_TITLES[tongue]} example does not parse: {short(verdict.why, 100)}",
        evidence=f"begins: {short(shown, 80)}",
        line=fence.line,
        worth=round(verdict.sure - (0.3 if tells_history(path) else 0.0), 2),
        action="mend the example",
    )


def _newer_python(ctx: Context, fence: Fence) -> bool:
    """Whether ruff, which knows the newest grammar, accepts an example that our own parser refuses."""
    if examples.language(fence.info) != "python":
        return False
    try:
        program: str = import_module("ruff").find_ruff_bin()
    except FileNotFoundError:
        return False
    argv = [program, "check", "--isolated", "--no-cache", "--quiet", "--select=E9", "--preview"]
    code = dedent(fence.code).encode("utf-8", "replace")
    return ctx.child([*argv, "--target-version=py314", "-"], stdin=code, timeout_s=20.0).returncode == 0
