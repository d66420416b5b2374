"""Statements that only have an effect, put behind a keyword-only parameter named by what they do."""

import ast
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from daydream.contracts.dream import Candidate, Procedure
from daydream.dream.kinds.conditional_variant_signature import dotted, may_grow
from daydream.dream.kinds.conditional_variant_text import Edit, Option, Text, with_options


@dataclass(frozen=True, slots=True)
class _Sort:
    """One sort of optional step: what it is called, told by the called name and by whom it is called on."""

    names: tuple[str, ...]
    does: str
    called: re.Pattern[str]
    on: re.Pattern[str] = re.compile(".*")


_SORTS = (
    _Sort(
        ("log", "log_steps", "with_log"),
        "log what is done",
        re.compile(r"debug|info|warn|warning|error|exception|critical|log|fatal|msg|err"),
        re.compile(r"(?i)(.*\.)?_*(app_?)?log(ger|ging)?_*"),
    ),
    _Sort(
        ("log", "log_steps", "with_log"),
        "log what is done",
        re.compile(r"_*(log|debug|trace)(_(msg|message|error|debug|info|warning|event))?"),
    ),
    _Sort(
        ("warn", "with_warning"),
        "warn",
        re.compile(r"_?warn(_once|_deprecated|_explicit)?"),
        re.compile(r"|warnings"),
    ),
    _Sort(
        ("echo", "show", "with_output"),
        "print",
        re.compile(r"print|pprint|secho|echo|line_error|write_line|print_\w+|say|output|write_(error_)?line"),
    ),
    _Sort(
        ("echo", "show", "with_output"),
        "print",
        re.compile(r"write|writelines|style_\w+"),
        re.compile(r"(.*\.)?(stdout|stderr|console|io|terminal|tty)"),
    ),
    _Sort(
        ("notify", "with_notice", "send_notice"),
        "tell listeners",
        re.compile(
            r"_*(notify|emit|publish|dispatch|send_robust|trigger|fire|broadcast|announce|alert|call_hooks?)(_\w+)?"
        ),
    ),
    _Sort(
        ("notify", "with_notice", "send_notice"),
        "tell listeners",
        re.compile(r"send"),
        re.compile(
            r"(.*\.)?(signals?(\.\w+)?|(pre|post|on|after|before|got)_\w+|\w+_(signal|started|finished|init|saved?|sent|changed|received|ready))"
        ),
    ),
    _Sort(("call_hooks", "with_hooks"), "call hooks", re.compile(r"_*(on_\w+|\w*(callback|_cb|_hook))")),
    _Sort(
        ("count", "record_metrics"),
        "record a metric",
        re.compile(r"incr|increment|decr|inc|dec|observe|gauge|timing|record_\w+|track(_\w+)?|histogram"),
    ),
    _Sort(
        ("write_cache", "store_in_cache"),
        "write the cache",
        re.compile(
            r"set|add|put|store|set_many|save|update|append|write|clear|delete|delete_many|pop|setdefault|discard"
        ),
        re.compile(r"(?i)(.*\.)?\w*_?caches?"),
    ),
    _Sort(
        ("clear_cache", "with_cache_cleared"),
        "clear a cache",
        re.compile(r"(cache_clear|_*(clear|invalidate|expire|reset)_\w*caches?)"),
    ),
    _Sort(
        ("validate", "check", "with_checks"),
        "check what it is given",
        re.compile(r"_*(validate|check|ensure|verify|assert|require|enforce)(_\w+)?|raise_for_status"),
    ),
    _Sort(
        ("show_progress", "with_progress"),
        "show progress",
        re.compile(r"_*(update_)?progress(_\w+)?|_*show_progress|step_progress"),
    ),
    _Sort(("flush", "with_flush"), "flush", re.compile(r"flush|fsync|drain|sync")),
    _Sort(
        ("make_folders", "with_folders"),
        "make folders",
        re.compile(r"_*(makedirs|mkdir|mkdir_p|makedir|ensure_dir\w*)"),
    ),
    _Sort(
        ("clean_up", "with_cleanup"),
        "clean up",
        re.compile(r"_*(unlink|rmtree|rmdir|removedirs|cleanup|clean_up|purge|prune)(_\w+)?"),
    ),
    _Sort(("clean_up", "with_cleanup"), "clean up", re.compile(r"remove"), re.compile(r"os")),
    _Sort(
        ("save", "with_save"),
        "save",
        re.compile(r"_*(save|persist|write_text|write_bytes|writelines|commit|dump)(_\w+)?"),
    ),
    _Sort(
        ("wait", "with_wait"), "wait", re.compile(r"sleep"), re.compile(r"|time|asyncio|gevent|trio|eventlet")
    ),
    _Sort(
        ("refresh", "with_refresh"),
        "refresh what is shown or kept",
        re.compile(r"_*(refresh|reload|rebuild|redraw|repaint|invalidate)(_\w+)?"),
    ),
    _Sort(("collect_garbage",), "collect garbage", re.compile(r"collect"), re.compile(r"gc")),
)


