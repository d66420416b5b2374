"""Cross-project synthesis: each lesson is taken over where it was seen and fits, and nowhere else."""

import random
import textwrap
from collections.abc import Iterator
from dataclasses import replace

import pytest

from daydream.contracts.dream import Candidate, Policy, Procedure
from daydream.dream.acceptance import Checker
from daydream.dream.kinds.cross_project_synthesis import CrossProjectSynthesis
from tests.fakes.dream_procedure import defined, procedure, procedures


def proposed(base: Procedure, *related: Procedure) -> list[Candidate]:
    found = list(CrossProjectSynthesis().propose(base, related, Policy(20), random.Random(1)))
    checker = Checker(base, ())
    for each in found:
        checker.offer(each)
    assert not checker.rejected
    return found


def taught(base: str, relative: str, path: str = "other/b.py") -> dict[str, str]:
    """Return the code of each transform that the relative teaches."""
    found = proposed(procedure(base), procedure(relative, path))
    return {each.transform_id.partition(".")[2].partition("@")[0]: each.code for each in found}


LESSONS = {
    "guard": (
        "def f(items):\n    return [each.name for each in items]\n",
        "def g(items):\n    if items is None:\n        return []\n    return [1 for x in items]\n",
        "def f(items):\n    if items is None:\n        return []\n    return [each.name for each in items]\n",
    ),
    "raise_from": (
        "def f(x):\n    try:\n        return int(x)\n    except ValueError:\n        raise TypeError(x)\n",
        "def g(y):\n    try:\n        return go(y)\n    except KeyError as missing:\n        raise Gone(y) from missing\n",
        "def f(x):\n    try:\n        return int(x)\n    except ValueError as error:\n        raise TypeError(x) from error\n",
    ),
    "narrow_except": (
        "def f(x):\n    try:\n        return json.loads(x)\n    except Exception:  # whatever\n        return 1\n",
        "def g(y):\n    try:\n        z = json.loads(y)\n    except ValueError:\n        z = 2\n    return z\n",
        "def f(x):\n    try:\n        return json.loads(x)\n    except ValueError:  # whatever\n        return 1\n",
    ),
    "log_failure": (
        "def f(x):\n    try:\n        x.go()\n    except OSError:\n        pass\n",
        "def g(y):\n    try:\n        y.run()\n    except OSError:\n        logger.warning('no')\n        return 1\n",
        'def f(x):\n    try:\n        x.go()\n    except OSError:\n        import logging\n        logging.getLogger(__name__).warning("f goes on after an error", exc_info=True)\n',
    ),
    "argument": (
        "def f(url):\n    return requests.get(url)\n",
        "def g(u):\n    return requests.get(u, timeout=5).text\n",
        "def f(url):\n    return requests.get(url, timeout=5)\n",
    ),
    "context_manager": (
        "def f(p):\n    h = open(p)\n    x = h.read()\n    h.close()\n    return x\n",
        "def g(q):\n    with open(q) as file:\n        return file.read()\n",
        "def f(p):\n    with open(p) as h:\n        x = h.read()\n    return x\n",
    ),
    "suppress": (
        "def f(d):\n    try:\n        del d['a']\n    except KeyError:\n        pass\n    return d\n",
        "def g(d):\n    with contextlib.suppress(KeyError):\n        del d['b']\n",
        "def f(d):\n    from contextlib import suppress\n    with suppress(KeyError):\n        del d['a']\n    return d\n",
    ),
    "pathlib": (
        "def f(p):\n    return os.path.exists(p)\n",
        "def g(p):\n    return Path(p).read_text()\n",
        "def f(p):\n    from pathlib import Path\n    return Path(p).exists()\n",
    ),
    "any_all": (
        "def f(xs):\n    for x in xs:\n        if x > 3:\n            return True\n    return False\n",
        "def g(ys):\n    return any(y < 2 for y in ys)\n",
        "def f(xs):\n    return any(x > 3 for x in xs)\n",
    ),
    "comprehension": (
        "def f(xs):\n    out = []\n    for x in xs:\n        if x:\n            out.append(x + 1)\n    return out\n",
        "def g(ys):\n    return [y for y in ys]\n",
        "def f(xs):\n    out = [x + 1 for x in xs if x]\n    return out\n",
    ),
    "extend": (
        "def f(xs, out):\n    for x in xs:\n        out.append(x + 1)\n",
        "def g(ys, out):\n    out.extend(ys)\n",
        "def f(xs, out):\n    out.extend(x + 1 for x in xs)\n",
    ),
    "enumerate": (
        "def f(xs):\n    for i in range(len(xs)):\n        print(i, xs[i])\n",
        "def g(ys):\n    for n, y in enumerate(ys):\n        print(n)\n",
        "def f(xs):\n    for i, item in enumerate(xs):\n        print(i, item)\n",
    ),
    "items": (
        "def f(d):\n    for k in d:\n        print(k, d[k])\n",
        "def g(e):\n    for a, b in e.items():\n        print(a)\n",
        "def f(d):\n    for k, value in d.items():\n        print(k, value)\n",
    ),
    "get": (
        "def f(d, k):\n    if k in d:\n        x = d[k]\n    else:\n        x = None\n    return x\n",
        "def g(e):\n    return e.get(1, 2)\n",
        "def f(d, k):\n    x = d.get(k, None)\n    return x\n",
    ),
    "set_membership": (
        "def f(x):\n    return x in ['a', 'b', 'c']\n",
        "def g(y):\n    return y in {1, 2}\n",
        "def f(x):\n    return x in {'a', 'b', 'c'}\n",
    ),
    "isinstance_any": (
        "def f(x):\n    return isinstance(x, int) or isinstance(x, str)\n",
        "def g(y):\n    return isinstance(y, (list, dict))\n",
        "def f(x):\n    return isinstance(x, (int, str))\n",
    ),
    "extreme": (
        "def f(xs):\n    return sorted(xs, key=len)[0]\n",
        "def g(ys):\n    return min(ys)\n",
        "def f(xs):\n    return min(xs, key=len)\n",
    ),
    "seen_set": (
        "def f(xs):\n    seen = []\n    for x in xs:\n        if x not in seen:\n            seen.append(x)\n            yield x\n",
        "def g(ys):\n    done = set()\n    return done\n",
        "def f(xs):\n    seen = set()\n    for x in xs:\n        if x not in seen:\n            seen.add(x)\n            yield x\n",
    ),
    "deque": (
        "def f(xs):\n    todo = list(xs)\n    while todo:\n        print(todo.pop(0))\n",
        "def g(ys):\n    return deque(ys)\n",
        "def f(xs):\n    from collections import deque\n    todo = deque(list(xs))\n    while todo:\n        print(todo.popleft())\n",
    ),
    "defaultdict": (
        "def f(xs):\n    d = {}\n    for x in xs:\n        d[x] = d.get(x, 0) + 1\n    return d\n",
        "def g(ys):\n    return Counter(ys)\n",
        "def f(xs):\n    from collections import defaultdict\n    d = defaultdict(int)\n    for x in xs:\n        d[x] += 1\n    return d\n",
    ),
    "join": (
        "def f(xs):\n    s = ''\n    for x in xs:\n        s += str(x)\n    return s\n",
        "def g(ys):\n    return ', '.join(ys)\n",
        'def f(xs):\n    parts = []\n    for x in xs:\n        parts.append(str(x))\n    s = "".join(parts)\n    return s\n',
    ),
    "default_lookup": (
        "def f(d):\n    return d['size'] + 1\n",
        "def g(e):\n    return e.get('size', 0)\n",
        "def f(d):\n    return d.get('size', 0) + 1\n",
    ),
    "handled_failure": (
        "def f(x):\n    return json.loads(x)\n",
        "def g(y):\n    try:\n        return json.loads(y)\n    except ValueError:\n        return None\n",
        "def f(x):\n    try:\n        return json.loads(x)\n    except ValueError:\n        return None\n",
    ),
    "checked_result": (
        "def f(x):\n    found = lookup(x)\n    return found.name\n",
        "def g(y):\n    hit = lookup(y)\n    if hit is None:\n        raise ValueError('none')\n    return hit\n",
        "def f(x):\n    found = lookup(x)\n    if found is None:\n        raise ValueError('none')\n    return found.name\n",
    ),
}


