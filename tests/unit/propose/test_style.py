"""An accepted change's message looks like the repository's others."""

import pytest

from daydream.propose.style import restyled

TEXT = "Remove unused imports in pkg\n\n- pkg/a.py:1: x\n\nDaydream-Id: abc\nDaydream-Rule: legacy.unused_import\n"
ME = "Ada <ada@example.org>"


def test_without_habits_a_message_stays_as_it_is() -> None:
    assert restyled(TEXT, ["Add a till", "fix: one"], ["", ""], ME) == TEXT


@pytest.mark.parametrize(
    ("rule", "kind"), [("legacy.unused_import", "refactor"), ("docs.broken_link", "docs")]
)
def test_conventional_commits_stay_conventional(rule: str, kind: str) -> None:
    text = TEXT.replace("legacy.unused_import", rule)
    subject = restyled(text, ["feat: a", "fix(till)!: b", "Merge c"], [], ME).splitlines()[0]
    assert subject == f"{kind}: remove unused imports in pkg"


def test_a_sign_off_joins_the_trailers_where_most_commits_have_one() -> None:
    lines = restyled(TEXT, [], [ME, ME, ""], ME).splitlines()
    assert lines[-2:] == ["Daydream-Rule: legacy.unused_import", f"Signed-off-by: {ME}"]


def test_a_sign_off_is_a_paragraph_of_its_own_below_prose() -> None:
    assert restyled("Do it", [], [ME], ME) == f"Do it\n\nSigned-off-by: {ME}\n"