_CHECKS = next(each for each in _SORTS if each.names[0] == "validate")


def optional_steps(text: Text, procedure: Procedure, rng: random.Random) -> Iterator[Candidate]:
    """Propose one parameter for each sort of step, which guards all of them."""
    groups = _groups(text)
    if not groups or not may_grow(text, procedure):
        return
    outermost = {id(each) for each in text.body}
    for does, (names, runs) in rng.sample(list(groups.items()), len(groups)):
        name = text.free(*names)
        covered = sum(len(run) for run in runs if id(run[0]) in outermost)
        # A procedure that does nothing else has no use for doing nothing.
        if name is None or covered == len(text.body):
            continue
        candidate = _candidate(text, name, does, runs)
        if candidate is not None:
            yield candidate


_Groups = dict[str, tuple[tuple[str, ...], list[list[ast.stmt]]]]


def _groups(text: Text) -> _Groups:
    found: _Groups = {}
    for block in text.blocks():
        former = None
        for statement in block:
            sort = _sort(statement)
            if sort is None or not text.movable(statement):
                former = None
                continue
            runs = found.setdefault(sort.does, (sort.names, []))[1]
            if former == sort.does:
                runs[-1].append(statement)
            else:
                runs.append([statement])
            former = sort.does
    return found


def _sort(statement: ast.stmt) -> _Sort | None:
    if not isinstance(statement, ast.Expr):
        return _CHECKS if isinstance(statement, ast.Assert) else None
    value = statement.value
    call = value.value if isinstance(value, ast.Await) else value
    if not isinstance(call, ast.Call) or _binds(call):
        return None
    on, _, called = dotted(call.func).rpartition(".")
    if not called or (isinstance(call.func, ast.Attribute) and _is_super(call.func.value)):
        return None
    return next((each for each in _SORTS if each.called.fullmatch(called) and each.on.fullmatch(on)), None)


def _is_super(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and dotted(node.func) == "super"


def _binds(node: ast.AST) -> bool:
    return any(isinstance(each, ast.NamedExpr | ast.Yield | ast.YieldFrom) for each in ast.walk(node))


def _candidate(text: Text, name: str, does: str, runs: Sequence[Sequence[ast.stmt]]) -> Candidate | None:
    option = Option(name, "bool", "True", f"Whether to {does}.")
    edits: list[Edit] | None = with_options(text, option)
    if edits is None:
        return None
    for run in runs:
        edits += [text.before(run[0], f"if {name}:"), *text.indented(run[0], run[-1])]
    code = text.edited(edits)
    if code is None:
        return None
    steps = sum(len(run) for run in runs)
    which = "one statement" if steps == 1 else f"{steps} statements"
    return Candidate(
        name=f"{name}=True makes it optional to {does}",
        code=code,
        transform_id="conditional_variant.optional_step@1",
        assumption=f"every caller wants it to {does}",
        reasoning=f"{which} to {does}: no result is used here, and only a caller knows whether the effect is wanted",
        description=f"{which} to {does} only run where the new keyword-only parameter {name} is true, as it is by default",
        details={"parameter": name, "default": True, "statements": steps},
        changes_default=True,
    )
