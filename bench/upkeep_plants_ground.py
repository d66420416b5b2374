"""The copy that is planted in: its modules, its words, and the places where something fits."""

import ast
import random
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath

from bench.repositories_cases import git
from bench.upkeep_plants_sheet import Block, NoPlace, Sheet, indented
from bench.upkeep_plants_truth import Plant
from bench.upkeep_plants_words import Words

Node = ast.FunctionDef | ast.AsyncFunctionDef
_NOT_PACKAGE = re.compile(
    r"(^|/|_)(tests?|testing|migrations|_?vendor(ed)?|third_party|examples?|samples?|fixtures|templates?|docs?|compat)(/|_|\.)"
)
_NOT_MODULE = {
    "setup",
    "conftest",
    "settings",
    "config",
    "conf",
    "constants",
    "defaults",
    "__main__",
    "__init__",
    "tasks",
    "noxfile",
    "version",
}
_DYNAMIC = re.compile(r"\b(globals|locals|vars|eval|exec|getmembers|__getattr__|__all__)\b|import \*")
_TEXT = (".py", ".md", ".rst", ".txt", ".toml", ".cfg", ".ini", ".yml", ".yaml", ".html", ".json")
_MOST_BYTES = 400_000


class Ground:
    """One copy of a repository, and what was planted so far.

    `earlier` holds texts of the first of the two commits only; `gone` are paths that the second one removes.
    """

    def __init__(self, root: Path, seed: int) -> None:
        self.root, self.seed = root, seed
        self.rng = random.Random(seed)
        names = git(root, "ls-files", "-z").split("\0")
        self.tracked = sorted(
            name for name in names if name and (root / name).is_file() and not (root / name).is_symlink()
        )
        self.texts = dict(self._readable())
        self.modules = [path for path in self.tracked if self._plantable(path)]
        self.words = Words(self.texts.values(), (ast.parse(self.texts[path]) for path in self.modules))
        self.plants: dict[str, dict[str, object]] = {}
        self.earlier: dict[str, str] = {}
        self.gone: set[str] = set()
        self.sheets: dict[str, Sheet] = {}
        self.minimum, self.version = promises(root)
        self.mentions = Counter(word for text in self.texts.values() for word in re.findall(r"\w+", text))

    def _readable(self) -> list[tuple[str, str]]:
        found = []
        for path in self.tracked:
            file = self.root / path
            if path.endswith(_TEXT) and file.stat().st_size < _MOST_BYTES:
                try:
                    found.append((path, file.read_bytes().decode("utf-8")))
                except UnicodeDecodeError:
                    continue
        return found

    def _plantable(self, path: str) -> bool:
        """A module of a package that can be edited and whose names nobody collects by looking at the whole module."""
        pure, text = PurePosixPath(path), self.texts.get(path, "")
        if pure.suffix != ".py" or _NOT_PACKAGE.search(path) or pure.stem in _NOT_MODULE:
            return False
        if (pure.parent / "__init__.py").as_posix() not in self.texts or len(text.splitlines()) < 30:
            return False
        if _DYNAMIC.search(text) or "\r" in text or "\f" in text or not text.endswith("\n"):
            return False
        starred = re.compile(rf"from \.*[\w.]*\b{pure.stem} import \*")
        if any(starred.search(other) for other in self.texts.values() if "import *" in other):
            return False
        try:
            compile(text, path, "exec", dont_inherit=True)
        except (SyntaxError, ValueError):
            return False
        return True

    def begin(self, key: str) -> None:
        """Draw anew for one kind of plant, whatever was planted before."""
        self.rng = random.Random(f"{self.seed}:{key}")

    def plant(self, kind: str, variant: str, path: str, **facts: object) -> str:
        """Enter a plant and return its id; its lines are marked with it."""
        number = sum(one["kind"] == kind and one["variant"] == variant for one in self.plants.values())
        name = f"{kind}/{variant}" + (f"/{number + 1}" if number else "")
        self.plants[name] = {"kind": kind, "variant": variant, "path": path, **facts}
        return name

    def sheet(self, path: str) -> Sheet:
        """The file under the pen; a new one is empty."""
        if path not in self.sheets:
            self.sheets[path] = Sheet(path, self.texts.get(path, ""))
        return self.sheets[path]

    def some_modules(self, fits: Callable[[Sheet], bool] = lambda _: True) -> list[Sheet]:
        """The modules that fit, in random order."""
        paths = self.rng.sample(self.modules, len(self.modules))
        return [sheet for path in paths if fits(sheet := self.sheet(path))]

    def try_each(self, sheets: Sequence[Sheet], put: Callable[[Sheet], None]) -> None:
        """Plant in the first sheet that has a place; what a try that failed has written is taken back.

        Raises:
            NoPlace: none has.
        """
        reason = "no module of a package fits"
        for sheet in sheets[:60]:
            plants, kept = dict(self.plants), [(one, one.copied()) for one in self.sheets.values()]
            try:
                put(sheet)
            except NoPlace as error:
                reason, self.plants = str(error), plants
                for one, lines in kept:
                    one.restore(lines)
            else:
                return
        raise NoPlace(reason)

    def finished(self) -> list[Plant]:
        """Every plant with its lines."""
        found = []
        for name, facts in self.plants.items():
            path = str(facts["path"])
            span = self.sheets[path].span(name) if path in self.sheets else None
            assert span is not None, f"{name} was lost"
            found.append(
                Plant(
                    id=name,
                    kind=str(facts["kind"]),
                    variant=str(facts["variant"]),
                    path=path,
                    first_line=span[0],
                    last_line=span[1],
                    name=str(facts.get("name", "")),
                    removable=bool(facts.get("removable", False)),
                    alive=bool(facts.get("alive", False)),
                    why=str(facts.get("why", "")),
                )
            )
        return found

    def is_library(self) -> bool:
        """Whether others may import from it: then a public name is a promise."""
        return any(name in self.tracked for name in ("pyproject.toml", "setup.py", "setup.cfg"))

    def dotted(self, path: str) -> str:
        """A module's import path."""
        pure = PurePosixPath(path)
        parts = [pure.stem]
        while (pure.parent / "__init__.py").as_posix() in self.texts and pure.parent.name:
            parts.insert(0, pure.parent.name)
            pure = pure.parent
        return ".".join(parts)

    def call(self, sheet: Sheet, expression: str) -> None:
        """Use something from code that runs: a statement at the head of a function that others mention."""
        at, by = function_head(sheet, self.rng, lambda node: self.mentions[node.name] > 2)
        sheet.insert(at, indented([expression], by))


