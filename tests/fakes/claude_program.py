#!/usr/bin/env python3
"""A program that speaks the documented headless contract of Claude Code, failures included; see `install`.

Run as ``claude_program.py PLAN OPTIONS...``. The plan is a JSON file: `mode` is what happens, `log` a file to which each
call adds what it was given. Without `--print`, or with an option that the real program does not have, it fails as that one does.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

FLAGS = {"--print", "--strict-mcp-config", "--no-session-persistence", "--bare"}
VALUES = {
    "--output-format",
    "--json-schema",
    "--system-prompt",
    "--tools",
    "--disallowedTools",
    "--mcp-config",
    "--settings",
    "--setting-sources",
    "--permission-mode",
    "--max-turns",
    "--max-budget-usd",
    "--model",
}
USAGE = {"inputTokens": 1200, "outputTokens": 340, "costUSD": 0.03}
RESULT: dict[str, Any] = {
    "type": "result",
    "subtype": "success",
    "is_error": False,
    "num_turns": 2,
    "duration_ms": 4100,
    "session_id": "6d1a",
    "total_cost_usd": 0.0312,
    "modelUsage": {
        "claude-helper-1": {"inputTokens": 90, "outputTokens": 4, "costUSD": 0.0001},
        "claude-large-4": USAGE,
    },
    "permission_denials": [],
}


def install(folder: Path, mode: str, name: str = "claude", **more: Any) -> Path:
    """Put a program called `name` into `folder` that behaves as `mode` says; return the log of its calls."""
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / f"{name}.log"
    plan = folder / f"{name}.plan.json"
    plan.write_text(json.dumps({"mode": mode, "log": str(log), **more}))
    program = folder / name
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -I "{Path(__file__).resolve()}" "{plan}" "$@"\n')
    program.chmod(0o755)
    return log


def calls(log: Path) -> list[dict[str, Any]]:
    """Return what each call was given; none where it was never called."""
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def main(argv: list[str]) -> int:
    plan = json.loads(Path(argv[0]).read_text())
    options, trouble = parsed(argv[1:])
    prompt = sys.stdin.read()
    seen = {
        "options": options,
        "argv": argv[1:],
        "env": dict(os.environ),
        "cwd": str(Path.cwd()),
        "folder": [each.name for each in Path().iterdir()],
        "prompt": prompt,
        "pid": os.getpid(),
        "group": os.getpgid(0),
    }
    with Path(plan["log"]).open("a") as log:
        log.write(json.dumps(seen) + "\n")
    if trouble:
        print(trouble, file=sys.stderr)
        return 1
    return MODES[plan["mode"]](plan, options, prompt)


def parsed(argv: list[str]) -> tuple[dict[str, str], str]:
    options: dict[str, str] = {}
    place = 0
    while place < len(argv):
        word = argv[place]
        if word in FLAGS:
            options[word] = ""
            place += 1
        elif word in VALUES and place + 1 < len(argv):
            options[word] = argv[place + 1]
            place += 2
        else:
            return options, f"error: unknown option '{word}'"
    if "--print" not in options:
        return options, "error: no terminal"
    return options, ""


def asked(options: dict[str, str], prompt: str) -> tuple[list[str], str]:
    """The ids and the mark that the schema demands; both stand in the prompt too."""
    schema = json.loads(options["--json-schema"])
    ids = schema["properties"]["evaluations"]["items"]["properties"]["id"]["enum"]
    mark = schema["properties"]["batch"]["enum"][0]
    assert all(name in prompt for name in (*ids, mark))
    return ids, mark


def evaluation(name: str, score: float = 0.7, tier: int = 1) -> dict[str, Any]:
    return {"id": name, "viability": score, "tier": tier, "reasoning": f"It holds for {name}."}


def say(**more: Any) -> int:
    print(json.dumps({**RESULT, **more}))
    return 0


def good(plan: dict[str, Any], options: dict[str, str], prompt: str) -> int:
    ids, mark = asked(options, prompt)
    scores = [round(0.2 + 0.6 * place / max(1, len(ids) - 1), 2) for place in range(len(ids))]
    found = [
        evaluation(name, score, 1 if score >= 0.6 else 2 if score >= 0.3 else 3)
        for name, score in zip(ids, scores, strict=True)
    ]
    return say(result="", structured_output={"batch": mark, "evaluations": found})


def in_text(plan: dict[str, Any], options: dict[str, str], prompt: str) -> int:
    ids, mark = asked(options, prompt)
    body = json.dumps({"batch": mark, "evaluations": [evaluation(name) for name in ids]}, indent=1)
    return say(result=f"Here is what I think.\n\n```json\n{body}\n```\nGood night.")


def prose(plan: dict[str, Any], options: dict[str, str], prompt: str) -> int:
    ids, _ = asked(options, prompt)
    return say(result="\n".join(f"Dream {name}: viability 0.65, tier 1. It holds." for name in ids))


def partial(plan: dict[str, Any], options: dict[str, str], prompt: str) -> int:
    ids, mark = asked(options, prompt)
    found = [evaluation(name) for name in ids[::2]]
    found.append(evaluation("ffffffffffffffff", 0.9))
    return say(structured_output={"batch": mark, "evaluations": found})


def contradiction(plan: dict[str, Any], options: dict[str, str], prompt: str) -> int:
    ids, mark = asked(options, prompt)
    return say(structured_output={"batch": mark, "evaluations": [evaluation(n, 0.2, 1) for n in ids]})


def other_batch(plan: dict[str, Any], options: dict[str, str], prompt: str) -> int:
    ids, _ = asked(options, prompt)
    return say(structured_output={"batch": "another", "evaluations": [evaluation(n) for n in ids]})


def unusable(plan: dict[str, Any], options: dict[str, str], prompt: str) -> int:
    return say(result="I would rather not judge speculative code.")


def not_logged_in(plan: dict[str, Any], options: dict[str, str], prompt: str) -> int:
    say(is_error=True, result="Invalid API key · Please run /login", total_cost_usd=0)
    return 1


def error_inside_success(plan: dict[str, Any], options: dict[str, str], prompt: str) -> int:
    return say(is_error=True, result="API Error: 529 overloaded_error")


def exit_code_only(plan: dict[str, Any], options: dict[str, str], prompt: str) -> int:
    good(plan, options, prompt)
    return 1


def failed(plan: dict[str, Any], options: dict[str, str], prompt: str) -> int:
    error = {key: value for key, value in RESULT.items() if key != "result"}
    print(
        json.dumps({**error, "subtype": plan["subtype"], "is_error": True, "errors": [plan.get("said", "")]})
    )
    return 1


def flag_error(plan: dict[str, Any], options: dict[str, str], prompt: str) -> int:
    print("Error: --json-schema is not a valid JSON Schema", file=sys.stderr)
    return 1


def html(plan: dict[str, Any], options: dict[str, str], prompt: str) -> int:
    print("<html><body>502 Bad Gateway</body></html>")
    return 0


def silent(plan: dict[str, Any], options: dict[str, str], prompt: str) -> int:
    return plan.get("exit", 0)  # type: ignore[no-any-return]


def stream(plan: dict[str, Any], options: dict[str, str], prompt: str) -> int:
    print(json.dumps({"type": "system", "subtype": "init"}))
    sys.stdout.buffer.write(b"\xff\xfe not text\n")
    return good(plan, options, prompt)


def messages(plan: dict[str, Any], options: dict[str, str], prompt: str) -> int:
    ids, mark = asked(options, prompt)
    found = {"batch": mark, "evaluations": [evaluation(name) for name in ids]}
    print(json.dumps([{"type": "assistant"}, {**RESULT, "structured_output": found}]))
    return 0


def nulls(plan: dict[str, Any], options: dict[str, str], prompt: str) -> int:
    print(json.dumps({**dict.fromkeys(RESULT), "type": "result", "result": None}))
    return 0


def unpriced(plan: dict[str, Any], options: dict[str, str], prompt: str) -> int:
    ids, mark = asked(options, prompt)
    found = {"batch": mark, "evaluations": [evaluation(name) for name in ids]}
    return say(structured_output=found, total_cost_usd=None, modelUsage=None)


def terminated(plan: dict[str, Any], options: dict[str, str], prompt: str) -> int:
    os.kill(os.getpid(), signal.SIGTERM)
    return 143


def hanging(plan: dict[str, Any], options: dict[str, str], prompt: str) -> int:
    """Starts a child of its own, as tools would, and never answers."""
    child = subprocess.Popen(["sleep", "600"])
    Path(plan["log"] + ".child").write_text(str(child.pid))
    time.sleep(600)
    return 0


MODES = {
    "good": good,
    "in_text": in_text,
    "prose": prose,
    "partial": partial,
    "contradiction": contradiction,
    "other_batch": other_batch,
    "unusable": unusable,
    "not_logged_in": not_logged_in,
    "error_inside_success": error_inside_success,
    "exit_code_only": exit_code_only,
    "failed": failed,
    "flag_error": flag_error,
    "html": html,
    "silent": silent,
    "stream": stream,
    "messages": messages,
    "nulls": nulls,
    "unpriced": unpriced,
    "terminated": terminated,
    "hanging": hanging,
}

if __name__ == "__main__":
    assert re.search(r"\.json$", sys.argv[1])
    sys.exit(main(sys.argv[1:]))
