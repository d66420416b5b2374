"""Models that misbehave, die with us, or are merely found: nothing lost, never paid twice, nobody asked unasked.

`python -m bench.dreams_ensemble [--kills N]`: needs nothing; with strace also a night whose every connection and child
process is counted.
"""

import argparse
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

from bench.machine import heading
from daydream.clients.llm import Client, NotAnswered, Places, Question, Reply
from daydream.clients.llm_gate import gate
from daydream.config.model import ModelOptions
from tests.fakes.llm_server import KEY, FakeModels, Say, completion, failure, serving

GOOD = Say(completion('{"a": 3}'))
ROOT = Path(__file__).parents[1]
FOUND = (
    "OPENROUTER_API_KEY",
    "ANTHROPIC_API_KEY",
    "OPENAI_API_KEY",
    "DAYDREAM_MODELS_KEY",
    "CLAUDE_CODE_OAUTH_TOKEN",
)
CONCURRENCY = 4
CHILD = "import sys; from pathlib import Path; from tests.fakes.llm_child import run; run(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))"
_OVER = threading.Event()
MISBEHAVIOUR: dict[str, Say] = {
    "429 with Retry-After": failure(429, "rate_limit_exceeded", headers={"Retry-After": "0"}),
    "429, wait a day": failure(429, "rate_limit_exceeded", headers={"Retry-After": "86400"}),
    "503 overloaded": failure(503, "provider_overloaded", headers={"Retry-After": "0"}),
    "500": failure(500, "server"),
    "502": failure(502, "provider_unavailable"),
    "504": failure(504, "timeout"),
    "524 as a page": Say(None, 524, {"Content-Type": "text/html"}, b"<html>"),
    "529": failure(529),
    "408": failure(408),
    "400 schema refused": failure(400, "invalid_request"),
    "401": failure(401, "authentication"),
    "402": failure(402, "payment_required"),
    "403 moderation": failure(403, "permission_denied"),
    "404 no model": failure(404, "not_found"),
    "404 no endpoints": failure(404, availability={"code": "no_endpoints", "retryable": False}),
    "413": failure(413, "payload_too_large"),
    "422": failure(422, "unprocessable"),
    "context too long": failure(400, "context_length_exceeded"),
    "error inside 200": failure(502, "provider_unavailable", http_status=200),
    "402 inside 200": failure(402, "payment_required", http_status=200),
    "finish_reason error": Say(completion("half", finish_reason="error")),
    "cut by length": Say(completion('{"a":', finish_reason="length")),
    "refusal": Say(completion(None, refusal="no")),
    "empty": Say(completion("")),
    "thoughts alone": Say(completion("<think>on and on")),
    "answer in reasoning_content": Say(completion("", reasoning_content='{"a": 3}')),
    "prose": Say(completion("I would rather not.")),
    "100 kB of Markdown": Say(completion("# Sure\n" * 15000)),
    "page instead of JSON": Say(None, body=b"<html>login</html>"),
    "null": Say(None),
    "nulls everywhere": Say({"choices": None, "usage": None, "model": None}),
    "no usage": Say(completion('{"a": 3}', usage=None)),
    "bills ten times as much": Say(
        completion('{"a": 3}', usage={"prompt_tokens": 9, "completion_tokens": 9, "cost": 0.07})
    ),
    "5 MB": Say(None, body=b"[" + b"1," * 2_500_000 + b"1]"),
    "cut before the head": Say(drop=True),
    "cut in the body": Say(completion('{"a": 3}'), reset=True),
    "drips": Say(completion("x" * 2000), drip=_OVER),
    "redirects": Say({}, 302, {"Location": "https://elsewhere.example/"}),
}


def questions(number: int) -> list[Question[int]]:
    return [
        Question("relax", "be brief", f"what is a? {n}", "answer", {"type": "object"}, read_any)
        for n in range(number)
    ]


def read_any(text: str) -> int:
    from daydream.clients.llm import Unfit
    from daydream.clients.llm_payloads import objects

    for value in objects(text):
        if isinstance(value, dict) and "a" in value:
            return int(value["a"])
    raise Unfit("it holds no a")


def client(folder: Path, fake: FakeModels, budget: float, **fields: Any) -> Client:
    endpoint = {
        "base_url": fake.url,
        "send_source": True,
        "budget": budget,
        "prices": {"m": [1, 2]},
        "timeout": 1.0,
        **fields,
    }
    options = ModelOptions(
        default=("here/m",), endpoints={"here": endpoint}, concurrency=CONCURRENCY, requests=10_000
    )
    return Client(gate(options, {"DAYDREAM_MODELS_KEY": KEY}, folder), Places(folder, "2026-11-21"), 0.0)


