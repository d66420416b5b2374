"""Broken links and anchors as findings: one per page and target, one per missing folder, with what would mend them."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from daydream.analysis.doc_links import Broken, Library
from daydream.analysis.symbols import tells_history
from daydream.contracts.context import Context
from daydream.records.finding import Examined, Finding
from daydream.records.outcome import Done

BROKEN_LINK = "docs.broken_link"
BROKEN_ANCHOR = "docs.broken_anchor"
VERSIONS = {BROKEN_LINK: 3, BROKEN_ANCHOR: 3}

_SAME_FOLDER = 3
_HIDDEN = re.compile(r"(?:^|/)\.(?!github/)[^/]+/")
_WHAT = {
    "image": "image",
    "include": "included file",
    "literalinclude": "included file",
    "download": "download",
    "doc": "reference",
    "ref": "reference",
    "toctree": "entry of the table of contents",
}


def links(ctx: Context, library: Library, batch: Sequence[str], whole: bool) -> Done:
    """Follow the links of these pages; `whole` says that there are no others."""
    found = library.survey(ctx, batch)
    states = found.states
    counts = Counter("anchors" if item.anchor else "links" for item in found.broken)
    return Done(
        findings=tuple(_findings(found.broken, library)),
        examined=(
            Examined(
                rules=dict(VERSIONS),
                subjects=tuple(found.read),
                everything=whole and len(found.read) == len(batch),
            ),
        ),
        facts={
            "files": len(found.read),
            "unread": len(batch) - len(found.read),
            "links": states["ok"] + len(found.broken),
            "unknown_links": states["unknown"] + states["ignored"],
            "external_links": states["external"],
            "broken_links": counts["links"],
            "broken_anchors": counts["anchors"],
        },
    )


def _findings(broken: Sequence[Broken], library: Library) -> Iterator[Finding]:
    """One finding per page and target, however often the page repeats the link; one for all the links of a
    page into a folder that is not there."""
    times = Counter((item.path, item.target) for item in broken)
    into: dict[tuple[str, str], list[Broken]] = {}
    for item in broken:
        folder = "" if item.anchor else _missing_folder(item.landed, library)
        into.setdefault((item.path, folder or f"\0{item.target}"), []).append(item)
    for (path, folder), items in into.items():
        if len({item.target for item in items}) >= _SAME_FOLDER:
            yield _folder_finding(path, folder, items)
            continue
        for item in {item.target: item for item in reversed(items)}.values():
            yield _finding(item, times[path, item.target])


def _missing_folder(landed: str, library: Library) -> str:
    """The first folder on the way to a target that is not there; nothing where only the last part is missing."""
    parts = landed.split("/")
    ways = ("/".join(parts[:count]) for count in range(1, len(parts)))
    return next((way for way in ways if library.shelf.kind(way) == "absent"), "")


def _folder_finding(path: str, folder: str, items: Sequence[Broken]) -> Finding:
    first = items[0]
    hint = f"the first would be `{short(first.better, 120)}`" if first.better else ""
    return Finding(
        rule=BROKEN_LINK,
        rule_version=VERSIONS[BROKEN_LINK],
        severity="medium",
        subject=path,
        identity=f"{folder}/",
        message=f"{len(items)} links lead nowhere: there is no folder `{short(folder, 120)}`",
        evidence="; ".join(filter(None, [f"the first is `{short(first.target, 120)}`", _history(first)])),
        line=first.line,
        worth=_worth(first),
        action=f"mend the links; {hint}" if hint else "bring the folder back, or mend or remove the links",
        magnitude=float(len(items)),
    )


def _finding(item: Broken, times: int) -> Finding:
    what = _WHAT.get(item.kind, "link")
    rule = BROKEN_ANCHOR if item.anchor else BROKEN_LINK
    action = f"point it to `{short(item.better, 120)}`" if item.better else ""
    often = f"{times} times in this page" if times > 1 else ""
    return Finding(
        rule=rule,
        rule_version=VERSIONS[rule],
        severity="low" if item.anchor else "medium",
        subject=item.path,
        identity=f"{item.target}~1",
        message=_message(item, what),
        evidence="; ".join(filter(None, [often, _history(item)])),
        line=item.line,
        worth=_worth(item),
        action=action or _without_scheme(item) or f"mend or remove the {what}",
        magnitude=float(times),
    )


def _message(item: Broken, what: str) -> str:
    target = short(item.target, 120)
    if item.kind == "ref":
        return f"The reference `{target}` leads nowhere: no page has this label"
    if item.anchor:
        where = "this page" if item.landed == item.path else item.landed
        return f"The link `{target}` leads to no heading: {where} has no such anchor"
    return f"The {what} `{target}` leads nowhere: there is no such file"


def _history(item: Broken) -> str:
    """What history says of the target, in a clause."""
    if item.heading:
        return f"the heading was {short(item.heading, 80)!r}"
    if item.removal is None:
        return ""
    where = f" to {short(item.removal.target, 100)}" if item.removal.target else ""
    verb = "renamed" if where else "removed"
    return f"{short(item.landed, 100)} was {verb}{where} on {item.removal.day} ({item.removal.commit[:8]})"


def _worth(item: Broken) -> float:
    worth = 0.6 if item.anchor else 0.75
    if item.better:
        worth += 0.15
    if tells_history(item.path):
        worth -= 0.45
    if item.kind == "link" and not set("./#") & set(item.target):
        worth -= 0.4
    if _HIDDEN.search(item.path):
        worth -= 0.3
    return round(max(worth, 0.1), 2)


def _without_scheme(item: Broken) -> str:
    if item.kind not in {"link", "html", "image"}:
        return ""
    first = item.target.partition("/")[0].lower()
    if "@" in first:
        return f"write mailto:{short(item.target, 80)}"
    web = first.startswith("www.") or first.endswith(
        (".com", ".org", ".io", ".net", ".dev", ".ai", ".edu", ".gov")
    )
    return f"write https://{short(item.target, 80)}" if web else ""


def short(text: str, limit: int) -> str:
    """One line of at most `limit` characters."""
    flat = " ".join(text.split())
    return flat if len(flat) <= limit else f"{flat[: limit - 1]}…"
