"""Evaluations from outside: what a hook and a person hand over, and what a night takes of it."""

import datetime as dt
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from daydream.cli import dream_hook
from daydream.config.model import Config, JudgeOptions
from daydream.contracts.context import Context
from daydream.dream import ingest, judge
from daydream.errors import StateUnreadable, UsageError
from daydream.records.change import Delete
from daydream.store import dream_rows
from tests.fakes.dream_night import store_of
from tests.fakes.judging import Models, Remembering, dreamt, statuses, verdicts

NOW = dt.datetime(2026, 11, 21, 1, tzinfo=dt.UTC)
ROOT = Path(__file__).parents[3]


def ids(ctx: Context) -> list[str]:
    with store_of(ctx) as store:
        return [each.id for each in dream_rows.dreams(store)]


def payload(text: Any, **more: Any) -> bytes:
    common = {"session_id": "s", "transcript_path": "/x.jsonl", "cwd": "/nowhere", "stop_hook_active": False}
    return json.dumps({**common, "hook_event_name": "Stop", "last_assistant_message": text, **more}).encode()


def hook(data: bytes, *arguments: str, **env: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "daydream.cli.dream_hook", *arguments]
    return subprocess.run(
        command,
        input=data,
        capture_output=True,
        check=False,
        env={"PYTHONPATH": str(ROOT), **env},
        timeout=60,
    )


def spooled(state: Path) -> list[dict[str, Any]]:
    files = sorted((state / "night" / "inbox").glob("dream-replies-*.jsonl"))
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]


def test_a_session_that_judged_dreams_is_kept_and_the_next_night_takes_it_over(tmp_path: Path) -> None:
    ctx = dreamt(tmp_path)
    first, second, *_ = ids(ctx)
    text = f"Dream {first}: viability 0.85, tier 1. It is safe.\nDream {second}: viability 30%, tier 3. It is not."
    done = hook(payload(text), "--state", str(ctx.state))
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    section = Remembering(ctx).run(judge.make(Config()))
    assert section.facts["by"] == {"rule-based": 18, "session": 2}
    assert statuses(ctx).get("pending_evaluation") is None
    mine = [each for each in verdicts(ctx) if each["evaluator"] == "session"]
    assert sorted((each["viability"], each["tier"], each["said_tier"]) for each in mine) == [
        (0.3, 2, 3),
        (0.85, 1, None),
    ]
    assert {json.loads(each["reasons"])[0] for each in mine} == {"It is safe", "It is not"}


def test_what_is_in_the_inbox_is_not_asked_about(tmp_path: Path) -> None:
    ctx = dreamt(tmp_path, 5)
    text = "\n".join(f"{each}: 0.7" for each in ids(ctx))
    ingest.keep(ctx.state, ingest.Text(text, ingest.PERSON), NOW)
    models = Models()
    section = Remembering(ctx).run(judge.make(Config(), models.open))
    assert models.questions == []
    assert section.facts["by"] == {"ingested": 5}


def test_only_dreams_that_wait_take_an_evaluation_and_others_are_told(tmp_path: Path) -> None:
    ctx = dreamt(tmp_path, 5)
    judged = ids(ctx)[0]
    Remembering(ctx).run(judge.make(Config()))
    before = verdicts(ctx)
    text = f"Dream {judged}: viability 0.99\nDream deadbeefdeadbeef: viability 0.9"
    ingest.keep(ctx.state, ingest.Text(text, ingest.PERSON), NOW)
    section = Remembering(replace(ctx, run="run-2"), seq=5).run(judge.make(Config()))
    assert verdicts(ctx) == before
    assert section.notes == ("Evaluations in the inbox of dreams that do not wait for one, left alone: 2.",)


def test_of_several_evaluations_of_a_dream_the_last_counts(tmp_path: Path) -> None:
    ctx = dreamt(tmp_path, 5)
    first = ids(ctx)[0]
    for score in (0.2, 0.7):
        ingest.keep(ctx.state, ingest.Text(f"Dream {first}: viability {score}", ingest.PERSON), NOW)
    Remembering(ctx).run(judge.make(Config()))
    assert [each["viability"] for each in verdicts(ctx) if each["dream_id"] == first] == [0.7]


def test_what_is_in_doubt_is_told_and_left_alone(tmp_path: Path) -> None:
    ctx = dreamt(tmp_path, 5)
    ingest.keep(ctx.state, ingest.Text(f"Dream {ids(ctx)[0]}: viability 8, maybe", ingest.PERSON), NOW)
    section = Remembering(ctx).run(judge.make(Config()))
    assert section.facts["by"] == {"rule-based": 5}
    assert "Evaluations in the inbox that cannot be read beyond doubt, left alone: 1." in section.notes


def test_secrets_in_a_message_do_not_reach_the_store(tmp_path: Path) -> None:
    ctx = dreamt(tmp_path, 5)
    text = f"Dream {ids(ctx)[0]}: viability 0.7. Use AKIAIOSFODNN7EXAMPLE and me@example.com."
    ingest.keep(ctx.state, ingest.Text(text, ingest.PERSON), NOW)
    Remembering(ctx).run(judge.make(Config()))
    assert "AKIAIOSFODNN7EXAMPLE" not in json.dumps([dict(each) for each in verdicts(ctx)])
    assert "me@example.com" not in json.dumps([dict(each) for each in verdicts(ctx)])


