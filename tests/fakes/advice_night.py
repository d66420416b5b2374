"""A shop with a log, nights of `log_review` with an advisor, and the advisor's answers."""

import datetime as dt
import json
import os
import re
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest

from daydream.config.model import Config, ModelOptions
from daydream.contracts.cache import Cache, Forgetful
from daydream.contracts.context import Context
from daydream.contracts.step import Step
from daydream.processes import Stop
from daydream.records.outcome import Done, Failed, More, Outcome, Skipped
from daydream.records.repository import Examination, SourceFile
from daydream.records.section import SectionData, SubStepResult
from daydream.steps import log_review
from daydream.steps.advice import SUB_STEP
from daydream.store.cache import AnalysisCache
from daydream.store.log_rows import LogStore
from daydream.store.log_schema import SCHEMA
from tests.fakes.llm_server import Say, completion

FIRST = dt.datetime(2026, 11, 21, 2, 0, tzinfo=dt.UTC)
SHOP = """\
import logging

log = logging.getLogger(__name__)
PASSWORD = "hunter2-Xq9vLm4TzR8w"


def pay(orders, number):
    order = orders[number]
    log.error("payment of order %s was refused", number)
    return order.amount
"""
KINDS = {Done: "done", Skipped: "skipped", Failed: "failed"}
Entry = Callable[[str, str], Mapping[str, Any] | None]


def traceback(kind: str = "KeyError", message: str = "7", function: str = "pay", line: int = 8) -> str:
    return (
        "Traceback (most recent call last):\n"
        '  File "/usr/lib/python3/site-packages/web/core.py", line 7, in handle\n'
        "    respond()\n"
        f'  File "/srv/releases/12/app/shop.py", line {line}, in {function}\n'
        "    order = orders[number]\n"
        f"{kind}: {message}\n"
    )


def models(url: str, **fields: Any) -> ModelOptions:
    """An advisor at `url`; keys of an endpoint replace its own."""
    names = ("send_source", "budget", "prices", "timeout", "free", "context", "structured")
    endpoint = {"base_url": url, "send_source": True, "budget": 1.0, "prices": {"m": [1, 2]}, "timeout": 5.0}
    endpoint |= {name: fields.pop(name) for name in names if name in fields}
    return ModelOptions(**{"advise": ("here/m",), "endpoints": {"here": endpoint}, **fields})


def said(id_: str, text: str = "Look the order up before it is charged.") -> dict[str, Any]:
    return {"id": id_, "suggestion": text, "verdict": "cause_only"}


def answering(entry: Entry = lambda id_, _: said(id_), **more: Any) -> Callable[[dict[str, Any]], Say]:
    """Answer a request with an entry for each error that it holds; None leaves it out."""

    def answer(body: dict[str, Any]) -> Say:
        nonce, told = asked(body)
        listed = [made for id_, text in told.items() if (made := entry(id_, text)) is not None]
        return Say(completion(json.dumps({"nonce": nonce, "advice": listed}), **more))

    return answer


