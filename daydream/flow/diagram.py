"""The night as a Mermaid state diagram, from the table; docs/night.mmd is tested against it."""

from collections.abc import Sequence

from daydream.flow.table import ENDS, moves


def mermaid(states: Sequence[str]) -> str:
    """Draw every move; dots become underscores in ids and stay in labels."""
    lines = ["stateDiagram-v2", f"    [*] --> {_id(states[0])}"]
    lines += [f"    {_id(name)}: {name}" for name in (*states, *ENDS)]
    for move in moves(states):
        sources = move["source"] if isinstance(move["source"], list) else [move["source"]]
        lines += [
            f"    {_id(s)} --> {_id(move['dest'])}: {move['trigger']}" for s in sources if s != move["dest"]
        ]
    lines += ["    done --> [*]", "    halted --> [*]"]
    return "\n".join(lines) + "\n"


def _id(name: str) -> str:
    return name.replace(".", "_")
