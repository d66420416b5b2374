"""Whole nights in real processes: what they leave, what they leave alone, and how they go on."""

import json
import os
import re
import shutil
import signal
import time
from pathlib import Path

from tests.e2e.conftest import Place
from tests.fakes import checkouts


def _seen(place: Place) -> dict[str, tuple[int, int, int, bytes]]:
    """Everything in the checkout but daydream's own folder and what reading it may touch."""
    everything = checkouts.everything(place.root)
    return {
        path: row
        for path, row in everything.items()
        if not path.startswith(".git/daydream") and path not in (".", ".git")
    }


def _body(report: str) -> str:
    return "".join(
        line for line in report.splitlines(keepends=True) if not line.startswith(("- Duration", "- Resumed"))
    )


def test_a_first_night_leaves_a_true_page_and_the_checkout_as_it_was(
    small: Place, checkout: checkouts.Checkout
) -> None:
    checkout.write("small/core.py", "changed = 1\n")
    checkout.write("new.txt")
    before, refs = _seen(small), checkout.git("for-each-ref")
    done = small.daydream("run")
    page = small.report()

    assert done.returncode == 0
    assert done.stdout.strip().endswith(".md")
    assert "- Steps completed: 4/6" in page
    assert "report, as on every first night" in page
    assert "`small/core.py" in page
    assert "docs/guide.md" in page
    assert "1 uncommitted, 1 untracked" in page
    assert _seen(small) == before
    assert checkout.git("for-each-ref") == refs
    assert checkout.git("worktree", "list").count("\n") == 0


def test_the_second_night_repeats_nothing_and_counts_what_was_there(small: Place) -> None:
    small.daydream("run")
    first = small.data("findings")["findings"]
    small.next_day()
    small.daydream("run")
    page = small.report()

    assert "## New" not in page
    assert {f["id"] for f in small.data("findings")["findings"]} == {f["id"] for f in first}
    assert len(list((small.root / ".git/daydream/logs/daydream").glob("report_*.md"))) == 2
    assert len(small.data("runs")["runs"]) == 2


def test_if_due_does_the_date_once(small: Place) -> None:
    assert small.daydream("run", "--if-due").returncode == 0
    again = small.daydream("run", "--if-due")

    assert again.returncode == 0
    assert "nothing is due" in again.stdout
    assert len(small.data("runs")["runs"]) == 1


def test_a_mended_finding_is_gone_and_a_moved_file_keeps_its_findings(
    small: Place, checkout: checkouts.Checkout
) -> None:
    small.daydream("run")
    orphan = next(f for f in small.data("findings")["findings"] if "_orphan" in f["message"])
    checkout.write("docs/guide.md", "# Guide\n")
    checkout.git("mv", "small/core.py", "small/heart.py")
    checkout.write("README.md", "# Small\n\nSee [the guide](docs/guide.md) and [core](small/heart.py).\n")
    checkout.commit()
    small.next_day()
    small.daydream("run")
    known = small.data("findings")["findings"]

    moved = next(f for f in known if "_orphan" in f["message"])
    assert (moved["id"], moved["standing"], moved["subject"]) == (orphan["id"], "still", "small/heart.py")
    assert not any("guide.md" in f["message"] for f in known)
    assert "## Gone" in small.report()


def test_a_suppressed_finding_is_silent_from_the_next_night_on(small: Place) -> None:
    small.daydream("run")
    orphan = next(f for f in small.data("findings")["findings"] if "_orphan" in f["message"])
    told = small.daydream("suppress", orphan["id"], "--reason", "used by plug-ins")
    small.next_day()
    small.daydream("run")

    assert told.returncode == 0
    assert "_orphan" not in small.report()


