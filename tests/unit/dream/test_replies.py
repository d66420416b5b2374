"""Replies of judges, however they are written: right scores or none."""

import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.dreams_replies import corpus, outcomes
from bench.dreams_replies_mutations import replies as mutated
from daydream.contracts.dream import tier_of
from daydream.dream.replies import Evaluation, Parsed, compiled, parse, parse_dream_evaluations
from daydream.dream.replies_numbers import numbers, score_of
from daydream.errors import ConfigError

A, B, C = "a1b2c3d4e5f60718", "0f1e2d3c4b5a6978", "7b6a5c4d3e2f1a0b"
HUNDREDTHS = st.integers(0, 100)


def read(text: str, *ids: str, names: dict[str, str] | None = None) -> dict[str, float]:
    return {each.id: each.viability for each in parse(text, ids or (A, B), names).evaluations}


def why(text: str, *ids: str) -> dict[str, str]:
    return {each.id: each.why for each in parse(text, ids or (A,)).unparsed}


def test_the_corpus_is_read_without_a_wrong_number_and_nearly_whole() -> None:
    found = corpus()
    came = [outcome for reply in found for outcome, _, _ in outcomes(reply)]
    assert len(found) >= 300
    assert sum(reply["kind"] == "published" for reply in found) >= 100
    assert {reply["source"].partition(":")[0] for reply in found if reply["kind"] == "published"} == {"https"}
    assert not {"wrong", "wrong tier"} & set(came)
    assert came.count("unparsed") <= 0.03 * (came.count("right") + came.count("unparsed"))


@pytest.mark.parametrize("seed", [1001, 1002])
def test_forms_filled_by_another_seed_give_no_wrong_number(seed: int) -> None:
    came = [(outcome, seen) for reply in mutated(seed) for outcome, _, seen in outcomes(reply)]
    assert not [each for each in came if each[0].startswith("wrong")]


@given(HUNDREDTHS)
def test_a_score_reads_the_same_however_it_is_written(hundredths: int) -> None:
    ways = [
        f"{hundredths}%",
        f"{hundredths} %",
        f"{hundredths} percent",
        f"{hundredths}/100",
        f"{hundredths} out of 100",
    ]
    ways += [
        f"{hundredths / 100:.2f}",
        f"{hundredths / 100:.4f}",
        f"{hundredths / 100:.2f}".replace(".", ","),
    ]
    ways += [f".{hundredths:02}"] if hundredths < 100 else []
    for way in ways:
        [number] = numbers(way)
        assert (number.value, number.doubt) == (hundredths / 100, ""), way
        assert read(f"Dream {A}: viability {way}, tier 1. Because.") == {A: hundredths / 100}


@given(st.decimals(0, 1, places=6), st.sampled_from(["", "~", "about ", "(", "**", "`"]))
def test_every_decimal_between_0_and_1_is_read_exactly(value: Decimal, before: str) -> None:
    assert read(f"{A}: viability {before}{value:f}") == {A: float(value)}


@given(st.integers(2, 1000), st.integers(0, 1000))
def test_a_fraction_is_the_part_of_its_whole_or_nothing(whole: int, part: int) -> None:
    found = read(f"Dream {A}: score {part}/{whole}")
    assert found == ({A: part / whole} if part <= whole else {})


@given(
    st.floats(1.001, 1e6),
    st.sampled_from(["viability {}", "score: {}", "Rating: [[{}]]", "viability -{}", "viability {}-1"]),
)
def test_a_number_beyond_1_without_a_scale_is_never_a_score(value: float, form: str) -> None:
    assert read(f"Dream {A}: {form.format(f'{value:.3f}')}") == {}


@given(
    st.integers(0, 99),
    st.integers(0, 99),
    st.sampled_from(["-", " - ", "\u2013", " to ", " or ", "..", " bis "]),
)
def test_a_range_is_never_a_score(low: int, high: int, between: str) -> None:
    assert read(f"Dream {A}: viability 0.{low:02}{between}0.{high:02}") == {}


@given(st.text(max_size=300))
@settings(max_examples=300)
def test_any_text_ends_in_scores_between_0_and_1_for_those_asked_about(text: str) -> None:
    for said in (
        text,
        f"Dream {A}: {text}",
        f'{{"id": "{A}", "viability": {text}}}',
        f"|id|score|\n|{A}|{text}|",
    ):
        parsed = parse(said, [A, B], {A: "one", B: "two"})
        judged = [each.id for each in parsed.evaluations]
        assert sorted([*judged, *(each.id for each in parsed.unparsed)]) == sorted([A, B])
        assert all(
            0 <= each.viability <= 1 and each.tier == tier_of(each.viability) for each in parsed.evaluations
        )
        assert all(len(each.reason) <= 200 for each in parsed.evaluations)
        parse_dream_evaluations(said)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(st.sampled_from(["id", "viability", "tier", A, "reason"]), inner)
        ),
        max_leaves=8,
    )
)
def test_any_json_ends_in_scores_or_nothing(value: object) -> None:
    for each in parse(json.dumps(value), [A]).evaluations:
        assert 0 <= each.viability <= 1


