"""Where in the code a log line comes from: templates found again among the texts of the logging calls."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from daydream.analysis.logs.callsites_read import LOG, PRINT, RAISE, WARN, RawSite, read
from daydream.analysis.logs.callsites_text import HOLE
from daydream.analysis.logs.templates import mask
from daydream.contracts.cache import Cache
from daydream.records.repository import SourceFile

_KIND = "log.callsites/1"
_LARGEST = 2_000_000
_DECODER: msgspec.msgpack.Decoder[list[RawSite]] = msgspec.msgpack.Decoder(list[RawSite])
_PLACEHOLDER = re.compile(r"<[a-z*]{1,12}>|\[(?:secret|email|ip|number)\]")
_WORD = re.compile(r"[^\W\d_]{2,}")
_UNIT = re.compile(rf"{HOLE}( ?[A-Za-z\u00b5%]{{1,12}})(?!\w)")
_STAR = "*"
_BEFORE = 4
_LEAST_SURE = 3
_RAREST = 3
_JOINTS = "<>0123456789.,:;+-/%_#@"  # what a mask takes along with the value beside it


@dataclass(frozen=True, slots=True)
class Site:
    """A call that writes texts of one pattern: POSIX path below the root, line, function, what kind of call,
    level (0: not said), the pattern with ``<*>`` for values."""

    path: str
    line: int
    function: str
    kind: str
    level: int
    pattern: str


@dataclass(frozen=True, slots=True)
class _Pattern:
    """A site made ready: the words between its holes, whether it begins and ends with a hole."""

    site: Site
    raw: RawSite
    name: str
    runs: tuple[tuple[str, ...], ...]
    words: frozenset[str]
    pieces: tuple[str, ...]
    opens: bool
    closes: bool
    size: int


class Index:
    """Call sites by their rarest word. The same sites in the same order give the same answers."""

    def __init__(self, sites: Iterable[tuple[str, RawSite]]) -> None:
        self._patterns = [made for path, raw in sites if (made := _made(path, raw)) is not None]
        seen = Counter(word for each in self._patterns for word in each.words)
        self._by_rarest: dict[str, list[int]] = {}
        self._by_word: dict[str, list[int]] = {}
        for number, each in enumerate(self._patterns):
            rarest = min(each.words, key=lambda word: (seen[word], word))
            self._by_rarest.setdefault(rarest, []).append(number)
            for word in each.words:
                self._by_word.setdefault(word, []).append(number)

    def __len__(self) -> int:
        return len(self._patterns)

    def sites(self, *kinds: str) -> Iterator[tuple[Site, RawSite]]:
        """Yield the sites of these kinds that have a word to be known by, in order, with what was read of them."""
        yield from ((each.site, each.raw) for each in self._patterns if each.site.kind in kinds)

    def words(self, site: Site) -> int:
        """How many literal words a site's pattern has; the most of its patterns."""
        return max((each.size for each in self._patterns if each.site == site), default=0)

    def find(
        self,
        template: str,
        level: int | None = None,
        logger: str | None = None,
        examples: Sequence[str] = (),
    ) -> Site | None:
        """Return the call that writes what a template says, or raises the exception whose message it is.

        None where no pattern fits, and where two fit equally well. `level` (0: not known) and `logger`
        decide between calls that say the same; whole lines among the `examples` decide where the template
        has put lines of several calls together, and if they disagree, the answer is None.
        """
        kinds = (LOG, WARN, PRINT)
        whole = [
            site for each in examples if (site := self._find(mask(each), level, logger, kinds)) is not None
        ]
        if whole:
            return whole[0] if len({(site.path, site.line) for site in whole}) == 1 else None
        return self._find(template, level, logger, kinds) or self._find(template, None, None, (RAISE,))

    def raised(self, message: str, kind: str | None = None) -> Site | None:
        """Return where an exception of that message (and of that name) is raised; None as above."""
        return self._find(mask(message), None, kind and kind.rpartition(".")[2], (RAISE,))

    def _find(self, template: str, level: int | None, name: str | None, kinds: Sequence[str]) -> Site | None:
        said = _said(template)
        words = [word for word in said if word != _STAR]
        known = frozenset(words)
        fitting = [
            ((pattern.size, _spelled(pattern, template)), pattern)
            for word in sorted(known)
            for pattern in map(self._patterns.__getitem__, self._by_rarest.get(word, ()))
            if pattern.site.kind in kinds and pattern.words <= known and _fits(pattern, words)
        ]
        if len(words) < len(said):
            fitting += self._hidden(said, known, kinds, max((fit[0] for fit, _ in fitting), default=2))
        fitting = _agreeing(fitting, level, name)
        best = max((fit for fit, _ in fitting), default=None)
        sites = {(each.site.path, each.site.line): each.site for fit, each in fitting if fit == best}
        return next(iter(sites.values())) if len(sites) == 1 else None

    def _hidden(
        self, said: Sequence[str], known: frozenset[str], kinds: Sequence[str], least: int
    ) -> list[tuple[tuple[int, bool], _Pattern]]:
        """Patterns of which the template hides words, because lines that differ in them were put together;
        at least so many words must show, and more than are hidden."""
        rarest = sorted(known & self._by_word.keys(), key=lambda word: (len(self._by_word[word]), word))
        numbers = sorted({number for word in rarest[:_RAREST] for number in self._by_word[word]})
        found: list[tuple[tuple[int, bool], _Pattern]] = []
        for pattern in map(self._patterns.__getitem__, numbers):
            shared = len(pattern.words & known)
            if (
                pattern.site.kind not in kinds
                or shared == len(pattern.words)
                or 2 * shared <= len(pattern.words)
            ):
                continue
            shown = _shown(pattern, said) if pattern.size >= least else 0
            if shown >= least and 2 * shown > pattern.size:
                found.append(((shown, True), pattern))
        return found


