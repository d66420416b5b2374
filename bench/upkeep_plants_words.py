"""Names that do not stand out: drawn from the words of the repository itself, and found nowhere in it."""

import ast
import keyword
import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

_TOKEN = re.compile(r"[A-Za-z_]\w*")
_PREFIX = re.compile(r"""["']([a-z]+_)["'{]""")
_VERBS = ("collect", "resolve", "normalise", "prepare", "merge", "sort", "select", "expand", "trim", "join")
_NOUNS = ("entries", "names", "paths", "values", "labels", "parts", "lines", "sources", "limits", "groups")
_NEVER = {
    "test",
    "visit",
    "depart",
    "handle",
    "clean",
    "setup",
    "get",
    "set",
    "is",
    "has",
    "on",
    "do",
    "process",
    "validate",
}


class Words:
    """The vocabulary. A name given out is fresh: no text of the repository holds it, in any case."""

    def __init__(self, texts: Iterable[str], trees: Iterable[ast.Module]) -> None:
        self._taken: set[str] = set()
        prefixes: set[str] = set()
        for text in texts:
            self._taken.update(token.lower() for token in _TOKEN.findall(text))
            prefixes.update(_PREFIX.findall(text))
        verbs, nouns = _count(trees)
        avoid = _NEVER | {prefix.rstrip("_") for prefix in prefixes}
        self._verbs = [verb for verb in _most(verbs, _VERBS) if verb not in avoid] or list(_VERBS)
        self._nouns = [noun for noun in _most(nouns, _NOUNS) if noun not in avoid]

    def function(self, rng: random.Random) -> str:
        """A name such as a function has."""
        return self._fresh(rng, lambda: f"{rng.choice(self._verbs)}_{self.noun(rng)}_{self.noun(rng)}")

    def variable(self, rng: random.Random) -> str:
        """A name such as a local variable has."""
        return self._fresh(rng, lambda: f"{self.noun(rng)}_{self.noun(rng)}")

    def constant(self, rng: random.Random) -> str:
        """A name such as a constant has."""
        return self._fresh(rng, lambda: f"{self.noun(rng).upper()}_{self.noun(rng).upper()}")

    def kind(self, rng: random.Random) -> str:
        """A name such as a class has."""
        return self._fresh(rng, lambda: self.noun(rng).title() + self.noun(rng).title() + rng.choice(_KINDS))

    def noun(self, rng: random.Random) -> str:
        """A word of the repository; not fresh."""
        return rng.choice(self._nouns)

    def parameters(self, rng: random.Random) -> tuple[str, str]:
        """Two different words that may be parameters; not fresh."""
        words = [word for word in self._nouns if not _reserved(word)]
        first, second = rng.sample(words, 2)
        return first, second

    def _fresh(self, rng: random.Random, make: Callable[[], str]) -> str:
        for attempt in range(400):
            name = make() if attempt < 300 else f"{make()}_{rng.randrange(10, 99)}"
            words = name.lower().split("_")
            if len(set(words)) == len(words) and name.lower() not in self._taken and name.isidentifier():
                self._taken.add(name.lower())
                return name
        msg = "no fresh name in four hundred tries"
        raise RuntimeError(msg)


_KINDS = ("Reader", "Index", "Filter", "Cache", "Table")


def _count(trees: Iterable[ast.Module]) -> tuple[Counter[str], Counter[str]]:
    verbs: Counter[str] = Counter()
    nouns: Counter[str] = Counter()
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                first, *rest = [word for word in node.name.strip("_").split("_") if _word(word)] or [""]
                verbs.update([first] if rest else [])
                nouns.update(rest)
            elif isinstance(node, ast.arg) and _word(node.arg):
                nouns[node.arg] += 1
    return verbs, nouns


def _word(text: str) -> bool:
    return 3 <= len(text) <= 10 and text.isascii() and text.isalpha() and text.islower()


def _reserved(word: str) -> bool:
    return word in {
        "self",
        "cls",
        "args",
        "kwargs",
        "found",
        "entry",
        "list",
        "str",
        "int",
        "dict",
        "set",
        "len",
    }


def _most(counted: Counter[str], others: Sequence[str]) -> list[str]:
    """The words seen at least twice, sorted, with a few of ours where there are too few."""
    often = sorted(word for word, times in counted.items() if times > 1 and not _keyword(word))
    return often if len(often) >= 12 else sorted({*often, *others})


def _keyword(word: str) -> bool:
    return keyword.iskeyword(word) or keyword.issoftkeyword(word) or _reserved(word)
