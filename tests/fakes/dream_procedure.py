"""A procedure with its source, as the catalogue describes it, and what a piece of source defines when it is run."""

import textwrap
from dataclasses import replace
from typing import Any

from daydream.analysis.source import parse
from daydream.contracts.dream import Procedure
from daydream.dream.catalogue import procedure_of
from daydream.records.repository import SourceFile


def procedures(source: str, path: str = "pkg/a.py") -> list[Procedure]:
    """Return every function of a file's source, outer before inner."""
    module = parse(textwrap.dedent(source).lstrip("\n").encode())
    file = SourceFile(path, "0", 0)
    return [
        replace(
            procedure_of(file, each),
            source=module.source(each.first_line, each.last_line),
            constants=module.constants,
        )
        for each in module.functions
    ]


def procedure(source: str, path: str = "pkg/a.py") -> Procedure:
    """Return the first function of a file's source."""
    return procedures(source, path)[0]


def defined(source: str, **names: Any) -> dict[str, Any]:
    """Run source with these names, and return what there is afterwards."""
    space: dict[str, Any] = dict(names)
    exec(compile(textwrap.dedent(source), "<test>", "exec"), space)
    return space