def promises(root: Path) -> tuple[tuple[int, int] | None, str | None]:
    """The oldest Python and the version that the packaging metadata states."""
    text = "".join(
        (root / name).read_text(encoding="utf-8", errors="replace")
        for name in ("pyproject.toml", "setup.cfg", "setup.py")
        if (root / name).is_file()
    )
    asked = re.search(
        r"""(?:requires-python|python_requires|^python)\s*=\s*["']?\s*(?:>=|\^|~=)\s*3\.(\d+)""",
        text,
        re.MULTILINE,
    )
    version = None
    if (root / "pyproject.toml").is_file():
        try:
            version = (
                tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
                .get("project", {})
                .get("version")
            )
        except tomllib.TOMLDecodeError:
            version = None
    return (3, int(asked[1])) if asked else None, version


def after_imports(sheet: Sheet) -> int:
    """The index behind the imports at the head of a module."""
    at = 0
    for node in sheet.tree().body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            at = node.end_lineno or at
        elif not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            break
    if not at:
        msg = f"{sheet.path} imports nothing at its head"
        raise NoPlace(msg)
    return at


def between(sheet: Sheet, rng: random.Random) -> int:
    """The index behind a function or class of the module."""
    body = sheet.tree().body
    names = [node.name for node in body if isinstance(node, Node | ast.ClassDef)]
    ends = [
        node.end_lineno or 0
        for node in body
        if isinstance(node, Node | ast.ClassDef)
        and not node.decorator_list
        and names.count(node.name) == 1
        and sheet.is_own(node.lineno)
    ]
    if not ends:
        msg = f"{sheet.path} has no function at its top"
        raise NoPlace(msg)
    return rng.choice(ends)


def put_between(sheet: Sheet, rng: random.Random, block: Block) -> None:
    """Insert a definition between two others."""
    sheet.insert(between(sheet, rng), ["", "", *block])


def functions(sheet: Sheet) -> list[Node]:
    """Every function that was there before, with a body that is not on the line of its head."""
    nodes = [node for node in ast.walk(sheet.tree()) if isinstance(node, Node) and sheet.is_own(node.lineno)]
    return [node for node in nodes if node.body[0].lineno > node.lineno and not _is_stub(node)]


def _is_stub(node: Node) -> bool:
    if any("overload" in ast.unparse(one) or "abstract" in ast.unparse(one) for one in node.decorator_list):
        return True
    rest = node.body[1:] if ast.get_docstring(node) is not None else node.body
    return not rest or (len(rest) == 1 and isinstance(rest[0], ast.Pass | ast.Raise | ast.Expr))


def function_head(
    sheet: Sheet, rng: random.Random, fits: Callable[[Node], bool] = lambda _: True
) -> tuple[int, int]:
    """The index of a function's first statement behind its docstring, and its indent."""
    heads = []
    for node in functions(sheet):
        first = node.body[1] if ast.get_docstring(node) is not None else node.body[0]
        decorators = getattr(first, "decorator_list", [])
        line = min([first.lineno, *(one.lineno for one in decorators)])
        if fits(node) and not sheet.lines[line - 2].lstrip().startswith("#"):
            heads.append((line - 1, first.col_offset))
    if not heads:
        msg = f"{sheet.path} has no function that fits"
        raise NoPlace(msg)
    return rng.choice(heads)
