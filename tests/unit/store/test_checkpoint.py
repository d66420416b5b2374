"""The checkpoint: what is committed survives, what is damaged is noticed, nothing is lost silently."""

import json
import shutil
from pathlib import Path

import pytest

from daydream.errors import StateDamaged, StateNewer, TryAgain
from daydream.records.head import Head
from daydream.records.journal import Cut, Ended, Planned
from daydream.records.outcome import Done
from daydream.store import heads as store
from daydream.store.checkpoint import Checkpoint, entries
from daydream.store.heads import decode, encode, read_head
from daydream.store.held import is_held
from daydream.store.lock import RunLock
from daydream.store.migrations import migrate
from tests.fakes.night import ScriptedStep, SmallNight

GOLDEN = Path(__file__).parents[2] / "golden"


@pytest.fixture
def finished(tmp_path: Path) -> SmallNight:
    night = SmallNight(tmp_path, {"docs": ScriptedStep(names=[f"file {n}" for n in range(40)])})
    night.go()
    return night


def _load(night: SmallNight) -> tuple[Head | None, str | None]:
    with RunLock(night.night_folder) as lock:
        checkpoint = Checkpoint(night.night_folder, lock)
        return checkpoint.load(), checkpoint.recovered


def test_no_truncation_and_no_flipped_bit_of_a_head_goes_unnoticed(finished: SmallNight) -> None:
    data = (finished.night_folder / "state.json").read_bytes()
    good = decode(data, "state.json")
    mangled = [data[:length] for length in range(0, len(data) - 2, 5)]
    mangled += [
        data[:n] + bytes([data[n] ^ (1 << bit)]) + data[n + 1 :] for n in range(len(data)) for bit in (0, 5)
    ]
    accepted = []
    for bad in mangled:
        try:
            head = decode(bad, "state.json")
        except (StateDamaged, StateNewer):
            continue
        if head != good:
            accepted.append(bad)

    assert accepted == []


