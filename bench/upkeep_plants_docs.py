"""Documentation that time has passed by: links, anchors, names, commands, options, variables, keys, examples."""

import re
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath

from bench.upkeep_plants_ground import Ground, after_imports
from bench.upkeep_plants_sheet import Block, NoPlace, Sheet

_TITLE = "What {a} and {b} are for"


def pages(ground: Ground) -> list[Sheet]:
    """Markdown pages to write in: those of the repository, and one new one beside them."""
    known = [path for path in ground.tracked if path.endswith(".md") and path in ground.texts]
    known = [
        path
        for path in known
        if path.count("/") <= 2
        and not re.search(r"template|CHANGE|HISTORY|LICENSE|\.github|TODO", path)
        and "\r" not in ground.texts[path]
    ]
    folder = "docs" if any(path.startswith("docs/") for path in ground.tracked) else "."
    made = [path for path in ground.sheets if path.endswith("-guide.md")]
    if not made:
        path = PurePosixPath(
            folder, f"{ground.words.variable(ground.rng).replace('_', '-')}-guide.md"
        ).as_posix()
        ground.sheet(path).append(["# Guide", "", "What every reader asks first.", ""])
        made = [path]
    found = [ground.sheet(path) for path in sorted({*known, *made})]
    return ground.rng.sample(found, len(found))


def write(ground: Ground, sheet: Sheet, lines: Block) -> None:
    """Write a section into a page: before one of its headings, or at the end."""
    a, b = ground.words.parameters(ground.rng)
    heading = f"## {_TITLE.format(a=a, b=b)} {ground.rng.randrange(100)}"
    fenced, places = False, [len(sheet.lines)]
    for number, line in enumerate(sheet.lines):
        fenced ^= line.lstrip().startswith(("```", "~~~"))
        if not fenced and line.startswith("## ") and number and not sheet.lines[number - 1].strip():
            places.append(number)
    sheet.insert(ground.rng.choice(places), [heading, "", *lines, ""])


def _said(ground: Ground, kind: str, variant: str, text: str, **facts: object) -> None:
    """Plant one line of text on some page; `{up}` is the way to the root of the repository."""
    sheet = pages(ground)[0]
    plant = ground.plant(kind, variant, sheet.path, **facts)
    up = "../" * sheet.path.count("/")
    write(ground, sheet, [(text.replace("{up}", up), plant)])


def _earlier(ground: Ground, addition: Sequence[str]) -> str:
    """Let a module have had something that it has no more; return its path."""
    path = ground.rng.choice(ground.modules)
    ground.earlier[path] = (
        ground.earlier.get(path, ground.texts[path]) + "\n\n" + "".join(f"{line}\n" for line in addition)
    )
    return path


def links(ground: Ground) -> None:
    """A link to a file that is not there, and to an anchor that is not there; then three that are right."""
    words, rng = ground.words, ground.rng
    gone, anchor = words.variable(rng).replace("_", "-"), words.variable(rng).replace("_", "-")
    _said(
        ground, "broken-link", "file", f"See [the {words.noun(rng)}]({gone}.md) for more.", name=f"{gone}.md"
    )
    _said(ground, "broken-anchor", "same-page", f"It is told [below](#{anchor}).", name=anchor)
    other = pages(ground)[0]
    sheet = next(one for one in pages(ground) if one is not other) if len(pages(ground)) > 1 else other
    target = _way(sheet.path, other.path)
    plant = ground.plant("broken-anchor", "other-page", sheet.path, name=anchor)
    write(ground, sheet, [(f"The [other page]({target}#{anchor}) tells it too.", plant)])
    kept = next(path for path in ground.tracked if path.endswith((".py", ".toml", ".cfg")))
    _said(
        ground,
        "broken-link",
        "right",
        f"It is written in [{kept}]({{up}}{kept}).",
        name=kept,
        alive=True,
        why="the file is there",
    )
    _said(
        ground,
        "broken-link",
        "in-code",
        f"Write `[text]({gone}.md)` for a link.",
        name=f"{gone}.md",
        alive=True,
        why="an example in code",
    )
    heading = f"How {words.noun(rng)} began in {rng.randrange(1900, 2000)}"
    plant = ground.plant(
        "broken-anchor", "right", sheet.path, name=heading, alive=True, why="the heading is there"
    )
    write(
        ground, sheet, [f"### {heading}", "", (f"See [here](#{heading.lower().replace(' ', '-')}).", plant)]
    )


