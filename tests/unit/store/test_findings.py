"""The findings' memory: what is new, worse, still there, gone, not looked at; and what is silent."""

import datetime as dt
import random
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest

from daydream.errors import StateDamaged, StateNewer, StateUnreadable
from daydream.records.finding import Examined, Finding
from daydream.records.night import Known
from daydream.report.compose import compose
from daydream.report.render import markdown
from daydream.store import findings as memory
from daydream.store.findings import Snapshot, Suppression
from tests.fakes.report_facts import facts, finding, known, source

RULES = {"docs.link": 1}
FIRST, SECOND, THIRD = "2026-11-20", "2026-11-21", "2026-11-22"


def snapshot(found: Sequence[Known], night: str = FIRST) -> Snapshot:
    return Snapshot(run=f"{night}.1", night=night, commit=None, findings=tuple(found))


def classify(
    previous: Sequence[Known] | None, found: Sequence[Finding], night: str = SECOND, **world: Any
) -> tuple[Known, ...]:
    options: dict[str, Any] = {
        "examined": [Examined(rules=RULES, everything=True)],
        "present_paths": frozenset({"a.md", "b.md"}),
        "renames": {},
        "suppressions": [],
        "before": FIRST,
    } | world
    examined, before = options.pop("examined"), options.pop("before")
    return memory.classify(
        None if previous is None else snapshot(previous, before), found, examined, night=night, **options
    )


def remembered(*found: Finding, **world: Any) -> tuple[Known, ...]:
    return classify(None, found, FIRST, **world)


def standings(result: Sequence[Known]) -> dict[tuple[str, str], str]:
    return {(k.subject, k.identity): k.standing for k in result}


# --- the snapshot file


def test_a_snapshot_reads_back_as_it_was_written(tmp_path: Path) -> None:
    made = Snapshot(run="2026-11-21.2", night=SECOND, commit="abc", findings=(known(1), known(2, line=None)))
    path = tmp_path / "2026-11-21.2.jsonl"
    path.write_bytes(memory.encode(made))
    assert memory.read(path) == made
    assert len(path.read_bytes().splitlines()) == 3


def test_every_single_flipped_byte_of_a_snapshot_is_noticed(tmp_path: Path) -> None:
    good = memory.encode(snapshot([known(1)]))
    path = tmp_path / "x.jsonl"
    body = good.index(b"\n") + 1
    for place in range(body, len(good)):
        path.write_bytes(good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :])
        with pytest.raises(StateDamaged):
            memory.read(path)


