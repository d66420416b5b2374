"""What generation works on: order by worth, a focus, a profile, further repositories, and what is said about each."""

import cProfile
from dataclasses import replace
from pathlib import Path

import pytest

from daydream.config.model import Config, DreamOptions
from daydream.contracts.context import Context
from daydream.contracts.dream import Kind
from daydream.dream import catalogue, generate
from daydream.dream.kinds.cross_project_synthesis import CrossProjectSynthesis
from daydream.dream.kinds.parameter_exploration import ParameterExploration
from daydream.errors import UsageError
from daydream.records.section import SectionData
from daydream.store import dream_rows
from tests.fakes.dream_night import Night, context, store_of, write

PLAIN = "def {0}(timeout=30):\n    return timeout\n"
BRANCHY = (
    "def {0}(timeout=30):\n    if timeout:\n        return 1 if timeout > 2 else 3\n    return timeout\n"
)
COPIES = """
def {0}(path, limit=5):
    if not path:
        raise ValueError("path must not be empty")
    found = []
    for line in open_text(path):
        found.append(line.strip())
    return found[:limit]
"""
BARE = COPIES.replace('    if not path:\n        raise ValueError("path must not be empty")\n', "")


@pytest.fixture
def ctx(tmp_path: Path) -> Context:
    (tmp_path / "state").mkdir()
    files = {f"pkg/m{n}.py": PLAIN.format(f"plain_{n}") for n in range(6)}
    write(tmp_path / "tree", {**files, "pkg/z.py": BRANCHY.format("branchy")})
    return context(tmp_path / "tree", tmp_path / "state")


def dreamt(ctx: Context, kind: Kind | None = None, **options: object) -> SectionData:
    night = Night(ctx)
    config = Config(dream=DreamOptions.model_validate(options))
    night.run(catalogue.make(config))
    return night.run(generate.Generate(config, [kind or ParameterExploration()]))


def of(ctx: Context) -> set[str]:
    with store_of(ctx) as store:
        return {each.base_qualname for each in dream_rows.dreams(store)}


def test_the_most_complex_is_dreamt_of_first(ctx: Context) -> None:
    dreamt(ctx, per_night=2)
    assert of(ctx) == {"branchy"}


def test_a_focus_leaves_out_all_others(ctx: Context) -> None:
    section = dreamt(ctx, focus="plain_[12]")
    assert of(ctx) == {"plain_1", "plain_2"}
    assert section.notes == ()


def test_a_focus_that_covers_nothing_says_so(ctx: Context) -> None:
    section = dreamt(ctx, focus="nobody_*")
    assert of(ctx) == set()
    assert section.notes == ("nobody_* covers none of 7 procedures; look at dream.focus or --focus",)


def test_a_focus_that_is_no_expression_is_refused_before_the_night() -> None:
    with pytest.raises(UsageError, match="is not a regular expression"):
        generate.make(Config(dream=DreamOptions(focus="/(/")))


def test_what_takes_time_is_dreamt_of_before_what_is_complex(ctx: Context) -> None:
    profile = ctx.root / "night.prof"
    names: dict[str, object] = {}
    exec(
        compile(
            "def plain_4(timeout=30):\n    return sum(range(200_000))\n", str(ctx.tree / "pkg/m4.py"), "exec"
        ),
        names,
    )
    recorder = cProfile.Profile()
    recorder.runcall(names["plain_4"])  # type: ignore[arg-type]
    recorder.dump_stats(profile)
    dreamt(ctx, per_night=2, profile="night.prof")
    assert of(ctx) == {"plain_4"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read"),
        (b"rubbish", "neither a dump of cProfile"),
        (b"{}", "is JSON without profiles"),
    ],
)
def test_a_profile_that_is_of_no_use_is_named_and_the_night_goes_on(
    ctx: Context, content: bytes | None, said: str
) -> None:
    if content is not None:
        (ctx.root / "p").write_bytes(content)
    [note] = dreamt(ctx, profile="p").notes
    assert said in note
    assert note.endswith("procedures were chosen without it")
    assert of(ctx)


def test_another_project_is_learnt_from_and_never_dreamt_of(ctx: Context, tmp_path: Path) -> None:
    write(tmp_path / "elsewhere", {"lib/io.py": COPIES.format("read_rows")})
    write(ctx.tree, {"pkg/io.py": BARE.format("read_lines")})
    again = context(ctx.tree, ctx.state)
    section = dreamt(again, CrossProjectSynthesis(), repositories=["../elsewhere", "../nowhere"])
    assert section.notes == (
        f"nothing was learnt from {ctx.root}/../nowhere: it is not a folder that can be read.",
    )
    with store_of(again) as store:
        found = dream_rows.dreams(store)
    assert {(each.base_qualname, each.details["relative"]) for each in found} == {
        ("read_lines", "elsewhere:lib/io.py:read_rows")
    }


def test_procedures_take_turns_until_each_was_visited(ctx: Context) -> None:
    first = replace(ctx, run="run-1")
    dreamt(first, per_night=10)
    before = of(first)
    dreamt(replace(ctx, run="run-2"), per_night=10)
    assert len(of(first) - before) >= 2
