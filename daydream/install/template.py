"""Fill a scheduler's template: escaping is each scheduler's own, so nothing is escaped by itself."""

from collections.abc import Callable, Mapping

from daydream.report.resources import text


def fill(name: str, values: Mapping[str, object], filters: Mapping[str, Callable[..., str]]) -> str:
    """Return the filled template.

    Raises:
        FileNotFoundError: the installation lacks the template.
    """
    from jinja2 import Environment, StrictUndefined

    source = text(name)
    if source is None:
        raise FileNotFoundError(f"templates/{name}")
    environment = Environment(undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False)  # noqa: S701 -- no HTML
    environment.filters.update(filters)
    return environment.from_string(source).render(values)