@pytest.mark.parametrize("transform", LESSONS)
def test_a_lesson_is_taken_over_from_whoever_teaches_it(transform: str) -> None:
    base, relative, expected = LESSONS[transform]
    assert taught(base, relative)[transform] == expected


@pytest.mark.parametrize("transform", LESSONS)
def test_nothing_is_proposed_where_no_relative_teaches_it(transform: str) -> None:
    base, _, _ = LESSONS[transform]
    assert taught(base, "def g(y):\n    return y + 1\n") == {}
    assert proposed(procedure(base)) == []
    assert proposed(procedure(base), procedure(base, "copy.py")) == []


@pytest.mark.parametrize("transform", LESSONS)
def test_who_does_it_already_has_nothing_to_learn(transform: str) -> None:
    _, relative, expected = LESSONS[transform]
    again = taught(expected, relative)
    assert transform not in again


RUN: dict[str, list[object]] = {
    "any_all": [[1, 5], [1], []],
    "comprehension": [[0, 1, 2], []],
    "seen_set": [[1, 1, 2], []],
    "defaultdict": [["a", "b", "a"], []],
    "join": [[1, 2], []],
    "extreme": [["bb", "a", "c"]],
    "isinstance_any": [1, "a", None],
    "set_membership": ["a", "z"],
}