def misbehave() -> bool:
    """Every second answer is as the row says; each row is asked 12 questions twice, over a restart."""
    print(f"{'the server':<30} questions answered missed requests again booked over key")
    fine = True
    for name, say in MISBEHAVIOUR.items():
        number = iter(range(10**6))
        with (
            serving(answers=lambda _, s=say, n=number: s if next(n) % 2 == 0 else GOOD) as fake,
            tempfile.TemporaryDirectory() as place,
        ):
            folder, budget = Path(place), 1.0
            rows = []
            for _ in range(2):
                made = client(folder, fake, budget)
                replies = made.ask_all(questions(12), lambda: None)
                rows.append((replies, len(fake.requests), made.ledger.booked("here") / 1e9))
                made.close()
            first, second = rows
            answered = [n for n, reply in enumerate(first[0]) if isinstance(reply, Reply)]
            lost = [n for n in answered if not isinstance(second[0][n], Reply)]
            texts = [body["messages"][1]["content"] for body in fake.requests[first[1] :]]
            again = sum(f"what is a? {n}" in texts for n in answered)
            over = max(0.0, second[2] - budget)
            leaked = any(KEY.encode() in path.read_bytes() for path in folder.rglob("*") if path.is_file())
            missed = sum(isinstance(reply, NotAnswered) for reply in first[0])
            good = not lost and not again and not over and not leaked and len(answered) + missed == 12
            fine = fine and good
            print(
                f"{name:<30} {12:>9} {len(answered):>8} {missed:>6} {second[1]:>8} {again:>5} {second[2]:>6.3f} {over:>4.1f} {'LEAKED' if leaked else 'no'}{'' if good else '  <-- wrong'}"
            )
    return fine


def overshoot() -> bool:
    """A server that bills what we reserved, and one that bills three times as much."""
    fine = True
    print("\nbudget for 10 requests at their maximum, 40 questions, 4 at once")
    for factor in (1.0, 3.0):
        with tempfile.TemporaryDirectory() as place, serving(answers=lambda _: GOOD) as fake:
            made = client(Path(place), fake, 1.0)
            made.ask_all(questions(1), lambda: None)
            made.close()
            first = (Path(place) / "2026-11-21.journal").read_bytes().splitlines()[0]
            most = json.loads(first[9:])["most"] / 1e9
        bill = completion(
            '{"a": 3}', usage={"prompt_tokens": 9, "completion_tokens": 9, "cost": most * factor}
        )
        with tempfile.TemporaryDirectory() as place, serving(answers=lambda _, b=bill: Say(b)) as fake:
            made = client(Path(place), fake, most * 10.5)
            made.ask_all(questions(40), lambda: None)
            spent, allowed = len(fake.requests) * most * factor, most * 10.5
            booked = made.ledger.booked("here") / 1e9
            made.close()
        over = max(0.0, spent - allowed) / (most * factor)
        good = over <= (0 if factor == 1 else CONCURRENCY) and abs(booked - spent) < 1e-6
        fine = fine and good
        print(
            f"  bills {factor:g} x the reserved maximum: {len(fake.requests)} requests, overshoot {over:.2f} requests, booked = billed: {abs(booked - spent) < 1e-6}"
        )
    return fine


def kills(number: int) -> bool:
    """Kill a child at random instants while it asks; run it again; compare with what the server billed."""
    chance = random.Random(7)
    states: Counter[str] = Counter()
    wrong = twice = under = 0
    for _ in range(number):
        with tempfile.TemporaryDirectory() as place, serving(answers=lambda _: GOOD) as fake:
            folder, journal = Path(place) / "state", Path(place) / "state" / "2026-11-21.journal"
            child = subprocess.Popen(child_argv(folder, fake), env=child_env(), stdout=subprocess.DEVNULL)
            fake.wait_for(chance.randint(1, 3))
            time.sleep(chance.uniform(0, 0.025))
            child.kill()
            child.wait()
            stored = {path.stem for path in (folder / "answers").glob("[0-9a-f]*.json")}
            states[_state(journal, stored)] += 1
            kept = _kept(journal, stored)
            said = json.loads(run_child(folder, fake).stdout or "{}")
            wrong += said.get("values") != [3, 3, 3]
            asked = Counter(body["messages"][1]["content"] for body in fake.requests)
            twice += any(asked[question] > 1 for question in kept)
            # What the server billed is never more than what is booked, whenever the process died.
            under += said.get("booked", 0) < len(fake.requests) * 1_000_000
    print(
        f"\n{number} kills ({', '.join(f'{n} {name}' for name, n in sorted(states.items()))}): "
        f"{wrong} reruns different, {twice} paid twice, {under} booked less than was billed"
    )
    return not wrong and not twice and not under


