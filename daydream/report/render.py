"""The report as Markdown, through the templates; whatever a template prints is escaped first."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from daydream.errors import DaydreamError
from daydream.report import resources
from daydream.report.document import Part, ReportDoc
from daydream.report.escape import clean, code, escape

if TYPE_CHECKING:
    import jinja2
    from markupsafe import Markup

MOST_LINES, MOST_QUIET_LINES = 120, 29
MOST_INCOMPLETE, MOST_TROUBLE, MOST_PART = 3, 6, 7
_MOST_DREAMS = 6
_LONGEST = 400
Source = Callable[[str], str | None]


class RenderFailed(DaydreamError):
    """A template is missing or does not fit what it was given; the plain report still can be written."""


def markdown(doc: ReportDoc, source: Source = resources.text) -> str:
    """Render the report in at most 120 lines, a quiet one in 29; `source` gives a template by its name.

    Raises:
        RenderFailed: a template is missing or wrong.
    """
    import jinja2

    try:
        return _fitted(doc, _environment(source))
    except (
        jinja2.TemplateError,
        TypeError,
        ValueError,
        ArithmeticError,
        LookupError,
        AttributeError,
    ) as error:
        msg = f"the report's templates do not render ({type(error).__name__}: {clean(str(error))})"
        raise RenderFailed(msg) from error


def _fitted(doc: ReportDoc, environment: "jinja2.Environment") -> str:
    """Render the shortest page, then again with the lines that still have room."""
    template = environment.get_template("report.md.j2")
    bodies = [(part, _body(part, environment)) for part in doc.parts]
    dreams = environment.get_template("sections/dream.md.j2").render(sections=doc.dreams)
    proposed = environment.get_template("sections/upkeep.md.j2")
    proposals = _lines(proposed.render(f=doc.proposals.facts)) if doc.proposals else []
    wanted = {
        "incomplete": min(len(doc.incomplete), MOST_INCOMPLETE),
        "trouble": min(len(doc.trouble), MOST_TROUBLE),
        **{part.key: min(body.length, MOST_PART) for part, body in bodies},
    }

    def page(rooms: Mapping[str, int]) -> str:
        return template.render(
            doc=doc,
            bodies=[(part, _written_all(body.within(rooms[part.key]))) for part, body in bodies],
            dreams=_written_all(_lines(dreams)[:_MOST_DREAMS]),
            proposals=_written_all(proposals),
            incomplete=_written_all(_cut(doc.incomplete, rooms["incomplete"], "see Skipped and Failed")),
            trouble=_written_all(_cut(doc.trouble, rooms["trouble"], f"`daydream show {doc.run}`")),
        )

    least = {key: min(1, most) for key, most in wanted.items()}
    # A resumed night has one line more; the rest of its page must not differ for that.
    taken = page(least).count("\n") + (0 if doc.resumed else 1)
    spare = (MOST_QUIET_LINES if doc.quiet else MOST_LINES) - taken
    return page(_shared(least, wanted, spare))


def _shared(least: Mapping[str, int], wanted: Mapping[str, int], spare: int) -> dict[str, int]:
    """Give out spare lines, one to each in turn that wants more."""
    rooms = dict(least)
    while spare > 0 and rooms != wanted:
        for key in [key for key in rooms if rooms[key] < wanted[key]][:spare]:
            rooms[key] += 1
            spare -= 1
    return rooms


def _environment(source: Source) -> "jinja2.Environment":
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(source),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        finalize=_final,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["code"] = lambda value: _written(code(clean(str(value), _LONGEST)))
    return environment


def _final(value: Any) -> Any:
    """Every printed value comes through here: text is escaped, unless a filter has done so."""
    from jinja2 import Undefined
    from markupsafe import Markup

    if isinstance(value, Markup | Undefined):
        return value
    if value is None:
        return _written("not measured")
    if isinstance(value, bool):
        return _written("yes" if value else "no")
    return _written(f"{value:g}" if isinstance(value, float) else escape(clean(str(value), _LONGEST)))


def _written(text: str) -> "Markup":
    """Mark text that is escaped for Markdown already."""
    from markupsafe import Markup

    return Markup(text)  # noqa: S704 -- the page is Markdown, and `escape` took HTML's meaning away


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines() if line.strip() and not line.startswith("#")]


@dataclass(frozen=True, slots=True)
class _Body:
    """A section's lines: the first, what the template added, and the notes."""

    first: str
    rest: Sequence[str]
    notes: Sequence[str]

    @property
    def length(self) -> int:
        return 1 + len(self.rest) + len(self.notes)

    def within(self, room: int) -> list[str]:
        """Keep the first line, then notes, then the rest, and say how much is missing."""
        notes = self.notes[: room - 1]
        rest = self.rest[: room - 1 - len(notes)]
        missing = self.length - 1 - len(notes) - len(rest)
        more = f" ({missing} more in the JSON twin)" if missing else ""
        return [self.first + more, *rest, *notes]


def _body(part: Part, environment: "jinja2.Environment") -> _Body:
    """Render a step's section; the first line says what is still open."""
    notes = []
    if part.data is None:
        done = part.status == "done"
        rest = ["- Done" if done else f"- Not looked at ({part.status}): see Skipped and Failed"]
    else:
        text = environment.get_template(f"sections/{part.key}.md.j2").render(section=part.data)
        rest = _lines(text) or ["- Done"]
        written = (escape(note) for note in part.data.notes)
        notes = [f"- {note}" for note in written if not any(note in line for line in rest)]
    new = f"; new: {part.new}" if part.new else ""
    first = f"{rest[0].rstrip('.')}. Still open: {part.still_open}{new}."
    return _Body(first=first, rest=rest[1:], notes=notes)


def _cut(lines: Sequence[str], most: int, where: str) -> list[str]:
    """Keep the first lines; the last kept one says how many are missing and where they are."""
    kept = list(lines[:most])
    if len(lines) > most > 0:
        kept[-1] += f" (and {len(lines) - most} more: {where})"
    return [escape(line) for line in kept]


def _written_all(lines: Iterable[str]) -> "list[Markup]":
    return [_written(line) for line in lines]
