"""Heading anchors as GitHub makes them, and what all other rules agree on."""

import pytest

from daydream.analysis.anchors import github, loose, slug, split_explicit_id


@pytest.mark.parametrize(
    ("heading", "anchor"),
    [
        ("Getting Started", "getting-started"),
        ("What's new, then?", "whats-new-then"),
        ("Inference & Evaluation", "inference--evaluation"),
        ("🚀 Go!", "-go"),
        ("snake_case and kebab-case", "snake_case-and-kebab-case"),
        ("Größe der Ümläute", "größe-der-ümläute"),
        ("日本語 です", "日本語-です"),
        ("C++ / C#", "c--c"),
        ("v1.2.3", "v123"),
        (" After a tag", "-after-a-tag"),
    ],
)
def test_a_heading_gets_githubs_anchor(heading: str, anchor: str) -> None:
    assert slug(heading) == anchor


def test_repeated_headings_are_numbered_and_never_collide_with_a_real_one() -> None:
    assert list(github(["A", "A", "A 1", "A"])) == ["a", "a-1", "a-1-1", "a-2"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Inference & Evaluation", "inference-evaluation"),
        ("Über uns", "uber-uns"),
        ("snake_case", "snake-case"),
        ("Usage", "usage-1"),
        (":rocket: Go", "go"),
    ],
)
def test_anchors_that_some_rule_makes_of_a_heading_reduce_to_the_same(one: str, other: str) -> None:
    assert loose(one) == loose(other)


def test_different_headings_stay_different_when_reduced() -> None:
    assert loose("Install on Linux") != loose("Install on macOS")
    assert loose("python-3-11") != loose("python-3-12")


def test_an_attribute_list_is_taken_off_the_title() -> None:
    assert split_explicit_id("Title { #my-id .wide }") == ("Title", "my-id")
    assert split_explicit_id("Title {: #my-id }") == ("Title", "my-id")
    assert split_explicit_id("A set {1, 2}") == ("A set {1, 2}", None)