def _way(start: str, end: str) -> str:
    """The relative link from one page to another."""
    return "../" * start.count("/") + end


def moved(ground: Ground) -> None:
    """A page that moved to one place that can be told, and one that could be either of two."""
    rng, words = ground.rng, ground.words
    folder = PurePosixPath("docs" if any(path.startswith("docs/") for path in ground.tracked) else "manual")
    for variant, count in (("unique", 1), ("ambiguous", 2)):
        name = f"{words.variable(rng).replace('_', '-')}.md"
        old = (folder / name).as_posix()
        text = (
            f"# About {words.noun(rng)}\n\nWhat is to be said of {words.noun(rng)} and {words.noun(rng)}.\n"
        )
        ground.earlier[old] = text
        ground.gone.add(old)
        for _ in range(count):
            new = (folder / words.variable(rng) / name).as_posix()
            ground.sheet(new).append(text.splitlines() + [f"Told for {words.noun(rng)}."] * (count > 1))
        _said(
            ground, "moved-link", variant, f"Read [this first]({{up}}{old}).", name=name, removable=count == 1
        )


def names(ground: Ground) -> None:
    """A function and a module that are gone, each named in backticks; and two names that are right."""
    rng, words = ground.rng, ground.words
    gone = words.function(rng)
    path = _earlier(ground, [f"def {gone}(value):", '    """Give it back."""', "    return value"])
    dotted = ground.dotted(path)
    _said(ground, "stale-name", "function", f"Call `{gone}()` with the {words.noun(rng)} first.", name=gone)
    other = words.function(rng)
    path = _earlier(ground, [f"def {other}(value):", '    """Give it back."""', "    return value"])
    _said(ground, "stale-name", "dotted", f"It is done by `{ground.dotted(path)}.{other}`.", name=other)
    kept = re.findall(r"^def ([a-z]\w{5,})\(", ground.texts[path], re.MULTILINE)
    if kept:
        _said(
            ground,
            "stale-name",
            "right",
            f"It is done by `{ground.dotted(path)}.{kept[0]}`.",
            name=kept[0],
            alive=True,
            why="it is there",
        )
    _said(
        ground,
        "stale-name",
        "foreign",
        "It is done by `json.dumps()` and `numpy.linalg.solve`.",
        name="solve",
        alive=True,
        why="not of this repository",
    )
    assert dotted


def commands(ground: Ground) -> None:
    """A module that can no longer be run, and an option that a command never had."""
    rng, words = ground.rng, ground.words
    folder = PurePosixPath(rng.choice(ground.modules)).parent
    stem = words.variable(rng)
    path = (folder / f"{stem}.py").as_posix()
    ground.earlier[path] = 'def main():\n    print("done")\n\n\nif __name__ == "__main__":\n    main()\n'
    ground.gone.add(path)
    sheet = pages(ground)[0]
    plant = ground.plant("stale-command", "module", sheet.path, name=stem)
    write(ground, sheet, ["```console", (f"$ python -m {ground.dotted(path)}", plant), "```"])
    scripts = re.search(
        r"^\[project\.scripts\]\n([\w-]+) *=", ground.texts.get("pyproject.toml", ""), re.MULTILINE
    )
    if scripts is None:
        msg = "pyproject.toml names no command, so no option was planted"
        raise NoPlace(msg)
    option = words.variable(rng).replace("_", "-")
    sheet = pages(ground)[0]
    plant = ground.plant("stale-option", "option", sheet.path, name=f"--{option}")
    write(ground, sheet, ["```console", (f"$ {scripts[1]} --{option}", plant), "```"])


def settings(ground: Ground) -> None:
    """An environment variable and a configuration key that the code no longer reads."""
    rng, words = ground.rng, ground.words
    name = f"{ground.dotted(ground.modules[0]).split('.')[0].upper()}_{words.constant(rng)}"
    _earlier(
        ground, ["def _from_environment():", "    import os", "", f'    return os.environ.get("{name}")']
    )
    _said(ground, "stale-variable", "environment", f"Set `{name}=1` to see more.", name=name)
    key = words.variable(rng)
    _earlier(ground, [f'_{words.constant(rng)} = {{"{key}": 3}}'])
    _said(ground, "stale-key", "settings", f"The setting `{key}` says how many (default: `3`).", name=key)


