"""The tally of one log: what it counts, and that asking twice gives the same answer."""

import pytest

from daydream.analysis.logs.access import Access
from daydream.analysis.logs.heads import CRITICAL, ERROR, INFO, WARNING
from daydream.analysis.logs.records import Record
from daydream.analysis.logs.tally import Counted, Tally, bucket, quantile

HOUR = 3600.0
END = 500_000 * HOUR
START = END - 24 * HOUR
TRACE = [
    "Traceback (most recent call last):",
    '  File "/srv/app/db.py", line 3, in load',
    "    connect()",
    "OSError: no route",
]


def tally(*records: Record, undated: bool = False) -> Tally:
    result = Tally(START, END, lambda path: path.removeprefix("/srv/"))
    for record in records:
        result.add(record, undated=undated, present=END + 300)
    return result


def only(counted: Tally) -> tuple[str, Counted]:
    (found,) = counted.templates().values()
    return found


def test_every_record_is_counted_in_exactly_one_place() -> None:
    stamps = (None, START - 1, START, END, END + 1, END + 301)
    counted = tally(*(Record(stamp, ERROR, "x") for stamp in stamps))
    assert (counted.entries, counted.undated, counted.older) == (3, 1, 1)
    assert (counted.later, counted.future, counted.seen) == (1, 1, 4)


def test_what_is_older_than_the_window_counts_by_the_hour_and_is_not_tonights() -> None:
    text, one = only(tally(Record(START - 90 * HOUR, ERROR, "down"), Record(END - 1, INFO, "down")))
    assert (text, one.count, one.tonight, one.level) == ("down", 2, 1, INFO)
    assert one.hours == {499_886: 1, 499_999: 1}
    assert (dict(one.levels), dict(one.levels_tonight)) == ({ERROR: 1, INFO: 1}, {INFO: 1})


def test_an_undated_file_counts_as_a_whole_without_hours() -> None:
    counted = tally(*[Record(None, ERROR, "x")] * 3, undated=True)
    _, one = only(counted)
    assert (one.tonight, one.first, one.last, one.hours.total()) == (3, None, None, 0)
    assert counted.spikes() is None


def test_secrets_make_no_templates_of_their_own_and_asking_twice_changes_nothing() -> None:
    texts = ["token=aaa refused by gateway", "token=bbb refused by gateway"] * 3
    counted = tally(*(Record(END - n, ERROR, text) for n, text in enumerate(texts)))
    text, one = only(counted)
    assert "aaa" not in f"{text} {one.examples}"
    assert (one.count, one.examples) == (6, ["token=[secret] refused by gateway"])
    assert only(counted) == (text, one)


def test_the_worst_level_and_the_span_of_a_template_are_kept() -> None:
    _, one = only(
        tally(
            Record(END - 50, ERROR, "disk full"),
            Record(END - 90, CRITICAL, "disk full"),
            Record(END - 10, WARNING, "disk full"),
        )
    )
    assert (one.level, one.count, one.first, one.last) == (CRITICAL, 3, END - 90, END - 10)


def test_tracebacks_are_one_error_by_their_functions_and_no_template() -> None:
    moved = [line.replace("line 3", "line 9") for line in TRACE]
    counted = tally(Record(END - 5, ERROR, "failed 1", TRACE), Record(END - 4, ERROR, "failed 2", moved))
    ((record, one),) = counted.errors.values()
    assert (record.kind, record.own[-1].path, one.tonight) == ("OSError", "app/db.py", 2)
    assert counted.templates() == {}


def test_requests_count_by_status_and_route_and_not_as_lines() -> None:
    access = Access("GET", "/orders/{id}", 503, seconds=0.2)
    counted = tally(
        Record(END - 5, 0, "GET /orders/1", access=access), Record(END - 4, 0, "x", access=access)
    )
    assert counted.statuses == {5: {499_999: 2}}
    ((route, hour), times) = next(iter(counted.times.items()))
    assert (route, hour, sum(times.values())) == ("GET /orders/{id}", 499_999, 2)
    assert counted.templates() == {}


@pytest.mark.parametrize("seconds", [1e-5, 0.003, 0.2, 1.0, 45.0])
def test_a_duration_is_kept_within_five_percent(seconds: float) -> None:
    assert quantile({bucket(seconds): 3}, 0.95) == pytest.approx(seconds, rel=0.03)


def test_a_quantile_is_that_of_the_counts() -> None:
    histogram = {bucket(0.1): 94, bucket(2.0): 6}
    assert quantile(histogram, 0.5) == pytest.approx(0.1, rel=0.03)
    assert quantile(histogram, 0.95) == pytest.approx(2.0, rel=0.03)


def test_spikes_in_a_row_are_one_and_name_what_they_are_made_of() -> None:
    steady = [Record(START + hour * HOUR, ERROR, "now and then") for hour in range(24)]
    burst = [Record(START + (10 + n / 60) * HOUR, ERROR, "all at once now") for n in range(120)]
    (spike,) = tally(*steady, *burst).spikes() or []
    assert (spike.start, spike.end, spike.count) == (START + 10 * HOUR, START + 12 * HOUR, 122)
    assert spike.usual == 1
    assert spike.main is not None
    assert spike.main[0] == "all at once now"
    texts = ("the disk failed", "a queue is stuck for good", "user vanished without leave")
    mixed = [Record(START + 10 * HOUR, ERROR, texts[n % 3]) for n in range(60)]
    (spike,) = tally(*steady, *mixed).spikes() or []
    assert spike.main is None