def test_a_night_that_was_killed_goes_on_and_ends_in_the_same_page(small: Place, tmp_path: Path) -> None:
    undisturbed = Place(tmp_path / "twin/small", small.home)
    shutil.copytree(small.root, undisturbed.root)
    undisturbed.daydream("run")
    night = small.start("run")
    _until(lambda: _position(small) == "maintain.legacy_cleanup")
    night.kill()
    night.communicate()
    small.daydream("run")

    assert _body(small.report()) == _body(undisturbed.report())


def test_a_second_start_is_turned_away_and_a_stop_is_continued(small: Place) -> None:
    night = small.start("run")
    _until((small.state / "state.json").exists)
    second = small.daydream("run")
    night.send_signal(signal.SIGTERM)
    _, err = night.communicate(timeout=30)

    assert second.returncode == 75
    assert "another daydream is working" in second.stderr
    assert night.returncode in (0, 75)
    assert "Traceback" not in err
    assert small.daydream("run").returncode == 0


def _position(place: Place) -> str:
    path = place.state / "state.json"
    return str(json.loads(path.read_bytes())["state"]["position"]) if path.exists() else ""


def _until(condition, seconds: float = 30.0) -> None:  # type: ignore[no-untyped-def]
    until = time.monotonic() + seconds
    while not condition() and time.monotonic() < until:
        time.sleep(0.01)
    assert condition()


def test_an_unfinished_night_whose_configuration_changed_is_closed_with_its_report(small: Place) -> None:
    night = small.start("run")
    _until((small.state / "state.json").exists)
    night.kill()
    night.communicate()
    (small.root / "daydream.toml").write_text("[tasks]\nstale_days = 10\n")
    small.daydream("run")
    rows = small.data("runs")["runs"]
    closed = {row["closed"] for row in rows}

    assert "done" in closed
    assert closed <= {"done", "abandoned"}
    if len(rows) == 2:
        first = sorted((small.state.parents[1] / "logs/daydream").glob("report_*.1.md"))
        assert "configuration was changed" in first[0].read_text()


def test_a_partial_night_runs_what_was_asked_for_and_does_not_count_as_done(small: Place) -> None:
    small.daydream("run", "--only", "docs")
    page = small.report()

    assert "not asked for (--only)" in page
    assert "nothing is due" not in small.daydream("run", "--if-due").stdout


def test_apply_moves_unused_caches_to_the_trash_and_undo_brings_them_back(
    small: Place, checkout: checkouts.Checkout
) -> None:
    checkout.write(".gitignore", "__pycache__/\n")
    checkout.commit()
    cache = checkout.write("small/__pycache__/gone.cpython-311.pyc", b"x")
    long_ago = time.time() - 60 * 86400
    for path in (cache, cache.parent):
        os.utime(path, (long_ago, long_ago))
    small.configure('[night]\nmode = "apply"\n')
    small.daydream("run")
    assert cache.exists(), "the first night is report mode"
    small.daydream("run")
    assert not cache.exists()
    run = small.data("runs")["runs"][-1]["run"]
    effect = next(e for e in small.data("show", run)["effects"] if e["kind"] == "delete")
    assert small.daydream("undo", effect["id"]).returncode == 0
    assert cache.read_bytes() == b"x"
    assert small.daydream("undo", effect["id"]).returncode == 0


def test_without_git_a_snapshot_is_examined_and_the_folder_is_left_alone(plain: Place) -> None:
    before = {p: row for p, row in checkouts.everything(plain.root).items() if p != "."}
    done = plain.daydream("run")
    after = {
        p: r
        for p, r in checkouts.everything(plain.root).items()
        if p != "." and not p.startswith(".daydream")
    }

    assert done.returncode == 0
    assert after == before
    page = (plain.root / ".daydream/logs/daydream/latest.md").read_text()
    assert "without git" in page
    assert "_orphan" in page


def test_a_peek_writes_nothing_at_all(small: Place) -> None:
    before = checkouts.everything(small.root)
    done = small.daydream("peek")

    assert done.returncode == 0
    assert "_orphan" in done.stdout
    assert "nothing was written" in done.stdout
    assert checkouts.everything(small.root) == before
    assert not (small.home / ".cache").exists()