def examples(ground: Ground) -> None:
    """Examples that do not parse, and some that do or are not meant to."""
    word = ground.words.noun(ground.rng)
    broken = {
        "toml": [f"[tool.{word}]", "limit = 3", "limit = = 4"],
        "json": ["{", f'  "{word}": [1, 2', "}"],
        "yaml": [f"{word}:", "  - one", " two: [1, 2"],
    }
    right = {
        "toml": [f"[tool.{word}]", "limit = 3"],
        "json": ["{", f'  "{word}": [1, 2],', "  ...", "}"],
        "yaml": [f"{word}:", "  - one: <your name>"],
    }
    for alive, texts in ((False, broken), (True, right)):
        for language, lines in texts.items():
            sheet = pages(ground)[0]
            variant = f"{language}-right" if alive else language
            plant = ground.plant(
                "broken-example",
                variant,
                sheet.path,
                alive=alive,
                why="it parses, or leaves something out on purpose" if alive else "",
            )
            write(ground, sheet, [(line, plant) for line in (f"```{language}", *lines, "```")])


def todo_file(ground: Ground) -> None:
    """Done items, an open one, and one about a function that is gone."""
    rng, words = ground.rng, ground.words
    path = (
        "TODO.md"
        if not any(one.lower() == "todo.md" for one in ground.tracked)
        else f"{words.variable(rng)}-todo.md"
    )
    sheet, gone = ground.sheet(path), words.function(rng)
    _earlier(ground, [f"def {gone}(value):", "    return [value]"])
    sheet.append(["# To do", ""])
    for _ in range(3):
        text = f"Say what {words.noun(rng)} do with {words.noun(rng)}"
        plant = ground.plant("done-task", "checkbox", path, name=text, removable=True)
        sheet.append([(f"- [x] {text}", plant)])
    plant = ground.plant("done-task", "open", path, name="Measure", alive=True, why="still open")
    sheet.append([(f"- [ ] Measure the {words.noun(rng)}", plant)])
    plant = ground.plant("task-symbol-gone", "checkbox", path, name=gone)
    sheet.append([(f"- [ ] Make `{gone}()` faster", plant)])


def todo_comment(ground: Ground) -> None:
    """A TODO in the code about a function that is gone."""

    def put(sheet: Sheet) -> None:
        gone = ground.words.function(ground.rng)
        plant = ground.plant("task-symbol-gone", "comment", sheet.path, name=gone)
        at = after_imports(sheet)
        sheet.insert(
            at, ["", (f"# TODO: make {gone}() faster for many {ground.words.noun(ground.rng)}", plant)]
        )
        _earlier(ground, [f"def {gone}(value):", "    return (value,)"])

    ground.try_each(ground.some_modules(), put)


def plan(ground: Ground) -> None:
    """A plan that nobody has touched for years and whose files are gone."""
    rng, words = ground.rng, ground.words
    path = f"docs/plans/{words.variable(rng).replace('_', '-')}.md"
    gone = f"{ground.dotted(ground.modules[0]).split('.')[0]}/{words.variable(rng)}.py"
    ground.earlier[gone] = '"""Soon."""\n'
    ground.gone.add(gone)
    plant = ground.plant("stale-plan", "front-matter", path, name=PurePosixPath(path).stem)
    head = [
        "---",
        f"title: Move the {words.noun(rng)}",
        "status: in progress",
        "updated: 2021-03-04",
        "---",
        "",
    ]
    rest = ["# Plan", "", f"1. Finish `{gone}`.", f"2. Tell everybody about {words.noun(rng)}."]
    ground.sheet(path).append([(line, plant) for line in (*head, *rest)])


PLANTERS: dict[str, Callable[[Ground], None]] = {
    "broken-link": links,
    "moved-link": moved,
    "stale-name": names,
    "stale-command": commands,
    "stale-setting": settings,
    "broken-example": examples,
    "done-task": todo_file,
    "task-symbol-gone": todo_comment,
    "stale-plan": plan,
}