def _kept(journal: Path, stored: set[str]) -> list[str]:
    """Name the questions whose answers were stored; they are asked in order, one at a time."""
    lines = [
        json.loads(line[9:])
        for line in journal.read_bytes().splitlines(keepends=True)
        if line.endswith(b"\n")
    ]
    digests = dict.fromkeys(line["digest"] for line in lines if line["type"] == "reserved")
    return [str(number) for number, digest in enumerate(digests) if digest in stored]


def _state(journal: Path, stored: set[str]) -> str:
    """Say what a kill interrupted."""
    lines = [
        json.loads(line[9:])
        for line in journal.read_bytes().splitlines(keepends=True)
        if line.endswith(b"\n")
    ]
    settled = {line["id"] for line in lines if line["type"] == "settled"}
    pending = [line["digest"] for line in lines if line["type"] == "reserved" and line["id"] not in settled]
    if not pending:
        return "between requests"
    return "with an answer stored and not settled" if set(pending) & stored else "with a request in flight"


def child_argv(folder: Path, fake: FakeModels) -> list[str]:
    return [sys.executable, "-c", CHILD, str(folder), fake.url, "3"]


def child_env() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}


def run_child(folder: Path, fake: FakeModels, *strace: str) -> "subprocess.CompletedProcess[bytes]":
    argv = child_argv(folder, fake)
    if strace:
        argv = ["strace", "-f", "-qq", *strace, *argv]
    return subprocess.run(
        argv, env=child_env(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False, timeout=120
    )


def found() -> bool:
    """A night with every known key in the environment and programs on PATH, and no configuration."""
    with tempfile.TemporaryDirectory() as place, serving(answers=lambda _: GOOD) as fake:
        base = Path(place)
        root, programs, home = base / "repository", base / "bin", base / "home"
        for folder in (root, programs, home):
            folder.mkdir()
        for name in ("claude", "ollama"):
            (programs / name).write_text(f"#!/bin/sh\ntouch {base}/started\n")
            (programs / name).chmod(0o755)
        (root / "a.py").write_text("def area(width, timeout=30):\n    return width * width\n")
        (root / ".env.local").write_text("DAYDREAM_MODELS_KEY=sk-x\n")
        (root / "daydream.toml").write_text("[models]\nexclude = ['x/']\n")
        git = ["git", "-c", "user.name=a", "-c", "user.email=a@b.c", "-C", str(root)]
        for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "one"]):
            subprocess.run([*git, *words], check=True, capture_output=True)
        env = {
            "PATH": f"{programs}:{os.environ['PATH']}",
            "HOME": str(home),
            "PYTHONPATH": str(ROOT),
            "OPENAI_BASE_URL": fake.url,
            "OLLAMA_HOST": fake.url,
            **dict.fromkeys(FOUND, "sk-found"),
        }
        connections, started = 0, 0
        for command in (["run", "--budget", "5m"], ["doctor"]):
            trace = base / "trace"
            argv = [
                "strace",
                "-f",
                "-qq",
                "-o",
                str(trace),
                "-e",
                "trace=connect,execve",
                sys.executable,
                "-m",
                "daydream",
                "--root",
                str(root),
                *command,
            ]
            done = subprocess.run(argv, env=env, capture_output=True, check=False, timeout=600)
            lines = trace.read_text("utf-8", "replace").splitlines()
            connections += sum("AF_INET" in line for line in lines)
            started += sum(bool(re.search(r'execve\("[^"]*/(claude|ollama)"', line)) for line in lines)
            print(
                f"\n`daydream {command[0]}` (exit {done.returncode}) with {len(FOUND)} keys, claude and ollama on PATH, no configuration: {sum('AF_INET' in line for line in lines)} connections, {started} child processes of them"
            )
        control = base / "control"
        run_child(base / "state", fake, "-o", str(control), "-e", "trace=connect")
        seen = sum("AF_INET" in line for line in control.read_text("utf-8", "replace").splitlines())
        print(f"the same counting sees {seen} connections of a client that was configured")
        return not connections and not started and not (base / "started").exists() and seen >= 3


def main() -> int:
    """Run it all; the exit code is 1 where something is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=60, metavar="N", help="how often to kill")
    number = parser.parse_args().kills
    heading("The ensemble of models")
    fine = [misbehave(), overshoot()]
    _OVER.set()
    fine.append(kills(number))
    if shutil.which("strace"):
        fine.append(found())
    else:
        print("\nno strace: connections were not measured")
    print(f"\n{'all as promised' if all(fine) else 'NOT as promised'}")
    return int(not all(fine))


if __name__ == "__main__":
    sys.exit(main())
