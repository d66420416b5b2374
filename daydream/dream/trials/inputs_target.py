"""The procedure that inputs are made for: its node, its parameters, and what its first argument is."""

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from daydream.analysis.source import Definition, NotParsed, tree_of
from daydream.contracts.dream import Procedure
from daydream.contracts.sandbox import Encoded, Inputs
from daydream.dream.trials.call_sites_literals import class_value
from daydream.dream.trials.inputs_index import Index, Scope, module_name, scope_of

Way = Literal["positional only", "positional", "variadic", "keyword only", "keywords"]
Receiver = Literal["none", "bound", "object", "blank", "class"]
_STATIC = ("staticmethod", "builtins.staticmethod")
_CLASS = ("classmethod", "builtins.classmethod")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter; `default` is None where it must be given (a variadic one never must)."""

    name: str
    way: Way
    annotation: ast.expr | None = None
    default: ast.expr | None = None

    @property
    def must(self) -> bool:
        """Whether a call has to give it."""
        return self.default is None and self.way not in ("variadic", "keywords")


@dataclass(frozen=True, slots=True)
class Target:
    """A procedure and the module around it. `parameters` are without the receiver, of the class `owner`: the object that
    a method is called on, a "blank" one that `__init__` has not filled, or the class, which a class method is
    "bound" to before it is called, so that only `__new__` is handed one."""

    scope: Scope
    qualname: str
    node: Definition
    parameters: tuple[Parameter, ...]
    receiver: Receiver = "none"
    owner: str = ""
    index: Index = field(default_factory=lambda: Index({}), compare=False)

    @property
    def name(self) -> str:
        """Its own name."""
        return self.node.name

    @property
    def is_handed_over(self) -> bool:
        """Whether a call's first argument is the receiver."""
        return self.receiver not in ("none", "bound")

    def fits(self, given: Sequence[Encoded], named: Sequence[tuple[str, Encoded]]) -> bool:
        """Whether a call with these arguments, the receiver apart, reaches its body."""
        ways = {each.name: each.way for each in self.parameters}
        places = [each for each in self.parameters if each.way in ("positional only", "positional")]
        if len(given) > len(places) and "variadic" not in ways.values():
            return False
        taken = {each.name for each in places[: len(given)]}
        for name, _ in named:
            way = ways.get(name)
            if name in taken or (way not in ("positional", "keyword only") and "keywords" not in ways.values()):  # fmt: skip
                return False
            taken.add(name)
        return all(each.name in taken for each in self.parameters if each.must)

    def receiving(self) -> Encoded | None:
        """The tree of a class as receiver, or of a blank object; None for others."""
        if self.receiver == "class":
            return class_value(self.scope.module, self.owner)
        if self.receiver == "blank":
            blank = class_value(self.scope.module, self.owner)
            return ["new", self.scope.module, f"{self.owner}.__new__", [blank], []]
        return None


def target_of(procedure: Procedure, module_source: str, index: Index) -> Target | None:
    """Find a procedure in the source of its module; None where it is not there as catalogued.

    Raises:
        NotParsed: the source does not parse.
    """
    scope = index.scope_at(procedure.path) if index.sources.get(procedure.path) == module_source else None
    if scope is None:
        name = module_name(procedure.path, index.roots) or ""
        scope = scope_of(name, procedure.path, tree_of(module_source))
    node = _found(scope.tree, procedure)
    if node is None:
        return None
    owner = procedure.qualname.rpartition(".")[0]
    receiver = _receiver(node, scope, owner)
    every = tuple(parameters(node))
    return Target(
        scope, procedure.qualname, node, every[1:] if receiver != "none" else every, receiver, owner, index
    )


def _found(tree: ast.Module, procedure: Procedure) -> Definition | None:
    wanted = procedure.qualname.rpartition(".")[2]
    for each in ast.walk(tree):
        if isinstance(each, Definition) and each.name == wanted:
            first = min([each.lineno, *(one.lineno for one in each.decorator_list)])
            if first == procedure.first_line:
                return each
    return None


def parameters(node: Definition) -> list[Parameter]:
    """The parameters of a function in order, `self` and `cls` included."""
    spec = node.args
    places = [*spec.posonlyargs, *spec.args]
    defaults: list[ast.expr | None] = [None] * (len(places) - len(spec.defaults))
    defaults += spec.defaults
    made = [
        Parameter(each.arg, "positional only" if number < len(spec.posonlyargs) else "positional", each.annotation, default)
        for number, (each, default) in enumerate(zip(places, defaults, strict=True))
    ]  # fmt: skip
    if spec.vararg:
        made.append(Parameter(spec.vararg.arg, "variadic", spec.vararg.annotation))
    made += [
        Parameter(each.arg, "keyword only", each.annotation, default)
        for each, default in zip(spec.kwonlyargs, spec.kw_defaults, strict=True)
    ]
    if spec.kwarg:
        made.append(Parameter(spec.kwarg.arg, "keywords", spec.kwarg.annotation))
    return made


def _receiver(node: Definition, scope: Scope, owner: str) -> Receiver:
    if owner not in scope.classes:
        return "none"
    marks = {scope.dotted(each) for each in node.decorator_list}
    if marks & set(_STATIC) or not (node.args.posonlyargs or node.args.args):
        return "none"
    if marks & set(_CLASS) or node.name in ("__init_subclass__", "__class_getitem__"):
        return "bound"
    if node.name == "__new__":
        return "class"
    return "blank" if node.name == "__init__" else "object"


def inputs_of(target: Target, receiver: Encoded | None, values: dict[str, Any]) -> Inputs:
    """The arguments by parameter as a call: what must be given by position goes by position, and so does all before
    a variadic one that is not empty. `values` holds a list of trees for a variadic parameter and
    pairs for one of keywords; what is not in it keeps its default."""
    variadic = next((each.name for each in target.parameters if each.way == "variadic"), "")
    rest = values.get(variadic) or []
    given: list[Encoded] = [receiver] if target.is_handed_over else []
    named: list[tuple[str, Encoded]] = []
    gap = False
    for each in target.parameters:
        if each.way == "variadic":
            given += rest
        elif each.way == "keywords":
            named += [(name, tree) for name, tree in values.get(each.name, [])]
        elif each.name not in values:
            gap = True
        elif each.way == "positional only" or (each.way == "positional" and not gap and (each.must or rest)):
            given.append(values[each.name])
        else:
            named.append((each.name, values[each.name]))
    return Inputs(tuple(given), tuple(named))


__all__ = ["NotParsed", "Parameter", "Target", "inputs_of", "parameters", "target_of"]