@pytest.mark.parametrize("transform", RUN)
def test_an_idiom_gives_the_same_results(transform: str) -> None:
    base, _, expected = LESSONS[transform]
    before, after = defined(base)["f"], defined(expected)["f"]
    for given in RUN[transform]:
        old, new = before(given), after(given)
        if isinstance(old, Iterator):
            old, new = list(old), list(new)
        assert old == new


def test_a_dream_names_its_relative_and_what_is_written_there() -> None:
    base, relative, _ = LESSONS["argument"]
    found = proposed(procedure(base), procedure(relative, "lib/pkg/net.py"))[0]
    assert found.name == "requests.get() is given timeout, as in g"
    assert "lib/pkg/net.py:g" in found.assumption
    assert "`requests.get(..., timeout=5)`" in found.reasoning
    assert found.details["project"] == "pkg"
    assert found.details["line"] == 2
    assert not found.changes_default


def test_the_nearest_relative_teaches() -> None:
    base, relative, _ = LESSONS["argument"]
    far = relative.replace("5", "99")
    found = proposed(procedure(base), procedure(relative, "near.py"), procedure(far, "far.py"))
    assert [each.details["relative"] for each in found] == ["near.py:g"]


def test_a_name_of_another_module_is_not_taken_over_but_one_of_the_same_is() -> None:
    base = "def f(url):\n    return requests.get(url)\n"
    relative = "def g(u):\n    return requests.get(u, timeout=PATIENCE)\n"
    assert taught(base, relative) == {}
    assert "timeout=PATIENCE" in taught(base, relative, "pkg/a.py")["argument"]
    assert (
        taught(base, "def g(u, PATIENCE):\n    return requests.get(u, timeout=PATIENCE)\n", "pkg/a.py") == {}
    )


def test_a_guard_comes_with_the_argument_of_the_same_type_under_its_own_name() -> None:
    base = "def f(reply: Response | None) -> str:\n    return reply.text\n"
    relative = 'def g(r: Response | None) -> str:\n    if r is None:\n        raise ValueError(f"no {r}: {{}}")\n    return r.body\n'
    code = taught(base, relative)["guard"]
    assert 'if reply is None:\n        raise ValueError(f"no {reply}: {{}}")\n' in code


