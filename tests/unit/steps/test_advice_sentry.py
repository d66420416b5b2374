"""Advice on issues of Sentry: below its issue, beside the rule's verdict, and nowhere else."""

import dataclasses
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import stamina

from daydream.config.model import Config, ModelOptions
from daydream.contracts.context import Context
from daydream.records.outcome import Done, Failed, Outcome, Skipped
from daydream.report import render, resources
from daydream.steps.advice import SUB_STEP
from daydream.store.cache import AnalysisCache
from tests.fakes.advice_night import answering, asked, models, said
from tests.fakes.llm_server import FakeModels
from tests.fakes.llm_server import serving as advising
from tests.fakes.sentry_night import Ended, World, commit
from tests.fakes.sentry_server import FakeSentry, Reply, entry, event, frame, serving

CART = '''"""The cart."""

TOKEN = "ghp_a1B2a1B2a1B2a1B2a1B2a1B2a1B2a1B2a1B2"


def total(prices, key):
    return prices["coupon"] + prices[key]


def settle(bank):
    return bank.settle()
'''
RECENT = "2026-11-20T09:00:00Z"


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("template") / "shop"
    commit(root, {"shop/cart.py": CART, "shop/__init__.py": ""}, "The shop", "2026-05-01T00:00:00Z")
    return root


@dataclasses.dataclass
class Advised(World):
    """A world with an advisor, and a cache."""

    models: ModelOptions = dataclasses.field(default_factory=ModelOptions)

    def config(self, sentry: FakeSentry | None, **options: Any) -> Config:
        return super().config(sentry, **options).model_copy(update={"models": self.models})

    def context(self, results: Mapping[str, list[Outcome]], env: Mapping[str, str] | None = None) -> Context:
        cache = AnalysisCache(self.state / "cache.db", self.number)
        return dataclasses.replace(super().context(results, env), cache=cache)


@pytest.fixture
def world(tmp_path: Path, template: Path) -> Advised:
    shutil.copytree(template, tmp_path / "shop")
    return Advised(tmp_path / "shop", tmp_path / "state")


@pytest.fixture
def sentry() -> Iterator[FakeSentry]:
    """Three issues: one with a rule's advice, one that needs a person, one whose stack is not known."""
    issues = [
        entry(1, firstSeen=RECENT),
        entry(2, firstSeen=RECENT, title="SettlingRefused: 4111 1111 1111 1111 of Ann"),
        entry(3, firstSeen=RECENT),
    ]
    with serving(issues={"web": issues}) as held:
        web = frame("/venv/lib/python3.11/site-packages/web/core.py", "handle", 3, in_app=True)
        cart = frame("/srv/app/shop/cart.py", "total", 7, '    return prices["coupon"] + prices[key]')
        bank = frame("/srv/app/shop/cart.py", "settle", 11, "    return bank.settle()")
        held.events = {
            "1001": event(1, [web, cart]),
            "1002": event(2, [web, bank], kind="SettlingRefused", value="of Ann, 4111 1111 1111 1111"),
        }
        yield held


@pytest.fixture
def fake() -> Iterator[FakeModels]:
    with advising(answers=answering(lambda id_, _: {**said(id_), "verdict": "fix_clear"})) as held:
        yield held


def section(ended: Ended) -> str:
    template = render._environment(resources.text).get_template("sections/sentry_query.md.j2")
    return template.render(section=ended.section)


def plainly(world: Advised, sentry: FakeSentry) -> Ended:
    """The same night without an advisor, in a state of its own."""
    return Advised(world.root, world.state.parent / "plain").night(sentry)


