"""What the documentation says of the program's outside against the code: endpoints, settings, what is deprecated."""

import re
from collections.abc import Iterable, Iterator, Sequence

from daydream.analysis import doc_endpoints, doc_settings
from daydream.analysis.doc_blocks import blocks
from daydream.analysis.doc_endpoints import Answers, Listed
from daydream.analysis.doc_history import earlier
from daydream.analysis.doc_links import Library
from daydream.analysis.doc_past import Offer, offered, offered_at
from daydream.analysis.doc_sections import described
from daydream.analysis.symbols import tells_history
from daydream.contracts.context import Context
from daydream.git import attempt
from daydream.records.finding import Examined, Finding, Severity
from daydream.records.outcome import Done, Outcome, Skipped

STALE_ENDPOINT = "docs.stale_endpoint"
MISSING_ENDPOINT = "docs.missing_endpoint"
UNMARKED = "docs.deprecation_not_said"
STALE_SETTING = "docs.stale_setting"
MISSING_SETTING = "docs.missing_setting"
EDITED_BLOCK = "docs.generated_block_edited"
VERSIONS = {
    STALE_ENDPOINT: 1,
    MISSING_ENDPOINT: 1,
    UNMARKED: 1,
    STALE_SETTING: 1,
    MISSING_SETTING: 1,
    EDITED_BLOCK: 1,
}
_PROSE = ("*.md", "*.markdown", "*.mdx", "*.rst", "*.txt", "*.po", "*.pot")
_UNMEASURED = 0.45  # below what is printed: nobody has labelled what these rules say of real code
_MATCHED = 2
_COVERED = 5


def interface(ctx: Context, library: Library, paths: Sequence[str]) -> Outcome:
    """Look at all pages at once, because an endpoint may be listed in any of them."""
    commit = ctx.examination.commit
    if commit is None:
        return Skipped(reason="endpoints and settings are compared by git's search, and there is no git here")
    offer = offered(ctx)
    read: list[str] = []
    lists: dict[str, list[Listed]] = {}
    findings: list[Finding] = []
    facts = dict.fromkeys(("generated_blocks", "stale_blocks", "deprecated", "unmarked"), 0)
    for path in paths:
        ctx.check()
        text = library.shelf.text(path)
        if text is None:
            continue
        read.append(path)
        findings += _blocks(path, text, facts)
        if tells_history(path):
            continue
        lists[path] = doc_endpoints.listed(text)
        if offer.deprecated:
            findings += _unmarked(ctx, library, path, text, offer)
    facts["deprecated"] = sum(len(where) for where in offer.deprecated.values())
    facts["unmarked"] = sum(1 for f in findings if f.rule == UNMARKED)
    endpoints = list(_endpoints(ctx, library, lists, offer))
    settings, examples, known = _settings(ctx, library, offer)
    counts = {
        "endpoints": sum(len(found) for found in lists.values()),
        "stale_endpoints": len(endpoints),
        "settings": known,
        "stale_settings": len(settings),
    }
    return Done(
        findings=(*findings, *endpoints, *settings),
        examined=(
            Examined(rules=dict(VERSIONS), subjects=(*read, *examples), everything=len(read) == len(paths)),
        ),
        facts={**facts, **counts},
    )


def _finding(
    rule: str,
    severity: Severity,
    where: tuple[str, int],
    identity: str,
    said: tuple[str, str, str],
    worth: float,
) -> Finding:
    """`said` is the message, the evidence and the action."""
    return Finding(
        rule=rule,
        rule_version=VERSIONS[rule],
        severity=severity,
        subject=where[0],
        identity=identity,
        message=said[0],
        evidence=said[1],
        line=where[1],
        worth=worth,
        action=said[2],
    )


def _blocks(path: str, text: str, facts: dict[str, int]) -> Iterator[Finding]:
    for number, block in enumerate(blocks(text), 1):
        facts["generated_blocks"] += 1
        if block.stale:
            facts["stale_blocks"] += 1
            message = "A block that cog writes was edited by hand: its checksum is of another text"
            action = "move the edit to where the block is made, and run cog"
            yield _finding(
                EDITED_BLOCK, "low", (path, block.line), f"block~{number}", (message, "", action), 0.6
            )


