"""Similarity: what makes procedures related, why, and that it is always the same."""

import random
import textwrap

import pytest

from daydream.analysis.similarity import Index, Match, project_of
from tests.fakes.dream_procedure import procedure, procedures

FETCH = '''
def fetch_page(client: Client, url: str) -> Page:
    """Fetch a page from the archive."""
    answer = client.request(url, timeout=30)
    if answer.status >= 400:
        raise ArchiveError(url)
    return Page(answer.text)
'''
DOWNLOAD = '''
def download_page(client: Client, url: str) -> Page:
    """Download a page from the archive."""
    answer = client.request(url)
    return Page(answer.text)
'''
SORT = """
def by_weight(items):
    heavy = sorted(items, key=lambda item: item.weight)
    heavy.reverse()
    return heavy
"""
EMPTY = "def nothing():\n    pass\n"


def index() -> Index:
    found = [procedure(FETCH, "one/a.py"), procedure(DOWNLOAD, "two/b.py"), procedure(SORT, "three.py")]
    return Index.build([*found, procedure(EMPTY, "one/empty.py")])


def names(matches: list[Match]) -> list[str]:
    return [each.procedure.qualname for each in matches]


def test_the_nearest_comes_first_and_says_why() -> None:
    matches = index().related(procedure(FETCH, "one/a.py"), 3)
    assert names(matches)[0] == "download_page"
    best = matches[0]
    assert best.project == "two"
    assert best.terms["callees"].shared == ("Page()", "request()")
    assert best.terms["signature"].share == 1.0
    assert {"archive", "page"} <= {each.strip("~") for each in best.terms["documentation"].shared}
    assert "answer" in best.terms["words"].shared
    assert all(each.share is not None and 0 <= each.share <= 1 for each in best.terms.values())
    assert 0.5 < best.score < 1
    assert [each.score for each in matches] == sorted((each.score for each in matches), reverse=True)


def test_a_term_that_neither_has_is_unknown_and_does_not_count() -> None:
    twins = [procedure("def f():\n    alpha = beta + gamma\n", f"{name}.py") for name in ("a", "b")]
    match = Index.build(twins).related(twins[0], 1)[0]
    assert match.terms["documentation"].share is None
    assert match.terms["callees"].share is None
    assert match.score == 1.0


def test_the_threshold_and_the_number_bound_what_is_returned() -> None:
    base = procedure(FETCH, "one/a.py")
    assert len(index().related(base, 1)) == 1
    assert index().related(base, 0) == []
    assert all(each.score >= 0.5 for each in index().related(base, 9, 0.5))
    assert index().related(base, 9, 1.01) == []


def test_a_procedure_need_not_be_in_the_index() -> None:
    assert names(index().related(procedure(FETCH, "elsewhere.py"), 1)) == ["fetch_page"]


def test_neither_itself_nor_what_it_is_defined_in_is_a_relative() -> None:
    nested = "def outer(page):\n    def inner(page):\n        return page.answer\n    return inner(page)\n"
    outer, inner = procedures(nested)
    found = Index.build([outer, inner])
    assert found.related(outer, 5) == []
    assert found.related(inner, 5) == []


def test_the_same_procedures_give_the_same_answer_in_any_order() -> None:
    bodies = [
        f"def f{n}(a, b):\n    return call_{n % 7}(a) + other_{n % 5}(b, word{n % 3})\n" for n in range(60)
    ]
    corpus = [procedure(each, f"p{n % 4}/m{n}.py") for n, each in enumerate(bodies)]
    shuffled = list(corpus)
    random.Random(3).shuffle(shuffled)
    for each in corpus:
        first = Index.build(corpus).related(each, 60)
        assert first == Index.build(shuffled).related(each, 60)


def test_a_changed_file_is_put_in_anew() -> None:
    changed = index()
    changed.replace("two/b.py", [procedure(SORT.replace("by_weight", "by_mass"), "two/b.py")])
    assert len(changed) == len(index())
    assert names(changed.related(procedure(SORT, "three.py"), 1)) == ["by_mass"]
    assert "download_page" not in names(changed.related(procedure(FETCH, "one/a.py"), 9))
    anew = Index.build(
        [
            procedure(FETCH, "one/a.py"),
            procedure(SORT, "three.py"),
            procedure(EMPTY, "one/empty.py"),
            procedure(SORT.replace("by_weight", "by_mass"), "two/b.py"),
        ]
    )
    base = procedure(FETCH, "one/a.py")
    assert changed.related(base, 9) == anew.related(base, 9)


def test_a_removed_file_is_forgotten_and_removing_it_again_does_nothing() -> None:
    fewer = index()
    fewer.remove("two/b.py")
    fewer.remove("two/b.py")
    assert len(fewer) == 3
    assert "download_page" not in names(fewer.related(procedure(FETCH, "one/a.py"), 9))


def test_words_of_strings_and_comments_do_not_count() -> None:
    said = procedure('def f():\n    return "archive page client"  # answer request timeout\n', "x.py")
    assert index().related(said, 9, 0.2) == []


def test_procedures_without_source_are_left_out() -> None:
    assert len(Index.build([procedure(EMPTY)])) == 1
    bare = procedure(textwrap.dedent(FETCH))
    without = type(bare)(**{**{name: getattr(bare, name) for name in bare.__slots__}, "source": None})
    assert len(Index.build([without])) == 0
    assert index().related(without, 3) == []


@pytest.mark.parametrize(
    ("path", "project"),
    [
        ("pkg/a.py", "pkg"),
        ("pkg/sub/a.py", "pkg"),
        ("src/pkg/a.py", "pkg"),
        ("setup.py", "setup"),
        ("src/tool.py", "src"),
        ("other:pkg/a.py", "other"),
    ],
)
def test_a_path_knows_its_project(path: str, project: str) -> None:
    assert project_of(path) == project
