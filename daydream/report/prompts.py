"""What models are told: templates, with everything that others wrote between marks that it cannot forge."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from daydream.report import resources

if TYPE_CHECKING:
    import jinja2


@dataclass(frozen=True, slots=True)
class Prompt:
    """The two messages of a question, and the mark that its texts stand between."""

    system: str
    user: str
    nonce: str


def rendered(
    template: str, texts: Sequence[str], values: Mapping[str, Any], *, system: str = "system.j2"
) -> Prompt:
    """Render a question; `texts` is every foreign text in it, from which the marks are derived: the same prompt for the
    same texts, and no text can hold the digest of itself. Texts are redacted by whoever brings them."""
    joined = "\x1f".join(texts).encode("utf-8", "surrogatepass")
    nonce = hashlib.sha256(joined).hexdigest()[:20]

    def data(label: str, text: str) -> str:
        end = "" if text.endswith("\n") else "\n"
        return f"<<{nonce} {label}\n{text}{end}{nonce}>>"

    given = {"nonce": nonce, "data": data, "rules": "prompts/variants.j2", **values}
    environment = _environment()
    first = environment.get_template(f"prompts/{system}").render(given)
    return Prompt(first, environment.get_template(f"prompts/{template}").render(given), nonce)


@cache
def _environment() -> "jinja2.Environment":
    import jinja2

    source: Callable[[str], str | None] = resources.text
    return jinja2.Environment(
        loader=jinja2.FunctionLoader(source),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701 -- plain text for a model; data stands between marks
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
