"""Links to other hosts, asked for where a person wants it, and called broken only after several nights."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urldefrag, urlsplit

from daydream.analysis import doc_external
from daydream.analysis.doc_external import History, Seen
from daydream.analysis.doc_links import Library
from daydream.analysis.markdown import Document
from daydream.analysis.symbols import tells_history
from daydream.contracts.context import Context
from daydream.records.change import Edit
from daydream.records.finding import Examined, Finding
from daydream.records.outcome import Done, More, Outcome, Skipped

if TYPE_CHECKING:
    from daydream.clients.links import Answer

BROKEN_EXTERNAL = "docs.broken_external_link"
VERSIONS = {BROKEN_EXTERNAL: 1}
FILE = "links.json"
PER_HOST = 40
PER_NIGHT = 1_500
_PART = 20
_LONGEST = 2_000
_NOT_REAL = re.compile(
    r"(?:^|\.)(?:example|test|invalid|localhost|local|internal|lan)(?:\.(?:com|org|net|edu))?\Z|^[\d.:\[\]a-f]+\Z|^[^.]+\Z"
    r"|^(?:your|my)[\w-]*\.|\.onion\Z"
)
_PLACEHOLDER = re.compile(r"[{}<>$*|\s…]|\.\.\.|%7[bd]|%3[ce]", re.IGNORECASE)


class Asks(Protocol):
    """Whoever asks for addresses."""

    def ask(self, address: str) -> "Answer":
        """Ask for one."""
        ...


def external(
    ctx: Context,
    library: Library,
    paths: Sequence[str],
    nights: int,
    cursor: str | None,
    asker: Asks | None = None,
) -> Outcome:
    """Ask for the next addresses that were not asked for tonight; after the last, say what is broken.

    What was seen is kept in `links.json` of the state folder and written after every part, so that an interruption
    asks nothing twice.
    """
    history, lost = _history(ctx)
    if history is None:
        return Skipped(reason=f"{FILE} in the state folder is of a newer daydream; update, or move it away")
    pages = _addresses(ctx, library, paths)
    wanted = sorted({address for found in pages.values() for address in found})
    chosen = _chosen(wanted, history, ctx.date)
    part, links = chosen[:_PART], {key: value for key, value in history.links.items() if key in set(wanted)}
    counts = Counter({"asked": len(part), "lost_history": int(lost)})
    if part:
        links.update(_asked(ctx, part, links, asker, counts))
        content = doc_external.write(History(links=links))
        change = Edit(place="state", path=FILE, content=content)
        if len(chosen) > len(part):
            return More(cursor=str(int(cursor or 0) + 1), changes=(change,), facts=dict(counts))
        return _done(ctx, pages, links, nights, (change,), counts)
    return _done(ctx, pages, links, nights, (), counts)


def _history(ctx: Context) -> tuple[History | None, bool]:
    """The kept history, and whether it had to begin anew."""
    try:
        content = (ctx.state / FILE).read_bytes()
    except FileNotFoundError:
        return History(), False
    found = doc_external.read(content)
    if found is not None:
        return found, False
    return (None, False) if doc_external.is_newer(content) else (History(), True)


def _addresses(ctx: Context, library: Library, paths: Sequence[str]) -> dict[str, dict[str, int]]:
    """Every page's web addresses with their first lines; changelogs, whose links are records, are left out."""
    found: dict[str, dict[str, int]] = {}
    library.shelf.warm(paths)
    for path in paths:
        ctx.check()
        page = None if tells_history(path) else library.shelf.readable(path)
        if page is None:
            continue
        held = (
            page.links
            if isinstance(page, Document)
            else [p for p in page.pointers if p.kind in {"link", "image"}]
        )
        for link in held:
            address = urldefrag(link.target)[0] if _may_be_asked(link.target) else ""
            if address:
                found.setdefault(path, {}).setdefault(address, link.line)
        found.setdefault(path, {})
    return found


