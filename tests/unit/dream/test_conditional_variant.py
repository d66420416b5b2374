"""Conditional variants: what becomes optional, that defaults keep today's behaviour, and where nothing is proposed."""

import random

import pytest

from daydream.analysis.source import function_tree
from daydream.contracts.dream import Candidate, Policy, Procedure
from daydream.dream.acceptance import Checker
from daydream.dream.kinds.conditional_variant import ConditionalVariant
from tests.fakes.dream_procedure import defined, procedure, procedures


def proposed(base: Procedure) -> list[Candidate]:
    return list(ConditionalVariant().propose(base, [], Policy(20), random.Random(1)))


def only(source: str, transform: str) -> Candidate:
    base = procedure(source)
    found = [each for each in proposed(base) if each.transform_id == f"conditional_variant.{transform}@1"]
    assert len(found) == 1
    checker = Checker(base, ())
    checker.offer(found[0])
    assert not checker.rejected
    return found[0]


def transforms(source: str) -> set[str]:
    return {each.transform_id.partition(".")[2].partition("@")[0] for each in proposed(procedure(source))}


LOGGED = """
def load(path, size=3):
    \"\"\"Load.

    Args:
        path: Where.
        size: How much.

    Returns:
        What is there.
    \"\"\"
    logger.debug("loading %s", path)  # noisy
    data = path * size
    logger.info(
        "got %s",
        data,
    )
    return data
"""


def test_logging_becomes_optional_under_a_name_that_says_so_and_is_documented() -> None:
    code = only(LOGGED, "optional_step").code
    assert "def load(path, size=3, *, log=True):" in code
    assert "        size: How much.\n        log: Whether to log what is done.\n\n    Returns:" in code
    assert '    if log:\n        logger.debug("loading %s", path)  # noisy\n' in code
    assert '    if log:\n        logger.info(\n            "got %s",\n            data,\n        )\n' in code


def test_by_default_a_step_still_runs_and_without_it_the_result_is_the_same() -> None:
    said: list[object] = []

    class Logger:
        def debug(self, *args: object) -> None:
            said.append(args)

        info = debug

    load = defined(only(LOGGED, "optional_step").code, logger=Logger())["load"]
    assert load("a") == "aaa"
    assert len(said) == 2
    assert load("a", log=False) == "aaa"
    assert len(said) == 2


@pytest.mark.parametrize(
    ("statement", "option"),
    [
        ("warnings.warn('old')", "warn"),
        ("print(x)", "echo"),
        ("cache.set('k', x)", "write_cache"),
        ("self.notify_all(x)", "notify"),
        ("request_finished.send(x)", "notify"),
        ("metrics.incr('calls')", "count"),
        ("validate_size(x)", "validate"),
        ("assert x > 1", "validate"),
        ("time.sleep(1)", "wait"),
        ("os.makedirs('a', exist_ok=True)", "make_folders"),
    ],
)
def test_each_sort_of_step_has_its_name(statement: str, option: str) -> None:
    code = only(f"def f(x):\n    {statement}\n    return x + 1\n", "optional_step").code
    assert f"def f(x, *, {option}=True):\n    if {option}:\n        {statement}\n" in code


def test_a_name_in_use_is_not_taken_again() -> None:
    assert "*, log_steps=True" in only("def f(x):\n    log.info(x)\n    return x\n", "optional_step").code


@pytest.mark.parametrize(
    "source",
    [
        "def f(x, **options):\n    log.info(x)\n    return x\n",
        "def f(*args):\n    log.info(args)\n    return args\n",
        "@app.route('/')\ndef f(x):\n    log.info(x)\n    return x\n",
        "class A:\n    @property\n    def f(self):\n        log.info(self)\n        return 1\n",
        "class A:\n    def __eq__(self, other):\n        log.info(other)\n        return 1\n",
        "class A:\n    def close(self):\n        super().close()\n        log.info('closed')\n",
        "async def f(x):\n    log.info(x)\n    yield x\n",
        "def f(x):\n    log.info(x)\n    return locals()\n",
        "def f(x):\n    log.info(x)\n",
        "def f(x): log.info(x); return x\n",
    ],
)
def test_no_parameter_is_added_where_it_would_not_be_right(source: str) -> None:
    assert not transforms(source) & {"optional_step", "retry", "fallback", "lenient", "memo"}