def _unmarked(ctx: Context, library: Library, path: str, text: str, offer: Offer) -> Iterator[Finding]:
    """Objects that the page describes in full, that the code calls deprecated, and of which the page does not say so."""
    page = library.shelf.readable(path)
    for item in (
        described(page, text, lambda name: _deprecated(name, offer) is not None) if page is not None else ()
    ):
        where = _deprecated(item.name, offer)
        if where is None or re.search(
            r"deprecat|legacy|obsolete|no longer|superseded|removed", item.text, re.IGNORECASE
        ):
            continue
        if not _only_definition(ctx, item.name):
            continue
        marked = {
            "decorator": "a decorator",
            "docstring": "its docstring",
            "warning": "a warning that it begins with",
        }
        message = f"`{item.name}` is described here as if it were current, and the code calls it deprecated"
        evidence = f"{where[0]} says so by {marked[where[1]]}"
        yield _finding(
            UNMARKED,
            "medium",
            (path, item.line),
            item.name,
            (message, evidence, "say that it is deprecated, and what takes its place"),
            _UNMEASURED,
        )


def _deprecated(name: str, offer: Offer) -> tuple[str, str] | None:
    """Where the code deprecates what a page names, if it can only be that."""
    parts = name.split(".")
    for qualname, where in offer.deprecated.items():
        own = qualname.split(".")
        if parts[-len(own) :] == own and len(where) == 1:
            stem = where[0][0].removesuffix(".py").split("/")
            rest = parts[: -len(own)]
            if not rest or rest[0] in stem or rest[-1] in stem:
                return where[0]
    return None


def _only_definition(ctx: Context, name: str) -> bool:
    """Whether the package defines the last part of a name exactly once, so that nothing else can be meant."""
    last = re.escape(name.rpartition(".")[2])
    argv = (
        "grep",
        "-I",
        "-h",
        "-c",
        "-E",
        rf"^[[:space:]]*(async[[:space:]]+)?(def|class)[[:space:]]+{last}[[:space:]]*[(:]",
    )
    left = attempt(ctx.root, *argv, ctx.examination.commit or "HEAD", "--", "*.py", stop=ctx.stop)
    return sum(int(count) for count in left.stdout.split() if count.isdigit()) == 1


def _endpoints(
    ctx: Context, library: Library, lists: dict[str, list[Listed]], offer: Offer
) -> Iterator[Finding]:
    if not any(lists.values()):
        return
    described_ = [
        route
        for path in ctx.paths(".json", ".yaml", ".yml")
        if doc_endpoints.is_openapi(path)
        for route in doc_endpoints.openapi(library.shelf.text(path) or "", path)
    ]
    answers = Answers([*(route for _, route in offer.routes), *described_], offer.prefixes)
    if not len(answers):
        return
    before: list[Answers] | None = None
    for path, items in sorted(lists.items()):
        good = [item for item in items if answers.surely(item.path)]
        if len(good) < _MATCHED or len(good) * 2 < len(items):
            continue
        for item in items:
            methods = answers.methods(item.path)
            if not answers.like(item.path) and _unsaid(ctx, list(doc_endpoints.words(item.path))[-1:]):
                before = _before(ctx) if before is None else before
                once = any(then.surely(item.path) for then in before)
                yield _stale(path, item, len(good), len(items), once)
            elif methods and not methods & {"*", item.method} and item.method not in {"HEAD", "OPTIONS"}:
                yield _other_method(path, item, methods)
    yield from _missing(lists, offer)


def _before(ctx: Context) -> list[Answers]:
    if ctx.examination.shallow or ctx.examination.commit is None:
        return []
    offers = [offered_at(ctx, rev) for rev, _ in earlier(ctx, ctx.examination.commit)]
    return [Answers((route for _, route in offer.routes), offer.prefixes) for offer in offers]


def _stale(path: str, item: Listed, good: int, total: int, once: bool) -> Finding:
    message = f"`{item.method} {item.path}` is listed here, and no route of the code is like it"
    known = f"{good} of the {total} addresses on this page are there"
    evidence = f"{known}; an earlier commit answered at this one" if once else known
    return _finding(
        STALE_ENDPOINT, "medium", (path, item.line), f"{item.method} {item.path}",
        (message, evidence, "name the address that took its place, or drop the entry"), _UNMEASURED if once else 0.4,
    )  # fmt: skip


def _other_method(path: str, item: Listed, methods: set[str]) -> Finding:
    names = ", ".join(sorted(methods))
    message = f"`{item.method} {item.path}` is listed here, and the code answers there to {names} alone"
    return _finding(
        STALE_ENDPOINT,
        "medium",
        (path, item.line),
        f"{item.method} {item.path}",
        (message, "", "name the method that works"),
        0.4,
    )