def _may_be_asked(target: str) -> bool:
    if (
        not target.lower().startswith(("http://", "https://"))
        or len(target) > _LONGEST
        or _PLACEHOLDER.search(target)
    ):
        return False
    try:
        host = urlsplit(target).hostname
    except ValueError:
        return False
    return bool(host) and not _NOT_REAL.search(host or "")


def _chosen(wanted: Sequence[str], history: History, night: str) -> list[str]:
    """Which addresses are left for tonight: the longest not asked first, the hosts in turn, each within its bound."""
    asked: Counter[str] = Counter()
    todo: dict[str, list[tuple[str, str]]] = {}
    for address in wanted:
        seen = history.links.get(address)
        host = urlsplit(address).hostname or ""
        if seen is not None and seen.night == night:
            asked[host] += 1
        else:
            todo.setdefault(host, []).append((_urgency(seen), address))
    left = max(PER_NIGHT - sum(asked.values()), 0)
    order = []
    for host, found in todo.items():
        kept = sorted(found)[: max(PER_HOST - asked[host], 0)]
        order += [(place, address) for place, (_, address) in enumerate(kept)]
    return [address for _, address in sorted(order)][:left]


def _urgency(seen: Seen | None) -> str:
    """What failed last is asked again every night; of the rest, what was asked longest ago."""
    if seen is None:
        return "1"
    return "0" if seen.gone else f"1{seen.night}"


def _asked(
    ctx: Context, part: Sequence[str], links: Mapping[str, Seen], asker: Asks | None, counts: Counter[str]
) -> Iterator[tuple[str, Seen]]:
    if asker is None:
        from daydream.clients.links import Asker

        asker = Asker(ctx.check)
    answers: dict[str, Answer] = {}
    for place, address in enumerate(part):
        ctx.check()
        ctx.progress(urlsplit(address).hostname or "", place + 1, len(part))
        answers[address] = asker.ask(address)
    reached = any(answer.state == "ok" or answer.why.startswith("answers") for answer in answers.values())
    for address, answer in answers.items():
        # Where nothing at all was reached, the network is what is missing.
        state, why = (
            (answer.state, answer.why) if reached else ("unknown", answer.why or "nothing was reached")
        )
        counts["answered"] += state == "ok"
        counts["external_unknown"] += state == "unknown"
        counts["external_failing"] += state == "gone"
        yield address, doc_external.after(links.get(address), ctx.date, state, why, answer.moved)


def _done(
    ctx: Context,
    pages: Mapping[str, Mapping[str, int]],
    links: Mapping[str, Seen],
    nights: int,
    changes: tuple[Edit, ...],
    counts: Counter[str],
) -> Done:
    findings = []
    settled = []
    for path, found in sorted(pages.items()):
        seen = {address: links.get(address) for address in found}
        if all(known is not None and (not known.gone or known.gone >= nights) for known in seen.values()):
            settled.append(path)
        findings += [
            _finding(path, address, found[address], known)
            for address, known in sorted(seen.items())
            if known is not None and known.gone >= nights
        ]
    never = sum(
        1 for found in pages.values() for address in found if links.get(address, _NEVER).night != ctx.date
    )
    facts = {**counts, "external_broken": len(findings), "not_asked": never}
    return Done(
        findings=tuple(findings),
        examined=(Examined(rules=dict(VERSIONS), subjects=tuple(settled)),),
        facts=facts,
        changes=changes,
    )


_NEVER = Seen("", "unknown")


def _finding(path: str, address: str, line: int, seen: Seen) -> Finding:
    shown = address if len(address) <= 120 else f"{address[:119]}…"
    return Finding(
        rule=BROKEN_EXTERNAL,
        rule_version=VERSIONS[BROKEN_EXTERNAL],
        severity="low",
        subject=path,
        identity=address,
        message=f"The link `{shown}` is dead: {seen.why or 'it was gone when it last answered'}",
        evidence=f"gone in {seen.gone} nights running, first on {seen.since}",
        line=line,
        worth=0.6,
        action="find where it moved to, point it to an archive, or drop it",
    )
