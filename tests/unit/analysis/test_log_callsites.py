"""A template names the call that wrote it, and none where two could have."""

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from daydream.analysis.logs import callsites
from daydream.analysis.logs.callsites import Index, Site
from daydream.analysis.logs.callsites_read import LOG, PRINT, RAISE, WARN, RawSite, read
from daydream.analysis.logs.callsites_text import HOLE
from daydream.analysis.logs.heads import CRITICAL, DEBUG, ERROR, INFO, UNKNOWN, WARNING
from daydream.analysis.logs.templates import Miner, mask
from daydream.analysis.redaction import redact
from daydream.records.repository import SourceFile


def sites(source: str) -> list[RawSite]:
    return read(textwrap.dedent(source).encode())


def shown(source: str) -> list[str]:
    return [site.text.replace(HOLE, "{}") for site in sites(source)]


def indexed(**sources: str) -> Index:
    return Index(
        (f"app/{name}.py", site) for name, source in sorted(sources.items()) for site in sites(source)
    )


class Remembering:
    """A cache in memory that counts what is asked of it."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], bytes] = {}
        self.written = 0

    def read(self, kind: str, keys: Sequence[str]) -> dict[str, bytes]:
        return {key: self.kept[kind, key] for key in keys if (kind, key) in self.kept}

    def write(self, kind: str, values: Mapping[str, bytes]) -> None:
        self.written += len(values)
        self.kept |= {(kind, key): value for key, value in values.items()}


@pytest.mark.parametrize(
    ("call", "text"),
    [
        ('log.info("took %d ms", n)', "took {} ms"),
        ('log.info("took %(n)-5.2f ms", {"n": 1})', "took {} ms"),
        ('log.info("100%% of %s", n)', "100% of {}"),
        ('log.info("100% sure")', "100% sure"),
        ('log.info("took %d ms" % n)', "took {} ms"),
        ('log.info("took {} ms".format(n))', "took {} ms"),
        ('log.info("took {n:>5} {{ms}}".format(n=1))', "took {} {ms}"),
        ('log.info(f"took {n!r} ms {m:>3}")', "took {} ms {}"),
        ('log.info("took " + str(n) + " ms")', "took {} ms"),
        ('log.info("took " "%s" " ms", n)', "took {} ms"),
        ('log.info(_("took %s ms") % n)', "took {} ms"),
        ('log.info(_("took %s ms"), n)', "took {} ms"),
        ('log.info("took {} ms", n)', "took {} ms"),
        ('log.info("order.paid", amount=n)', "order.paid {}"),
        ('log.info("failed", exc_info=True)', "failed"),
        ('log.info(msg="took %s", extra={})', "took %s"),
        ('log.log(logging.INFO, "took %s", n)', "took {}"),
        ('print("took", n, file=sys.stderr)', "took {}"),
        ('warnings.warn("old " + name, DeprecationWarning)', "old {}"),
        ('raise ValueError(f"no {n}")', "no {}"),
        ('log.info(textwrap.dedent("took %s"), n)', "took {}"),
        ('log.info(PREFIX + "took %s", n)', "app: took {}"),
        ('log.info(f"{PREFIX}took {n}")', "app: took {}"),
        ('log.info(TWICE + "took %s", n)', "{}took {}"),
    ],
)
def test_a_format_string_of_any_style_becomes_words_and_holes(call: str, text: str) -> None:
    assert shown(f'PREFIX = "app: "\nTWICE = "a"\nTWICE += "b"\n{call}') == [text]


@pytest.mark.parametrize(
    "receiver",
    [
        *(
            "logger",
            "log",
            "LOG",
            "_logger",
            "self.logger",
            "self.log",
            "cls._log",
            "app.logger",
            "logging",
            "audit_logger",
        ),
        *(
            "current_app.logger",
            "logging.getLogger('x')",
            "structlog.get_logger()",
            "log.bind(a=1)",
            "logger.opt(lazy=True)",
        ),
    ],
)
def test_a_logger_is_known_by_its_name_or_by_what_makes_it(receiver: str) -> None:
    assert shown(f'{receiver}.error("broken")') == ["broken"]


def test_a_logger_under_any_name_is_known_by_what_it_was_given() -> None:
    source = """
        import logging
        from loguru import logger as out
        news: logging.Logger = logging.getLogger("shop.news")
        class A:
            def __init__(self):
                self.trail = get_task_logger(__name__)
            def f(self):
                self.trail.info("one")
                news.info("two")
                out.success("three")
                catalog.info("no")
                math.log("no")
                messages.error(request, "no")
    """
    found = sites(source)
    assert [(site.text, site.name) for site in found] == [("one", ""), ("two", "shop.news"), ("three", "")]
    assert {site.function for site in found} == {"A.f"}


def test_levels_follow_the_method_or_the_argument() -> None:
    source = """
        log.debug("a"); log.info("b"); log.warn("c"); log.error("d"); log.exception("e"); log.critical("f")
        log.log(logging.WARNING, "g"); log.log(40, "h"); log.log(level, "i"); log.log("INFO", "j")
    """
    levels = {site.text: site.level for site in sites(source)}
    assert list(levels.values()) == [
        *(DEBUG, INFO, WARNING, ERROR, ERROR, CRITICAL),
        *(WARNING, ERROR, UNKNOWN, INFO),
    ]


def test_kinds_are_told_apart() -> None:
    source = 'log.info("a")\nwarnings.warn("b")\nprint("c", file=f)\nprint("not")\nraise app.Broken("d")\nraise E\n'
    assert [(site.kind, site.text, site.name) for site in sites(source)] == [
        (LOG, "a", ""),
        (WARN, "b", "py.warnings"),
        (PRINT, "c", ""),
        (RAISE, "d", "Broken"),
    ]


def test_a_message_that_a_name_holds_is_every_text_that_the_name_was_given() -> None:
    source = """
        def f(x, given):
            message = "small" if x else "large %s"
            if x > 3:
                message = f"huge {x}"
            log.info(message, x)
            log.info(given)
            for each in x:
                log.info(each)
    """
    assert sorted(shown(source)) == ["huge {}", "large {}", "small"]


def test_what_is_no_python_has_no_sites() -> None:
    assert read(b"log.info(") == []
    assert read(b'\x00log.info("a")') == []
    assert read(b"\xff\xfe raise log.info()") == []
    assert read(b"log.info(" + b"(" * 5000 + b"1" + b")" * 5000 + b")") == []


def test_a_template_names_its_call() -> None:
    index = indexed(
        db='def connect(h, n):\n    log.info("Connected to %s in %d ms", h, n)\n    log.info("Connected")\n',
        web='log.info("Closed connection to %s", h)\n',
    )
    found = index.find("Connected to <*> in <num> ms")
    assert found == Site("app/db.py", 2, "connect", LOG, INFO, "Connected to <*> in <*> ms")
    assert index.find("Connected") == Site("app/db.py", 3, "connect", LOG, INFO, "Connected")
    assert index.find("Closed connection to [ip]:<num>") is not None
    assert index.find("Connected to the moon") is None
    assert index.find("Something else entirely") is None
    assert index.find("<*> <*>") is None
    assert index.find("") is None


def test_two_calls_that_fit_equally_well_name_none_unless_level_or_logger_tell() -> None:
    index = indexed(
        a='log.warning("Retrying %s later", x)\nlog.error("Retrying %s later", x)\n',
        b='logging.getLogger("shop.b").error("Retrying %s later", x)\n',
    )
    assert index.find("Retrying <*> later") is None
    assert index.find("Retrying <*> later", WARNING) is not None
    assert index.find("Retrying <*> later", ERROR) is None
    found = index.find("Retrying <*> later", ERROR, "shop.b")
    assert found is not None
    assert found.path == "app/b.py"
    own = index.find("Retrying <*> later", ERROR, "app.a")
    assert own is not None
    assert own.line == 2


def test_the_more_specific_call_wins() -> None:
    index = indexed(a='log.info("%s failed", x)\nlog.info("Upload of %s failed", x)\nlog.info("%s", x)\n')
    found = index.find("Upload of <*> failed")
    assert found is not None
    assert found.line == 2


def test_signs_tell_between_calls_of_the_same_words() -> None:
    index = indexed(a='log.info("Failed to send %s!", x)\nlog.info("Failed to send (%s)", x)\n')
    found = index.find("Failed to send (<*>)")
    assert found is not None
    assert found.line == 2


def test_a_template_that_hides_a_word_names_its_call_only_if_no_other_could_have_written_it() -> None:
    one = indexed(a='log.info("Opened session of %s for user %s", x, y)\n')
    assert one.find("<*> session of <*> for user <*>") is not None
    two = indexed(
        a='log.info("Opened session of %s for user %s", x, y)\nlog.info("Closed session of %s for user %s", x, y)\n'
    )
    assert two.find("<*> session of <*> for user <*>") is None
    assert (
        two.find("<*> session of <*> for user <*>", examples=["Opened session of a for user b"]) is not None
    )
    mixed = ["Opened session of a for user b", "Closed session of a for user b"]
    assert two.find("<*> session of <*> for user <*>", examples=mixed) is None


def test_a_unit_that_the_mask_takes_with_its_number_is_not_asked_for() -> None:
    index = indexed(a='log.info("Waiting for %s seconds before retry", x)\nlog.info("Waiting longer")\n')
    found = index.find(mask("Waiting for 12 seconds before retry"))
    assert found is not None
    assert found.line == 1


def test_a_raised_message_is_found_by_its_text_and_by_the_exceptions_name() -> None:
    index = indexed(
        a='def f():\n    raise ValueError(f"no such order: {n}")\n',
        b='raise KeyError("no such order: %s" % n)\nlog.error("Order failed: %s", e)\n',
    )
    assert index.raised("no such order: 12") is None
    found = index.raised("no such order: 12", "builtins.ValueError")
    assert found is not None
    assert (found.path, found.function, found.kind) == ("app/a.py", "f", RAISE)
    logged = index.find("Order failed: no such order: <num>")
    assert logged is not None
    assert logged.kind == LOG


def test_a_warning_is_found_behind_its_file_and_category() -> None:
    index = indexed(a='warnings.warn("connect() is old, use open() now", DeprecationWarning)\n')
    found = index.find("/srv/app/a.py:<num>: DeprecationWarning: connect() is old, use open() now", WARNING)
    assert found is not None
    assert found.kind == WARN


def test_lines_mined_and_redacted_lead_back_to_their_calls() -> None:
    calls = [
        'log.info("User %s logged in from %s", u, a)',
        'log.error("Payment of %d EUR refused by %s", n, b)',
        'log.warning(f"Slow query on {t}: {n} ms")',
    ]
    index = indexed(a="\n".join(calls))
    miner = Miner()
    numbers = {}
    for i in range(40):
        numbers[miner.add(redact(f"User bob{i}@example.com logged in from 10.0.0.{i}"))] = 1
        numbers[miner.add(redact(f"Payment of {i * 7} EUR refused by bank{i}"))] = 2
        numbers[miner.add(redact(f"Slow query on orders_{i}: {i * 31} ms"))] = 3
    found = {line: index.find(miner.template(number)) for number, line in numbers.items()}
    assert {line: site and site.line for line, site in found.items()} == {1: 1, 2: 2, 3: 3}


def test_a_file_is_read_once_for_all_nights(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text('log.info("Started %s", x)\n')
    (tmp_path / "b.py").write_text("x = 1\n")
    listed = [SourceFile("a.py", "b1", 20), SourceFile("b.py", "b2", 6), SourceFile("c.txt", "b3", 5)]
    cache = Remembering()
    checks: list[int] = []
    first = callsites.build(tmp_path, listed, cache, lambda: checks.append(1))
    assert (len(first), cache.written, len(checks)) == (1, 2, 2)
    (tmp_path / "a.py").unlink()
    again = callsites.build(tmp_path, [*listed, SourceFile("gone.py", "b9", 1)], cache)
    assert again.find("Started <*>") == first.find("Started <*>") != None  # noqa: E711
    assert cache.written == 2


def test_a_damaged_memory_is_read_anew(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text('log.info("Started %s", x)\n')
    cache = Remembering()
    listed = [SourceFile("a.py", "b1", 20)]
    callsites.build(tmp_path, listed, cache)
    cache.kept = dict.fromkeys(cache.kept, b"\xc1 damaged")
    assert callsites.build(tmp_path, listed, cache).find("Started <*>") is not None


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside.py"
    outside.write_text('log.info("Started %s", x)\n')
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "a.py").symlink_to(outside)
    assert len(callsites.build(tree, [SourceFile("a.py", "", 20)], Remembering())) == 0


def test_the_same_sites_give_the_same_answers_in_any_order_of_files(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / f"{name}.py").write_text(f'log.info("Started {name} %s", x)\n')
    listed = [SourceFile(f"{name}.py", name, 20) for name in "abc"]
    one = callsites.build(tmp_path, listed, Remembering())
    other = callsites.build(tmp_path, listed[::-1], Remembering())
    assert [site for site, _ in one.sites(LOG)] == [site for site, _ in other.sites(LOG)]
    assert one.find("Started b <*>") == other.find("Started b <*>") != None  # noqa: E711