def _missing(lists: dict[str, list[Listed]], offer: Offer) -> Iterator[Finding]:
    """Routes that no page lists, of a file nearly all of whose routes one page lists."""
    files: dict[str, set[tuple[str, str]]] = {}
    for path, route in offer.routes:
        files.setdefault(path, set()).update((method, route.path) for method in route.methods)
    for page, items in sorted(lists.items()):
        spoken = [(item.method, doc_endpoints.segments(item.path)) for item in items]
        for file, routes in sorted(files.items()):
            absent = sorted(route for route in routes if not _lists(lists, route))
            there = sum(
                1 for method, path in routes if any(m == method and _tail(s, path) for m, s in spoken)
            )
            if there >= _COVERED and 0 < len(absent) <= there // 4:
                for method, address in absent:
                    message = f"`{method} {address}` is listed in no page, while {there} other addresses of {file} are listed here"
                    yield _finding(
                        MISSING_ENDPOINT,
                        "low",
                        (page, 1),
                        f"{method} {address}",
                        (message, "", "list it, or say that it is internal"),
                        0.35,
                    )


def _lists(lists: dict[str, list[Listed]], route: tuple[str, str]) -> bool:
    return any(
        item.method == route[0] and _tail(doc_endpoints.segments(item.path), route[1])
        for items in lists.values()
        for item in items
    )


def _tail(parts: Sequence[str], path: str) -> bool:
    own = doc_endpoints.segments(path)
    return tuple(parts[len(parts) - len(own) :]) == own if own else not parts


def _settings(ctx: Context, library: Library, offer: Offer) -> tuple[list[Finding], list[str], int]:
    """The examples of environment files against the variables that the code reads."""
    findings: list[Finding] = []
    examples = [
        path for path in ctx.paths() if doc_settings.is_example(path) and library.shelf.text(path) is not None
    ]
    known = 0
    for path in examples:
        found = doc_settings.variables(library.shelf.text(path) or "")
        known += len(found)
        silent = _unsaid(
            ctx, [name for name, (_, on) in found.items() if on], ignore_case=True, besides=examples
        )
        once = _once_said(ctx, silent, examples)
        for name in sorted(once):
            message = f"{name} is set in this example, and the code no longer reads it"
            evidence = f"the code said it on {once[name]}, and nothing says it today"
            findings.append(
                _finding(
                    STALE_SETTING,
                    "medium",
                    (path, found[name][0]),
                    name,
                    (message, evidence, "drop it, or name what took its place"),
                    _UNMEASURED,
                )
            )
        read = found.keys() & offer.variables.keys()
        needed = sorted(
            name
            for name, need in offer.variables.items()
            if need and name not in found and not doc_settings.from_platform(name)
        )
        if len(read) >= _COVERED and len(needed) * 2 <= len(read):
            for name in needed:
                message = f"The code reads {name} without a default, and this example lacks it"
                evidence = f"the example sets {len(read)} other variables that the code reads"
                findings.append(
                    _finding(
                        MISSING_SETTING,
                        "medium",
                        (path, 1),
                        name,
                        (message, evidence, "add it with a value that explains it"),
                        0.35,
                    )
                )
    return findings, examples, known


def _once_said(ctx: Context, names: Iterable[str], besides: Sequence[str]) -> dict[str, str]:
    """Those of the names that an earlier commit's code said, with the day."""
    wanted = sorted(names)
    if not wanted or ctx.examination.shallow or ctx.examination.commit is None:
        return {}
    found: dict[str, str] = {}
    for rev, day in earlier(ctx, ctx.examination.commit):
        for name in _said(ctx, rev, wanted, ignore_case=True, besides=besides):
            found.setdefault(name, day)
    return found


def _unsaid(
    ctx: Context, words: Sequence[str], *, ignore_case: bool = False, besides: Sequence[str] = ()
) -> set[str]:
    """Those of the words that no tracked file of the commit says, prose aside."""
    commit = ctx.examination.commit or "HEAD"
    return (
        set(words) - _said(ctx, commit, sorted(words), ignore_case=ignore_case, besides=besides)
        if words
        else set()
    )


def _said(
    ctx: Context, rev: str, words: Sequence[str], *, ignore_case: bool, besides: Sequence[str]
) -> set[str]:
    excluded = tuple(f":(exclude){pattern}" for pattern in _PROSE)
    excluded += tuple(f":(exclude,literal){path}" for path in besides)
    pieces = {piece: word for word in words for piece in (word, *word.split("__")[1:]) if piece}
    case = ("-i",) if ignore_case else ()
    argv = ("grep", "-I", "-o", "-h", "-w", "-F", *case, "-f", "-", rev, "--", ".", *excluded)
    left = attempt(ctx.root, *argv, stop=ctx.stop, stdin="\n".join(pieces).encode("utf-8", "replace"))
    if left.returncode not in {0, 1}:
        return set(words)  # git could not search, so nothing is known to be unsaid
    spoken = {
        line.lower() if ignore_case else line for line in left.stdout.decode("utf-8", "replace").splitlines()
    }
    return {word for piece, word in pieces.items() if (piece.lower() if ignore_case else piece) in spoken}