@pytest.mark.parametrize(
    ("base", "relative"),
    [
        # asked already
        (
            "def f(x):\n    return 1 if x else 2\n",
            "def g(x):\n    if x is None:\n        raise ValueError\n    return 1\n",
        ),
        # the type says that it is there
        (
            "def f(x: str):\n    return x.a\n",
            "def g(x):\n    if x is None:\n        raise ValueError\n    return 1\n",
        ),
        # other things are returned
        ("def f(x):\n    return x.a + 1\n", "def g(x):\n    if not x:\n        return []\n    return [x]\n"),
        # what is refused is what was given
        (
            "def f(x):\n    return x.a\n",
            "def g(x):\n    if x is not None:\n        raise ValueError\n    return 1\n",
        ),
        # it asks what the argument holds
        ("def f(x):\n    return x.a\n", "def g(x):\n    if x.b:\n        raise ValueError\n    return 1\n"),
        # it needs another argument
        (
            "def f(x):\n    return x.a\n",
            "def g(x, y):\n    if x < y:\n        raise ValueError\n    return 1\n",
        ),
    ],
)
def test_a_guard_that_does_not_fit_is_left(base: str, relative: str) -> None:
    assert "guard" not in taught(base, relative)


@pytest.mark.parametrize(
    ("base", "relative"),
    [
        ("def f(p):\n    return open(p, 'rb')\n", "def g(p):\n    return open(p, encoding='utf-8')\n"),
        ("def f(p, m):\n    return open(p, m)\n", "def g(p):\n    return open(p, encoding='utf-8')\n"),
        (
            "def f(u, **k):\n    return requests.get(u, **k)\n",
            "def g(u):\n    return requests.get(u, timeout=1)\n",
        ),
        ("def f(p):\n    p.add_argument('x')\n", "def g(p):\n    p.add_argument('y', default=3)\n"),
        ("def f(q):\n    return q.get(1, 2)\n", "def g(queue):\n    return queue.get(timeout=1)\n"),
        ("def f(x, y):\n    return max(x, y)\n", "def g(xs):\n    return max(xs, default=0)\n"),
    ],
)
def test_an_argument_that_means_nothing_there_is_left(base: str, relative: str) -> None:
    assert "argument" not in taught(base, relative)


def test_a_method_of_its_own_is_not_given_all_at_once() -> None:
    base = "def extend(self, xs):\n    for x in xs:\n        self.append(x)\n"
    relative = "def g(found, ys):\n    found.extend(y.a for y in ys)\n    return found\n"
    assert "extend" not in taught(base, relative)
    assert "extend" in taught(base.replace("self", "rows"), relative)


STATE = """
class Pool:
    def get(self):
        if self._free is None:
            raise RuntimeError("closed")
        return self._free[0]

    def size(self):
        return len(self._free)

    def _grow(self):
        with self._lock:
            self._count = 1

    def shrink(self):
        self._count = 0

class Other:
    def size(self):
        return len(self._free)
"""


def test_state_is_asked_and_locked_as_in_other_methods_of_the_class_alone() -> None:
    get, size, grow, shrink, other = procedures(STATE)
    checked = proposed(size, get, grow)
    assert [each.transform_id for each in checked] == ["cross_project_synthesis.state_guard@1"]
    assert (
        'if self._free is None:\n            raise RuntimeError("closed")\n        return len'
        in checked[0].code
    )
    locked = proposed(shrink, get, grow)
    assert "        with self._lock:\n            self._count = 0\n" in locked[0].code
    assert proposed(other, get, grow) == []