def test_the_advice_stands_below_its_issue_and_the_rules_verdict_stays(
    world: Advised, sentry: FakeSentry, fake: FakeModels
) -> None:
    alone = plainly(world, sentry)
    world.models = models(fake.url)
    ended = world.night(sentry)
    assert len(fake.requests) == 1
    lines = section(ended).splitlines()
    for label, verdict in (("WEB-1", "cause only"), ("WEB-2", "needs a person")):
        [at] = [n for n, line in enumerate(lines) if line.startswith(f"- {label} ")]
        assert verdict in lines[at], "the rule's"
        following = next(line for line in lines[at + 1 :] if line.strip())
        assert following.startswith("  - real/model-2026 suggests: Look the order up before it is charged.")
        assert following.endswith("(its verdict: fix clear)")
    assert section(ended).count("suggests:") == 2, "nothing is known of the third"
    without = {key: value for key, value in ended.section.facts.items() if key not in ("advice", "advisor")}
    assert without == alone.section.facts, "no count and no verdict of the step is touched"
    assert ended.findings == alone.findings
    assert ended.outcomes["issues:*"] == alone.outcomes["issues:*"]
    for outcome in ended.outcomes[SUB_STEP]:
        assert not isinstance(outcome, Skipped | Failed)
        assert (outcome.findings, outcome.changes, outcome.rows, outcome.examined) == ((), (), (), ())


def test_a_stack_and_a_few_lines_are_sent_and_no_message_link_or_secret(
    world: Advised, sentry: FakeSentry, fake: FakeModels
) -> None:
    world.models = models(fake.url)
    world.night(sentry)
    [body] = fake.requests
    told = asked(body)[1]
    assert told["e1"].startswith(
        "exception: KeyError\nstack:\n  (a library):3 in handle\n  shop/cart.py:7 in total\nsource of shop/cart.py:\n"
    )
    assert '>     7 |     return prices["coupon"] + prices[key]' in told["e1"]
    assert '      3 | TOKEN = "[secret]"' in told["e1"]
    text = str(body)
    for foreign in (
        "4111",
        "of Ann",
        "a1B2",
        "hunter2",
        "sentry.example",
        "Ignore your",
        "WEB-1",
        "production",
    ):
        assert foreign not in text


def test_what_is_excluded_is_not_sent(world: Advised, sentry: FakeSentry, fake: FakeModels) -> None:
    world.models = models(fake.url, exclude=("shop/cart.py",))
    ended = world.night(sentry)
    assert "cart" not in str(fake.requests)
    assert len(ended.section.facts["advice"]) == 2


def test_an_issue_that_goes_on_is_not_asked_about_again(
    world: Advised, sentry: FakeSentry, fake: FakeModels
) -> None:
    world.models = models(fake.url)
    first, second = world.night(sentry), world.night(sentry, forgetful=True)
    assert len(fake.requests) == 1
    listed = {line["id"] for line in second.section.facts["top"]}
    kept = [line for line in first.section.facts["advice"] if line["item"] in listed]
    assert kept
    assert [line["item"] for line in second.section.facts["advice"]] == [line["item"] for line in kept]


def test_without_an_answer_the_issues_are_told_all_the_same(
    world: Advised, sentry: FakeSentry, fake: FakeModels
) -> None:
    alone = plainly(world, sentry)
    fake.answers = lambda _: pytest.fail("nothing is sent: the budget does not allow it")
    world.models = models(fake.url, budget=1e-9)
    ended = world.night(sentry)
    assert isinstance(ended.outcomes[SUB_STEP][-1], Done)
    assert ended.findings == alone.findings
    [note] = [note for note in ended.section.notes if "advisor" in note]
    assert note.startswith("The advisor gave no answer: here/m: a request to here may cost")


@pytest.mark.parametrize(
    ("replies", "env", "kind"),
    [([], {}, Skipped), ([Reply(401)], None, Skipped), ([Reply(500)] * 3, None, Failed)],
    ids=["not configured", "refused", "broken"],
)
def test_a_sentry_that_told_nothing_is_skipped_or_failed_as_without_an_advisor(
    world: Advised,
    sentry: FakeSentry,
    fake: FakeModels,
    replies: list[Reply],
    env: dict[str, str] | None,
    kind: type[Outcome],
) -> None:
    world.models = models(fake.url)
    sentry.script = replies
    ended = world.night(sentry, env=env)
    assert {type(found[-1]) for found in ended.outcomes.values()} == {kind}
    assert fake.requests == []
    assert ended.section.facts["new"] is None
