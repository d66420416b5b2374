"""The contract of the cache: what was computed from a content is remembered for the next night."""

from collections.abc import Mapping, Sequence
from typing import Protocol


class Cache(Protocol):
    """Content-addressed memory between nights.

    A miss is always a right answer: a cache may forget anything at any time, and no outcome may
    depend on what it holds, only its cost. It is bounded, and begun anew where it is damaged. Neither
    call raises for the sake of the disk.
    """

    def read(self, kind: str, keys: Sequence[str]) -> dict[str, bytes]:
        """Return the remembered values of those keys that are known.

        `kind` names what was computed: the analysis, its version, and a digest of whatever options it
        depends on. A key is the id of the content it was computed from (`SourceFile.blob`).
        """
        ...

    def write(self, kind: str, values: Mapping[str, bytes]) -> None:
        """Remember values by key; those that are there already are replaced."""
        ...


class Forgetful:
    """The cache that remembers nothing: for a first look, and where the disk refuses."""

    def read(self, kind: str, keys: Sequence[str]) -> dict[str, bytes]:  # noqa: ARG002 -- the contract's
        """Know nothing."""
        return {}

    def write(self, kind: str, values: Mapping[str, bytes]) -> None:
        """Forget it."""