@pytest.mark.parametrize(
    ("said", "score"),
    [(".85", 0.85), ("0,85", 0.85), ("1", 1.0), ("1.0", 1.0), ("0", 0.0), ("8/10", 0.8), ("17/20", 0.85), ("8 out of 10", 0.8),
     ("8,5/10", 0.85), ("85 Prozent", 0.85), ("8 von 10", 0.8), ("4.5/5 stars", 0.9), ("0.8/1.0", 0.8), ("\uff18/\uff11\uff10", 0.8), ("1%", 0.01),
     ("**0.7**", 0.7), ("[[0.7]]", 0.7), ("~0.7", 0.7), ("high (0.9)", 0.9), ("0,125", 0.125)],
)  # fmt: skip
def test_scores_are_read(said: str, score: float) -> None:
    assert read(f"Dream {A}: viability {said}, since it holds.") == {A: score}


@pytest.mark.parametrize(
    "said",
    ["8", "high", "0.8 if tests existed", "> 0.6", ">= 0.6", "at least 0.6", "below 0.3", "0.7 -> 0.5", "0.6-0.8", "-0.2", "120%",
     "0.5%", "1,000", "3/4/2024", "24/7", "0.8e2", "v0.8", "1.0.0", "0.8s", "1/0", "0.5/10", "~~0.8~~ 0.6", "0.80.9", "8 on some scale"],
)  # fmt: skip
def test_what_is_in_doubt_is_not_read(said: str) -> None:
    assert read(f"Dream {A}: viability {said}") == {}
    assert set(why(f"Dream {A}: viability {said}")) == {A}


def test_a_contradicting_tier_is_kept_and_the_score_counts() -> None:
    parsed = parse(f"Dream {A}: viability 0.85, tier 3. Good.", [A])
    assert parsed.evaluations == (Evaluation(A, 0.85, 1, "Good", 3),)
    assert [(each.tier, each.said_tier) for each in parsed.contradictions] == [(1, 3)]


def test_a_tier_alone_is_no_score_and_a_score_alone_gives_its_tier() -> None:
    parsed = parse(f"Dream {A}: tier 1.\nDream {B}: viability 0.3.", [A, B])
    assert [(each.id, each.tier, each.said_tier) for each in parsed.evaluations] == [(B, 2, None)]
    assert [each.id for each in parsed.unparsed] == [A]


def test_a_lonely_1_is_in_doubt_where_others_count_to_ten_or_its_tier_contradicts() -> None:
    assert read(f"Dream {A}: score 1") == {A: 1.0}
    assert read(f"Dream {A}: score 1\nDream {B}: score 8") == {}
    assert read(f"Dream {A}: score 1, tier 3") == {}
    assert read(f'[{{"id": "{A}", "score": 1}}, {{"id": "{B}", "score": 9}}]') == {}
    assert read(f"Dream {A}: score 1.0\nDream {B}: score 8") == {A: 1.0}


def test_json_counts_before_the_words_around_it() -> None:
    text = f'I thought of viability 0.2 for {A} first.\n```json\n{{"id": "{A}", "viability": 0.7}}\n```'
    assert read(text) == {A: 0.7}


def test_a_reply_that_was_cut_off_keeps_what_is_whole() -> None:
    text = f'{{"evaluations": [{{"id": "{A}", "viability": 0.7}}, {{"id": "{B}", "viabil'
    assert read(text) == {A: 0.7}


def test_what_is_said_twice_counts_once_or_not_at_all() -> None:
    assert read(f"Dream {A}: viability 0.7\n\nDream {A}: viability 0.70") == {A: 0.7}
    assert read(f"Dream {A}: viability 0.7\n\nDream {A}: viability 0.6") == {}
    assert read(f'[{{"id": "{A}", "score": 0.7}}, {{"id": "{A}", "score": 0.6}}]') == {}
    assert read(f'{{"id": "{A}", "score": 0.7, "score": 0.6}}') == {}


