"""Examples of an environment file, and the variables that they set."""

import re

_EXAMPLE = re.compile(
    r"(?:^|/)(?:\.?env(?:[.-][\w-]+)?[.-](?:example|sample|template|dist|defaults?|tmpl)|\.env\.(?:example|sample|template|dist)"
    r"|(?:example|sample|template)[.-]?env|\.(?:example|sample)\.env)\Z"
)
_LINE = re.compile(r"(?P<off>\s*#\s?)?\s*(?:export\s+)?(?P<name>[A-Za-z][A-Za-z0-9_]*)\s*=")
_PLATFORM = re.compile(
    r"(?:GITHUB|GITLAB|CI|RUNNER|PYTEST|KUBERNETES|XDG|LC|SSH|AWS_LAMBDA|COV|READTHEDOCS|CONDA|VIRTUAL|TOX|PRE_COMMIT|BUILDKITE|CIRCLE)_"
)


def is_example(path: str) -> bool:
    """Whether a file is an example of an environment file by its name."""
    return bool(_EXAMPLE.search(path))


def variables(text: str) -> dict[str, tuple[int, bool]]:
    """The variables of an environment file: name to its first line (from 1) and whether it is set rather than
    commented out."""
    found: dict[str, tuple[int, bool]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        match = _LINE.match(line)
        if (
            match
            and match["name"].isupper()
            and not (match["name"] in found and (match["off"] or found[match["name"]][1]))
        ):
            found[match["name"]] = (number, not match["off"])
    return found


def from_platform(name: str) -> bool:
    """Whether the system or a service sets the variable, so that nobody writes it down."""
    return bool(_PLATFORM.match(name))
