"""Edits that settle tasks: what is done leaves the list, a box that evidence proves done is ticked, its comment goes."""

import re
from collections.abc import Mapping, Sequence

from daydream.analysis import blame, task_archive, task_comments, task_sources, task_todo_txt, tasks
from daydream.analysis.redaction import quoted
from daydream.analysis.task_sources import Read
from daydream.contracts.context import Context
from daydream.contracts.fix import Draft, Fix
from daydream.git import attempt
from daydream.records.night import Known

_BOX_MARK = re.compile(r"\[ \]")
_FEWEST = 3


def archive(ctx: Context, findings: Sequence[Known]) -> Draft:
    """Move what is done to where it is kept: an archive file beside the list, or its own section."""
    files: dict[str, bytes | None] = {}
    fixed, left = [], {}
    for known in sorted(findings, key=lambda each: each.subject):
        ctx.check()
        edits = _archived(ctx, known.subject)
        if isinstance(edits, str):
            left[known.id] = edits
        elif set(edits) & set(files):
            left[known.id] = "another list goes to the same archive tonight"
        else:
            files |= edits
            fixed.append(known.id)
    return Draft(files=files, fixed=tuple(fixed), left=left)


def _archived(ctx: Context, path: str) -> dict[str, bytes | None] | str:
    """Return the new contents for one list, or a clause that says why not."""
    read = _read(ctx, path, listed=True)
    if isinstance(read, str):
        return read
    found, text, mark = read
    ticked = found.ticked()
    if len(ticked) < _FEWEST:
        return "it holds fewer than three finished tasks now"
    if found.front is not None or ("/" in path and not found.waiting()):
        return _whole(ctx, path, found)
    beside = _beside(ctx, path, ticked[0].kind == "line")
    old = _text(ctx, beside) if beside else ""
    if old is None:
        return f"{beside} cannot be read as text"
    if ticked[0].kind == "line":
        return _todo_txt(path, text, beside, old, mark)
    days = _days(ctx, found)
    both = task_archive.carried(text, old, days) if beside else None
    new = both[0] if both else None if beside else task_archive.archived(text, days)
    if new is None or len(task_sources.read(path, new.encode(), listed=True).ticked()) >= _FEWEST:
        return _NESTED
    return {path: mark + new.encode(), **({beside: both[1].encode()} if both else {})}


_NESTED = "too much of what is done is part of something that is not, and stays with it"


def _whole(ctx: Context, path: str, found: Read) -> dict[str, bytes | None] | str:
    """Move a finished plan to the archive folder beside it, if there is one and nothing names the plan's path."""
    if found.waiting():
        return "a plan keeps what is done among what is open"
    folder, _, name = path.rpartition("/")
    folders = {file.path.rpartition("/")[0] for file in ctx.files}
    places = [f"{folder}/{each}" for each in ("archive", "archived", "done", "completed", "finished")]
    place = next((each for each in places if each in folders), None)
    if place is None:
        return "a finished plan has no archive folder beside it to go to"
    target = f"{place}/{name}"
    if any(file.path == target for file in ctx.files):
        return f"{target} is there already"
    data = task_sources.data_of(ctx.tree, path)
    if isinstance(data, str):
        return "its file cannot be read"
    if b"](../" in data or b"](./" in data:
        return "it has links that begin at its own place"
    for file in ctx.files:
        ctx.check()
        other = task_sources.data_of(ctx.tree, file.path) if file.path != path else b""
        if isinstance(other, bytes) and name.encode() in other:
            return f"{file.path} names it"
    return {path: None, target: data}


def _beside(ctx: Context, path: str, todo_txt: bool) -> str:
    """Return the archive file for a list: the one beside it, for todo.txt always done.txt; "" for its own section."""
    folder, _, name = path.rpartition("/")
    prefix = f"{folder}/" if folder else ""
    if todo_txt:
        upper = name.isupper()
        return f"{prefix}{'DONE.TXT' if upper else 'done.txt'}"
    there = {file.path.lower(): file.path for file in ctx.files}
    names = ("done.md", "archive.md", "completed.md", "todo-done.md", "todo_done.md", "todo-archive.md")
    return next((there[key] for each in names if (key := f"{prefix}{each}".lower()) in there), "")


def _todo_txt(path: str, text: str, beside: str, old: str, mark: bytes) -> dict[str, bytes | None] | str:
    done = {item.line for item in task_todo_txt.items(text) if item.done}
    lines = text.splitlines(keepends=True)
    kept = "".join(line for at, line in enumerate(lines, 1) if at not in done)
    end = "\r\n" if "\r\n" in (old or text) else "\n"
    taken = "".join(lines[at - 1].rstrip("\r\n") + end for at in sorted(done))
    joint = end if old and not old.endswith("\n") else ""
    return {path: mark + kept.encode(), beside: (old + joint + taken).encode()}


