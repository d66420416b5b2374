"""What models cost: as a person says, else as the endpoint itself advertises, asked once a night and free of charge."""

import threading
from typing import TYPE_CHECKING, Any

from daydream.clients.llm_ledger import Ledger, Settled
from daydream.clients.llm_limits import Endpoint, Member, Price, Spent, nanos

if TYPE_CHECKING:
    from daydream.clients.llm_http import Answer

_FREE = Price()


class Prices:
    """Knows the prices of members; asks each endpoint at most once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._advertised: dict[str, dict[str, Price]] = {}

    def known(self, member: Member) -> Price | None:
        """Return a price that is known without asking; None: there is none."""
        if member.endpoint.free:
            return _FREE
        configured = member.endpoint.prices.get(member.model)
        return configured or self._advertised.get(member.endpoint.name, {}).get(member.model)

    def of(self, member: Member, ledger: Ledger) -> Price:
        """Return a member's price.

        Raises:
            Spent: nobody names one, so that no budget could hold.
        """
        with self._lock:
            found = self.known(member)
            if found is None and member.endpoint.name not in self._advertised:
                self._advertised[member.endpoint.name] = _asked(member.endpoint, ledger)
                found = self.known(member)
        if found is None:
            msg = f"no price of {member.model} is known; set prices of [models.endpoints.{member.endpoint.name}]"
            raise Spent("money", msg)
        return found


def _asked(endpoint: Endpoint, ledger: Ledger) -> dict[str, Price]:
    """Ask an endpoint for its models; booked as a request that costs nothing. No list is no price."""
    from daydream.clients import llm_http

    number = ledger.reserve("prices", endpoint.name, "(prices)", "prices", 0)
    try:
        answer = llm_http.models(endpoint)
    except llm_http.NoAnswer as none:
        ledger.settle(Settled(number, none.outcome, 0, "nothing", 0))
        return {}
    found = _read(answer)
    ledger.settle(Settled(number, "answered" if found else "unusable", 0, "nothing", 0))
    return found


def _read(answer: "Answer") -> dict[str, Price]:
    entries = (
        answer.payload.get("data") if isinstance(answer.payload, dict) and answer.status == 200 else None
    )
    found: dict[str, Price] = {}
    for entry in entries if isinstance(entries, list) else ():
        if not isinstance(entry, dict) or not isinstance(entry.get("id"), str):
            continue
        price = _price(entry.get("pricing"))
        if price is not None:
            found[entry["id"]] = price
    return found


def _price(pricing: Any) -> Price | None:
    """Read prices of single tokens, written as texts; where some hold only at times or in part, the highest."""
    if not isinstance(pricing, dict):
        return None
    overrides = pricing.get("overrides")
    tables = [
        pricing,
        *(each for each in (overrides if isinstance(overrides, list) else ()) if isinstance(each, dict)),
    ]
    if _number(pricing.get("prompt")) is None or _number(pricing.get("completion")) is None:
        return None
    prompt, completion, request = (
        max((_number(table.get(name)) or 0.0 for table in tables), default=0.0)
        for name in ("prompt", "completion", "request")
    )
    return Price(nanos(prompt * 1e6), nanos(completion * 1e6), nanos(request))


def _number(value: Any) -> float | None:
    try:
        number = (
            float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else -1.0
        )
    except ValueError:
        return None
    return number if 0 <= number < 1e3 else None
