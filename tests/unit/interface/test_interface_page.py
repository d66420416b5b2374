"""The examples of the page on the Python interface do what they say."""

from pathlib import Path
from typing import Any

import pytest

from daydream.analysis import markdown
from tests.fakes.bubblewrap import why_not
from tests.fakes.waiting_dreams import SUM, after_a_night, settle

PAGE = Path(__file__).parents[3] / "docs/python-interface.md"


def test_the_examples_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if why := why_not():
        pytest.skip(why)
    settle(monkeypatch, tmp_path)
    monkeypatch.chdir(tmp_path)
    after_a_night(tmp_path / "sums", {"sum": (SUM, 0.9)})
    names: dict[str, Any] = {"root": tmp_path / "sums"}
    fences = [each.code for each in markdown.parse(PAGE.read_text("utf-8")).fences if each.info == "python"]
    for code in fences:
        exec(compile(code, PAGE.name, "exec"), names)
    assert names["found"]["pass_rate"] == 1.0
    assert "What trials have taught" in capsys.readouterr().out
    assert len(fences) == 3