def test_strangers_are_told_apart_and_their_scores_go_to_nobody() -> None:
    parsed = parse(f"{A} is fine.\nDream {C}: viability 0.9\nDream fetch_x: viability 0.8", [A])
    assert parsed.evaluations == ()
    assert parsed.strangers == (C, "fetch_x")


def test_names_stand_for_ids_where_they_are_unique() -> None:
    names = {A: "timeout 30 -> 15", B: "retries", C: "retries"}
    text = "Dream timeout 30 -> 15: viability 0.7\nDream retries: viability 0.4"
    assert read(text, A, B, C, names=names) == {A: 0.7}
    assert read('[{"name": "timeout 30 -> 15", "score": 0.6}]', A, names=names) == {A: 0.6}


def test_an_object_that_names_two_dreams_judges_none() -> None:
    assert read(f'{{"id": "{A}", "dream": "{B}", "score": 0.6}}') == {}


def test_reasons_are_found_and_bounded() -> None:
    def reason(text: str) -> str:
        return parse(text, [A]).evaluations[0].reason

    assert reason(f"Dream {A}: viability 0.7, tier 1. It is safe.") == "It is safe"
    assert reason(f"Dream {A}: viability 0.7 because it is safe") == "it is safe"
    assert reason(f"{A}\nViability: 0.7\nReasoning: **It is safe**") == "It is safe"
    assert reason(f'{{"id": "{A}", "score": 0.7, "reasons": ["one way", "two ways"]}}') == "one way; two ways"
    assert reason(f"|dream|viability|why|\n|--|--|--|\n|{A}|0.7|it `is` safe|") == "it is safe"
    long = reason(f"Dream {A}: viability 0.7. {'word ' * 100}")
    assert len(long) <= 200
    assert long.endswith("…")
    assert reason(f"Dream {A}: viability 0.7") == ""


def test_what_a_model_thought_aloud_does_not_count() -> None:
    assert read(f"<think>Dream {A}: viability 0.2</think>Dream {A}: viability 0.7") == {A: 0.7}
    assert read(f"Dream {A}: viability 0.2</think>Dream {A}: viability 0.7") == {A: 0.7}
    assert read(f"<think>Dream {A}: viability 0.2") == {}


def test_a_persons_own_patterns_come_first() -> None:
    own = [r"^(?P<id>\w{16}) := (?P<score>\S+) T(?P<tier>\d) # (?P<reason>.+)$"]
    parsed = parse(f"{A} := 85% T2 # as I see it\n{B} := 8 T1 # no scale", [A, B], None, own)
    assert parsed.evaluations == (Evaluation(A, 0.85, 1, "as I see it", 2),)
    assert [each.id for each in parsed.unparsed] == [B]


@pytest.mark.parametrize("pattern", ["(", r"(?P<id>\w+)", "viability"])
def test_a_pattern_that_is_none_is_refused(pattern: str) -> None:
    with pytest.raises(ConfigError, match=r"judge\.patterns"):
        compiled([pattern])


def test_every_evaluation_in_a_text_is_found_without_knowing_the_dreams() -> None:
    text = "Dream fetch_timeout: viability 0.85, tier 1. Safe.\nDream 12: viability 40%\nDream 'half the wait' scores 0.7."
    found = [(each.id, each.viability, each.tier) for each in parse_dream_evaluations(text)]
    assert found == [("fetch_timeout", 0.85, 1), ("12", 0.4, 2), ("half the wait", 0.7, 1)]


@pytest.mark.parametrize(
    "text",
    ["", "\x00\xff", "<html><body>502</body></html>", "[" * 5000, '{"a":' * 3000, "Dream " * 5000, "dream '" * 3000, "viability " * 5000,
     " ".join(f"{number:016x}" for number in range(2000)), "null", '{"evaluations": null}', "|" * 5000, "# 0.5\n" * 5000],
)  # fmt: skip
def test_nonsense_of_any_size_is_nobodys_evaluation(text: str) -> None:
    parsed: Parsed = parse(text, [A])
    assert parsed.evaluations == ()
    assert [each.id for each in parsed.unparsed] == [A]


def test_scores_in_json_texts_are_numbers_and_nothing_else() -> None:
    assert [
        (number := score_of(value)) and number.value for value in ("0.8", "0.8 (high)", "80 %", 0.8, 1, 0)
    ] == [0.8, 0.8, 0.8, 0.8, 1, 0]
    assert [score_of(value) for value in (True, None, [0.8], "0.8 or so", "high", "")] == [None] * 6
    assert [number.value for value in (float("nan"), 1e-3, 2.5e8) if (number := score_of(value))] == [
        None,
        0.001,
        None,
    ]