def test_status_tells_where_the_night_stands(small: Place) -> None:
    assert small.data("status")["status"] == "never"
    small.daydream("run")
    data = small.data("status")

    assert data["status"] == "done"
    assert data["current_step"] is None
    assert "maintain.docs" in data["completed_steps"]
    assert Path(data["daily_report"]).is_file()
    assert small.daydream("fsck").returncode == 0


def test_damaged_state_is_recovered_and_said(small: Place) -> None:
    small.daydream("run")
    (small.state / "state.json").write_bytes(b"\0" * 50)
    assert small.daydream("fsck").returncode == 70
    done = small.daydream("run")

    assert done.returncode == 0
    assert "went on from the generation before" in done.stderr
    assert list(small.state.glob("state.json.corrupt-*"))


def test_a_newer_state_is_refused_and_left_alone(small: Place) -> None:
    from daydream.store.heads import crc_text

    small.daydream("run")
    path = small.state / "state.json"
    raw = json.dumps(json.loads(path.read_bytes())["state"] | {"schema": 2}).encode()
    text = b'{"crc32":"%s","state":%s}\n' % (crc_text(raw).encode(), raw)
    path.write_bytes(text)

    assert small.daydream("run").returncode == 78
    assert path.read_bytes() == text


def test_a_night_whose_inputs_include_last_nights_outputs_finds_nothing_in_them(
    small: Place, checkout: checkouts.Checkout
) -> None:
    small.daydream("run")
    logs = small.root / ".git/daydream/logs/daydream"
    small.configure(f'[repositories."{small.root}".logs]\nsources = ["{logs}/*"]\n')
    for path in logs.iterdir():
        checkout.write(f"logs/daydream/{path.name}", path.read_bytes())
    checkout.write("state/night/state.json", (small.state / "state.json").read_bytes())
    checkout.commit()
    small.next_day()
    small.daydream("run")

    known = small.data("findings")["findings"]
    assert not [f for f in known if "daydream" in f["subject"] or f["subject"].startswith("state/")]


def test_names_that_only_changed_their_kind_are_not_called_gone(
    small: Place, checkout: checkouts.Checkout
) -> None:
    long_ago = {"GIT_AUTHOR_DATE": "2020-01-01T00:00:00Z", "GIT_COMMITTER_DATE": "2020-01-01T00:00:00Z"}
    checkout.write(
        "small/core.py", "def fetch(url):\n    return url\n\n\ndef collect_rows(source):\n    return source\n"
    )
    checkout.git("add", "-A")
    checkout.git("commit", "-q", "--amend", "-m", "old", env=long_ago)
    checkout.write("small/core.py", "fetch = print\n")
    checkout.write("README.md", "# Small\n\nCall `fetch()` and then `collect_rows()`.\n")
    checkout.commit()
    small.daydream("run")
    stale = [f["message"] for f in small.data("findings")["findings"] if f["rule"] == "docs.stale_name"]

    assert len(stale) == 1
    assert "collect_rows" in stale[0]


def test_every_night_stays_and_ends_on_a_stop(small: Place) -> None:
    stay = small.start("run", "--every-night", "--at", "00:00")
    _until(lambda: small.data("status")["status"] == "done")
    stay.send_signal(signal.SIGTERM)
    stay.communicate(timeout=30)

    assert stay.returncode == 75
    assert re.search(r"- Steps completed: 4/6", small.report())


def test_status_reads_a_head_in_full_that_is_not_there_at_a_glance(small: Place) -> None:
    small.daydream("run")
    head = small.state / "state.json"
    assert json.loads(head.read_bytes())["state"]["tail"]
    head.write_bytes(head.read_bytes() + b"\n")  # sound, and not as it is written

    assert small.data("status")["status"] == "done"