def test_files_that_nobody_adds_to_any_more_go_to_the_trash(tmp_path: Path) -> None:
    ctx = dreamt(tmp_path, 5)
    for days in (0, 1, 2, 9):
        ingest.keep(
            ctx.state, ingest.Text("nothing", ingest.PERSON), ctx.started_at - dt.timedelta(days=days)
        )
    outcome = Remembering(ctx).sub_step(judge.make(Config()), "inbox")
    gone = [change.path for change in outcome.changes if isinstance(change, Delete)]
    assert gone == [
        "night/inbox/dream-replies-2026-11-12.jsonl",
        "night/inbox/dream-replies-2026-11-19.jsonl",
    ]
    assert outcome.facts["texts"] == 4


def test_an_inbox_is_emptied_even_where_nothing_waits(tmp_path: Path) -> None:
    ctx = dreamt(tmp_path, 5)
    Remembering(ctx).run(judge.make(Config()))
    ingest.keep(ctx.state, ingest.Text("nothing", ingest.PERSON), ctx.started_at - dt.timedelta(days=5))
    assert judge.make(Config()).plan(replace(ctx, run="run-2")) == ["inbox"]


def test_an_inbox_full_of_anything_loses_nothing_that_is_whole(tmp_path: Path) -> None:
    ctx = dreamt(tmp_path, 5)
    first = ids(ctx)[0]
    path = ingest.keep(ctx.state, ingest.Text(f"Dream {first}: viability 0.7", ingest.PERSON), NOW)
    with path.open("ab") as file:
        file.write(b'\xff\xfe\n[]\nnull\n{"text": 5}\n{"text": "torn')
    ingest.keep(ctx.state, ingest.Text("after the tear", ingest.PERSON), NOW)
    (path.parent / "dream-replies-2026-11-20.jsonl").symlink_to(path)
    (path.parent / "dream-replies-2026-11-19.jsonl").mkdir()
    (path.parent / "dream-replies-x.jsonl").write_text("{}")
    inbox = ingest.read_inbox(ctx.state, lambda: None)
    assert [each.text[-3:] for each in inbox.texts] == ["0.7", "ear"]
    assert inbox.unreadable == 7
    assert inbox.files == (path.name,)


def test_a_full_inbox_takes_no_more(tmp_path: Path) -> None:
    path = ingest.keep(tmp_path, ingest.Text("x", ingest.PERSON), NOW)
    path.write_bytes(b"x" * (ingest.LARGEST_FILE - 5))
    with pytest.raises(UsageError, match="full"):
        ingest.keep(tmp_path, ingest.Text("x", ingest.PERSON), NOW)
    hook(payload("Dream 1: viability 0.7"), "--state", str(tmp_path))
    assert path.stat().st_size == ingest.LARGEST_FILE - 5


def test_an_inbox_that_the_disk_refuses_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "night").write_text("a file")
    with pytest.raises(StateUnreadable):
        ingest.keep(tmp_path, ingest.Text("x", ingest.PERSON), NOW)


@pytest.mark.parametrize(
    ("raw", "text", "who"),
    [
        (b"Dream d: viability 0.5", "Dream d: viability 0.5", "ingested"),
        (b"\xef\xbb\xbfDream \xff", "Dream \ufffd", "ingested"),
        (payload("said"), "said", "session"),
        (b'{"id": "d", "viability": 0.5}', '{"id": "d", "viability": 0.5}', "ingested"),
        (b'not JSON with "hook_event_name"', 'not JSON with "hook_event_name"', "ingested"),
    ],
)
def test_standard_input_is_a_text_or_the_payload_of_a_hook(raw: bytes, text: str, who: str) -> None:
    assert ingest.text_of(raw) == (text, who)


@pytest.mark.parametrize(
    "raw", [b"", b" \n", payload(None), payload(""), payload(5, hook_event_name="PreToolUse"), b"x" * 900_000]
)
def test_standard_input_without_a_text_is_refused_in_one_sentence(raw: bytes) -> None:
    with pytest.raises(UsageError):
        ingest.text_of(raw)


def test_handing_over_says_what_was_kept(tmp_path: Path) -> None:
    ctx = dreamt(tmp_path, 5)
    first, second, *_ = ids(ctx)
    text = f"Dream {first}: viability 0.85, tier 1.\nDream {second}: viability 8.\nDream deadbeefdeadbeef: viability 0.1."
    result = ingest.noted(ctx.state, ingest.Text(text, ingest.PERSON), NOW)
    assert result.lines[0].startswith("1 evaluation is kept for the next night; ")
    assert result.data["evaluations"] == [{"id": first, "viability": 0.85, "tier": 1}]
    assert len(spooled(ctx.state)) == 1


