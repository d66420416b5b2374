"""daydream: the night shift of a Python repository."""

# Type checkers know this name; whatever starts often does without the module that has it.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from daydream.app.interface.inputs import SyntheticTestGenerator
    from daydream.app.interface.result import DreamResult
    from daydream.app.interface.runner import DreamTestRunner
    from daydream.app.interface.sandbox import DreamSandbox

__version__ = "0.1.0"
__all__ = ["DreamResult", "DreamSandbox", "DreamTestRunner", "SyntheticTestGenerator"]


_PUBLIC = {
    "DreamResult": "result",
    "DreamSandbox": "sandbox",
    "DreamTestRunner": "runner",
    "SyntheticTestGenerator": "inputs",
}


def __getattr__(name: str) -> object:
    """The public names, imported when somebody asks for one: the program itself needs none of them."""
    if name in _PUBLIC:
        import importlib

        return getattr(importlib.import_module(f"daydream.app.interface.{_PUBLIC[name]}"), name)
    msg = f"module 'daydream' has no attribute {name!r}"
    raise AttributeError(msg)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