def test_caches_come_from_the_same_module_and_only_to_what_may_be_kept() -> None:
    source = """
    @functools.lru_cache(maxsize=None)
    def known(a: int) -> int:
        return a

    def total(n: int) -> int:
        return sum(range(n)) + max(n, 1) + min(n, 2)

    def listed(n: int) -> list[int]:
        return [x for x in range(n)]
    """
    known, total, listed = procedures(textwrap.dedent(source))
    assert proposed(total, known)[0].code.startswith("@functools.lru_cache(maxsize=None)\ndef total(n: int)")
    assert proposed(listed, known) == []
    assert proposed(total, replace(known, path="elsewhere.py")) == []


def test_what_may_lose_a_comment_or_changes_more_than_it_says_is_left() -> None:
    loop = "def f(xs):\n    out = []\n    for x in xs:\n        # odd ones\n        out.append(x)\n    return out\n"
    after = "def f(xs):\n    out = []\n    for x in xs:\n        out.append(x)\n    return out, x\n"
    own = "def f(xs):\n    out = []\n    for x in xs:\n        out.append(len(out))\n    return out\n"
    waiting = (
        "async def f(xs):\n    out = []\n    for x in xs:\n        out.append(await x)\n    return out\n"
    )
    for base in (loop, after, own, waiting):
        assert "comprehension" not in taught(base, "def g(ys):\n    return [y for y in ys]\n")


def test_what_does_not_parse_teaches_and_learns_nothing() -> None:
    base, relative, _ = LESSONS["argument"]
    broken = replace(procedure(relative), source="def g(:\n")
    assert proposed(procedure(base), broken, replace(procedure(relative), source=None)) == []
    for source in ("def f(:\n", None):
        damaged = replace(procedure(base), source=source)
        assert (
            list(CrossProjectSynthesis().propose(damaged, [procedure(relative)], Policy(5), random.Random(1)))
            == []
        )


def test_expressions_nested_too_deeply_get_nothing_and_no_error() -> None:
    base, relative, _ = LESSONS["argument"]
    deep = " + ".join(["url"] * 2500)
    nested = procedure(f"{base.rstrip()} + ({deep})\n")
    kind = CrossProjectSynthesis()
    assert list(kind.propose(nested, [procedure(relative, "b.py")], Policy(5), random.Random(1))) == []


FORMS = "def g(path):\n    path = os.fspath(path)\n    return path.parts\n"


def test_an_argument_is_put_in_form_as_a_relative_does_it() -> None:
    code = taught("def f(path):\n    return os.stat(path)\n", FORMS)["form"]
    assert code == "def f(path):\n    path = os.fspath(path)\n    return os.stat(path)\n"


@pytest.mark.parametrize(
    "base",
    [
        "def f(path):\n    path = path.strip()\n    return os.stat(path)\n",
        "def f(other):\n    return os.stat(other)\n",
        "def f(path):\n    return stat(path)\n",
        "def f(path):\n    return os\n",
        "def f(path):\n    return os.stat(path[0])\n",
        "def f(path):\n    return os.stat(path) if isinstance(path, str) else None\n",
    ],
)
def test_an_argument_keeps_its_form_where_it_has_one_is_not_used_or_the_name_is_unknown(base: str) -> None:
    assert "form" not in taught(base, FORMS)


CLOSED = """
class File:
    def read(self, size):
        self._check_open()
        return self.raw.read(size)

    def tell(self):
        return self.raw.tell()

    def _check_open(self):
        if self.raw is None:
            raise ValueError
"""


def test_a_method_makes_sure_of_what_another_of_its_class_makes_sure_of() -> None:
    read, tell, check = procedures(CLOSED)
    (found,) = [each for each in proposed(tell, read, check) if "sure_first" in each.transform_id]
    assert found.code == "    def tell(self):\n        self._check_open()\n        return self.raw.tell()\n"
    assert "sure_first" not in {each.transform_id for each in proposed(check, read, tell)}
    elsewhere = [replace(each, path="pkg/b.py") for each in (read, check)]
    assert not any("sure_first" in each.transform_id for each in proposed(tell, *elsewhere))
