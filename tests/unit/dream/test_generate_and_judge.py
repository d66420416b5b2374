"""From a catalogue to judged dreams: bounded, without repetition, the same whatever was interrupted."""

from collections import Counter
from pathlib import Path

import pytest

from daydream.analysis.source import function_tree, normal_form
from daydream.config.model import Config, DreamOptions
from daydream.contracts.dream import Dream
from daydream.dream import catalogue, judge
from daydream.dream.generate import Generate
from daydream.dream.kinds import KINDS
from daydream.dream.kinds.parameter_exploration import ParameterExploration
from daydream.records.outcome import Done, More, Skipped
from daydream.store import dream_rows
from tests.fakes.dream_night import Night, context, store_of, whole_night, write

FUNCTION = """
def fetch_{0}(url, timeout=30, *, use_cache=True):
    retries = 3  # tried and found good
    return url, timeout, retries, use_cache, open_{0}(url, max_size=1_000_000)
"""

STEPS = """
def close_{0}(self, names):
    self.log.debug("closing")
    if not names:
        raise LookupError(names)
    return names[self.first]
"""


def dreaming(settings: Config) -> Generate:
    """The step with one kind, whose numbers the tests count."""
    return Generate(settings, (ParameterExploration(),))


def config(per_night: int = 100, per_procedure: int = 5) -> Config:
    return Config(dream=DreamOptions(strategy="deep", per_night=per_night, per_procedure=per_procedure))


def dreams(tree: Path, state: Path) -> list[Dream]:
    with store_of(context(tree, state)) as store:
        return dream_rows.dreams(store)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    tree = tmp_path / "tree"
    files = {f"pkg/m{number}.py": FUNCTION.format(number) for number in range(8)}
    write(tree, {**files, "tests/test_m.py": "fetch_3, fetch_5\n"})
    return tree


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def test_dreams_are_bounded_distinct_compile_and_differ_from_their_base(tree: Path, state: Path) -> None:
    sections = whole_night(context(tree, state), config(per_night=17))
    found = dreams(tree, state)
    facts = sections["generate"].facts
    assert len(found) == facts["dreams"] == 17
    assert facts["by_kind"] == {"parameter_exploration": 17}
    assert facts["varied"] == 8
    assert sorted(Counter(each.base for each in found).values()) == [2] * 7 + [3]
    assert len({(each.base, each.variant_hash) for each in found}) == 17
    for each in found:
        base = (tree / each.base_path).read_text().lstrip("\n")
        compile(each.code, each.base_path, "exec")
        assert normal_form(function_tree(each.code)[0]) != normal_form(function_tree(base)[0])
        assert "# tried and found good" in each.code


def test_procedures_that_tests_mention_come_first(tree: Path, state: Path) -> None:
    whole_night(context(tree, state), config(per_night=4))
    assert {each.base_qualname for each in dreams(tree, state)} == {"fetch_3", "fetch_5"}


def test_what_room_is_left_goes_to_those_with_more_to_offer(tmp_path: Path, state: Path) -> None:
    write(tmp_path / "few", {"pkg/m.py": FUNCTION.format(1) + FUNCTION.format(2)})
    whole_night(context(tmp_path / "few", state), config(per_night=8))
    found = Counter(each.base_qualname for each in dreams(tmp_path / "few", state))
    assert sorted(found.values()) == [3, 5]


def test_kinds_use_what_those_before_them_leave_over_up_to_two_fifths(tmp_path: Path, state: Path) -> None:
    write(tmp_path / "steps", {f"pkg/m{n}.py": STEPS.format(n) for n in range(30)})
    ctx = context(tmp_path / "steps", state)
    night = Night(ctx)
    night.run(catalogue.make(config()))
    facts = night.run(Generate(config(), KINDS)).facts
    assert facts["by_kind"]["parameter_exploration"] == 0
    assert max(facts["by_kind"].values()) == facts["by_kind"]["conditional_variant"] == 40


def test_later_nights_visit_the_rest_and_then_nothing_is_left(tree: Path, state: Path) -> None:
    made = []
    for night in range(1, 6):
        sections = whole_night(context(tree, state, f"run-{night}"), config(per_night=17))
        made.append(sections["generate"].facts["dreams"])
        assert sections["judge"].facts["judged"] == made[-1]
    assert made == [17, 17, 6, 0, 0]
    found = dreams(tree, state)
    assert len({(each.base, each.variant_hash) for each in found}) == len(found) == 40


def test_a_procedure_that_changed_is_dreamt_about_again(tree: Path, state: Path) -> None:
    whole_night(context(tree, state))
    write(tree, {"pkg/m0.py": FUNCTION.format(0).replace("retries = 3", "retries = 4")})
    sections = whole_night(context(tree, state, "run-2"))
    assert sections["generate"].facts["visits"] == 1
    assert sections["generate"].facts["dreams"] == 5


def test_the_same_run_dreams_the_same_and_another_something_else(tree: Path, tmp_path: Path) -> None:
    for state, run in (("a", "run-1"), ("b", "run-1"), ("c", "run-2")):
        whole_night(context(tree, tmp_path / state, run), config(per_night=12))
    first, again, other = (dreams(tree, tmp_path / state) for state in "abc")
    assert first == again
    assert {each.id for each in first} != {each.id for each in other}


