"""What the tests of the ledger kill: a process that asks one question after the other, then says what it came to."""

import json
from pathlib import Path

from daydream.clients.llm import Client, Places, Question, Reply
from daydream.clients.llm_gate import gate
from daydream.clients.llm_payloads import objects
from daydream.config.model import EndpointOptions, ModelOptions


def read(text: str) -> int:
    return int(next(iter(objects(text)))["a"])


def run(folder: Path, url: str, number: int) -> None:
    endpoint = EndpointOptions(base_url=url, send_source=True, budget=1.0, prices={"m": [1, 2]})
    options = ModelOptions(default=("here/m",), concurrency=1, endpoints={"here": endpoint})
    client = Client(gate(options, {"DAYDREAM_MODELS_KEY": "k"}, folder), Places(folder, "2026-11-21"))
    questions = [
        Question("relax", "be brief", str(n), "answer", {"type": "object"}, read) for n in range(number)
    ]
    replies = client.ask_all(questions, lambda: None)
    ledger = client.ledger
    first = (folder / "2026-11-21.journal").read_bytes().splitlines()[0]
    said = {
        "values": [reply.value if isinstance(reply, Reply) else None for reply in replies],
        "requests": ledger.requests,
        "outcomes": ledger.outcomes(),
        "booked": ledger.booked("here"),
        "most": json.loads(first[9:])["most"],
    }
    print(json.dumps(said))
