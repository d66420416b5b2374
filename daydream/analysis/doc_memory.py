"""What was worked out on an earlier night, by the question and the commit or content that answers it."""

from typing import Any, TypeVar

import msgspec

from daydream.contracts.cache import Cache

T = TypeVar("T")


def recall(cache: Cache, kind: str, key: str, shape: type[T]) -> T | None:
    """What is remembered under a key, or None; a value that does not fit is forgotten."""
    value = cache.read(kind, [key]).get(key)
    if value is None:
        return None
    try:
        return msgspec.msgpack.decode(value, type=shape)
    except (msgspec.DecodeError, RecursionError):
        return None


def remember(cache: Cache, kind: str, key: str, value: Any) -> None:
    """Keep a value for later nights."""
    cache.write(kind, {key: msgspec.msgpack.encode(value, order="deterministic")})
