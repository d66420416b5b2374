"""Only what people were seen to merge is proposed."""

from daydream.analysis.fixes import FIXES
from daydream.propose.groups import title
from daydream.propose.measured import MERGED, PROPOSED


def test_a_rule_that_was_merged_seldom_or_hardly_judged_does_not_propose() -> None:
    assert "docs.broken_link" in MERGED.keys() - PROPOSED
    assert "legacy.deprecated" in MERGED.keys() - PROPOSED
    assert "legacy.unused_import" in PROPOSED


def test_each_rule_that_proposes_has_a_fix_and_a_title_of_its_own() -> None:
    assert FIXES.keys() >= PROPOSED
    assert all("what " + rule not in title(rule, "pkg") for rule in PROPOSED)