def test_handing_over_nothing_usable_keeps_nothing_and_says_how(tmp_path: Path) -> None:
    ctx = dreamt(tmp_path, 5)
    with pytest.raises(UsageError, match=r"nothing was taken over: .*`Dream ID: viability 0\.8"):
        ingest.noted(ctx.state, ingest.Text("It is all fine.", ingest.PERSON), NOW)
    assert spooled(ctx.state) == []


def test_a_persons_own_patterns_are_used(tmp_path: Path) -> None:
    ctx = dreamt(tmp_path, 5)
    first = ids(ctx)[0]
    pattern = r"(?P<id>\w{16})=(?P<score>\S+)!"
    ingest.keep(ctx.state, ingest.Text(f"so {first}=70%!", ingest.PERSON), NOW)
    section = Remembering(ctx).run(judge.make(Config(judge=JudgeOptions(patterns=(pattern,)))))
    assert section.facts["by"]["ingested"] == 1


# The entry for the hook


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not json",
        b"[1]",
        b"null",
        b"\xff" * 100,
        b"[" * 10_000,
        payload(None),
        payload(["x"]),
        payload("Dream 1: viability 0.7", hook_event_name="SubagentStop"),
        payload("The weather is fine."),
        payload("We dream of better days."),
        payload("The score of the match was 3 to 1."),
        b'{"hook_event_name": "Stop", "last_assistant_message": "' + b"x" * 3_000_000,
    ],
)
def test_the_hook_is_silent_ends_well_and_keeps_nothing_else(tmp_path: Path, data: bytes) -> None:
    done = hook(data, "--state", str(tmp_path))
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert list(tmp_path.iterdir()) == []


def test_the_hook_ignores_our_own_judge(tmp_path: Path) -> None:
    done = hook(payload("Dream 1: viability 0.7"), "--state", str(tmp_path), DAYDREAM_JUDGE="1")
    assert (done.returncode, list(tmp_path.iterdir())) == (0, [])


def test_the_hook_finds_the_state_around_the_session_and_makes_none(tmp_path: Path) -> None:
    text = "Dream 1: viability 0.7"
    hook(payload(text, cwd=str(tmp_path)))
    assert list(tmp_path.iterdir()) == []
    state = tmp_path / ".git" / "daydream" / "state"
    (state / "night").mkdir(parents=True)
    (tmp_path / "src" / "deep").mkdir(parents=True)
    hook(payload(text, cwd=str(tmp_path / "src" / "deep")))
    assert [each["text"] for each in spooled(state)] == [text]
    for nowhere in ("relative", 5, None, "/"):
        assert hook(payload(text, cwd=nowhere)).returncode == 0
    assert len(spooled(state)) == 1


def test_the_hook_follows_no_link_and_survives_a_disk_that_refuses(tmp_path: Path) -> None:
    inbox = tmp_path / "night" / "inbox"
    inbox.mkdir(parents=True)
    target = tmp_path / "elsewhere"
    for day in (0, 1):
        date = (dt.datetime.now(dt.UTC) + dt.timedelta(days=day)).date()
        (inbox / f"dream-replies-{date}.jsonl").symlink_to(target)
    done = hook(payload("Dream 1: viability 0.7"), "--state", str(tmp_path))
    assert (done.returncode, done.stderr, target.exists()) == (0, b"", False)


def test_what_the_hook_writes_is_what_the_night_reads(tmp_path: Path) -> None:
    text = "Dream d: viability 0.7 \u2013 größer\u2028 als gedacht"
    for _ in range(2):
        hook(payload(text), "--state", str(tmp_path))
    inbox = ingest.read_inbox(tmp_path, lambda: None)
    assert inbox.texts == (ingest.Text(text, ingest.SESSION),) * 2
    assert inbox.unreadable == 0
    [file] = (tmp_path / "night" / "inbox").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600


def test_the_hook_loads_the_standard_library_alone_and_little_of_it() -> None:
    code = "import sys; import daydream.cli.dream_hook; print('\\n'.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {code}"],
        capture_output=True,
        text=True,
        check=True,
    )
    plain = subprocess.run(
        [sys.executable, "-I", "-c", "import sys, json; print('\\n'.join(sys.modules))"],
        capture_output=True,
        text=True,
        check=True,
    )
    added = set(done.stdout.split()) - set(plain.stdout.split())
    assert added == {"daydream", "daydream.cli", "daydream.cli.dream_hook"}


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Dream x: viability 0.5", True),
        ("a1b2c3d4e5f60718: score 80%", True),
        ('{"id": "a1b2c3d4e5f60718", "viability": 0.5}', True),
        ("Tier 1: deploy. Tier 2: wait.", False),
        ("I had a dream.", False),
        ("", False),
    ],
)
def test_only_messages_that_may_judge_dreams_are_kept(text: str, kept: bool) -> None:
    assert dream_hook.judges_dreams(text) is kept


def test_the_hook_and_the_night_mean_the_same_inbox() -> None:
    assert "/".join(dream_hook._INBOX) == ingest.INBOX
    assert dream_hook._LARGEST_FILE == ingest.LARGEST_FILE
