"""The tally of one log: what it counts, and that asking twice gives the same answer."""

from daydream.analysis.logs.heads import CRITICAL, ERROR, WARNING
from daydream.analysis.logs.issues import Tally
from daydream.analysis.logs.records import Record

HOUR = 3600.0
END = 500_000 * HOUR
START = END - 24 * HOUR


def tally(*records: Record, undated: bool = False) -> Tally:
    result = Tally(START, END, lambda _: None)
    for record in records:
        result.add(record, undated=undated, present=END + 300)
    return result


def test_every_record_is_counted_in_exactly_one_place() -> None:
    stamps = (None, START - 1, START, END, END + 1, END + 301)
    counted = tally(*(Record(stamp, ERROR, "x") for stamp in stamps))
    assert (counted.entries, counted.undated, counted.older) == (2, 1, 1)
    assert (counted.later, counted.future) == (1, 1)


def test_an_undated_file_counts_as_a_whole_without_hours() -> None:
    counted = tally(*[Record(None, ERROR, "x")] * 3, undated=True)
    (issue,) = counted.recurring()
    assert (issue.count, issue.first, issue.last) == (3, None, None)
    assert counted.spikes() is None


def test_secrets_make_no_templates_of_their_own_and_asking_twice_changes_nothing() -> None:
    texts = ["token=aaa refused by gateway", "token=bbb refused by gateway"] * 3
    counted = tally(*(Record(END - n, ERROR, text) for n, text in enumerate(texts)))
    first = counted.recurring()
    assert [(issue.identity, issue.count) for issue in first] == [("token=[secret] refused by gateway", 6)]
    assert counted.recurring() == first
    assert counted.spikes() is None
    assert counted.recurring() == first


def test_templates_that_read_the_same_once_cut_are_merged_once() -> None:
    texts = ["word " * 100 + "a", "word " * 100 + "b c", "word " * 100 + "a"]
    counted = tally(*(Record(END - n, ERROR, text) for n, text in enumerate(texts)))
    for _ in range(2):
        (issue,) = counted.recurring()
        assert (issue.count, issue.hours.total(), issue.first) == (3, 3, END - 2)


def test_the_worst_level_and_the_span_of_a_template_are_kept() -> None:
    (issue,) = tally(
        Record(END - 50, ERROR, "disk full"),
        Record(END - 90, CRITICAL, "disk full"),
        Record(END - 10, WARNING, "disk full"),
    ).recurring()
    assert (issue.level, issue.count, issue.first, issue.last) == (CRITICAL, 3, END - 90, END - 10)


def test_spikes_in_a_row_are_one_and_name_what_they_are_made_of() -> None:
    steady = [Record(START + hour * HOUR, ERROR, "now and then") for hour in range(24)]
    burst = [Record(START + (10 + n / 60) * HOUR, ERROR, "all at once now") for n in range(120)]
    (spike,) = tally(*steady, *burst).spikes() or []
    assert (spike.start, spike.end, spike.count) == (START + 10 * HOUR, START + 12 * HOUR, 122)
    assert spike.usual == 1
    assert spike.main is not None
    assert spike.main.identity == "all at once now"
    mixed = [Record(START + 10 * HOUR, ERROR, " ".join("abcdefgh"[: n % 5 + 1])) for n in range(60)]
    (spike,) = tally(*steady, *mixed).spikes() or []
    assert spike.main is None
