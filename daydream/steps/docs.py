"""`docs`: links, anchors, examples and names of the documentation, against the tree and its history."""

import posixpath
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from hashlib import sha256
from importlib import import_module
from textwrap import dedent

from daydream.analysis import examples
from daydream.analysis.links import Verdict, World, resolve, sites
from daydream.analysis.markdown import Fence, Link
from daydream.analysis.symbols import tells_history
from daydream.config.model import Config
from daydream.contracts.context import Context
from daydream.contracts.step import Step
from daydream.git import attempt
from daydream.records.finding import Examined, Finding
from daydream.records.outcome import Done, Failed, Outcome, Skipped
from daydream.records.section import SectionData, SubStepResult
from daydream.steps.docs_names import STALE_NAME, Past, past, stale_names
from daydream.steps.docs_tree import Shelf, pages

BROKEN_LINK = "docs.broken_link"
BROKEN_ANCHOR = "docs.broken_anchor"
EXAMPLE = "docs.example_does_not_parse"
VERSIONS = {BROKEN_LINK: 1, BROKEN_ANCHOR: 1, EXAMPLE: 1, STALE_NAME: 1}

_BATCH_FILES = 50
_BATCH_BYTES = 400_000
_SAME_FOLDER = 3
_HIDDEN = re.compile(r"(?:^|/)\.(?!github/)[^/]+/")


class Docs:
    """The step; it holds parsed pages only as a cache that can be built again at any time."""

    def __init__(self, exclude: Sequence[str]) -> None:
        self._exclude = tuple(exclude)
        self._shelf: Shelf | None = None
        self._groups: list[list[str]] = []
        self._past: Past | str | None = None
        self._world: World | None = None

    def plan(self, ctx: Context) -> Sequence[str]:
        """Batch by batch: links, examples, names."""
        self._open(ctx)
        return [f"{duty}:{n:03}" for n in range(len(self._groups)) for duty in ("links", "examples", "names")]

    def run(self, ctx: Context, sub_step: str, cursor: str | None) -> Outcome:  # noqa: ARG002 -- the contract's
        """Do one duty on one batch; none needs a second part."""
        duty, _, number = sub_step.partition(":")
        shelf = self._open(ctx)
        works = {"links": self._links, "examples": self._examples, "names": self._names}
        if duty not in works or not number.isdecimal() or int(number) >= len(self._groups):
            return Failed(error=f"the sub-step {sub_step!r} of docs belongs to another plan")
        batch = self._groups[int(number)]
        if duty != "names":
            batch = [path for path in batch if not path.lower().endswith(".rst")]
        return works[duty](ctx, shelf, batch, len(self._groups) == 1)

    def section(self, results: Sequence[SubStepResult]) -> SectionData:
        """Add up the counts; what no sub-step measured is None."""
        sums: Counter[str] = Counter()
        measured = set()
        for part in (part for result in results for part in result.parts):
            for key, value in part.items():
                if isinstance(value, int):
                    sums[key] += value
                    measured.add(key)
        facts = {key: sums[key] if key in measured else None for key in _FACTS}
        return SectionData(key="docs", title="Documentation", facts=facts, notes=tuple(_notes(results, sums)))

    def _open(self, ctx: Context) -> Shelf:
        if self._shelf is None or self._shelf.tree != ctx.tree:
            self._shelf = Shelf(ctx.tree)
            self._groups = _batches(ctx, self._exclude)
            self._world = None
            self._past = None
        return self._shelf

    def _around(self, ctx: Context, shelf: Shelf) -> World:
        if self._world is None:
            paths = ctx.paths()
            named: dict[str, list[str]] = {}
            for path in paths:
                named.setdefault(posixpath.basename(path).lower(), []).append(path)
            self._world = World(kind=shelf.kind, document=shelf.document, named=named, sites=sites(paths))
        return self._world

    def _links(self, ctx: Context, shelf: Shelf, batch: Sequence[str], whole: bool) -> Outcome:
        world = self._around(ctx, shelf)
        states: Counter[str] = Counter()
        broken: list[tuple[str, Link, Verdict]] = []
        read: list[str] = []
        for path in batch:
            ctx.check()
            document = shelf.document(path)
            if document is None:
                continue
            read.append(path)
            for link in document.links:
                verdict = resolve(link.target, path, document, world)
                states[verdict.state] += 1
                if verdict.state.startswith("broken"):
                    broken.append((path, link, verdict))
        ignored = _ignored(ctx, broken)
        kept = [(path, link, v) for path, link, v in broken if _landed(path, v) not in ignored]
        findings = tuple(_link_findings(kept, shelf))
        counts = Counter(verdict.state for _, _, verdict in kept)
        return Done(
            findings=findings,
            examined=(_examined((BROKEN_LINK, BROKEN_ANCHOR), read, whole and len(read) == len(batch)),),
            facts={
                "files": len(read),
                "unread": len(batch) - len(read),
                "links": states["ok"] + len(kept),
                "unknown_links": states["unknown"] + len(broken) - len(kept),
                "broken_links": counts["broken_link"],
                "broken_anchors": counts["broken_anchor"],
            },
        )

    def _examples(self, ctx: Context, shelf: Shelf, batch: Sequence[str], whole: bool) -> Outcome:
        findings: list[Finding] = []
        states: Counter[str] = Counter()
        read = []
        for path in batch:
            ctx.check()
            document = shelf.document(path)
            if document is None:
                continue
            read.append(path)
            about = re.sub(r"[\W_]+", " ", path)
            seen: Counter[str] = Counter()
            for fence in document.fences:
                ctx.check()
                verdict = examples.judge(fence.info, fence.code, f"{about}\n{fence.before}")
                if verdict.state == "broken" and _newer_python(ctx, fence):
                    verdict = examples.Verdict("unknown")
                states[verdict.state] += 1
                if verdict.state == "broken":
                    findings.append(_example_finding(path, fence, verdict, seen))
        return Done(
            findings=tuple(findings),
            examined=(_examined((EXAMPLE,), read, whole and len(read) == len(batch)),),
            facts={
                "examples": states["ok"] + states["broken"],
                "unknown_examples": states["unknown"],
                "broken_examples": states["broken"],
            },
        )

    def _names(self, ctx: Context, shelf: Shelf, batch: Sequence[str], whole: bool) -> Outcome:
        if self._past is None:
            self._past = past(ctx)
        if isinstance(self._past, str):
            return Skipped(reason=self._past)
        return stale_names(ctx, shelf, self._past, batch, whole)