@pytest.mark.parametrize("damage", ["zeros", "torn", "foreign", "missing"])
def test_a_damaged_head_is_set_aside_and_the_journal_proves_the_rest(
    finished: SmallNight, damage: str
) -> None:
    path = finished.night_folder / "state.json"
    before = read_head(finished.night_folder)
    data = path.read_bytes()
    match damage:
        case "zeros":
            path.write_bytes(bytes(len(data)))
        case "torn":
            path.write_bytes(data[: len(data) // 2])
        case "foreign":
            path.write_text('{"name": "somebody else"}')
        case _:
            path.unlink()
    head, recovered = _load(finished)

    assert before is not None
    assert head is not None
    assert recovered is not None
    assert head.run == before.run
    assert head.states["maintain.docs"] == before.states["maintain.docs"]
    assert damage == "missing" or (finished.night_folder / "state.json.corrupt-1").exists()


def test_a_night_whose_head_was_damaged_ends_as_if_nothing_had_happened(tmp_path: Path) -> None:
    dies = True

    def script(_ctx: object, name: str, _cursor: str | None) -> Done:
        if name == "file 30" and dies:
            raise KeyboardInterrupt
        return Done()

    step = ScriptedStep(names=[f"file {n}" for n in range(40)], script=script)
    night = SmallNight(tmp_path, {"docs": step})
    with pytest.raises(KeyboardInterrupt):
        night.go()
    (night.night_folder / "state.json").write_bytes(b"\0" * 100)
    dies = False
    head = night.go()

    assert head.closed == "done"
    assert head.states["maintain.docs"].ended == 40
    done = [
        e.name
        for _, e in entries(night.night_folder, head)
        if isinstance(e, Ended) and e.state == "maintain.docs"
    ]
    assert done == [f"file {n}" for n in range(40)]


def test_when_neither_generation_holds_nothing_is_changed_and_nothing_begins_anew(
    finished: SmallNight,
) -> None:
    for name in ("state.json", "state.prev.json"):
        path = finished.night_folder / name
        path.unlink()
        path.write_bytes(b"{}")
    with pytest.raises(StateDamaged, match="Nothing was changed"):
        _load(finished)

    assert (finished.night_folder / "state.json").read_bytes() == b"{}"


def test_a_journal_that_lost_committed_bytes_is_noticed(finished: SmallNight) -> None:
    journal = next(finished.night_folder.glob("runs/*/journal.jsonl"))
    journal.write_bytes(journal.read_bytes()[:-10])
    (finished.night_folder / "state.prev.json").unlink()

    with pytest.raises(StateDamaged, match="committed bytes"):
        _load(finished)


def test_a_journal_line_that_was_altered_is_noticed_when_it_is_read(finished: SmallNight) -> None:
    journal = next(finished.night_folder.glob("runs/*/journal.jsonl"))
    journal.write_bytes(journal.read_bytes().replace(b"file 3", b"file 8", 1))
    head = read_head(finished.night_folder)

    assert head is not None
    with pytest.raises(StateDamaged):
        list(entries(finished.night_folder, head))


def test_a_newer_state_is_refused_and_left_alone(finished: SmallNight) -> None:
    path = finished.night_folder / "state.json"
    plain = json.loads(path.read_bytes())["state"] | {"schema": 99, "future": True}
    raw = json.dumps(plain).encode()
    text = b'{"crc32":"%s","state":%s}' % (store.crc_text(raw).encode(), raw)
    path.write_bytes(text)

    with pytest.raises(StateNewer, match="format 99"):
        _load(finished)
    assert path.read_bytes() == text


def test_uncommitted_bytes_behind_a_segment_do_not_count(finished: SmallNight) -> None:
    journal = next(finished.night_folder.glob("runs/*/journal.jsonl"))
    with journal.open("ab") as handle:
        handle.write(b'{"seq":999,"crc":"00000000","entry":{}}\n')
    head, recovered = _load(finished)

    assert recovered is None
    assert head is not None
    assert max(seq for seq, _ in entries(finished.night_folder, head)) == head.seq


def test_a_second_writer_is_turned_away_and_the_lock_is_seen_from_outside(tmp_path: Path) -> None:
    with RunLock(tmp_path), pytest.raises(TryAgain, match="another daydream"):
        RunLock(tmp_path).acquire()
    with RunLock(tmp_path):
        assert is_held(tmp_path) is True
    assert is_held(tmp_path) is False


def test_committing_without_the_lock_is_refused(finished: SmallNight) -> None:
    lock = RunLock(finished.night_folder)
    checkpoint = Checkpoint(finished.night_folder, lock)
    checkpoint.load()

    with pytest.raises(AssertionError, match="lock is not held"):
        checkpoint.commit()


def test_the_former_head_is_kept_when_a_new_run_begins(finished: SmallNight) -> None:
    before = read_head(finished.night_folder)
    with RunLock(finished.night_folder) as lock:
        checkpoint = Checkpoint(finished.night_folder, lock)
        checkpoint.load()
        finished.begin(checkpoint)

    assert before is not None
    kept = decode((finished.night_folder / "runs" / before.run / "head.json").read_bytes(), "head.json")
    assert kept == before


def test_what_was_encoded_is_decoded(finished: SmallNight) -> None:
    head = read_head(finished.night_folder)

    assert head is not None
    assert decode(encode(head), "x") == head


def test_migrations_run_in_order_from_the_version_that_was_found() -> None:
    steps = (lambda s: {**s, "a": 1}, lambda s: {**s, "b": s.get("a")})

    assert migrate({"schema": 1}, steps) == {"schema": 3, "a": 1, "b": 1}
    assert migrate({"schema": 2}, steps) == {"schema": 3, "b": None}
    assert migrate({"schema": 3}, steps) == {"schema": 3}


@pytest.mark.parametrize("golden", sorted(GOLDEN.glob("night-*")), ids=lambda path: path.name)
def test_golden_states_of_every_version_stay_readable(golden: Path, tmp_path: Path) -> None:
    folder = tmp_path / "night"
    shutil.copytree(golden, folder)
    head = read_head(folder)

    assert head is not None
    kinds = [type(entry) for _, entry in entries(folder, head)]
    assert len(kinds) == head.seq
    assert {Planned, Ended, Cut} <= set(kinds)


def test_there_is_a_golden_state_for_this_version() -> None:
    assert (GOLDEN / f"night-{Head.__struct_defaults__[0]}").is_dir()
