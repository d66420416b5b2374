"""Messages into templates: generic masks, then drain3 behind a small adapter. Nothing is ever persisted."""

import re
from typing import Any

VARIABLE = "<*>"
_SIMILARITY = 0.5
_DEPTH = 5
_KEPT = 20_000
_LONGEST = 1_000

_URL = re.compile(r"\b[a-z][a-z0-9+.-]{1,12}://[^\s\"'<>)\]]+", re.IGNORECASE)
_UUID = re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b", re.IGNORECASE)
_STAMP = re.compile(r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?)?")
_HEX = re.compile(r"\b0x[0-9a-f]+\b|\b(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{7,}\b", re.IGNORECASE)
_NUMBER = re.compile(
    r"(?<![A-Za-z\d])[-+]?\d+(?:[.,:]\d+)*(?:(?:[eE][-+]?\d+)?(?=[A-Za-z%µ]{0,3}(?![A-Za-z])))?"
)
_SERIES = re.compile(r"<num>(?:\s?[,;]\s?<num>)+")
_STRING = re.compile(r"(?<!\w)(?:\"[^\"\s]+\s[^\"]*\"|'[^'\s]+\s[^']*')(?!\w)")
_DIGIT = re.compile(r"\d")


def mask(text: str) -> str:
    """Replace what varies by its nature: URLs, UUIDs, stamps, hexadecimal and other numbers, quoted
    texts of several words. Text beyond 1,000 characters is not looked at."""
    text = text[:_LONGEST]
    if "://" in text:
        text = _URL.sub("<url>", text)
    if '"' in text or "'" in text:
        text = _STRING.sub("<text>", text)
    if _DIGIT.search(text):
        if "-" in text:
            text = _STAMP.sub("<time>", _UUID.sub("<uuid>", text))
        text = _NUMBER.sub("<num>", _HEX.sub("<hex>", text))
        if "<num>," in text or "<num>;" in text or "<num> ," in text:
            text = _SERIES.sub("<num>", text)
    return text


class Miner:
    """Groups messages by template.

    At most `most` templates are formed; a message that fits none of them after that is counted in
    `overflow` and has id 0. The same messages in the same order give the same ids and templates.
    """

    def __init__(self, most: int = 2000) -> None:
        from drain3.drain import Drain

        self._tree: Any = Drain(depth=_DEPTH, sim_th=_SIMILARITY, param_str=VARIABLE)
        self._most = most
        self._ids: dict[str, int] = {}
        self.overflow = 0

    def __len__(self) -> int:
        return int(self._tree.clusters_counter)

    def add(self, text: str) -> int:
        """Take a message, return the id of its template, 0 if there is no room for a new one."""
        masked = mask(text) or "(empty)"
        found = self._ids.get(masked)
        if found is None:
            found = self._place(masked)
            if len(self._ids) >= _KEPT:
                self._ids.clear()
            self._ids[masked] = found
        self.overflow += found == 0
        return found

    def template(self, number: int) -> str:
        """Return a template's text as it stands: tokens joined by spaces, variable ones as ``<*>``."""
        return str(self._tree.id_to_cluster[number].get_template())

    def templates(self) -> dict[int, str]:
        """Return all templates by id."""
        return {number: self.template(number) for number in range(1, len(self) + 1)}

    def _place(self, masked: str) -> int:
        if len(self) >= self._most:
            tokens = masked.split()
            if self._tree.tree_search(self._tree.root_node, tokens, _SIMILARITY, False) is None:
                return 0
        cluster, _ = self._tree.add_log_message(masked)
        return int(cluster.cluster_id)