_FACTS = (
    *("files", "unread", "links", "unknown_links", "broken_links", "broken_anchors"),
    *("examples", "unknown_examples", "broken_examples", "names", "stale_names"),
)


def make(config: Config) -> Step:
    """Bind the step to its options."""
    return Docs(config.docs.exclude)


def _batches(ctx: Context, exclude: Sequence[str]) -> list[list[str]]:
    """The pages in groups of bounded number and size, in path order; one empty group without any."""
    groups: list[list[str]] = [[]]
    size = 0
    for file in pages(ctx.files, exclude, (".md", ".markdown", ".rst")):
        if groups[-1] and (len(groups[-1]) >= _BATCH_FILES or size + file.size > _BATCH_BYTES):
            groups.append([])
            size = 0
        groups[-1].append(file.path)
        size += file.size
    return groups


def _examined(rules: Sequence[str], read: Sequence[str], everything: bool) -> Examined:
    return Examined(
        rules={rule: VERSIONS[rule] for rule in rules}, subjects=tuple(read), everything=everything
    )


def _landed(path: str, verdict: Verdict) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), verdict.path))


def _ignored(ctx: Context, broken: Sequence[tuple[str, Link, Verdict]]) -> set[str]:
    """The missing targets that git ignores: something generates them where they are needed."""
    wanted = sorted({_landed(path, verdict) for path, _, verdict in broken if verdict.state == "broken_link"})
    wanted = [path for path in wanted if not path.startswith("..") and "\0" not in path]
    if not wanted or ctx.examination.commit is None:
        return set()
    listed = "\0".join(wanted).encode("utf-8", "surrogateescape")
    argv = ("check-ignore", "--no-index", "-z", "--stdin")
    left = attempt(ctx.root, *argv, stop=ctx.stop, stdin=listed, settings=("core.excludesFile=/dev/null",))
    return {item.decode("utf-8", "surrogateescape") for item in left.stdout.split(b"\0") if item}


def _link_findings(broken: Sequence[tuple[str, Link, Verdict]], shelf: Shelf) -> Iterator[Finding]:
    """One finding per page and target, however often the page repeats the link; one for all the links of a
    page into a folder that is not there."""
    times = Counter((path, link.target) for path, link, _ in broken)
    into: dict[tuple[str, str], list[tuple[Link, Verdict]]] = {}
    for path, link, verdict in broken:
        folder = _missing_folder(_landed(path, verdict), shelf) if verdict.state == "broken_link" else ""
        into.setdefault((path, folder or f"\0{link.target}"), []).append((link, verdict))
    for (path, folder), links in into.items():
        if len({link.target for link, _ in links}) >= _SAME_FOLDER:
            yield _folder_finding(path, folder, links)
            continue
        for link, verdict in {link.target: (link, verdict) for link, verdict in reversed(links)}.values():
            yield _link_finding(path, link, verdict, times[path, link.target])