@pytest.mark.parametrize(
    "data", [b"", b"\n", b"{", b"\xff\xfe\n", b'{"schema":1}\n', b"[]\n", b'{"schema":"x"}\n']
)
def test_what_is_no_snapshot_is_damage_that_names_the_file(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_bytes(data)
    with pytest.raises(StateDamaged, match=r"bad\.jsonl.*move it aside"):
        memory.read(path)


def test_a_snapshot_cut_off_at_a_line_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "cut.jsonl"
    path.write_bytes(memory.encode(snapshot([known(1), known(2)])).rsplit(b"\n", 2)[0] + b"\n")
    with pytest.raises(StateDamaged):
        memory.read(path)


@pytest.mark.parametrize(("body", "count"), [(b'{"id":1}\n', 1), (b"\xff\n", 1), (b"", 2)])
def test_a_snapshot_whose_lines_are_not_its_own_is_damage(tmp_path: Path, body: bytes, count: int) -> None:
    header = {"schema": 1, "run": "r", "night": FIRST, "commit": None, "count": count}
    header["crc32"] = f"{zlib.crc32(body):08x}"
    (tmp_path / "r.jsonl").write_bytes(msgspec.json.encode(header) + b"\n" + body)
    with pytest.raises(StateDamaged):
        memory.read(tmp_path / "r.jsonl")


def test_a_newer_snapshot_is_refused_whatever_else_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "new.jsonl"
    path.write_bytes(b'{"schema": 2, "shape": "unknown"}\n')
    with pytest.raises(StateNewer, match="update daydream"):
        memory.read(path)


def test_a_snapshot_that_is_not_there_is_said_to_be_unreadable(tmp_path: Path) -> None:
    with pytest.raises(StateUnreadable):
        memory.read(tmp_path / "none.jsonl")


def test_runs_are_ordered_by_their_numbers(tmp_path: Path) -> None:
    for name in ("2026-11-21.10", "2026-11-21.9", "2026-11-20.1", ".hidden"):
        (tmp_path / f"{name}.jsonl").write_bytes(b"")
    (tmp_path / "notes.txt").write_bytes(b"")
    (tmp_path / "2027-01-01.1.jsonl").symlink_to(tmp_path / "notes.txt")
    assert memory.latest(tmp_path) == tmp_path / "2026-11-21.10.jsonl"
    assert memory.latest(tmp_path, "2026-11-21.10") == tmp_path / "2026-11-21.9.jsonl"
    assert memory.latest(tmp_path, "2026-11-20.1") is None
    assert memory.latest(tmp_path / "nowhere") is None


# --- one night after another


def test_on_the_first_night_everything_is_new() -> None:
    (one,) = remembered(finding("a.md", "x"))
    assert (one.standing, one.first_night, one.last_night) == ("new", FIRST, FIRST)
    assert one.id == finding("a.md", "x").fingerprint


def test_what_is_found_again_keeps_its_id_and_first_night_and_takes_tonights_words() -> None:
    before = remembered(finding("a.md", "x"))
    (one,) = classify(before, [finding("a.md", "x", message="moved", line=9)])
    assert (one.id, one.standing) == (before[0].id, "still")
    assert (one.first_night, one.last_night, one.message, one.line) == (FIRST, SECOND, "moved", 9)


@pytest.mark.parametrize(
    ("before", "now", "standing"),
    [
        ({"magnitude": 3.0}, {"magnitude": 6.0}, "worse"),
        ({"magnitude": 3.0}, {"magnitude": 5.9}, "still"),
        ({"magnitude": 1.0}, {"magnitude": 3.0}, "still"),
        ({"magnitude": 1.0}, {"magnitude": 4.0}, "worse"),
        ({"magnitude": None}, {"magnitude": 400.0}, "still"),
        ({"magnitude": 400.0}, {"magnitude": None}, "still"),
        ({"severity": "low"}, {"severity": "medium"}, "worse"),
        ({"severity": "high"}, {"severity": "medium"}, "still"),
        ({"severity": "low"}, {"severity": "high", "rule_version": 2}, "still"),
    ],
)
def test_worse_is_a_graver_severity_or_twice_as_much(
    before: dict[str, Any], now: dict[str, Any], standing: str
) -> None:
    old = remembered(finding("a.md", "x", **before))
    (one,) = classify(old, [finding("a.md", "x", **now)])
    assert one.standing == standing


@pytest.mark.parametrize(
    ("examined", "standing"),
    [
        ([Examined(rules=RULES, everything=True)], "gone"),
        ([Examined(rules=RULES, subjects=("b.md",)), Examined(rules=RULES, subjects=("a.md",))], "gone"),
        ([Examined(rules=RULES, subjects=("b.md",))], "not_looked_at"),
        ([Examined(rules={"docs.other": 1}, everything=True)], "not_looked_at"),
        ([Examined(rules={"docs.link": 2}, everything=True)], "not_looked_at"),
        ([Examined(rules=RULES)], "not_looked_at"),
        ([], "not_looked_at"),
    ],
)
def test_gone_needs_the_same_rule_in_the_same_version_at_the_same_subject(
    examined: list[Examined], standing: str
) -> None:
    (one,) = classify(remembered(finding("a.md", "x")), [], examined=examined)
    assert (one.standing, one.last_night) == (standing, FIRST)


def test_the_findings_of_a_deleted_file_are_gone_when_their_rule_read_files_tonight() -> None:
    before = remembered(finding("old.md", "x"))
    (one,) = classify(before, [], examined=[Examined(rules=RULES, subjects=("b.md",))])
    assert one.standing == "gone"
    (one,) = classify(before, [], examined=[Examined(rules={"docs.other": 1}, subjects=("b.md",))])
    assert one.standing == "not_looked_at"


def test_a_rule_that_looks_at_no_tracked_file_never_takes_absence_for_deletion() -> None:
    before = remembered(finding("build/x.pyc", "x"), finding("log:app", "y"))
    examined = [Examined(rules=RULES, subjects=("build/y.pyc", "log:other"))]
    assert {k.standing for k in classify(before, [], examined=examined)} == {"not_looked_at"}


def test_a_log_is_not_taken_for_a_deleted_file() -> None:
    before = remembered(finding("log:app", "y"))
    (one,) = classify(before, [], examined=[Examined(rules=RULES, subjects=("a.md",))])
    assert one.standing == "not_looked_at"


def test_gone_is_said_once_and_what_comes_back_is_new_under_its_old_id() -> None:
    before = remembered(finding("a.md", "x"))
    gone = classify(before, [], SECOND)
    assert classify(gone, [], THIRD, before=SECOND) == ()
    (back,) = classify(gone, [finding("a.md", "x")], THIRD, before=SECOND)
    assert (back.standing, back.id, back.first_night) == ("new", before[0].id, FIRST)


def test_what_was_not_looked_at_is_carried_over_until_somebody_looks() -> None:
    carried = classify(remembered(finding("a.md", "x")), [], examined=[])
    (again,) = classify(carried, [], THIRD, before=SECOND, examined=[])
    assert (again.standing, again.last_night) == ("not_looked_at", FIRST)
    (seen,) = classify([again], [finding("a.md", "x")], "2026-11-23", before=THIRD)
    assert (seen.standing, seen.last_night) == ("still", "2026-11-23")
    (gone,) = classify([again], [], "2026-11-23", before=THIRD)
    assert gone.standing == "gone"


def test_what_nobody_has_looked_at_for_ninety_days_is_forgotten() -> None:
    carried = classify(remembered(finding("a.md", "x")), [], examined=[])
    assert classify(carried, [], "2027-02-18", before=SECOND, examined=[])
    assert classify(carried, [], "2027-02-19", before=SECOND, examined=[]) == ()


def test_a_new_version_of_a_rule_replaces_the_old_findings_without_calling_them_gone() -> None:
    before = remembered(finding("a.md", "kept"), finding("a.md", "dropped"))
    examined = [Examined(rules={"docs.link": 2}, everything=True)]
    tonight = classify(before, [finding("a.md", "kept", rule_version=2)], examined=examined)
    assert standings(tonight) == {("a.md", "kept"): "still", ("a.md", "dropped"): "not_looked_at"}
    later = classify(
        tonight, [finding("a.md", "kept", rule_version=2)], THIRD, before=SECOND, examined=examined
    )
    assert standings(later) == {("a.md", "kept"): "still"}


def test_a_new_version_that_did_not_look_here_yet_drops_nothing() -> None:
    elsewhere = [Examined(rules={"docs.link": 2}, subjects=("b.md",))]
    first = classify(remembered(finding("a.md", "x")), [], examined=elsewhere)
    (second,) = classify(first, [], THIRD, before=SECOND, examined=elsewhere)
    assert second.standing == "not_looked_at"


def test_a_second_run_of_one_night_keeps_what_the_first_said() -> None:
    before = remembered(
        finding("a.md", "grew", magnitude=1.0), finding("a.md", "left"), finding("a.md", "stays")
    )
    now = [finding("a.md", "grew", magnitude=9.0), finding("a.md", "stays"), finding("b.md", "fresh")]
    first = classify(before, now)
    assert standings(classify(first, now, SECOND, before=SECOND)) == standings(first)
    assert sorted(standings(first).values()) == ["gone", "new", "still", "worse"]


# --- identity


def test_a_partial_run_of_the_same_night_makes_nothing_old_that_nobody_looked_at() -> None:
    first = classify(None, [finding("a.md", "fresh")], night=SECOND)
    partial = classify(first, [], night=SECOND, before=SECOND, examined=[])
    third = classify(partial, [finding("a.md", "fresh")], night=SECOND, before=SECOND)

    assert [k.standing for k in first] == ["new"]
    assert [k.standing for k in partial] == ["not_looked_at"]
    assert [k.standing for k in third] == ["new"]


def test_a_renamed_file_takes_its_findings_along() -> None:
    before = remembered(finding("a.md", "x"), finding("a.md", "y"))
    tonight = classify(before, [finding("b.md", "x")], renames={"a.md": "b.md"}, present_paths={"b.md"})
    assert standings(tonight) == {("b.md", "x"): "still", ("b.md", "y"): "gone"}
    assert {k.id for k in tonight} == {k.id for k in before}


def test_a_carried_finding_follows_its_file_too() -> None:
    before = remembered(finding("a.md", "x"))
    (one,) = classify(before, [], renames={"a.md": "b.md"}, examined=[])
    assert (one.subject, one.id, one.standing) == ("b.md", before[0].id, "not_looked_at")


def test_two_files_that_swap_their_names_swap_their_findings() -> None:
    before = {k.identity: k.id for k in remembered(finding("a.md", "x"), finding("b.md", "y"))}
    tonight = classify(
        remembered(finding("a.md", "x"), finding("b.md", "y")),
        [finding("b.md", "x"), finding("a.md", "y")],
        renames={"a.md": "b.md", "b.md": "a.md"},
    )
    assert {k.identity: k.id for k in tonight} == before
    assert {k.standing for k in tonight} == {"still"}


def test_a_new_finding_at_a_renamed_ones_old_place_gets_an_id_of_its_own() -> None:
    before = remembered(finding("a.md", "x"))
    tonight = classify(before, [finding("b.md", "x"), finding("a.md", "x")], renames={"a.md": "b.md"})
    assert standings(tonight) == {("a.md", "x"): "new", ("b.md", "x"): "still"}
    assert len({k.id for k in tonight}) == 2
    again = classify(tonight, [finding("b.md", "x"), finding("a.md", "x")], THIRD, before=SECOND)
    assert [k.id for k in again] == [k.id for k in tonight]


def test_a_rename_over_a_file_with_the_same_finding_keeps_both_histories_apart() -> None:
    before = remembered(finding("a.md", "x"), finding("b.md", "x"))
    tonight = classify(before, [finding("b.md", "x")], renames={"a.md": "b.md"}, present_paths={"b.md"})
    assert sorted(k.standing for k in tonight) == ["gone", "still"]
    assert len({k.id for k in tonight}) == 2


def test_of_two_findings_with_one_identity_the_first_counts() -> None:
    (one,) = remembered(finding("a.md", "x", message="first"), finding("a.md", "x", message="second"))
    assert one.message == "first"


def test_the_order_of_findings_and_examinations_does_not_matter() -> None:
    found = [finding(f"{n}.md", str(n % 3)) for n in range(20)]
    before = remembered(*found)
    examined = [Examined(rules=RULES, subjects=(f"{n}.md",)) for n in range(0, 20, 2)]
    straight = classify(before, found[5:], examined=examined)
    turned = classify(before, found[:4:-1], examined=examined[::-1])
    assert memory.encode(snapshot(straight)) == memory.encode(snapshot(turned))


# --- suppressions


def test_a_suppressed_finding_is_silent_through_its_date_and_then_returns() -> None:
    (one,) = remembered(finding("a.md", "x"))
    wish = Suppression(id=one.id, until=dt.date(2026, 11, 22), reason="known", at="2026-11-20T09:00:00Z")
    found: tuple[Known, ...] = (one,)
    seen = {}
    for night, before in ((SECOND, FIRST), (THIRD, SECOND), ("2026-11-23", THIRD)):
        found = classify(found, [finding("a.md", "x")], night, before=before, suppressions=[wish])
        seen[night] = found[0].suppress_reason
    assert seen == {SECOND: "known", THIRD: "known", "2026-11-23": None}
    assert (found[0].standing, found[0].suppressed_until) == ("still", None)


def test_a_suppression_survives_the_renaming_of_its_file_and_an_emptied_inbox() -> None:
    (one,) = remembered(finding("a.md", "x"))
    wish = Suppression(id=one.id)
    (two,) = classify(
        [one], [finding("b.md", "x")], renames={"a.md": "b.md"}, present_paths={"b.md"}, suppressions=[wish]
    )
    (three,) = classify([two], [finding("b.md", "x")], THIRD, before=SECOND)
    assert (two.id, two.suppress_reason) == (one.id, "")
    assert (three.suppress_reason, three.suppressed_until) == ("", None)


def test_the_last_wish_counts_and_a_past_date_takes_a_suppression_back() -> None:
    (one,) = remembered(finding("a.md", "x"))
    wishes = [
        Suppression(id=one.id, reason="a"),
        Suppression(id=one.id, until=dt.date(2026, 1, 1), reason="b"),
    ]
    (two,) = classify([one], [finding("a.md", "x")], suppressions=wishes)
    assert two.suppress_reason is None


def test_the_inbox_keeps_order_and_answers_the_same_to_a_pinned_length(tmp_path: Path) -> None:
    inbox = tmp_path / "night" / "inbox"
    assert memory.read_suppressions(inbox) == ([], 0)
    wishes = [Suppression(id="1", until=dt.date(2026, 12, 1), reason="r", at="t"), Suppression(id="2")]
    for wish in wishes:
        memory.append_suppression(inbox, wish)
    read, pinned = memory.read_suppressions(inbox)
    assert (read, pinned) == (wishes, (inbox / "suppress.jsonl").stat().st_size)
    memory.append_suppression(inbox, Suppression(id="3"))
    assert memory.read_suppressions(inbox, pinned) == (wishes, pinned)


def test_a_torn_line_is_left_out_said_and_does_not_spoil_the_next(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    memory.append_suppression(tmp_path, Suppression(id="1"))
    path = tmp_path / "suppress.jsonl"
    path.write_bytes(path.read_bytes() + b'{"id":"torn')
    read, whole = memory.read_suppressions(tmp_path)
    assert ([w.id for w in read], whole) == (["1"], path.read_bytes().index(b"\n") + 1)
    assert "torn line" in caplog.text
    memory.append_suppression(tmp_path, Suppression(id="2"))
    read, whole = memory.read_suppressions(tmp_path)
    assert ([w.id for w in read], whole) == (["1", "2"], path.stat().st_size)
    assert "line 2 is not a suppression" in caplog.text


def test_an_inbox_that_lost_bytes_since_it_was_pinned_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    memory.append_suppression(tmp_path, Suppression(id="1"))
    assert len(memory.read_suppressions(tmp_path, 10_000)[0]) == 1
    assert "of the 10000 bytes" in caplog.text


def test_a_wish_never_follows_a_link_out_of_the_inbox(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("mine")
    (tmp_path / "suppress.jsonl").symlink_to(outside)
    with pytest.raises(StateUnreadable):
        memory.append_suppression(tmp_path, Suppression(id="1"))
    assert outside.read_text() == "mine"


# --- thirty nights


@dataclass
class World:
    """A repository in which things go wrong and are mended; it knows what is true."""

    chance: random.Random
    files: dict[str, set[int]] = field(default_factory=dict)
    renames: dict[str, str] = field(default_factory=dict)
    made: int = 0

    def day(self) -> None:
        """Somebody works: new trouble, mended trouble, new, deleted and renamed files."""
        self.renames = {}
        for path in sorted(self.files):
            if self.chance.random() < 0.03:
                del self.files[path]
            elif self.chance.random() < 0.05:
                self.renames[path] = f"moved/{self.made}-{path.rpartition('/')[2]}"
                self.files[self.renames[path]] = self.files.pop(path)
        for path in sorted(self.files):
            self.files[path] = {n for n in sorted(self.files[path]) if self.chance.random() > 0.04}
            if self.chance.random() < 0.2:
                self.made += 1
                self.files[path].add(self.made)
        self.made += 1
        self.files[f"doc_{self.made}.md"] = {self.made}

    def night(self, version: int, share: float) -> tuple[list[Finding], list[Examined]]:
        """Look at a share of the files, in batches."""
        looked = [path for path in sorted(self.files) if self.chance.random() < share]
        found = [
            finding(path, f"trouble {n}", rule_version=version, worth=(0.8, 0.3)[n % 5 == 0])
            for path in looked
            for n in sorted(self.files[path])
        ]
        batches = [tuple(looked[i : i + 7]) for i in range(0, len(looked), 7)]
        return found, [Examined(rules={"docs.link": version}, subjects=b) for b in batches]


def check_night(
    before: dict[str, Known], tonight: Sequence[Known], examined: Sequence[Examined], world: World
) -> None:
    """Nothing is gone without evidence; nothing vanishes; nobody changes their id."""
    looked = {path for part in examined for path in part.subjects}
    version = next((v for part in examined for v in part.rules.values()), 0)
    for one in tonight:
        if one.standing == "gone":
            assert one.rule_version == version
            assert one.subject in looked or one.subject not in world.files
        if one.id in before:
            old = before[one.id]
            assert one.subject == world.renames.get(old.subject, old.subject)
            assert (one.identity, one.first_night) == (old.identity, old.first_night)
    kept = {one.id for one in tonight}
    for key, old in before.items():
        replaced = old.standing == "not_looked_at" and old.rule_version != version
        assert key in kept or old.standing == "gone" or replaced
    assert len(kept) == len(tonight)


@pytest.mark.parametrize("seed", range(3))
def test_thirty_nights_keep_their_word_and_their_caps(seed: int) -> None:
    world = World(random.Random(seed))
    world.files = {f"page_{n}.md": {1000 + 10 * n + i for i in range(n % 6)} for n in range(40)}
    previous: Snapshot | None = None
    first_said: dict[str, int] = {}
    for number in range(1, 31):
        night = (dt.date(2026, 11, 1) + dt.timedelta(days=number)).isoformat()
        if number > 1:
            world.day()
        found, examined = world.night(1 if number < 15 else 2, 1.0 if number % 4 else 0.5)
        tonight = memory.classify(
            previous,
            found,
            examined,
            night=night,
            present_paths=world.files,
            renames=world.renames,
            suppressions=(),
        )
        before = {k.id: k for k in previous.findings} if previous else {}
        check_night(before, tonight, examined, world)
        doc = compose(facts(tonight, date=night, first_night=number == 1))
        page = markdown(doc, source)
        assert page.count("\n") <= 120
        assert page.count("\n") < 30 or not doc.quiet
        assert doc.new.shown <= (15 if number == 1 else 8)
        assert max(doc.worse.shown, doc.gone.shown) <= 5
        for item in doc.new.items[: doc.new.shown]:
            came_back = item.id in before and before[item.id].standing == "gone"
            assert item.id not in first_said or came_back
            first_said[item.id] = number
        still = [k for k in tonight if k.standing == "still"]
        assert not any(k.id in page for k in still)
        assert doc.counts.still == len(still)
        previous = Snapshot(run=f"{night}.1", night=night, commit=None, findings=tonight)
        assert memory.decode(memory.encode(previous), "memory") == previous
    assert previous is not None
    assert {k.rule_version for k in previous.findings if k.standing != "not_looked_at"} == {2}
    assert len(first_said) > 20


def test_five_thousand_findings_are_compared_in_little_time() -> None:
    found = [finding(f"{n % 900}.md", str(n)) for n in range(5000)]
    present = frozenset(f"{n}.md" for n in range(900))
    before = remembered(*found, present_paths=present)
    examined = [Examined(rules=RULES, subjects=(f"{n}.md",)) for n in range(0, 900, 2)]
    tonight = classify(before, found[::2], present_paths=present, examined=examined)
    counted = {name: sum(k.standing == name for k in tonight) for name in ("still", "gone", "not_looked_at")}
    assert counted["still"] == 2500
    assert sum(counted.values()) == 5000
    assert msgspec.json.decode(memory.encode(snapshot(tonight)).splitlines()[0])["count"] == 5000


# --- tasks that move


TASKS = [Examined(rules={"task.expired": 1}, everything=True)]


def todo(subject: str, identity: str = "TODO(2026-01-01): drop the shim #1") -> Finding:
    return finding(rule="task.expired", subject=subject, identity=identity)


def test_a_task_that_went_to_another_file_with_its_code_is_the_same_one() -> None:
    before = remembered(todo("a.py"), examined=TASKS)
    after = classify(before, [todo("b.py")], examined=TASKS)
    assert [(k.id, k.subject, k.standing, k.first_night) for k in after] == [
        (before[0].id, "b.py", "still", FIRST)
    ]


def test_a_task_whose_text_stands_twice_is_not_guessed_at() -> None:
    before = remembered(todo("a.py"), examined=TASKS)
    after = classify(before, [todo("b.py"), todo("c.py")], examined=TASKS)
    assert standings(after) == {
        ("a.py", "TODO(2026-01-01): drop the shim #1"): "gone",
        ("b.py", "TODO(2026-01-01): drop the shim #1"): "new",
        ("c.py", "TODO(2026-01-01): drop the shim #1"): "new",
    }


def test_a_task_whose_first_place_nobody_looked_at_has_not_moved() -> None:
    before = remembered(todo("a.py"), examined=TASKS)
    partly = [Examined(rules={"task.expired": 1}, subjects=("b.py",))]
    after = classify(before, [todo("b.py")], examined=partly, present_paths=frozenset({"a.py", "b.py"}))
    assert sorted(standings(after).values()) == ["new", "not_looked_at"]