def test_a_function_in_a_function_gets_no_parameter() -> None:
    inner = procedures("def f():\n    def g(x):\n        log.info(x)\n        return x\n    return g\n")[1]
    assert proposed(inner) == []


@pytest.mark.parametrize(
    ("signature", "expected"),
    [
        ("()", "(*, log=True)"),
        ("(self)", "(self, *, log=True)"),
        ("(a, *rest)", "(a, *rest, log=True)"),
        ("(a, *, b=1)", "(a, *, b=1, log=True)"),
        ("(a: int) -> int", "(a: int, *, log: bool = True) -> int"),
        ("(a, b=(1, 2))", "(a, b=(1, 2), *, log=True)"),
        (
            "(\n    a,  # first\n    b=1,  # second\n)",
            "(\n    a,  # first\n    b=1,  # second\n    *,\n    log=True,\n)",
        ),
        ("(\n    a,\n    b=1  # second\n)", "(\n    a,\n    b=1,  # second\n    *,\n    log=True,\n)"),
    ],
)
def test_the_parameter_is_written_as_the_others_are(signature: str, expected: str) -> None:
    code = only(f"def f{signature}:\n    logger.info('x')\n    return 1\n", "optional_step").code
    assert code.startswith(f"def f{expected}:\n")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "    Parameters\n    ----------\n    x : int\n        It.\n\n    Returns\n    -------\n    int\n",
            "        It.\n    log : bool\n        Whether to log what is done.\n\n    Returns\n",
        ),
        (
            "    :param x: It,\n        all of it.\n    :return: one\n",
            "        all of it.\n    :param log: Whether to log what is done.\n    :return",
        ),
    ],
)
def test_documentation_is_added_in_the_docstrings_own_way(before: str, after: str) -> None:
    source = f'def f(x):\n    """Do.\n\n{before}    """\n    logger.info(x)\n    return 1\n'
    assert after in only(source, "optional_step").code


def test_a_call_that_does_io_is_tried_again_where_a_caller_asks_for_it() -> None:
    code = only("def f(url):\n    page = requests.get(url)  # flaky\n    return page\n", "retry").code
    asked: list[str] = []
    waited: list[float] = []

    class Requests:
        @staticmethod
        def get(url: str) -> str:
            asked.append(url)
            if len(asked) < 3:
                raise ConnectionError
            return "page"

    f = defined(code, requests=Requests)["f"]
    with pytest.raises(ConnectionError):
        f("u")
    assert len(asked) == 1
    asked.clear()
    assert f("u", attempts=3, sleep=waited.append) == "page"
    assert waited == [2.0, 4.0]


def test_an_awaited_call_awaits_its_sleeper() -> None:
    code = only("async def f(url):\n    return await client.get(url)\n", "retry").code
    assert "await sleep(2.0**attempt)" in code


def test_a_lookup_has_a_fallback_where_a_caller_gives_one() -> None:
    f = defined(only('def f(d):\n    size = int(d["size"])\n    return size\n', "fallback").code)["f"]
    assert f({"size": "3"}) == 3
    with pytest.raises(KeyError):
        f({})
    assert f({}, fallback=None) is None


def test_a_lookup_whose_miss_is_answered_already_is_left_alone() -> None:
    source = "def f(d):\n    try:\n        return d['a']\n    except KeyError:\n        return None\n"
    assert "fallback" not in transforms(source)


def test_checks_that_only_raise_become_a_matter_of_strictness() -> None:
    f = defined(
        only("def f(x):\n    if x < 0 or x > 9:\n        raise ValueError(x)\n    return x\n", "lenient").code
    )["f"]
    with pytest.raises(ValueError, match="-1"):
        f(-1)
    assert f(-1, strict=False) == -1


