"""Comparing runs: what is the same, what is flaky, and what can serve as a baseline at all."""

import pytest

from daydream.records.proposal import Ran
from daydream.repository.verify_outcomes import Sample, expected_failures, flaky, ran, unlike, unusable, worst

GREEN = {"a": "passed", "b": "passed"}
RED = {"a": "passed", "b": "failed"}


def test_of_several_reports_on_one_test_the_worst_counts() -> None:
    reports = [
        ("a", "passed"),
        ("a", "error"),
        ("b", "skipped"),
        ("c", "rerun"),
        ("c", "passed"),
        ("d", "xfailed"),
    ]
    assert worst(reports) == {"a": "error", "b": "skipped", "c": "passed", "d": "xfailed"}


def test_a_run_is_counted_and_names_at_most_ten_tests() -> None:
    outcomes = {"a": "passed", "b": "xpassed", "c": "failed", "d": "error", "e": "skipped", "f": "xfailed"}
    counted = ran(1, outcomes, [str(n) for n in range(12)])
    assert (counted.passed, counted.failed, counted.skipped) == (2, 2, 2)
    assert len(counted.unlike) == 10
    assert ran(0, None) == Ran(exit_code=0)


def test_a_test_that_does_not_always_come_out_the_same_is_flaky_and_may_fail() -> None:
    samples = [Sample(exit_code=0, outcomes=GREEN), Sample(exit_code=1, outcomes=RED)]
    assert flaky(samples) == {"b"}
    assert expected_failures(samples[0], flaky(samples)) == ["b"]
    assert unlike(samples, 1, RED) == ([], "")
    assert unlike(samples, 0, {"a": "failed", "b": "passed"})[0] == ["a"]
    assert unusable(samples) is None


def test_the_same_failures_before_and_after_are_the_same_outcome() -> None:
    samples = [Sample(exit_code=1, outcomes=RED)] * 2
    assert unusable(samples) is None
    assert unlike(samples, 1, RED) == ([], "")
    tests, clause = unlike(samples, 1, {"a": "failed", "b": "failed"})
    assert tests == ["a"]
    assert clause == "1 test comes out differently: a (passed, now failed)"


def test_a_test_that_is_gone_or_new_is_another_outcome() -> None:
    samples = [Sample(exit_code=0, outcomes=GREEN)]
    assert unlike(samples, 0, {"a": "passed"})[1] == "1 test comes out differently: b (passed, now not there)"
    assert unlike(samples, 0, {**GREEN, "c": "passed"})[0] == ["c"]


def test_many_differences_are_counted_and_three_named() -> None:
    before = {str(n): "passed" for n in range(5)}
    clause = unlike([Sample(exit_code=0, outcomes=before)], 1, dict.fromkeys(before, "failed"))[1]
    assert clause.startswith("5 tests come out differently: 0 (")
    assert clause.endswith(" and 2 more")


def test_another_exit_code_alone_is_another_outcome() -> None:
    assert "exit code 1 instead of 0" in unlike([Sample(exit_code=0, outcomes=GREEN)], 1, GREEN)[1]
    assert "exit code 2 instead of 0" in unlike([Sample(exit_code=0)], 2, None)[1]
    assert unlike([Sample(exit_code=0)], 0, None) == ([], "")


def test_tests_named_in_one_run_only_are_another_outcome() -> None:
    assert "names tests for the first time" in unlike([Sample(exit_code=0)], 0, GREEN)[1]
    assert "no longer names its tests" in unlike([Sample(exit_code=0, outcomes=GREEN)], 4, None)[1]


@pytest.mark.parametrize(
    ("samples", "said"),
    [
        (
            [Sample(exit_code=1, tail="boom")],
            'fails before any change (exit code 1) and names no tests, so no change can be verified: "boom"',
        ),
        ([Sample(exit_code=0), Sample(exit_code=1)], "exit code 0 or 1 from run to run"),
        ([Sample(exit_code=5, outcomes={})], "finds no tests"),
        ([Sample(exit_code=4, outcomes={})], "cannot even be begun"),
        ([Sample(exit_code=2, outcomes={"a": "error"})], "cannot even be begun"),
        ([Sample(exit_code=1, outcomes={"a": "failed", "b": "error"})], "all 2 tests fail"),
        ([Sample(exit_code=0, outcomes={"a": "skipped"})], "all 1 tests are skipped"),
        ([Sample(exit_code=0, outcomes=GREEN), Sample(exit_code=2, outcomes=RED)], "each time as a whole"),
        ([Sample(exit_code=0, outcomes=GREEN), Sample(exit_code=0)], "each time as a whole"),
    ],
)
def test_what_cannot_be_compared_with_says_so(samples: list[Sample], said: str) -> None:
    assert said in (unusable(samples) or "")


def test_a_green_run_without_named_tests_will_do() -> None:
    assert unusable([Sample(exit_code=0), Sample(exit_code=0)]) is None
