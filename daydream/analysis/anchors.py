"""The names that headings get: GitHub's rule, and every other rule a site generator is known to use."""

import re
import unicodedata
from collections.abc import Iterable, Iterator

_NOT_IN_SLUG = re.compile(r"[^\w\- ]")
_DASHES = re.compile(r"[-\s_]+")
_NOT_ASCII_WORD = re.compile(r"[^\w\s-]")
_ATTRIBUTE_ID = re.compile(r"[ \t]{0,9}\{:?[^{}#]{0,200}#(?P<id>[\w.:-]{1,200})[^{}]{0,200}\}\s*\Z")
_SHORTCODE = re.compile(r":[a-z0-9_+-]+:")


def split_explicit_id(heading: str) -> tuple[str, str | None]:
    """Separate ``Title { #id .class }`` into its title and id; the id is None where there is none."""
    match = _ATTRIBUTE_ID.search(heading)
    return (heading[: match.start()], match["id"]) if match else (heading, None)


def slug(text: str) -> str:
    """Make GitHub's anchor of a heading's visible text: lower case, punctuation and symbols dropped,
    each space a hyphen, also one that a tag or a symbol leaves at an end; letters, marks, digits and underscores of any script stay."""
    kept = "".join(ch for ch in text.lower() if _stays(ch))
    return kept.replace(" ", "-")


def _stays(ch: str) -> bool:
    return not _NOT_IN_SLUG.match(ch) if ch.isascii() else unicodedata.category(ch)[0] in "LM" or _digit(ch)


def _digit(ch: str) -> bool:
    return unicodedata.category(ch) in {"Nd", "Nl", "Pc"}


def github(headings: Iterable[str]) -> Iterator[str]:
    """Number repeated slugs as GitHub does, in document order: ``a``, ``a-1``, ``a-2``."""
    seen: dict[str, int] = {}
    for heading in headings:
        base = name = slug(heading)
        while name in seen:
            seen[base] += 1
            name = f"{base}-{seen[base]}"
        seen[name] = 0
        yield name


def loose(anchor: str) -> str:
    """Reduce an anchor or a heading to what all known slug rules agree on.

    Two texts with different reductions have different anchors under GitHub, GitLab, Python-Markdown,
    kramdown, docutils, MyST, Hugo and Docusaurus alike; case, hyphens, accents, symbols, emoji
    codes and the number of a repeated heading do not count.
    """
    text = unicodedata.normalize("NFKD", _SHORTCODE.sub("", anchor).lower())
    text = "".join(ch for ch in text if not unicodedata.combining(ch))
    text = _DASHES.sub("-", _NOT_ASCII_WORD.sub("", text)).strip("-")
    return re.sub(r"(?<=[^\d-])-\d+$", "", text).replace("-", "")


def python_markdown(headings: Iterable[str]) -> Iterator[str]:
    """Name headings as Python-Markdown's `toc` does, which MkDocs uses: ASCII only, runs of spaces and hyphens one
    hyphen, repeated names numbered ``a_1``."""
    seen: set[str] = set()
    for heading in headings:
        text = unicodedata.normalize("NFKD", heading).encode("ascii", "ignore").decode("ascii")
        name = re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", text).strip().lower())
        while name in seen or not name:
            match = re.match(r"(.+)_([0-9]+)\Z", name)
            name = f"{match[1]}_{int(match[2]) + 1}" if match else f"{name}_1"
        seen.add(name)
        yield name