@pytest.mark.parametrize(
    ("source", "empty", "result"),
    [
        ("def f(xs):\n    out = []\n    for x in xs:\n        out.append(x)\n    return out\n", [], []),
        (
            "def f(xs: list[int]):\n    n = 0\n    for x in xs:\n        n += x\n    return n, None or n\n",
            None,
            None,
        ),
        ("def f(xs):\n    return sum(x for x in xs)\n", (), 0),
        ("def f(d: dict):\n    return {k: 1 for k, v in d.items()}\n", {}, {}),
        ("def f(xs):\n    return ', '.join(str(x) for x in xs)\n", set(), ""),
        ("def f(xs):\n    for x in xs:\n        x.close()\n", [], None),
        ("def f(xs):\n    out, n = [], 0\n    for x in xs:\n        n += 1\n    return out, n\n", None, None),
        (
            "def f(xs):\n    out = set()\n    for x in enumerate(xs):\n        out.add(x)\n    return sorted(out)\n",
            [],
            [],
        ),
    ],
)
def test_an_empty_guard_returns_what_the_body_comes_to(source: str, empty: object, result: object) -> None:
    if empty is None:
        assert "empty_guard" not in transforms(source)
        return
    base, variant = defined(source)["f"], defined(only(source, "empty_guard").code)["f"]
    assert variant(empty) == base(empty) == result
    assert type(variant(empty)) is type(base(empty))


def test_an_empty_guard_leaves_alone_what_is_not_a_plain_container() -> None:
    source = "def f(xs):\n    out = []\n    for x in xs:\n        out.append(x)\n    return out\n"
    variant = defined(only(source, "empty_guard").code)["f"]
    assert variant(iter([])) == []
    with pytest.raises(TypeError):
        variant(None)


@pytest.mark.parametrize(
    "source",
    [
        "def f(xs):\n    opened = connect()\n    for x in xs:\n        opened.send(x)\n",
        "def f(xs):\n    for x in xs:\n        pass\n    else:\n        done()\n",
        "def f(xs):\n    for x in xs:\n        pass\n    return x\n",
        "def f(xs):\n    xs = load(xs)\n    for x in xs:\n        pass\n",
        "def f(xs, list):\n    for x in xs:\n        pass\n",
    ],
)
def test_no_empty_guard_where_the_body_does_more(source: str) -> None:
    assert "empty_guard" not in transforms(source)


PURE = """
def spread(text: str, times: int) -> str:
    if not text:
        return ""
    made = ""
    for _ in range(times):
        made = made + text
    return made
"""


def test_a_memo_remembers_by_arguments_and_their_types() -> None:
    spread = defined(only(PURE, "memo").code)["spread"]
    memo: dict[object, object] = {}
    assert spread("a", 2) == spread("a", 2, memo=memo) == "aa"
    assert len(memo) == 1
    spread("a", True, memo=memo)
    spread("a", 1, memo=memo)
    assert len(memo) == 3
    key = next(iter(memo))
    memo[key] = "remembered"
    assert spread("a", 2, memo=memo) == "remembered"


@pytest.mark.parametrize(
    "source",
    [
        "def f(n: int) -> list[int]:\n    return [x for x in range(n)]\n",
        "def f(n: list) -> int:\n    return sum(x for x in n)\n",
        "def f(n: int) -> int:\n    return sum(x + state for x in range(n))\n",
        "def f(n) -> int:\n    return sum(x for x in range(n))\n",
        "def f(n: int) -> int:\n    return n\n",
    ],
)
def test_no_memo_where_arguments_do_not_decide_or_results_may_be_changed(source: str) -> None:
    assert "memo" not in transforms(source)


def test_every_candidate_says_whether_its_signature_differs() -> None:
    for source in (LOGGED, PURE, "def f(xs):\n    return sum(x for x in xs)\n"):
        for each in proposed(procedure(source)):
            grown = len(function_tree(each.code)[0].args.kwonlyargs) > 0
            assert each.changes_default == grown


def test_what_does_not_parse_or_has_no_source_gets_nothing() -> None:
    base = procedure("def f():\n    log.info(1)\n    return 1\n")
    for source in (None, "def f(:\n", "x = 1\n"):
        broken = Procedure(**{**{name: getattr(base, name) for name in base.__slots__}, "source": source})
        assert proposed(broken) == []


