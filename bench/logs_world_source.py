"""The source of a world's programs: a module for each logger, with the calls that log its lines."""

from bench.logs_world import World
from bench.logs_world_templates import Template
from bench.logs_world_values import as_format


def sources(world: World) -> dict[str, str]:
    """Return module texts by path; every template of the world has its logging call, every frame its function."""
    by_logger: dict[str, list[Template]] = {}
    for template in world.templates:
        by_logger.setdefault(template.logger, []).append(template)
    files = {f"{package}/__init__.py": f'"""The {package}."""\n' for package in ("shop", "worker")}
    for logger, templates in sorted(by_logger.items()):
        files[f"{logger.replace('.', '/')}.py"] = _module(logger, templates)
    return files


def _module(logger: str, templates: list[Template]) -> str:
    lines = [
        f'"""Part of the shop: {logger}."""',
        "",
        "import logging",
        "",
        "log = logging.getLogger(__name__)",
    ]
    for number, template in enumerate(templates):
        call = "exception" if template.trace else template.level.lower()
        text = as_format(template.text)
        values = "".join(f", values[{i}]" for i in range(template.text.count("{")))
        quoted = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
        lines += ["", "", f"def say_{number}(values):", f"    log.{call}({quoted}{values})"]
    for template in templates:
        functions = [line.rpartition(" in ")[2] for line in template.trace if "/current/" in line]
        for name in functions:
            lines += ["", "", f"def {name}(request):", "    return request"]
    return "\n".join(lines) + "\n"
