"""What a night of each mode may change: the person's own keys open what they name, and nothing beside it."""

import gzip
from pathlib import Path

import pytest

from daydream.app.assembly import refusal
from daydream.config.model import CleanOptions, Config, LogOptions
from daydream.records.change import Advance, Append, Change, Delete, DropRef, Edit, Move, Pack, Place

CONFIG = Config(
    clean=CleanOptions(artefacts=("build",)),
    logs=LogOptions(archive=("logs/*.log.*", "/var/log/shop/*.log.*")),
)
MODES = ("report", "propose", "apply")


def pack(path: str, place: Place = "checkout") -> Pack:
    return Pack(place=place, path=path, target=f"{path}.gz", sha256="0", size=1)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "change",
    [
        pack("logs/app.log.1"),
        pack("/var/log/shop/app.log.1", "machine"),
        Delete(place="checkout", path="build"),
        Edit(place="logs", path="report.md", content=b""),
        DropRef(ref="refs/daydream/x"),
    ],
)
def test_what_a_person_named_and_what_is_daydreams_is_allowed_in_every_mode(
    tmp_path: Path, mode: str, change: Change
) -> None:
    assert refusal(change, mode, CONFIG, tmp_path) is None


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "change",
    [
        pack("app.log.1"),
        pack("logs/app.log.1.gz"),
        pack("logs/app.log.1", "state"),
        pack("/var/log/syslog.1", "machine"),
        Edit(place="machine", path="/var/log/shop/app.log.1", content=b""),
        Append(place="machine", path="/var/log/shop/app.log.1", content=b""),
        Move(place="machine", path="/var/log/shop/app.log.1", target="/var/log/shop/app.log.2"),
        Delete(place="machine", path="/var/log/shop/app.log.1.gz"),
        Delete(place="machine", path="/home"),
    ],
)
def test_packing_and_the_world_outside_are_closed_but_for_the_named_logs(
    tmp_path: Path, mode: str, change: Change
) -> None:
    assert refusal(change, mode, CONFIG, tmp_path) == "not named by logs.archive in your own configuration"


@pytest.mark.parametrize("mode", ["report", "propose"])
def test_naming_logs_opens_nothing_else_in_the_checkout(tmp_path: Path, mode: str) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs/theirs.log.1.gz").write_bytes(gzip.compress(b"x"))
    changes: list[Change] = [
        Delete(place="checkout", path="logs/app.log.1"),
        Delete(place="checkout", path="logs/theirs.log.1.gz"),
        Edit(place="checkout", path="logs/app.log.1", content=b""),
        Move(place="checkout", path="logs/app.log.1", target="logs/app.log.2"),
        Advance(commit="0" * 40),
    ]
    for change in changes:
        assert refusal(change, mode, CONFIG, tmp_path) == f"not allowed in {mode} mode"


def test_without_a_key_nothing_is_packed_not_even_in_apply(tmp_path: Path) -> None:
    assert refusal(pack("logs/app.log.1"), "apply", Config(), tmp_path) is not None
    assert refusal(Edit(place="checkout", path="a", content=b""), "apply", Config(), tmp_path) is None