def _days(ctx: Context, found: Read) -> Mapping[int, str]:
    """Ask git on which day each box was ticked; nothing where it does not know."""
    commit = ctx.examination.commit
    if commit is None:
        return {}
    argv = blame.arguments(commit, found.path, [item.line for item in found.ticked()])
    left = attempt(ctx.root, *argv, stop=ctx.stop, timeout_s=60.0)
    lines = blame.lines(left.stdout, shallow=ctx.examination.shallow) if left.returncode == 0 else {}
    return {at: w.when.date().isoformat() for at, w in lines.items() if w.when is not None}


def tick(ctx: Context, findings: Sequence[Known]) -> Draft:
    """Settle tasks that evidence says are done: boxes are ticked, whole comments are taken out."""
    by_path: dict[str, list[Known]] = {}
    for known in findings:
        by_path.setdefault(known.subject, []).append(known)
    files: dict[str, bytes | None] = {}
    fixed: list[str] = []
    left: dict[str, str] = {}
    for path, group in sorted(by_path.items()):
        ctx.check()
        new = _ticked(ctx, path, group, fixed, left)
        if new is not None:
            files[path] = new
    return Draft(files=files, fixed=tuple(sorted(fixed)), left=left)


def _ticked(
    ctx: Context, path: str, group: Sequence[Known], fixed: list[str], left: dict[str, str]
) -> bytes | None:
    """Return a file's new content, None where nothing changes; note what is settled and what is not."""
    listed = tasks.comment_prefix(path) is None
    read = _read(ctx, path, listed=listed)
    if isinstance(read, str):
        left.update((known.id, read) for known in group)
        return None
    found, text, mark = read
    items = {quoted(item.identity, 500): item for item in found.waiting()}
    chosen = {known.id: item for known in group if (item := items.get(known.identity)) is not None}
    left.update((known.id, _NOT_FOUND) for known in group if known.id not in chosen)
    if not chosen:
        return None
    if not listed and not path.endswith((".py", ".pyi")):
        left.update((key, "only comments of Python are taken out") for key in chosen)
        return None
    kept: dict[str, str] = {}
    if listed:
        lines = text.splitlines(keepends=True)
        for item in chosen.values():
            lines[item.line - 1] = _marked(lines[item.line - 1], item, ctx.date)
        new = "".join(lines).encode()
    else:
        new, kept = task_comments.without(text.encode(), chosen)
    left.update(kept)
    fixed += [key for key in chosen if key not in kept]
    return mark + new if new != text.encode() else None


_NOT_FOUND = "the task is not there any more as it was"


def _marked(line: str, item: tasks.Item, day: str) -> str:
    if item.kind == "line":
        bare = line.rstrip("\r\n")
        return task_todo_txt.finished(bare, day) + line[len(bare) :]
    return _BOX_MARK.sub("[x]", line, count=1)


def _read(ctx: Context, path: str, *, listed: bool) -> tuple[Read, str, bytes] | str:
    """Read a file as text with its byte order mark apart; a clause says why it cannot be edited."""
    data = task_sources.data_of(ctx.tree, path)
    if isinstance(data, str):
        return {"large": "its file is too large to edit", "link": "its file is a link"}.get(
            data, "its file is gone"
        )
    mark = b"\xef\xbb\xbf" if data.startswith(b"\xef\xbb\xbf") else b""
    try:
        text = data[len(mark) :].decode()
    except UnicodeDecodeError:
        return "its file is not UTF-8"
    if _odd_breaks(text):
        return "its file holds line breaks that programs count differently"
    found = task_sources.read(path, data, listed=listed)
    return (found, text, mark) if found.state == "read" else "its file cannot be read as what it is"


def _odd_breaks(text: str) -> bool:
    """Whether lines end in a way that would not survive, or that other programs count differently."""
    bare = text.replace("\r\n", "\n")
    return "\r" in bare or any(mark in text for mark in "\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029")


def _text(ctx: Context, path: str) -> str | None:
    """Return an archive's text, "" where there is none yet, None where it cannot be edited."""
    data = task_sources.data_of(ctx.tree, path)
    if data == "gone" and not any(file.path == path for file in ctx.files):
        return ""
    try:
        return data.decode() if isinstance(data, bytes) else None
    except UnicodeDecodeError:
        return None


TASK_FIXES: dict[str, Fix] = {
    "task.done_not_archived": archive,
    "task.done": tick,
    "task.issue_closed": tick,
}
