"""`config show`: every option's value, and who said it."""

import argparse

from daydream.cli.options import Subparsers, add_command


def add_parser(subparsers: Subparsers) -> None:
    """Enter the command."""
    parser = add_command(subparsers, "config", "the values in force and where they came from", None)
    nested = parser.add_subparsers(metavar="show", title="commands", required=True)
    add_command(nested, "show", "every option, its value and who said it", show)


def show(args: argparse.Namespace) -> int:
    """Print the configuration as a night started now would have it."""
    import json
    import os

    from daydream.cli.options import config_file, root
    from daydream.cli.output import emit
    from daydream.config.load import load
    from daydream.contracts.use_cases import RunResult

    loaded = load(root(args), config_file(args), {}, os.environ)
    tables = loaded.config.model_dump(mode="json")
    data = {
        key: {"value": tables[key.partition(".")[0]][key.partition(".")[2]], "origin": origin}
        for key, origin in loaded.origin.items()
    }
    written = {
        key: "not set" if one["value"] is None else json.dumps(one["value"], ensure_ascii=False)
        for key, one in data.items()
    }
    lines = tuple(f"{key} = {written[key]}  ({data[key]['origin']})" for key in data)
    return emit(RunResult(lines=lines, data=data), args)