def test_strings_over_several_lines_and_other_alphabets_stay_as_they_are() -> None:
    source = 'def f(x):\n    log.info("""a\n  b""")\n    print("größer", "→", x)\n    return "é", x\n'
    found = proposed(procedure(source))
    assert [each.name for each in found] == ["echo=True makes it optional to print"]
    assert '"""a\n  b"""' in found[0].code
    assert '        print("größer", "→", x)\n    return "é", x\n' in found[0].code


def test_expressions_nested_too_deeply_get_nothing_and_no_error() -> None:
    deep = " + ".join(["x"] * 2500)
    assert proposed(procedure(f"def f(x):\n    logger.info(x)\n    y = {deep}\n    return y\n")) == []


def test_no_more_is_made_than_may_be_kept_twice_over() -> None:
    source = "def f(d):\n" + "".join(f"    a{n} = d['k{n}']\n" for n in range(50)) + "    return a1\n"
    found = ConditionalVariant().propose(procedure(source), [], Policy(2), random.Random(1))
    assert len(found) == 4
    assert found == ConditionalVariant().propose(procedure(source), [], Policy(2), random.Random(1))
    assert found != ConditionalVariant().propose(procedure(source), [], Policy(2), random.Random(2))


FOUND = """
def find(names, wanted, *, default=None):
    if not wanted:
        raise TypeError(wanted)
    for name in names:
        if name == wanted:
            return name
    raise LookupError(wanted)
"""


def test_what_it_raises_may_be_answered_by_its_caller() -> None:
    found = only(FOUND, "answer")
    find = defined(found.code)["find"]
    assert find(["a"], "b", fallback=3) == 3
    assert find(["a"], "a", fallback=3) == "a"
    with pytest.raises(LookupError):
        find(["a"], "b")
    with pytest.raises(TypeError):
        find(["a"], "", fallback=3)
    assert found.changes_default


@pytest.mark.parametrize(
    "body",
    [
        "if a:\n        raise LookupError(a)",
        "if a:\n        raise NotImplementedError\n    return a",
        "if a:\n        raise error\n    return a",
        "try:\n        return a\n    finally:\n        raise LookupError(a)",
        "if a:\n        raise LookupError(a)\n    yield a\n    return a",
        "if a: raise LookupError(a)\n    return a",
    ],
)
def test_there_is_no_answer_where_nothing_is_given_or_the_error_is_about_the_code(body: str) -> None:
    assert "answer" not in transforms(f"def f(a, error):\n    {body}\n")


ADJUSTED = """
def target(url, proxy=None):
    path = url.path
    if proxy and url.plain or url.far:
        path = url.whole
    return path
"""


def test_a_value_that_is_only_put_right_may_be_left_as_it_is() -> None:
    found = only(ADJUSTED, "adjustment")
    assert "if adjust_path and (proxy and url.plain or url.far):" in found.code
    assert "def target(url, proxy=None, *, adjust_path=True):" in found.code


@pytest.mark.parametrize(
    "statement",
    [
        "if name is None:\n        name = 3",
        "if not name:\n        name = 3",
        "if other:\n        fresh = 3",
        "if other:\n        name = 3\n    else:\n        name = 4",
        "if other:\n        name = 3\n        other.close()",
        "if other:\n        name = yield",
    ],
)
def test_what_has_to_be_filled_in_or_does_more_is_no_adjustment(statement: str) -> None:
    assert "adjustment" not in transforms(f"def f(name, other):\n    {statement}\n    return name\n")


def test_checks_further_in_and_with_a_message_of_their_own_may_be_left_out() -> None:
    source = 'def f(rows):\n    for row in rows:\n        if not row:\n            msg = "empty"\n            raise ValueError(msg)\n    return rows\n'
    found = only(source, "lenient")
    assert defined(found.code)["f"]([[]], strict=False) == [[]]
    with pytest.raises(ValueError, match="empty"):
        defined(found.code)["f"]([[]])
