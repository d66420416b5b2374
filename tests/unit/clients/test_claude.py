"""Claude's program as it is asked: with nothing to act with, bounded, and every failure one sentence."""

import json
import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from daydream.clients import claude
from daydream.clients.claude import Program
from daydream.clients.claude_reply import NoAnswer, Reply
from daydream.errors import Stopped
from daydream.processes import Completed, Stop, run
from tests.fakes import claude_program

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "batch": {"enum": ["mark"]},
        "evaluations": {"type": "array", "items": {"properties": {"id": {"enum": ["d1", "d2"]}}}},
    },
}
PROMPT = "Judge d1 and d2 of mark."
PROGRAM = Program()


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    path = f"{tmp_path}/bin:relative:/usr/bin:/bin"
    return {"PATH": path, "HOME": "/home/somebody", "LANG": "C.UTF-8", "AWS_SECRET_ACCESS_KEY": "secret", "ANTHROPIC_API_KEY": "found"}  # fmt: skip


def child_of(stop: Stop) -> claude.Child:
    def child(
        argv: Sequence[str], *, cwd: Path, env: Mapping[str, str], stdin: bytes, timeout_s: float
    ) -> Completed:
        return run(argv, cwd=cwd, stop=stop, env=env, stdin=stdin, timeout_s=timeout_s)

    return child


def ask(env: Mapping[str, str], program: Program = PROGRAM, most_usd: float = 0.5) -> Reply:
    return claude.ask(program, PROMPT, SCHEMA, most_usd, env, child_of(Stop()))


def refused(env: Mapping[str, str], program: Program = PROGRAM) -> NoAnswer:
    with pytest.raises(NoAnswer) as caught:
        ask(env, program)
    assert "\n" not in str(caught.value)
    return caught.value


def option(call: Mapping[str, Any], name: str) -> Any:
    return call["options"].get(name)


def test_a_structured_answer_comes_with_its_model_and_price(tmp_path: Path, env: dict[str, str]) -> None:
    claude_program.install(tmp_path / "bin", "good")
    reply = ask(env)
    assert [each["id"] for each in reply.structured["evaluations"]] == ["d1", "d2"]
    assert (reply.model, reply.cost_usd, reply.cost_source) == ("claude-large-4", 0.0312, "estimate")


@pytest.mark.parametrize("bare", [False, True])
def test_nothing_of_anybodys_runs_in_either_form(tmp_path: Path, env: dict[str, str], bare: bool) -> None:
    log = claude_program.install(tmp_path / "bin", "good")
    ask(env, Program(bare=bare, turns=3, model="large"), most_usd=0.25)
    [call] = claude_program.calls(log)
    assert option(call, "--tools") == ""
    assert option(call, "--disallowedTools") == "mcp__*"
    assert "--strict-mcp-config" in call["options"]
    assert json.loads(option(call, "--mcp-config")) == {"mcpServers": {}}
    assert json.loads(option(call, "--settings")) == {"disableAllHooks": True}
    assert option(call, "--setting-sources") == ""
    assert "--no-session-persistence" in call["options"]
    assert (option(call, "--max-turns"), option(call, "--max-budget-usd")) == ("3", "0.25")
    assert option(call, "--model") == "large"
    assert ("--bare" in call["options"]) == bare
    assert json.loads(option(call, "--json-schema")) == SCHEMA


def test_it_works_in_an_empty_folder_that_is_gone_afterwards_and_in_its_own_group(
    tmp_path: Path, env: dict[str, str]
) -> None:
    log = claude_program.install(tmp_path / "bin", "good")
    ask(env)
    [call] = claude_program.calls(log)
    assert call["folder"] == []
    assert not Path(call["cwd"]).exists()
    assert call["group"] != os.getpgid(0)
    assert call["prompt"] == PROMPT


def test_it_gets_what_it_needs_of_the_environment_and_the_guard_and_no_more(
    tmp_path: Path, env: dict[str, str]
) -> None:
    log = claude_program.install(tmp_path / "bin", "good")
    ask(env)
    [call] = claude_program.calls(log)
    assert call["env"]["DAYDREAM_JUDGE"] == "1"
    assert call["env"]["HOME"] == "/home/somebody"
    assert call["env"]["PATH"] == f"{tmp_path}/bin:/usr/bin:/bin"
    assert not {"AWS_SECRET_ACCESS_KEY", "ANTHROPIC_API_KEY"} & set(call["env"])


def test_a_key_is_passed_on_under_our_own_name_or_when_it_is_named(
    tmp_path: Path, env: dict[str, str]
) -> None:
    log = claude_program.install(tmp_path / "bin", "good")
    ask({**env, "DAYDREAM_ANTHROPIC_KEY": "ours"})
    ask(env, Program(passed=("ANTHROPIC_API_KEY", "NOT_SET")))
    assert [call["env"]["ANTHROPIC_API_KEY"] for call in claude_program.calls(log)] == ["ours", "found"]
    assert all("DAYDREAM_ANTHROPIC_KEY" not in call["env"] for call in claude_program.calls(log))


@pytest.mark.parametrize("mode", ["in_text", "prose"])
def test_without_a_structured_output_there_is_its_text(
    tmp_path: Path, env: dict[str, str], mode: str
) -> None:
    claude_program.install(tmp_path / "bin", mode)
    reply = ask(env)
    assert reply.structured is None
    assert "d2" in reply.text


