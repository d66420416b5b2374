"""Plant defects of every class, and what only looks like them, in a copy of a repository: a truth nobody can bend.

`python -m bench.upkeep_plants SOURCE_REPO TARGET --seed N` copies a git clone's commit to TARGET, commits the defects
there (first what will be gone, then the rest), and writes what was planted where to TARGET.truth.json. The same source
and seed give the same commit. Names come from the repository's own words; places vary with the seed.
"""

import argparse
import contextlib
import datetime as dt
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

from bench import (
    upkeep_plants_alive,
    upkeep_plants_comments,
    upkeep_plants_docs,
    upkeep_plants_imports,
    upkeep_plants_old,
    upkeep_plants_symbols,
)
from bench.repositories_cases import git
from bench.upkeep_plants_ground import Ground
from bench.upkeep_plants_sheet import NoPlace
from bench.upkeep_plants_truth import Truth, truth_path, write_truth

PLANTERS = {
    **upkeep_plants_symbols.PLANTERS,
    **upkeep_plants_old.PLANTERS,
    **upkeep_plants_alive.PLANTERS,
    **upkeep_plants_comments.PLANTERS,
    **upkeep_plants_docs.PLANTERS,
    **upkeep_plants_imports.PLANTERS,
}
_WRITTEN = "2023-02-01T09:00:00+00:00"


def main() -> None:
    """Plant, and say what."""
    parser = argparse.ArgumentParser()
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--seed", type=int, required=True)
    args = parser.parse_args()
    if args.target.exists():
        sys.exit(f"{args.target} is there already; name a new folder")
    truth = plant(args.source.resolve(), args.target.resolve(), args.seed)
    counts = Counter((one.kind, one.alive) for one in truth.plants)
    for (kind, alive), count in sorted(counts.items()):
        print(f"{count:3} {kind}{' that is alive' * alive}")
    for key, reason in truth.not_planted.items():
        print(f"not planted: {key}: {reason}")
    print(truth_path(args.target.resolve()))


def plant(source: Path, target: Path, seed: int) -> Truth:
    """Copy the commit at `source`'s HEAD with its history, plant, commit, and write the truth beside the copy."""
    argv = ["git", "clone", "--quiet", "--no-hardlinks", "--single-branch", str(source), str(target)]
    subprocess.run(argv, check=True, capture_output=True)
    base = git(target, "rev-parse", "HEAD").strip()
    ground = Ground(target, seed)
    if not ground.modules:
        sys.exit(f"{source} has no package with modules to plant in")
    not_planted = {}
    for key, planter in PLANTERS.items():
        ground.begin(key)
        try:
            planter(ground)
        except NoPlace as error:
            not_planted[key] = str(error)
    truth = Truth(
        source=source.name,
        seed=seed,
        base=base,
        commit=_commit(ground),
        minimum=ground.minimum,
        version=ground.version,
        plants=tuple(ground.finished()),
        not_planted=not_planted,
    )
    write_truth(target, truth)
    return truth


def _commit(ground: Ground) -> str:
    """Two commits, 45 days apart: what there was, and what became of it. Written long ago, committed after the last one."""
    root = ground.root
    committed = dt.datetime.fromisoformat(git(root, "log", "-1", "--format=%cI").strip())
    for path, text in ground.earlier.items():
        _write(root / path, text)
    _save(root, "Prepare what is to come", committed + dt.timedelta(hours=1))
    for path in sorted(ground.gone):
        (root / path).unlink()
        with contextlib.suppress(OSError):
            (root / path).parent.rmdir()
    for path in sorted(set(ground.earlier) - ground.gone - set(ground.sheets)):
        _write(root / path, ground.texts[path])
    for path, sheet in ground.sheets.items():
        _write(root / path, sheet.text)
    _save(root, "Carry it out", committed + dt.timedelta(days=45))
    return git(root, "rev-parse", "HEAD").strip()


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text.encode())


def _save(root: Path, message: str, committed: dt.datetime) -> None:
    """Commit everything as nobody, with dates that the source and nothing else decides."""
    who = {
        f"GIT_{role}_{part}": value
        for role in ("AUTHOR", "COMMITTER")
        for part, value in (("NAME", "bench"), ("EMAIL", "bench@example.invalid"))
    }
    env = {**os.environ, **who, "GIT_AUTHOR_DATE": _WRITTEN, "GIT_COMMITTER_DATE": committed.isoformat()}
    off = ["-c", "commit.gpgsign=false", "-c", "core.hooksPath=/dev/null", "-c", "core.autocrlf=false"]
    for argv in (["add", "-A", "-f"], ["commit", "-q", "--no-verify", "-m", message]):
        subprocess.run(["git", "-C", str(root), *off, *argv], env=env, check=True, capture_output=True)


if __name__ == "__main__":
    main()