def test_a_part_that_was_rolled_back_comes_out_the_same_in_a_new_process(tree: Path, state: Path) -> None:
    ctx = context(tree, state)
    Night(ctx).run(catalogue.make(config()))
    first = dreaming(config()).run(ctx, "parameter_exploration", None)
    assert isinstance(first, Done)
    with store_of(ctx) as store:
        store.commit(ctx.run, 1000, first.rows)
        store.rollback(ctx.run, 999)
    assert dreaming(config()).run(ctx, "parameter_exploration", None) == first


def test_many_procedures_are_visited_in_parts(tmp_path: Path, state: Path) -> None:
    tree = tmp_path / "large"
    write(tree, {"m.py": "".join(f"def f{number}(): pass\n" for number in range(350))})
    ctx = context(tree, state)
    Night(ctx).run(catalogue.make(config()))
    part = dreaming(config()).run(ctx, "parameter_exploration", None)
    assert isinstance(part, More)
    assert part.cursor == "150"
    section = Night(context(tree, tmp_path / "s2")).run
    section(catalogue.make(config()))
    assert section(dreaming(config())).facts["visits"] == 350


def test_no_dreams_are_planned_where_none_are_wanted(tree: Path, state: Path) -> None:
    assert dreaming(config(per_night=0)).plan(context(tree, state)) == []
    assert dreaming(config(per_procedure=0)).plan(context(tree, state)) == []


def test_without_a_finished_catalogue_nothing_is_dreamt_and_the_reason_is_told(
    tree: Path, state: Path
) -> None:
    outcome = dreaming(config()).run(context(tree, state), "parameter_exploration", None)
    assert isinstance(outcome, Skipped)
    section = Night(context(tree, state)).run(dreaming(config()))
    assert section.notes[0].startswith(
        "parameter_exploration was skipped: tonight's catalogue was not finished"
    )


def test_a_file_that_vanished_since_it_was_catalogued_is_counted(tree: Path, state: Path) -> None:
    night = Night(context(tree, state))
    night.run(catalogue.make(config()))
    (tree / "pkg/m3.py").unlink()
    section = night.run(dreaming(config()))
    assert section.facts["not_read"] == 1
    assert section.notes == ("1 procedure could not be read again as it was catalogued.",)


def test_every_pending_dream_gets_one_verdict_and_then_nothing_is_planned(tree: Path, state: Path) -> None:
    sections = whole_night(context(tree, state))
    facts = sections["judge"].facts
    assert facts["judged"] == len(dreams(tree, state)) == sum(facts["tiers"].values())
    assert facts["evaluator"] == "rule-based"
    assert judge.make(config()).plan(context(tree, state, "run-2")) == []
    with store_of(context(tree, state)) as store:
        assert dream_rows.count_by_status(store).get("pending_evaluation") is None
        assert {row[0] for row in store.rows("SELECT evaluator FROM verdicts")} == {"rule-based"}
        assert store.rows("SELECT COUNT(*), COUNT(DISTINCT dream_id) FROM verdicts")[0][0] == facts["judged"]


def test_dreams_left_over_from_an_earlier_night_are_judged_in_batches(tmp_path: Path, state: Path) -> None:
    tree = tmp_path / "large"
    write(tree, {f"m{number}.py": FUNCTION.format(number) for number in range(30)})
    first = Night(context(tree, state))
    first.run(catalogue.make(config(per_night=130)))
    first.run(dreaming(config(per_night=130)))
    later = context(tree, state, "run-2")
    assert judge.make(config()).plan(later) == ["batch-0001", "batch-0002"]
    assert Night(later).run(judge.make(config())).facts["judged"] == 130


def test_a_night_writes_one_line_for_statistics(tree: Path, state: Path) -> None:
    whole_night(context(tree, state), config(per_night=7))
    with store_of(context(tree, state)) as store:
        row = store.rows("SELECT * FROM dream_generation_runs")[0]
    assert (row["total_dreams_generated"], row["parameter_exploration_count"]) == (7, 7)
    assert (row["duration_seconds"], row["model_usage"]) == (None, "{}")


def test_every_kind_dreams_and_those_that_learn_are_shown_their_relatives(
    tmp_path: Path, state: Path
) -> None:
    tree = tmp_path / "two"
    careful = "import requests\n\n\ndef fetch_user(url, retries=3):\n    reply = requests.get(url, timeout=5)\n    return reply.json()\n"
    bare = (
        "import logging\n\nimport requests\n\nlog = logging.getLogger(__name__)\n\n\n"
        "def fetch_order(url, retries=3):\n    log.info('fetching %s', url)\n    return requests.get(url).json()\n"
    )
    write(tree, {"one/a.py": careful, "two/b.py": bare})
    facts = whole_night(context(tree, state), kinds=KINDS)["generate"].facts
    assert set(facts["by_kind"]) == {kind.key for kind in KINDS}
    assert facts["by_kind"]["conditional_variant"] > 0
    assert facts["by_kind"]["cross_project_synthesis"] > 0