def _missing_folder(landed: str, shelf: Shelf) -> str:
    """The first folder on the way to a target that is not there; nothing where only the last part is missing."""
    parts = landed.split("/")
    ways = ("/".join(parts[:count]) for count in range(1, len(parts)))
    return next((way for way in ways if shelf.kind(way) == "absent"), "")


def _folder_finding(path: str, folder: str, links: Sequence[tuple[Link, Verdict]]) -> Finding:
    first, verdict = links[0]
    hint = f"the first would be `{verdict.better}`" if verdict.better else ""
    return Finding(
        rule=BROKEN_LINK,
        rule_version=1,
        severity="medium",
        subject=path,
        identity=f"{folder}/",
        message=f"{len(links)} links lead nowhere: there is no folder `{_short(folder, 120)}`",
        evidence=f"the first is `{_short(first.target, 120)}`",
        line=first.line,
        worth=_link_worth(path, first, verdict),
        action=f"mend the links; {hint}" if hint else "bring the folder back, or mend or remove the links",
        magnitude=float(len(links)),
    )


def _link_finding(path: str, link: Link, verdict: Verdict, times: int) -> Finding:
    target = _short(link.target, 120)
    anchor = verdict.state == "broken_anchor"
    what = "image" if link.image else "link"
    if anchor:
        where = "this page" if verdict.path == path else verdict.path
        message = f"The link `{target}` leads to no heading: {where} has no such anchor"
    else:
        message = f"The {what} `{target}` leads nowhere: there is no such file"
    action = f"point it to `{verdict.better}`" if verdict.better else ""
    return Finding(
        rule=BROKEN_ANCHOR if anchor else BROKEN_LINK,
        rule_version=1,
        severity="low" if anchor else "medium",
        subject=path,
        identity=f"{link.target}~1",
        message=message,
        evidence=f"{times} times in this page" if times > 1 else "",
        line=link.line,
        worth=_link_worth(path, link, verdict),
        action=action or _without_scheme(link.target) or f"mend or remove the {what}",
        magnitude=float(times),
    )


def _link_worth(path: str, link: Link, verdict: Verdict) -> float:
    worth = 0.6 if verdict.state == "broken_anchor" else 0.75
    if verdict.better:
        worth += 0.15
    if tells_history(path):
        worth -= 0.45
    if not link.html and not link.image and not set("./#") & set(link.target):
        worth -= 0.4
    if _HIDDEN.search(path):
        worth -= 0.3
    return round(max(worth, 0.1), 2)


def _without_scheme(target: str) -> str:
    first = target.partition("/")[0].lower()
    if "@" in first:
        return f"write mailto:{_short(target, 80)}"
    web = first.startswith("www.") or first.endswith(
        (".com", ".org", ".io", ".net", ".dev", ".ai", ".edu", ".gov")
    )
    return f"write https://{_short(target, 80)}" if web else ""


def _example_finding(path: str, fence: Fence, verdict: examples.Verdict, seen: Counter[str]) -> Finding:
    tongue = examples.language(fence.info) or ""
    digest = sha256(fence.code.encode("utf-8", "surrogateescape")).hexdigest()[:12]
    seen[digest] += 1
    shown = next((line.strip() for line in fence.code.splitlines() if line.strip()), "")
    return Finding(
        rule=EXAMPLE,
        rule_version=1,
        severity="medium",
        subject=path,
        identity=f"{tongue}:{digest}~{seen[digest]}",
        message=f"The {_TITLES[tongue]} example does not parse: {_short(verdict.why, 100)}",
        evidence=f"begins: {_short(shown, 80)}",
        line=fence.line,
        worth=round(verdict.sure - (0.3 if tells_history(path) else 0.0), 2),
        action="mend the example",
    )


_TITLES = {"python": "Python", "toml": "TOML", "json": "JSON", "yaml": "YAML"}


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


def _notes(results: Sequence[SubStepResult], sums: Counter[str]) -> Iterator[str]:
    for reason in sorted({result.reason for result in results if result.kind != "done" and result.reason}):
        names = [result.name for result in results if result.reason == reason and result.kind != "done"]
        yield f"Not looked at ({', '.join(names[:3])}{' and more' if len(names) > 3 else ''}): {reason}"
    if sums["unread"]:
        yield f"{sums['unread']} pages could not be read (not UTF-8, larger than 2 MB, or a link that leaves the tree)."


def _short(text: str, limit: int) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= limit else f"{flat[: limit - 1]}…"
