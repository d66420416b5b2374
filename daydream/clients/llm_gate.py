"""Who may be asked: only endpoints that a person's own configuration names, lets have source, and gives a budget.

A key or a program that is merely found opens nothing, and where nothing is named nothing is looked for.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from daydream.clients.llm_limits import Endpoint, Limits, Member, Price, Role, nanos
from daydream.errors import ConfigError, DaydreamError

if TYPE_CHECKING:
    from daydream.config.model import EndpointOptions, ModelOptions

ROLES: tuple[Role, ...] = get_args(Role)
KEY_FILE = ".env.local"
_OURS = re.compile(r"DAYDREAM_[A-Z0-9_]+")
_LARGEST_KEY_FILE = 1 << 16
_ROUTERS = ("openrouter.ai",)
_ROUTER_RULES: dict[str, Any] = {"data_collection": "deny", "require_parameters": True}


class NotAsked(DaydreamError):
    """An endpoint is named and yet not asked; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Gate:
    """What came through: the members of each role in order, the budgets, and why the others did not."""

    members: Mapping[str, tuple[Member, ...]]
    limits: Limits
    off: tuple[str, ...] = ()
    concurrency: int = 1

    @property
    def open(self) -> bool:
        """Whether anybody may be asked for anything."""
        return any(self.members.values())


def gate(options: "ModelOptions", env: Mapping[str, str], root: Path, *, replay: bool = False) -> Gate:
    """Decide who may be asked; reads `.env.local` for a key that is not in `env`, and asks nobody.

    With `replay` nothing will be sent, so that no key is needed.
    """
    if not options.enabled or not options.endpoints:
        return Gate({}, Limits({}, 0, 0.0))
    endpoints: dict[str, Endpoint] = {}
    off: list[str] = []
    for name, each in sorted(options.endpoints.items()):
        try:
            endpoints[name] = _endpoint(name, each, env, root, replay=replay)
        except NotAsked as error:
            off.append(str(error))
    members: dict[str, tuple[Member, ...]] = {}
    for role in ROLES:
        names = getattr(options, role) or options.default
        found = (_member(name, endpoints, options.endpoints, off) for name in names)
        members[role] = tuple({member.name: member for member in found if member}.values())
    if endpoints and not any(members.values()):
        off.append('no role names a model; set [models] default = ["ENDPOINT/MODEL"]')
    money = {name: nanos(options.endpoints[name].budget) for name in endpoints}
    limits = Limits(money, options.requests, options.time)
    return Gate(members, limits, tuple(dict.fromkeys(off)), options.concurrency)


def _member(
    text: str, endpoints: Mapping[str, Endpoint], named: Mapping[str, object], off: list[str]
) -> Member | None:
    """Read ``endpoint/model``; what cannot be meant is told."""
    name, _, model = text.partition("/")
    if name in endpoints and model:
        return Member(endpoints[name], model)
    if name not in named or not model:
        known = ", ".join(sorted(named))
        off.append(f'"{text}" names no model of an endpoint; write ENDPOINT/MODEL with one of: {known}')
    return None


def _endpoint(
    name: str, options: "EndpointOptions", env: Mapping[str, str], root: Path, *, replay: bool
) -> Endpoint:
    """Let one endpoint through.

    Raises:
        NotAsked: what is missing.
    """
    where = f"[models.endpoints.{name}]"
    if not options.send_source:
        raise NotAsked(f"{where} is not asked: send_source = true says that source may be sent there")
    if not options.budget and not options.free:
        raise NotAsked(
            f"{where} is not asked: its budget is 0; set budget, or free = true where nothing costs"
        )
    from daydream.clients import asking

    url = asking.base_url(options.base_url, f"{where} base_url", "https://openrouter.ai/api/v1", NotAsked)
    key = env.get(options.key_env) or _from_file(root / KEY_FILE, options.key_env)
    if key is not None and not re.fullmatch(r"[\x21-\x7e]+", key):
        raise NotAsked(f"{options.key_env} holds spaces or characters that no key has; export it again")
    if key is None and not replay and not asking.loopback(url.host):
        raise NotAsked(
            f"{where} is not asked: {options.key_env} is not set, in the environment or in {KEY_FILE}"
        )
    return Endpoint(
        name=name,
        base_url=str(url).rstrip("/"),
        key=key,
        structured=options.structured,
        context=options.context,
        max_tokens=options.max_tokens,
        limit_field=options.limit_field,
        timeout_s=options.timeout,
        free=options.free,
        prices={model: Price(nanos(one), nanos(two)) for model, (one, two) in options.prices.items()},
        extra=_extra(url.host, options.extra),
        temperature=options.temperature,
    )


def _extra(host: str, extra: Mapping[str, Any]) -> dict[str, Any]:
    """Add what keeps source from being collected where requests are routed on; a person may say otherwise."""
    if not any(host == router or host.endswith(f".{router}") for router in _ROUTERS):
        return dict(extra)
    said = extra.get("provider")
    return {**extra, "provider": {**_ROUTER_RULES, **(said if isinstance(said, dict) else {})}}


def _from_file(path: Path, name: str) -> str | None:
    """Look for one of our own names in a file of variables; whatever else it holds is passed over.

    Raises:
        NotAsked: it is there and cannot be read.
    """
    if not _OURS.fullmatch(name):
        return None
    try:
        if not path.is_file():
            return None
        with path.open("rb") as file:
            data = file.read(_LARGEST_KEY_FILE)
    except OSError as error:
        raise NotAsked(f"{path.name} cannot be read for {name}: {error.strerror}") from None
    found = re.search(
        rf"^[ \t]*(?:export[ \t]+)?{name}[ \t]*=[ \t]*(?P<value>[^\r\n]*?)[ \t]*\r?$",
        data.decode("utf-8", "replace"),
        re.MULTILINE,
    )
    value = found["value"] if found else ""
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
        value = value[1:-1]
    return value or None


def replayed_from(env: Mapping[str, str]) -> Path | None:
    """Return the cassette that is to be replayed, or None."""
    from daydream.clients.llm_cassette import REPLAY

    return _named(env, REPLAY)


def recorded_to(env: Mapping[str, str]) -> Path | None:
    """Return the cassette that is to be recorded to, or None."""
    from daydream.clients.llm_cassette import RECORD

    return _named(env, RECORD)


def _named(env: Mapping[str, str], name: str) -> Path | None:
    text = env.get(name)
    if not text:
        return None
    if not text.startswith("/"):
        raise ConfigError(f"{name} is {text!r}; write an absolute path")
    return Path(text)