def asked(body: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    """The nonce of a request, and the text of each error in it by its id."""
    user = body["messages"][1]["content"]
    [nonce] = set(re.findall(r"(?m)^<<([0-9a-f]{20}) error e\d+$", user))
    found = re.findall(rf"(?ms)^<<{nonce} error (e\d+)\n(.*?)\n{nonce}>>$", user)
    return nonce, dict(found)


@dataclass
class Ended:
    """What a night came to: the outcomes of each sub-step in order, and the section."""

    outcomes: dict[str, list[Outcome]]
    section: SectionData

    @property
    def advice(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.section.facts.get("advice", [])
        return found

    @property
    def own(self) -> dict[str, list[Outcome]]:
        """The outcomes of everything but the advice."""
        return {name: found for name, found in self.outcomes.items() if name != SUB_STEP}


@dataclass
class Shop:
    """A folder with `app/shop.py` and `app.log`; `config` says who is asked."""

    root: Path
    config: Config = field(default_factory=Config)
    env: dict[str, str] = field(default_factory=dict)
    source: str = SHOP
    remembering: bool = True

    def __post_init__(self) -> None:
        (self.root / "app").mkdir(parents=True, exist_ok=True)
        (self.root / "app" / "shop.py").write_text(self.source)

    def write(self, *texts: str, day: int = 0) -> None:
        """Append what was logged in the last hour before a night."""
        when = FIRST + dt.timedelta(days=day, minutes=-30)
        with (self.root / "app.log").open("a") as log:
            for number, text in enumerate(texts):
                stamp = when + dt.timedelta(seconds=number)
                log.write(f"{stamp:%Y-%m-%d %H:%M:%S},000 {text}\n")

    def context(self, day: int, results: Mapping[str, list[Outcome]], cache: Cache | None = None) -> Context:
        state = self.root / ".state"
        started = FIRST + dt.timedelta(days=day)
        remembered: Cache = (
            AnalysisCache(self.root / ".cache" / "a.db", day) if self.remembering else Forgetful()
        )
        return Context(
            root=self.root,
            tree=self.root,
            state=state,
            logs=state / "logs",
            files=[SourceFile("app/shop.py", "b", len(self.source))],
            examination=Examination(commit=None, branch=None),
            started_at=started,
            zone=dt.UTC,
            date=f"{started:%Y-%m-%d}",
            run=f"{started:%Y-%m-%d}.1",
            mode="report",
            first_night=False,
            stop=Stop(),
            env=self.env,
            progress=lambda *_: None,
            night=lambda: pytest.fail("not needed"),
            cache=cache or remembered,
            results=lambda _: recorded(results),
        )

    def night(self, day: int = 0, *, forgetful: bool = False, cache: Cache | None = None) -> Ended:
        """Run every sub-step to its end and keep its rows; `forgetful`: each part in a process of its own."""
        done: dict[str, list[Outcome]] = {}
        ctx = self.context(day, done, cache)
        step = log_review.make(self.config)
        seq = 0
        for name in step.plan(ctx):
            done[name] = []
            cursor: str | None = None
            while True:
                step = log_review.make(self.config) if forgetful else step
                outcome = step.run(ctx, name, cursor)
                seq += 1
                if isinstance(outcome, Done | More):
                    with LogStore.open(ctx.state / SCHEMA.file) as store:
                        store.commit(ctx.run, seq, outcome.rows)
                    outcome = msgspec.structs.replace(outcome, rows=())
                kept = msgspec.json.decode(msgspec.json.encode(outcome), type=Outcome)
                done[name].append(kept)
                if not isinstance(kept, More):
                    break
                assert len(kept.cursor) <= 1000
                cursor = kept.cursor
        return Ended(done, step.section(recorded(done)))


def recorded(outcomes: Mapping[str, list[Outcome]]) -> list[SubStepResult]:
    """A state's sub-steps as its step sees them."""
    return [
        SubStepResult(
            name=name,
            kind=KINDS.get(type(found[-1]), "skipped") if found else "skipped",
            parts=tuple(o.facts for o in found if isinstance(o, Done | More)),
            reason=getattr(found[-1], "reason", getattr(found[-1], "error", "")) if found else "",
        )
        for name, found in outcomes.items()
    ]


class Deadly:
    """A cache at whose first writing of advice the process dies as by kill -9: the answer is paid, nothing committed."""

    def read(self, kind: str, keys: Any) -> dict[str, bytes]:
        return {}

    def write(self, kind: str, values: Any) -> None:
        if kind.startswith("advice"):
            os.kill(os.getpid(), signal.SIGKILL)


def dying(root: str, url: str) -> None:
    """A night that dies after its first answer."""
    Shop(Path(root), Config(models=models(url))).night(cache=Deadly())


__all__ = ["FIRST", "SHOP", "Ended", "Shop", "Step", "answering", "asked", "models", "said", "traceback"]
