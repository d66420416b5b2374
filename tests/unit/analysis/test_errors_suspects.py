"""Who may know of an error: the last change of its lines, the change that settled it, the owners of its file."""

import datetime as dt
from pathlib import Path

import pytest

from daydream.analysis.errors.frames import Place
from daydream.analysis.errors.history import History
from daydream.analysis.errors.lifecycle import GONE_NIGHTS, pasts, state
from daydream.analysis.errors.suspects import Owners, function_text, mending, owners, suspect
from daydream.processes import Stop
from daydream.store.log_rows import ErrorNight, Reading
from tests.fakes.sentry_night import commit, git


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    root = tmp_path_factory.mktemp("suspects") / "shop"
    texts = [
        "def f():\n    a = 1\n    return a\n\n\ndef g():\n    return 2\n",
        "def f():\n    a = 5\n    return a\n\n\ndef g():\n    return 2\n",
        "def f():\n    a = 5\n    return a\n\n\ndef g():\n    return 3\n",
        "def f():\n    a = 6\n    return a\n\n\ndef g():\n    return 3\n",
    ]
    days = ["2026-01-01", "2026-02-01", "2026-02-03", "2026-02-20"]
    made = [
        commit(root, {"a.py": text}, f"Change {number}", f"{day}T00:00:00Z")
        for number, (text, day) in enumerate(zip(texts, days, strict=True))
    ]
    git(root, "tag", "v1.4.2", made[1])
    return root, made


def history(shop: tuple[Path, list[str]]) -> History:
    return History(shop[0], shop[1][-1], Stop(), shallow=False)


def at(line: int) -> Place:
    return Place("a.py", line, "", line, "")


def day(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(f"{text}T00:00:00+00:00")


def test_the_newest_change_before_the_first_sight_is_the_suspect(shop: tuple[Path, list[str]]) -> None:
    found = suspect(history(shop), shop[1][2], [at(2), at(7), at(1)], day("2026-02-10"), None)
    assert found is not None
    assert (found.change.id, found.likely, found.line) == (shop[1][2][:12], True, 7)
    assert str(found) == f"suspect {shop[1][2][:12]} by Ann, 2026-02-03 (Change 2)"


@pytest.mark.parametrize(
    ("first", "previous"),
    [("2026-03-30", None), ("2026-01-15", None), (None, None), ("2026-02-10", "2026-02-05")],
)
def test_otherwise_only_the_last_change_of_the_innermost_line_is_told(
    shop: tuple[Path, list[str]], first: str | None, previous: str | None
) -> None:
    when = day(first) if first else None
    found = suspect(history(shop), shop[1][2], [at(2)], when, day(previous) if previous else None)
    assert found is not None
    assert (found.change.id, found.likely) == (shop[1][1][:12], False)
    assert str(found).startswith("last changed by ")


def test_git_that_cannot_tell_names_nobody(shop: tuple[Path, list[str]]) -> None:
    assert suspect(history(shop), shop[1][2], [at(99)], None, None) is None
    assert suspect(history(shop), "0" * 40, [at(1)], None, None) is None
    assert history(shop).described("0" * 40) is None
    shallow = History(shop[0], shop[1][-1], Stop(), shallow=True)
    assert suspect(shallow, shop[1][0], [at(1)], day("2026-01-02"), None) is None


@pytest.mark.parametrize(
    ("named", "version", "found"),
    [
        ("full", None, True),
        ("short", None, True),
        (None, "shop@1.4.2", True),
        (None, "v1.4.2", True),
        (None, "shop@1.4.2+77", True),
        ("0" * 40, "9.9", False),
        (None, "--help", False),
        (None, "../../x", False),
        (None, "main", False),
        ("main", None, False),
        (None, None, False),
    ],
)
def test_a_release_names_a_commit_by_id_or_by_tag(
    shop: tuple[Path, list[str]], named: str | None, version: str | None, found: bool
) -> None:
    wanted = shop[1][1]
    asked = {"full": wanted, "short": wanted[:10]}.get(named or "", named)
    assert history(shop).commit(asked, version) == (wanted if found else None)


def test_a_file_and_the_head_are_known_as_they_were(shop: tuple[Path, list[str]]) -> None:
    known = history(shop)
    assert "a = 1" in (known.text(shop[1][0], "a.py") or "")
    assert known.text(shop[1][0], "b.py") is None
    assert known.at(day("2026-02-02").timestamp()) == shop[1][1]
    assert known.at(0.0) is None


def test_the_change_of_a_failing_function_settled_it(shop: tuple[Path, list[str]]) -> None:
    known = history(shop)
    one = mending(known, shop[1][1], [("a.py", "g")])
    assert one is not None
    assert (one[0].id, one[1]) == (shop[1][2][:12], 1)
    several = mending(known, shop[1][0], [("b.py", "f"), ("a.py", "f")])
    assert several is not None
    assert (several[0].id, several[1]) == (shop[1][3][:12], 2)
    assert mending(known, shop[1][2], [("a.py", "g")]) is None
    assert mending(known, shop[1][2], []) is None


def test_a_functions_text_leaves_layout_and_others_out() -> None:
    assert function_text("def f( ):\n    return 1 # x", "A.f") == "def f():\n    return 1"
    assert function_text("x = 1\ndef f():\n    pass", "<module>") == "x = 1"
    assert function_text("def f(:", "f") == ""


OWNERS = """
# Everything
*       @acme/all
*.js    @acme/js  # scripts
/build/logs/ @log
docs/*  docs@example.org
apps/   @octocat
/apps/github
**/logs @deep
/scripts/a\\ b/ @space
!x      @no
[ab].py @no
"""


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("README", ("@acme/all",)),
        ("a/b.js", ("@acme/js",)),
        ("build/logs/x.txt", ("@deep",)),
        ("x/build/other/x.txt", ("@acme/all",)),
        ("docs/a.md", ("docs@example.org",)),
        ("docs/deep/a.md", ("@acme/all",)),
        ("x/apps/a.py", ("@octocat",)),
        ("apps/github/a.py", ()),
        ("deep/logs/x", ("@deep",)),
        ("scripts/a b/x", ("@space",)),
        ("x", ("@acme/all",)),
        ("a.py", ("@acme/all",)),
    ],
)
def test_the_last_pattern_that_matches_names_the_owners(path: str, wanted: tuple[str, ...]) -> None:
    assert Owners(OWNERS).of(path) == wanted