@pytest.mark.parametrize("mode", ["stream", "messages"])
def test_the_result_is_found_among_other_messages(tmp_path: Path, env: dict[str, str], mode: str) -> None:
    claude_program.install(tmp_path / "bin", mode)
    assert len(ask(env).structured["evaluations"]) == 2


def test_a_price_that_is_not_told_is_unknown_and_not_nothing(tmp_path: Path, env: dict[str, str]) -> None:
    claude_program.install(tmp_path / "bin", "unpriced")
    reply = ask(env)
    assert (reply.cost_usd, reply.cost_source, reply.model) == (None, "unknown", None)


@pytest.mark.parametrize(
    ("mode", "lasting", "cost", "said"),
    [
        ("not_logged_in", True, 0.0, "Please run /login"),
        ("error_inside_success", False, 0.0312, "529 overloaded_error"),
        ("exit_code_only", False, 0.0312, "exit code 1"),
        ("flag_error", True, None, "not a valid JSON Schema"),
        ("html", False, None, "not the JSON that it documents"),
        ("silent", False, None, "not the JSON that it documents"),
        ("nulls", False, None, "reports an error"),
        ("terminated", False, None, "ended by signal 15"),
    ],
)
def test_a_failure_is_one_sentence_with_what_it_cost(
    tmp_path: Path, env: dict[str, str], mode: str, lasting: bool, cost: float | None, said: str
) -> None:
    claude_program.install(tmp_path / "bin", mode)
    error = refused(env)
    assert said in str(error)
    assert (error.lasting, error.cost_usd, error.sent) == (lasting, cost, True)


@pytest.mark.parametrize(
    ("subtype", "said"),
    [
        ("error_max_turns", "judge.claude_turns"),
        ("error_max_budget_usd", "judge.claude_call_cents"),
        ("error_max_structured_output_retries", "never had the form"),
        ("error_during_execution", "failed while it worked"),
        ("error_of_tomorrow", "reports an error"),
    ],
)
def test_each_documented_end_without_an_answer_says_what_to_do(
    tmp_path: Path, env: dict[str, str], subtype: str, said: str
) -> None:
    claude_program.install(tmp_path / "bin", "failed", subtype=subtype, said="it went wrong with key=abc")
    error = refused(env)
    assert said in str(error)
    assert error.cost_usd == 0.0312
    assert not error.lasting


def test_a_silent_end_with_an_exit_code_names_the_code(tmp_path: Path, env: dict[str, str]) -> None:
    claude_program.install(tmp_path / "bin", "silent", exit=7)
    assert "exit code 7" in str(refused(env))


def test_out_of_time_it_dies_with_whatever_it_started(tmp_path: Path, env: dict[str, str]) -> None:
    log = claude_program.install(tmp_path / "bin", "hanging")
    error = refused(env, Program(timeout_s=1.5))
    assert "did not answer within 1.5 s" in str(error)
    assert not error.lasting
    child = Path(f"{log}.child")
    assert not child.exists() or gone(int(child.read_text()))


def test_a_stop_ends_it_at_once(tmp_path: Path, env: dict[str, str]) -> None:
    log = claude_program.install(tmp_path / "bin", "hanging")
    stop = Stop()
    stop.request()
    stop.request()
    with pytest.raises(Stopped):
        claude.ask(PROGRAM, PROMPT, SCHEMA, 0.5, env, child_of(stop))
    child = Path(f"{log}.child")
    assert not child.exists() or gone(int(child.read_text()))


def gone(pid: int) -> bool:
    until = time.monotonic() + 5
    while time.monotonic() < until:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        if Path(f"/proc/{pid}/stat").exists() and Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z":
            return True
    os.kill(pid, signal.SIGKILL)
    return False


def test_a_program_that_is_not_there_is_named_and_nothing_was_sent(
    tmp_path: Path, env: dict[str, str]
) -> None:
    error = refused(env)
    assert (error.lasting, error.sent) == (True, False)
    assert "judge.claude_program" in str(error)
    for name in ("./claude", "sub/claude", f"{tmp_path}/nowhere/claude"):
        assert refused(env, Program(name=name)).sent is False


def test_a_program_in_the_current_folder_is_never_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    claude_program.install(tmp_path / "repo", "good")
    monkeypatch.chdir(tmp_path / "repo")
    for path in (".", "", ":", "./:"):
        assert claude.found("claude", {"PATH": path}) is None


def test_a_file_that_cannot_run_is_named(tmp_path: Path, env: dict[str, str]) -> None:
    program = tmp_path / "bin" / "claude"
    program.parent.mkdir()
    program.write_bytes(b"\x7fELF nonsense")
    program.chmod(0o755)
    assert "cannot be started" in str(refused(env))


def test_an_absolute_program_needs_no_path(tmp_path: Path) -> None:
    claude_program.install(tmp_path / "elsewhere", "good", name="judge-me")
    program = replace(PROGRAM, name=f"{tmp_path}/elsewhere/judge-me")
    assert len(ask({"PATH": "/usr/bin:/bin"}, program).structured["evaluations"]) == 2


def test_the_fake_refuses_what_the_real_program_does_not_know(tmp_path: Path, env: dict[str, str]) -> None:
    log = claude_program.install(tmp_path / "bin", "good")
    said: Callable[..., Completed] = child_of(Stop())
    done = said(
        [f"{tmp_path}/bin/claude", "--print", "--no-such"], cwd=tmp_path, env=env, stdin=b"", timeout_s=20
    )
    assert (done.returncode, done.last_words) == (1, "error: unknown option '--no-such'")
    assert len(claude_program.calls(log)) == 1
