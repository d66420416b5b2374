"""External links over nights: asked only where wanted, broken only after several nights, kept where a crash cannot lose it."""

from dataclasses import replace
from pathlib import Path

import pytest

from daydream.analysis import doc_external
from daydream.analysis.doc_links import Library
from daydream.clients.links import Answer, State
from daydream.config.model import Config, DocsOptions
from daydream.contracts.context import Context
from daydream.records.change import Edit
from daydream.records.outcome import Done, More, Outcome, Skipped
from daydream.steps import docs_external
from daydream.steps.docs import make
from tests.fakes.docs_night import commit, context

PAGE = "[a](https://a.real.org/x#part) [a](https://a.real.org/x) [b](https://b.real.org/y)\n"
A, B = "https://a.real.org/x", "https://b.real.org/y"


class Web:
    """A web whose answers are a table."""

    def __init__(self, **states: State) -> None:
        self.states = states
        self.asked: list[str] = []

    def ask(self, address: str) -> Answer:
        """Answer by the first letter of the host."""
        self.asked.append(address)
        state = self.states.get(address.split("/")[2][0], "ok")
        return Answer(state, "" if state == "ok" else "answers 404")


def night(ctx: Context, web: Web, date: str, nights: int = 3) -> Done:
    """Run all parts as the runner would, its changes applied."""
    ctx = replace(ctx, date=date)
    library = Library(ctx)
    cursor: str | None = None
    while True:
        outcome: Outcome = docs_external.external(ctx, library, ctx.paths(".md"), nights, cursor, web)
        assert isinstance(outcome, Done | More)
        for change in outcome.changes:
            assert isinstance(change, Edit)
            assert (change.place, change.path, change.expect) == ("state", "links.json", "any")
            (ctx.state / change.path).write_bytes(change.content)
        if isinstance(outcome, Done):
            return outcome
        cursor = outcome.cursor


@pytest.fixture
def ctx(tmp_path: Path) -> Context:
    (tmp_path / "state").mkdir()
    (tmp_path / "repo").mkdir()
    commit(tmp_path / "repo", {"README.md": PAGE})
    return context(tmp_path / "repo", state=tmp_path / "state")


def test_nothing_is_asked_unless_it_is_wanted(ctx: Context) -> None:
    assert "external" not in make(Config()).plan(ctx)
    wanted = make(Config(docs=DocsOptions(external=True)))
    assert list(wanted.plan(ctx))[-1] == "external"


def test_a_link_is_broken_after_so_many_nights_and_no_earlier(ctx: Context) -> None:
    web = Web(a="gone")
    counts = [len(night(ctx, web, f"2026-03-0{day}").findings) for day in (1, 2, 3, 4)]
    assert counts == [0, 0, 1, 1]
    (finding,) = night(ctx, web, "2026-03-04").findings
    assert (finding.subject, finding.identity, finding.evidence) == (
        "README.md",
        A,
        "gone in 4 nights running, first on 2026-03-01",
    )


def test_a_night_that_cannot_tell_opens_and_closes_nothing(ctx: Context) -> None:
    states: list[State] = ["gone", "unknown", "gone", "unknown", "gone", "unknown", "ok"]
    counts = []
    for day, state in enumerate(states, 1):
        counts.append(len(night(ctx, Web(a=state), f"2026-03-0{day}").findings))
    assert counts == [0, 0, 0, 0, 1, 1, 0]


def test_an_address_is_asked_once_a_night_however_often_the_night_is_run(ctx: Context) -> None:
    web = Web(a="gone")
    findings = [night(ctx, web, "2026-03-01").findings for _ in range(4)]
    assert (sorted(web.asked), findings) == ([A, B], [()] * 4)


def test_a_page_with_a_link_in_doubt_is_not_called_examined(ctx: Context) -> None:
    assert night(ctx, Web(a="gone"), "2026-03-01").examined[0].subjects == ()
    assert night(ctx, Web(), "2026-03-02").examined[0].subjects == ("README.md",)


def test_where_nothing_at_all_is_reached_the_network_is_what_is_missing(ctx: Context) -> None:
    class Offline(Web):
        def ask(self, address: str) -> Answer:
            self.asked.append(address)
            return Answer("gone", "its host name does not exist")

    found = [night(ctx, Offline(), f"2026-03-0{day}") for day in (1, 2, 3, 4)]
    assert [outcome.findings for outcome in found] == [(), (), (), ()]
    assert found[0].facts["external_unknown"] == 2


def test_many_links_are_asked_in_parts_that_are_kept_one_by_one(ctx: Context) -> None:
    page = "".join(f"[x](https://h{n}.real.org/)\n" for n in range(45))
    commit(ctx.root, {"README.md": page})
    ctx = context(ctx.root, state=ctx.state)
    web = Web()
    library = Library(ctx)
    first = docs_external.external(ctx, library, ["README.md"], 3, None, web)
    assert isinstance(first, More)
    (change,) = first.changes
    assert isinstance(change, Edit)
    (ctx.state / "links.json").write_bytes(change.content)
    night(ctx, web, ctx.date)  # as after an interruption
    assert (len(web.asked), len(set(web.asked))) == (45, 45)


def test_one_host_is_asked_within_its_bound_and_the_rest_the_next_night(ctx: Context) -> None:
    many = docs_external.PER_HOST + 5
    commit(ctx.root, {"README.md": "".join(f"[x](https://h.real.org/{n})\n" for n in range(many))})
    ctx = context(ctx.root, state=ctx.state)
    web = Web()
    assert night(ctx, web, "2026-03-01").facts["not_asked"] == 5
    night(ctx, web, "2026-03-02")
    assert len(set(web.asked)) == many


@pytest.mark.parametrize(
    "target",
    [
        "http://localhost:8000/x",
        "https://example.com/x",
        "https://api.example.org/",
        "http://192.168.1.1/",
        "https://x.test/",
        "https://host/",
        "https://{name}.real.org/",
        "mailto:a@real.org",
        "https://your-domain.org/",
    ],
)
def test_examples_and_placeholders_are_not_asked(ctx: Context, target: str) -> None:
    commit(ctx.root, {"README.md": f"[x](<{target}>)\n", "CHANGELOG.md": "[x](https://c.real.org/1)\n"})
    web = Web()
    night(context(ctx.root, state=ctx.state), web, "2026-03-01")
    assert web.asked == []


def test_a_damaged_history_begins_anew_and_says_so(ctx: Context) -> None:
    (ctx.state / "links.json").write_bytes(b"{nonsense")
    assert night(ctx, Web(), "2026-03-01").facts["lost_history"] == 1


def test_a_history_of_a_newer_daydream_is_left_alone(ctx: Context) -> None:
    (ctx.state / "links.json").write_bytes(b'{"schema": 99, "links": []}')
    left = docs_external.external(ctx, Library(ctx), ["README.md"], 3, None, Web())
    assert isinstance(left, Skipped)
    assert "newer" in left.reason


def test_the_history_is_written_the_same_for_the_same_answers(ctx: Context) -> None:
    night(ctx, Web(a="gone"), "2026-03-01")
    content = (ctx.state / "links.json").read_bytes()
    history = doc_external.read(content)
    assert history is not None
    assert doc_external.write(history) == content
    assert sorted(history.links) == [A, B]