def build(
    tree: Path, files: Sequence[SourceFile], cache: Cache, check: Callable[[], None] = lambda: None
) -> Index:
    """Read the Python files among those examined, each content once for all nights.

    A file that cannot be read, or is no Python, has no sites.
    """
    python = [file for file in files if file.path.endswith((".py", ".pyi")) and file.size <= _LARGEST]
    known = cache.read(_KIND, sorted({file.blob for file in python if file.blob}))
    fresh: dict[str, bytes] = {}
    sites: list[tuple[str, RawSite]] = []
    for file in sorted(python, key=lambda file: file.path):
        check()
        raw = known.get(file.blob) or fresh.get(file.blob)
        found = _decoded(raw)
        if found is None:
            data = _data(tree / file.path)
            if data is None:
                continue
            found = read(data)
            if file.blob:
                fresh[file.blob] = msgspec.msgpack.encode(found)
        sites += [(file.path, site) for site in found]
    if fresh:
        cache.write(_KIND, fresh)
    return Index(sites)


def _decoded(raw: bytes | None) -> list[RawSite] | None:
    try:
        return None if raw is None else _DECODER.decode(raw)
    except ValueError:
        return None


def _data(path: Path) -> bytes | None:
    try:
        return path.read_bytes() if path.is_file() and not path.is_symlink() else None
    except OSError:
        return None


def _made(path: str, raw: RawSite) -> _Pattern | None:
    """Make a site ready; None without a word to know it by."""
    first, *others = raw.text.strip().split("\n", 1)
    # A record's further lines are no part of its template.
    text = first + HOLE if others and _words(first) else raw.text.strip()
    text = mask(_UNIT.sub(_without_unit, text))
    if raw.kind == WARN:
        text = HOLE + text
    parts = text.split(HOLE)
    runs = [_run(part, index > 0, index < len(parts) - 1) for index, part in enumerate(parts)]
    opens, closes = not runs[0] and len(parts) > 1, not runs[-1] and len(parts) > 1
    kept = tuple(run for run in runs if run)
    if not kept:
        return None
    name = raw.name or (_module(path) if raw.kind == LOG else "")
    site = Site(
        path, raw.line, raw.function, raw.kind, raw.level, " ".join(raw.text.replace(HOLE, "<*>").split())
    )
    words = [word for run in kept for word in run]
    pieces = tuple(spelled for part in parts if (spelled := "".join(part.split()).strip(_JOINTS)))
    return _Pattern(site, raw, name, kept, frozenset(words), pieces, opens, closes, len(words))


