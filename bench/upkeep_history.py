"""What maintainers removed or kept within eighteen months, and what daydream says of the commit before.

`python -m bench.upkeep_history truth FOLDER` writes bench/history/truth from git alone: what was removed although
nothing referenced it. `python -m bench.upkeep_history score FOLDER [--only NAME,...]` does a night on each base commit
and prints recall over that truth, and which findings the later commit contradicts. FOLDER holds a clone of each
repository of bench/history/repositories.toml, with full history: OWNER+NAME/repo, OWNER+NAME, NAME or NAME.git.
"""

import argparse
from pathlib import Path

from bench.machine import heading
from bench.upkeep_history_fate import read_history
from bench.upkeep_history_git import Repository, repositories
from bench.upkeep_history_score import score
from bench.upkeep_history_table import tables, truth_table
from bench.upkeep_history_truth import truth_of, write_truth


def main() -> None:
    """Write the truth, or score against it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("truth", "score"))
    parser.add_argument("folder", type=Path, help="where the mirrors are")
    parser.add_argument("--only", default="", help="names of repositories, separated by commas")
    args = parser.parse_args()
    chosen = [one for one in repositories() if not args.only or one.name in args.only.split(",")]
    mirrors = [(one, _mirror(one, args.folder)) for one in chosen]
    if args.what == "truth":
        heading("What the maintainers removed")
        truth_table(_truth(one, git_dir) for one, git_dir in mirrors)
    else:
        heading("Findings at the base commit, seen from the later one")
        tables([score(one, git_dir) for one, git_dir in mirrors])


def _truth(repository: Repository, git_dir: Path) -> list[dict[str, object]]:
    rows = truth_of(repository, read_history(repository, git_dir))
    write_truth(repository.name, rows)
    return rows


def _mirror(repository: Repository, folder: Path) -> Path:
    found = repository.mirror(folder)
    if found is None:
        raise SystemExit(
            f"no clone of {repository.url} with both commits in {folder}; bring one with: "
            f"git clone --bare {repository.url} {folder}/{repository.name}.git"
        )
    return found


if __name__ == "__main__":
    main()