def test_the_first_codeowners_file_counts_and_none_owns_nothing() -> None:
    assert owners({}).of("a.py") == ()
    assert owners({"docs/CODEOWNERS": "* @d", "CODEOWNERS": "* @r"}).of("a.py") == ("@r",)


def row(night: int, state: str = "ongoing", first: float | None = None, **fields: str) -> ErrorNight:
    given = {"source": "sentry:web", "error": "e", "link": "https://s/issues/7/", **fields}
    return ErrorNight(kind="E", first=first, state=state, run=f"2026-11-{night:02d}.1", **given)  # type: ignore[arg-type]


def looked(*nights: int) -> list[Reading]:
    return [
        Reading(
            source="sentry:web", started_at=0.0, until=0.0, bytes=0, records=0, run=f"2026-11-{night:02d}.1"
        )
        for night in sorted(nights, reverse=True)
    ]


def test_an_error_is_settled_after_three_nights_that_looked_and_missed_it() -> None:
    for missed in range(5):
        nights = looked(1, *range(2, 2 + missed))
        [past] = pasts([row(1)], {"sentry:web": nights}).values()
        assert past.missed == missed
        assert past.resolved == (missed >= GONE_NIGHTS)


def test_a_night_that_did_not_look_says_nothing() -> None:
    [past] = pasts([row(1)], {"sentry:web": looked(1, 9)}).values()
    assert (past.missed, past.resolved) == (1, False)


def test_rows_are_followed_by_issue_or_by_error() -> None:
    known = pasts([row(1, first=9.0), row(2, first=5.0, error="other")], {"sentry:web": looked(1, 2)})
    assert list(known) == [("sentry:web", "7")]
    assert known["sentry:web", "7"].first == 5.0
    logged = pasts([row(1, source="log:a"), row(1, source="log:a", error="x")], {})
    assert list(logged) == [("log:a", "e"), ("log:a", "x")]


@pytest.mark.parametrize(
    ("before", "first", "watched", "said", "is_now"),
    [
        (None, 100.0, True, None, "new"),
        (None, 10.0, True, None, "ongoing"),
        (None, 10.0, True, "regressed", "regressed"),
        (None, None, True, None, "new"),
        (None, None, False, None, None),
        (None, None, False, "new", "new"),
        (None, None, False, "ongoing", "ongoing"),
        ("ongoing", 100.0, True, "new", "ongoing"),
        ("resolved", 10.0, True, "ongoing", "regressed"),
    ],
)
def test_an_error_goes_from_new_over_ongoing_and_resolved_to_regressed(
    before: str | None, first: float | None, watched: bool, said: str | None, is_now: str | None
) -> None:
    known = pasts([row(1, before)] if before else [], {"sentry:web": looked(1)})
    past = known.get(("sentry:web", "7"))
    assert state(past, first=first, since=50.0, watched=watched, said=said) == is_now
