"""todo.txt: one task a line, `x` for done, `(A)` for a priority, dates in front, `+project @context key:value`."""

import re
from collections import Counter

from daydream.analysis.tasks import Item, folded, identity_of

_DAY = r"\d{4}-\d{2}-\d{2}"
_DONE = re.compile(rf"x (?:({_DAY}) )?(?:({_DAY}) )?(?=\S)")
_OPEN = re.compile(rf"(?:\(([A-Z])\) )?(?:({_DAY}) )?(?=\S)")
_TELLING = re.compile(rf"^(?:x {_DAY} |x \S|\([A-Z]\) \S)|(?:^|\s)[+@]\w|\sdue:{_DAY}\b", re.MULTILINE)
_FOREIGN = re.compile(r"^(?:#{1,6} |[ \t]*[-*+] |[ \t]+\S|=+$|-{3,}$|```)", re.MULTILINE)


def may_be(path: str) -> bool:
    """Tell whether a file has a name under which the format is kept."""
    name = path.rpartition("/")[2].lower()
    return name in ("todo.txt", "done.txt") or name.endswith(".todo.txt")


def is_todo_txt(path: str, text: str) -> bool:
    """Tell whether a file is in the format: by its name, and because some line says so and none says otherwise."""
    return may_be(path) and not _FOREIGN.search(text) and bool(_TELLING.search(text))


def items(text: str) -> list[Item]:
    """Read the tasks in order. `context` is the first project; a priority stays part of the text."""
    found = []
    times: Counter[str] = Counter()
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        done = _DONE.match(line)
        head = done or _OPEN.match(line)
        bare = folded(line[head.end() :] if head else line)
        shown = f"({head[1]}) {bare}" if head and not done and head[1] else bare
        project = next((word[1:] for word in bare.split() if word[0] == "+" and len(word) > 1), "")
        identity = identity_of("line", bare, project, times)
        found.append(Item("line", "", shown, number, done is not None, project, identity, number))
    return found


def finished(line: str, day: str) -> str:
    """Mark an open line as done on `day`, as the format says: the priority goes, the creation date stays."""
    match = _OPEN.match(line)
    created = f"{match[2]} " if match and match[2] else ""
    return f"x {day} {created}{line[match.end() if match else 0 :]}"
