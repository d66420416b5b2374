"""The client for models against a real server that misbehaves: what it survives, what it pays, what it says."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from daydream.clients.llm import Client, NotAnswered, Places, Question, Reply, Unfit
from daydream.clients.llm_gate import gate
from daydream.clients.llm_payloads import objects
from daydream.config.model import ModelOptions
from daydream.errors import Stopped
from tests.fakes.llm_server import KEY, FakeModels, Say, completion, failure, serving, zipped

GOOD = Say(completion('{"a": 3}'))
SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}}


def read(text: str) -> int:
    for value in objects(text):
        if isinstance(value, dict) and isinstance(value.get("a"), int):
            return int(value["a"])
    msg = "it holds no a"
    raise Unfit(msg)


def question(user: str = "what is a?") -> Question[int]:
    return Question("relax", "be brief", user, "answer", SCHEMA, read)


def options(fake: FakeModels, models: tuple[str, ...] = ("here/m",), **fields: Any) -> ModelOptions:
    general = {k: fields.pop(k) for k in ("requests", "time", "concurrency") if k in fields}
    endpoint = {
        "base_url": fake.url,
        "send_source": True,
        "budget": 1.0,
        "prices": {"m": [1, 2], "other": [1, 2]},
        "timeout": 5.0,
        **fields,
    }
    return ModelOptions(default=models, endpoints={"here": endpoint}, **general)


@contextmanager
def client(folder: Path, chosen: ModelOptions, **places: Any) -> Iterator[Client]:
    found = gate(chosen, {"DAYDREAM_MODELS_KEY": KEY}, folder)
    assert found.open, found.off
    made = Client(found, Places(folder, "2026-11-21", **places), backoff_s=0.0)
    try:
        yield made
    finally:
        made.close()


def ask(made: Client, *questions: Question[int]) -> list[Reply[int] | NotAnswered]:
    return made.ask_all(questions or (question(),), lambda: None)


def one(made: Client) -> Reply[int]:
    [reply] = ask(made)
    assert isinstance(reply, Reply), reply
    return reply


def none(made: Client) -> NotAnswered:
    [reply] = ask(made)
    assert isinstance(reply, NotAnswered), reply
    return reply


def test_asks_with_key_schema_and_limit_and_records_who_really_answered(tmp_path: Path) -> None:
    with serving(script=[GOOD]) as fake, client(tmp_path, options(fake)) as made:
        reply = one(made)
        usage = made.ledger.usage()
    assert (reply.value, reply.model, reply.asked) == (3, "real/model-2026", "here/m")
    assert (reply.prompt_tokens, reply.completion_tokens, reply.cost) == (100, 50, 0.001)
    [body], [head] = fake.requests, fake.heads
    assert body["model"] == "m"
    assert body["max_tokens"] == 3000
    assert body["response_format"]["json_schema"]["schema"] == SCHEMA
    assert not {"models", "stream"} & set(body)
    assert head["Authorization"] == f"Bearer {KEY}"
    assert {name: (u.requests, u.cost) for name, u in usage.items()} == {"real/model-2026": (1, 1_000_000)}


PASSING = {
    "429": failure(429, "rate_limit_exceeded", headers={"Retry-After": "0"}),
    "429 without a type": Say({"error": {"message": "slow down"}}, 429),
    "503": failure(503, "provider_overloaded"),
    "500": failure(500, "server"),
    "502": failure(502, "provider_unavailable"),
    "504": failure(504, "timeout"),
    "524 with a page": Say(None, 524, {"Content-Type": "text/html"}, b"<html>524</html>"),
    "529": failure(529),
    "408": failure(408),
    "error inside 200": failure(502, "provider_unavailable", http_status=200),
    "finish_reason error": Say(completion("half an ans", finish_reason="error")),
    "error inside the choice": Say(
        completion("", error_in_choice={"code": 429, "message": "upstream"}, finish_reason="error")
    ),
    "retryable by its own word": failure(400, availability={"code": "capacity_exhausted", "retryable": True}),
    "cut before the head": Say(drop=True),
    "cut in the body": Say(completion('{"a": 3}'), reset=True),
}


@pytest.mark.parametrize("first", PASSING.values(), ids=PASSING)
def test_what_may_pass_is_tried_again(tmp_path: Path, first: Say) -> None:
    with serving(script=[first, GOOD]) as fake, client(tmp_path, options(fake)) as made:
        assert one(made).value == 3
        assert (made.ledger.requests, made.ledger.failures) == (2, 1)


FINAL = {
    "402 stops the endpoint": (failure(402, "payment_required"), "no_money", True),
    "402 inside 200": (failure(402, "payment_required", http_status=200), "no_money", True),
    "no quota": (Say({"error": {"code": "insufficient_quota", "message": "quota"}}, 429), "no_money", True),
    "401": (failure(401, "authentication"), "no_access", True),
    "a redirect": (Say({}, 302, {"Location": "https://elsewhere.example/v1"}), "redirected", True),
    "404 stops the model": (failure(404, "not_found"), "no_model", True),
    "deprecated": (
        failure(404, availability={"code": "model_deprecated", "retryable": False}),
        "no_model",
        True,
    ),
    "403": (failure(403, "permission_denied"), "refused", False),
    "moderation": (failure(400, "content_policy_violation"), "refused", False),
    "a refusal": (Say(completion(None, refusal="I cannot help with that")), "refused", False),
    "a filter": (Say(completion("", finish_reason="content_filter")), "refused", False),
    "too long by its type": (failure(400, "context_length_exceeded"), "too_large", False),
    "too long by its words": (
        Say({"error": {"message": "maximum context length is 4096 tokens", "type": "BadRequestError"}}, 400),
        "too_large",
        False,
    ),
    "413": (failure(413, "payload_too_large"), "too_large", False),
    "a page": (Say(None, body=b"<html>Welcome</html>"), "unusable", False),
    "null": (Say(None), "unusable", False),
    "a list": (Say([1, 2]), "unusable", False),
    "nulls everywhere": (
        Say({"choices": None, "usage": None, "model": None, "error": None}),
        "unusable",
        False,
    ),
    "no choices": (Say({"choices": []}), "unusable", False),
    "5 MB": (Say(None, body=b"[" + b"1," * 2_500_000 + b"1]"), "unusable", False),
    "compressed unasked": (Say(None, 200, {"Content-Encoding": "gzip"}, b"not gzip"), "unusable", False),
    "waits too long": (
        failure(429, "rate_limit_exceeded", headers={"Retry-After": "86400"}),
        "rate_limited",
        False,
    ),
    "a status that nobody knows": (Say({"error": "?"}, 299), "bad_request", False),
}


@pytest.mark.parametrize(("say", "outcome", "stops"), FINAL.values(), ids=FINAL)
def test_what_does_not_pass_is_not_tried_again_and_told_in_one_sentence(
    tmp_path: Path, say: Say, outcome: str, stops: bool
) -> None:
    with serving(answers=lambda _: say) as fake, client(tmp_path, options(fake)) as made:
        missed = none(made)
        assert missed.reasons[-1][0] == outcome
        assert "\n" not in str(missed)
        assert len(str(missed)) < 500
        assert bool(made.ledger.stops) == stops
        before = len(fake.requests)
        ask(made, question("another"))
        assert (len(fake.requests) == before) == (stops or outcome == "rate_limited")
    assert before <= (3 if outcome == "bad_request" else 1)


def test_an_answer_that_is_compressed_unasked_is_read(tmp_path: Path) -> None:
    said = Say(None, 200, {"Content-Encoding": "gzip"}, zipped(completion('{"a": 3}')))
    with serving(script=[said]) as fake, client(tmp_path, options(fake)) as made:
        assert one(made).value == 3


def test_a_server_that_drips_is_left_after_the_whole_time(tmp_path: Path) -> None:
    ended = threading.Event()
    drip = Say(completion("x" * 5000), drip=ended)
    with serving(script=[drip]) as fake, client(tmp_path, options(fake, timeout=0.3)) as made:
        assert none(made).reasons[-1][0] == "timeout"
        ended.set()
        [usage] = made.ledger.usage().values()
    assert usage.cost is None
    assert usage.booked > 6_000_000, "nobody knows whether it is billed, so the maximum is booked"


def test_nothing_listening_costs_nothing_and_ends_the_asking(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    fake = FakeModels(port=port)
    with client(tmp_path, options(fake, concurrency=1, requests=99)) as made:
        replies = ask(made, *(question(str(n)) for n in range(8)))
        assert {reply.reasons[-1][0] for reply in replies if isinstance(reply, NotAnswered)} == {
            "no_connection",
            "stopped",
        }
        assert made.ledger.requests == 4 * 3
        assert made.ledger.booked("here") == 0


TEXTS = {
    "bare": '{"a": 3}',
    "fenced": 'Sure!\n```json\n{"a": 3}\n```\nAnything else?',
    "after a thought": '<think>{"a": 1}? no</think>{"a": 3}',
    "after a thought whose beginning is missing": 'hm {"a": 1}</think>{"a": 3}',
    "in parts": [{"type": "text", "text": '{"a"'}, {"type": "text", "text": ": 3}"}],
    "100 kB of Markdown around it": "# A title [here]\n" * 3000 + '{"a": 3}' + "\n- item {x}" * 5000,
}


@pytest.mark.parametrize("content", TEXTS.values(), ids=TEXTS)
def test_finds_the_answer_in_what_a_model_says(tmp_path: Path, content: Any) -> None:
    said = Say(completion(content))
    with serving(answers=lambda _: said) as fake, client(tmp_path, options(fake)) as made:
        assert one(made).value == 3
        assert len(fake.requests) == 1


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_an_answer_among_the_thoughts_is_found_where_there_is_no_other(tmp_path: Path, field: str) -> None:
    said = Say(completion("", **{field: '{"a": 3}'}))
    with serving(script=[said]) as fake, client(tmp_path, options(fake)) as made:
        assert one(made).value == 3


def test_an_empty_answer_is_asked_for_once_more(tmp_path: Path) -> None:
    empty = Say(completion("<think>and so on"))
    with serving(script=[empty, GOOD]) as fake, client(tmp_path, options(fake)) as made:
        assert one(made).requests == 2
    with serving(answers=lambda _: empty) as fake, client(tmp_path / "2", options(fake)) as made:
        assert none(made).reasons[-1][0] == "empty"
        assert len(fake.requests) == 2


def test_a_reply_that_does_not_fit_is_repaired_once(tmp_path: Path) -> None:
    wrong = Say(completion("a is three"))
    with serving(script=[wrong, GOOD]) as fake, client(tmp_path, options(fake)) as made:
        reply = one(made)
    assert reply.repaired
    assert reply.cost == 0.002
    assert [m["role"] for m in fake.requests[1]["messages"]] == ["system", "user", "assistant", "user"]
    assert "it holds no a" in fake.requests[1]["messages"][3]["content"]
    with serving(answers=lambda _: wrong) as fake, client(tmp_path / "2", options(fake)) as made:
        assert none(made).reasons[-1][0] == "unusable"
        assert len(fake.requests) == 2


def strictness(body: dict[str, Any]) -> str:
    return str(body.get("response_format", {}).get("type", "prompt"))


@pytest.mark.parametrize(
    "refusal",
    [
        failure(400, "invalid_request"),
        failure(404, availability={"code": "no_endpoints", "retryable": False}),
        failure(422),
        Say({"error": {"message": "Either json_schema or grammar", "type": "invalid_request_error"}}, 400),
    ],
)
def test_structured_output_that_is_refused_is_asked_for_less_strictly_from_then_on(
    tmp_path: Path, refusal: Say
) -> None:
    def answers(body: dict[str, Any]) -> Say:
        return GOOD if strictness(body) == "prompt" else refusal

    with serving(answers=answers) as fake, client(tmp_path, options(fake, concurrency=1)) as made:
        assert all(isinstance(r, Reply) for r in ask(made, question("1"), question("2")))
    assert [strictness(body) for body in fake.requests] == ["json_schema", "json_object", "prompt", "prompt"]


def test_what_was_learned_about_structured_output_is_not_paid_for_again(tmp_path: Path) -> None:
    def answers(body: dict[str, Any]) -> Say:
        return GOOD if strictness(body) == "json_object" else failure(400, "invalid_request")

    with serving(answers=answers) as fake:
        for _ in range(2):
            with client(tmp_path, options(fake)) as made:
                assert one(made).value == 3
        assert len(fake.requests) == 2


def test_fallbacks_are_really_used_in_our_order(tmp_path: Path) -> None:
    def answers(body: dict[str, Any]) -> Say:
        return GOOD if body["model"] == "other" else failure(404, "not_found")

    with serving(answers=answers) as fake:
        with client(tmp_path, options(fake, ("here/m", "here/other"), concurrency=1)) as made:
            first, second = ask(made, question("1"), question("2"))
        assert isinstance(first, Reply)
        assert isinstance(second, Reply)
        assert (first.asked, [outcome for outcome, _ in first.before]) == ("here/other", ["no_model"])
        assert [outcome for outcome, _ in second.before] == ["stopped"]
    assert [body["model"] for body in fake.requests] == ["m", "other", "other"]


def test_a_prompt_beyond_the_context_is_refused_before_it_is_sent(tmp_path: Path) -> None:
    with serving() as fake, client(tmp_path, options(fake, context=4000)) as made:
        [reply] = ask(made, question("x = 1\n" * 800))
    assert isinstance(reply, NotAnswered)
    assert reply.reasons[0][0] == "too_large"
    assert not fake.requests


def test_a_model_that_never_gives_what_is_asked_for_is_given_up(tmp_path: Path) -> None:
    with (
        serving(answers=lambda _: Say(completion("no"))) as fake,
        client(tmp_path, options(fake, concurrency=1)) as made,
    ):
        ask(made, *(question(str(n)) for n in range(9)))
        [why] = made.ledger.stops
    assert len(fake.requests) == 4 * 2
    assert "after 4 failures running" in why


def test_at_most_so_many_requests_are_under_way_and_replies_keep_their_order(tmp_path: Path) -> None:
    def answers(body: dict[str, Any]) -> Say:
        said = json.dumps({"a": int(body["messages"][1]["content"])})
        return Say(completion(said))

    with serving(answers=answers) as fake, client(tmp_path, options(fake, concurrency=3)) as made:
        replies = ask(made, *(question(str(n)) for n in range(20)))
    assert [reply.value for reply in replies if isinstance(reply, Reply)] == list(range(20))
    assert 1 <= fake.busiest <= 3


def test_an_answer_that_is_kept_is_never_paid_again_in_any_night(tmp_path: Path) -> None:
    with serving(answers=lambda _: GOOD) as fake:
        for night in ("2026-11-21", "2026-11-21", "2026-11-22"):
            found = gate(options(fake), {"DAYDREAM_MODELS_KEY": KEY}, tmp_path)
            made = Client(found, Places(tmp_path, night))
            assert one(made).cost == 0.001
            made.close()
        assert len(fake.requests) == 1


@pytest.mark.parametrize("known", [True, False])
def test_an_answer_stored_before_a_death_is_booked_as_it_was_billed(tmp_path: Path, known: bool) -> None:
    usage = {"prompt_tokens": 100, "completion_tokens": 50}
    said = Say(completion('{"a": 3}', usage=usage if known else None))
    with serving(script=[said]) as fake:
        with client(tmp_path, options(fake)) as made:
            one(made)
            booked = made.ledger.booked("here")
        journal = tmp_path / "2026-11-21.journal"
        journal.write_bytes(journal.read_bytes().splitlines(keepends=True)[0])
        with client(tmp_path, options(fake)) as made:
            assert made.ledger.booked("here") == booked
            assert (made.ledger.failures, one(made).cost) == (0, 0.0002 if known else None)


def test_a_server_that_asks_everybody_to_wait_is_waited_for(tmp_path: Path) -> None:
    wait = failure(429, "rate_limit_exceeded", headers={"Retry-After": "0.2"})
    with serving(script=[wait], answers=lambda _: GOOD) as fake, client(tmp_path, options(fake)) as made:
        assert one(made).value == 3
    wait = Say(
        {"error": {"availability": {"code": "capacity_exhausted", "retry_after": 3600, "retryable": True}}},
        429,
    )
    with serving(answers=lambda _: wait) as fake, client(tmp_path / "2", options(fake)) as made:
        assert none(made).reasons[-1][0] == "rate_limited"
        [reply] = ask(made, question("another"))
        assert isinstance(reply, NotAnswered)
        assert "longer than a night waits" in str(reply)
        assert len(fake.requests) == 1


class Money:
    """What a request of these tests may cost at most, counted from a first one."""

    def __init__(self, folder: Path) -> None:
        with serving(script=[GOOD]) as fake, client(folder, options(fake)) as made:
            one(made)
            text = (folder / "2026-11-21.journal").read_text("utf-8")
        self.most = json.loads(text.splitlines()[0][9:])["most"] / 1e9


def test_money_is_reserved_before_it_is_spent_and_never_overshot(tmp_path: Path) -> None:
    most = Money(tmp_path / "first").most
    costly = Say(completion('{"a": 3}', usage={"prompt_tokens": 20, "completion_tokens": 3000, "cost": most}))
    with serving(answers=lambda _: costly) as fake:
        chosen = options(fake, budget=most * 3.5, concurrency=4)
        with client(tmp_path, chosen) as made:
            replies = ask(made, *(question(f"what is a? {n}") for n in range(10)))
            assert made.ledger.booked("here") <= most * 3.5e9
        assert len(fake.requests) == 3
    assert sum(isinstance(reply, NotAnswered) and reply.spent for reply in replies) == 7


def test_requests_and_time_are_budgets_that_failures_use_up(tmp_path: Path) -> None:
    with serving(answers=lambda _: failure(500, "server")) as fake:
        with client(tmp_path, options(fake, requests=4, concurrency=1)) as made:
            ask(made, question("1"), question("2"), question("3"))
        assert len(fake.requests) == 4
        with client(tmp_path, options(fake, requests=4)) as made:
            assert none(made).reasons[-1][0] == "requests"
    with serving() as fake, client(tmp_path / "2", options(fake, time=1e-9)) as made:
        assert none(made).reasons[-1][0] == "time"
        assert not fake.requests


def test_a_price_that_nobody_names_is_asked_for_once_or_nothing_is(tmp_path: Path) -> None:
    with serving() as fake, client(tmp_path, options(fake, prices={})) as made:
        assert none(made).reasons[-1] == (
            "money",
            "here/m: no price of m is known; set prices of [models.endpoints.here]",
        )
        assert (fake.listed, fake.requests) == (1, [])
    listed = {
        "data": [
            {"id": "x", "pricing": {"prompt": "free"}},
            {
                "id": "m",
                "pricing": {
                    "prompt": "0.000001",
                    "completion": "0.000002",
                    "overrides": [{"completion": "0.00001"}],
                },
            },
        ]
    }
    unpriced = Say(completion('{"a": 3}', usage={"prompt_tokens": 100, "completion_tokens": 50}))
    with serving(answers=lambda _: unpriced, models=listed) as fake:
        with client(tmp_path / "2", options(fake, prices={}, concurrency=1)) as made:
            replies = ask(made, question("1"), question("2"))
            assert [r.cost for r in replies if isinstance(r, Reply)] == [0.0006, 0.0006], "the highest price"
        assert fake.listed == 1


def test_a_cost_that_is_not_told_is_unknown_and_booked_at_its_maximum(tmp_path: Path) -> None:
    silent = Say(completion('{"a": 3}', usage=None))
    with serving(script=[silent]) as fake, client(tmp_path, options(fake)) as made:
        reply = one(made)
        assert (reply.cost, reply.prompt_tokens) == (None, None)
        assert made.ledger.booked("here") > 6_000_000


def test_what_is_free_costs_nothing_and_is_stopped_when_it_bills(tmp_path: Path) -> None:
    local = Say(completion('{"a": 3}', usage={"prompt_tokens": 1, "completion_tokens": 1}))
    with (
        serving(answers=lambda _: local) as fake,
        client(tmp_path, options(fake, budget=0.0, free=True, prices={})) as made,
    ):
        assert one(made).cost == 0
        assert made.ledger.booked("here") == 0
    with (
        serving(answers=lambda _: GOOD) as fake,
        client(tmp_path / "2", options(fake, budget=0.0, free=True)) as made,
    ):
        one(made)
        assert "although it is configured as free" in made.ledger.stops[0]


def test_a_stop_ends_the_asking_at_once_and_the_answer_is_kept_when_it_comes(tmp_path: Path) -> None:
    hold = threading.Event()
    with serving(script=[Say(completion('{"a": 3}'), hold=hold)]) as fake:
        with client(tmp_path, options(fake)) as made:
            with pytest.raises(Stopped):
                made.ask_all((question(),), stop_after(fake))
            assert made.ledger.booked("here") > 6_000_000, "what is under way counts at its maximum"
            hold.set()
            assert until(lambda: made.ledger.booked("here") == 1_000_000)
        with client(tmp_path, options(fake)) as made:
            assert one(made).value == 3
        assert len(fake.requests) == 1


def stop_after(fake: FakeModels) -> Callable[[], None]:
    def check() -> None:
        if fake.requests:
            msg = "stopped"
            raise Stopped(msg)

    return check


def until(condition: Callable[[], bool]) -> bool:
    waiting = threading.Event()
    return any(condition() or waiting.wait(0.02) for _ in range(500))


def test_the_key_is_nowhere_but_in_the_header(tmp_path: Path) -> None:
    echo = Say(completion(f'{{"a": 3, "key": "{KEY}"}}'))
    scold = Say({"error": {"message": f"bad key {KEY}"}}, 401)
    with (
        serving(script=[echo, scold]) as fake,
        client(tmp_path, options(fake), record=tmp_path / "cassette.jsonl") as made,
    ):
        reply = one(made)
        [missed] = ask(made, question("2"))
        said = f"{reply!r} {missed} {made.ledger.stops} {gate(options(fake), {'DAYDREAM_MODELS_KEY': KEY}, tmp_path)!r}"
    assert KEY not in said
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) == 3
    assert not any(KEY.encode() in path.read_bytes() for path in files)
    assert not any(KEY in json.dumps(body) for body in fake.requests)


def test_a_cassette_replays_without_network_key_or_cost(tmp_path: Path) -> None:
    cassette = tmp_path / "night.jsonl"
    with serving(script=[Say(completion("a?")), GOOD]) as fake:
        with client(tmp_path / "1", options(fake), record=cassette) as made:
            recorded = one(made)
        chosen = options(fake)
    found = gate(chosen, {}, tmp_path, replay=True)
    made = Client(found, Places(tmp_path / "2", "2026-11-22", replay=cassette))
    assert one(made) == recorded
    assert (made.ledger.requests, made.reused) == (0, 2)
    [missed] = ask(made, question("never recorded"))
    assert isinstance(missed, NotAnswered)
    assert missed.reasons[0][0] == "not_recorded"
    made.close()
    assert cassette.stat().st_mode & 0o077 == 0
