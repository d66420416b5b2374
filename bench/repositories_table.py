"""What the nights of each repository came to, as tables."""

from dataclasses import dataclass, field

from bench.repositories_page import Page


@dataclass(slots=True)
class Row:
    """One repository: its nights and what is wrong with them; the nights after the second as JSON objects."""

    name: str
    special: str
    files: int = 0
    said: str = ""
    pages: list[Page] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    states: list[dict[str, float]] = field(default_factory=list)
    later: list[dict[str, object]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def tell(row: Row) -> None:
    """Say at once how a repository fared."""
    how = "; ".join(row.wrong) or "identical, within the caps"
    print(f"{row.name}: {row.special or 'as it is'}; {row.said}; {how}", flush=True)


def table(rows: list[Row]) -> None:
    """Print two tables and everything that is wrong."""
    print("\nOf three numbers the first is of night 1, the second of night 2, the third of the last night.\n")
    _print(
        "repository",
        "files",
        "seconds",
        "found",
        "over the bar",
        "printed",
        "page lines",
        "first screen",
        "identical",
        "caps",
    )
    for row in rows:
        _print(row.name, *_cells(row))
    names = list(rows[0].states[0])
    print("\nSeconds of the first night by state (of the second in brackets):\n")
    _print("repository", *(name.partition(".")[2] or name for name in names))
    for row in rows:
        _print(row.name, *(" ".join(_by_state(row, name)) for name in names))
    for row in rows:
        for one in row.wrong:
            print(f"- {row.name}: {one}")


def _print(*cells: object) -> None:
    print("| " + " | ".join(map(str, cells)) + " |")
    if cells[0] == "repository":
        print("|" + "---|" * len(cells))


def _cells(row: Row) -> tuple[object, ...]:
    last = row.later[-1] if row.later else {}
    screens = [page.screen for page in row.pages] + [int(str(night["screen"])) for night in row.later]
    changed = any("changed" in one or "changes" in one for one in row.wrong)
    broken = any(">" in one for one in row.wrong)
    return (
        row.files,
        " / ".join([*(f"{one:.1f}" for one in row.seconds), str(last.get("seconds", "-"))]),
        *(
            " / ".join([*(str(getattr(page, name)) for page in row.pages), str(last.get(name, "-"))])
            for name in ("found", "over_bar", "printed", "lines")
        ),
        f"at most {max(screens, default=0)}",
        "no" if changed else f"yes, {len(row.seconds) + len(row.later)} nights",
        "broken" if broken else "kept",
    )


def _by_state(row: Row, name: str) -> tuple[str, ...]:
    seconds = [states.get(name, 0.0) for states in row.states[:2]]
    return tuple(f"{one:.1f}" if number == 0 else f"({one:.1f})" for number, one in enumerate(seconds))
