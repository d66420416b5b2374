"""Where templates are: inside the installed package, or beside it in a checkout."""

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path


def templates() -> Traversable:
    """Return the folder of templates."""
    package = files("daydream")
    shipped = package / "_templates"
    return shipped if shipped.is_dir() else Path(str(package)).parent / "templates"


def text(name: str) -> str | None:
    """Return a template's text by its name below the folder, e.g. ``sections/docs.md.j2``; None: no such one."""
    parts = name.split("/")
    if any(part in ("", ".", "..") for part in parts):
        return None
    found = templates().joinpath(*parts)
    return found.read_text(encoding="utf-8") if found.is_file() else None