def _without_unit(match: re.Match[str]) -> str:
    """Leave a unit to the value before it where a mask takes both: ``<duration>``."""
    return HOLE if match[1].strip() not in mask(f"7{match[1]}") else match[0]


def _run(part: str, after_hole: bool, before_hole: bool) -> tuple[str, ...]:
    """The words of a piece, without those that a value is written to directly."""
    part = _PLACEHOLDER.sub(" ", part)
    found = list(_WORD.finditer(part))
    if found and after_hole and found[0].start() == 0:
        del found[0]
    if found and before_hole and found[-1].end() == len(part):
        del found[-1]
    return tuple(match[0] for match in found)


def _module(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _words(text: str) -> list[str]:
    return _WORD.findall(_PLACEHOLDER.sub(" ", text))


def _said(template: str) -> list[str]:
    """The words of a template in order, ``*`` where it has a variable."""
    said: list[str] = []
    at = 0
    for match in _PLACEHOLDER.finditer(template):
        said += _WORD.findall(template[at : match.start()])
        if match[0] == "<*>":
            said.append(_STAR)
        at = match.end()
    return said + _WORD.findall(template[at:])


def _fits(pattern: _Pattern, words: Sequence[str]) -> bool:
    """Tell whether words can come from a pattern: its runs in order, the ends at the ends, holes between."""
    at = 0
    end = len(pattern.runs) - 1
    for index, run in enumerate(pattern.runs):
        tail = index == end and not pattern.closes
        found = _place(run, words, max(at, len(words) - len(run)) if tail else at)
        before = _BEFORE if pattern.size > 1 else 0  # what a format puts there: a logger's name, a place
        if found is None or (index == 0 and not pattern.opens and found > before):
            return False
        at = found + len(run)
    return 3 * pattern.size >= len(words) or pattern.size >= _LEAST_SURE


def _spelled(pattern: _Pattern, template: str) -> bool:
    """Tell whether the signs between the words agree too."""
    at = 0
    text = "".join(template.split())
    for piece in pattern.pieces:
        found = text.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return True


def _place(run: Sequence[str], words: Sequence[str], at: int) -> int | None:
    size = len(run)
    first = run[0]
    for start in range(at, len(words) - size + 1):
        if words[start] == first and tuple(words[start : start + size]) == tuple(run):
            return start
    return None


def _shown(pattern: _Pattern, said: Sequence[str]) -> int:
    """Count the words that show if ``*`` may stand for one of the pattern's words; 0 where it does not fit."""
    wanted: list[str | None] = [None] if pattern.opens else []
    for index, run in enumerate(pattern.runs):
        wanted += [None] if index else []
        wanted += run
    wanted += [None] if pattern.closes else []
    # best[i]: the most words shown when the first i of `wanted` are explained by what was said so far.
    best = [-1] * (len(wanted) + 1)
    best[0] = 0
    if pattern.opens:
        best[1] = 0
    for word in said:
        fresh = [-1] * len(best)
        for i, each in enumerate(wanted, start=1):
            if each is None:
                fresh[i] = max(best[i], best[i - 1], fresh[i - 1])
            elif best[i - 1] >= 0 and word in (each, _STAR):
                fresh[i] = best[i - 1] + (word == each)
        if word == _STAR:
            # It may as well be a number or a sign that the pattern writes between its words.
            fresh = [max(pair) for pair in zip(fresh, best, strict=True)]
        best = fresh
    return max(best[-1], 0)


def _agreeing(
    fitting: list[tuple[tuple[int, bool], _Pattern]], level: int | None, name: str | None
) -> list[tuple[tuple[int, bool], _Pattern]]:
    """Leave out what disagrees in level or name, if something agrees."""
    if level:
        fitting = [each for each in fitting if each[1].site.level in (0, level)] or fitting
    if name:
        fitting = [each for each in fitting if _named(each[1].name, name)] or fitting
    return fitting


def _named(own: str, name: str) -> bool:
    return own == name or own.endswith(f".{name}") or (bool(own) and name.endswith(f".{own}"))
