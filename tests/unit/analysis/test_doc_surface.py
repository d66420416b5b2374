"""What a Python file offers, read by its syntax: commands, options, variables, routes, deprecations."""

import pytest

from daydream.analysis.doc_claims import programs
from daydream.analysis.doc_surface import Route, Surface, read_surface


def surface(source: str) -> Surface:
    found = read_surface(source.encode())
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("source", "option"),
    [
        ('import argparse\np.add_argument("-x", "--ex-tra")', "--ex-tra"),
        ('import click\n@click.option("--a/--no-a")\ndef f(): ...', "--no-a"),
        ('import click\nclick.Option(["--b"])', "--b"),
        ("import typer\n@app.command()\ndef f(dry_run: bool = False): ...", "--dry-run"),
        ('from cleo.helpers import option\noption("dry-run", None, "x")', "--dry-run"),
    ],
)
def test_options_of_each_library(source: str, option: str) -> None:
    assert option in surface(source).options


@pytest.mark.parametrize(
    ("source", "command"),
    [
        ('import argparse\ns.add_parser("run", aliases=["r"])', "run"),
        ('import argparse\ns.add_parser("run", aliases=["r"])', "r"),
        ("import click\n@cli.command()\ndef do_it(): ...", "do-it"),
        ("import click\n@cli.command\ndef init_cmd(): ...", "init"),
        ('import click\n@cli.command("other")\ndef do_it(): ...', "other"),
        ('import cleo\nclass AddCommand(Command):\n    name = "cache clear"', "clear"),
    ],
)
def test_commands_of_each_library(source: str, command: str) -> None:
    assert command in surface(source).commands


@pytest.mark.parametrize(
    ("source", "needed"),
    [
        ('os.environ["A_B"]', True),
        ('os.environ.get("A_B")', False),
        ('os.getenv("A_B", "")', False),
        ('environ["A_B"]; os.getenv("A_B")', False),
        ('os.environ["A_B"] = "1"', False),
        ('import click\n@click.option("--x", envvar="A_B")\ndef f(environ): ...', False),
        ("class S(BaseSettings):\n    model_config = SettingsConfigDict(env_prefix='a_')\n    b: int", True),
        ("class S(BaseSettings):\n    a_b: int = 1", False),
    ],
)
def test_variables_and_whether_they_are_needed(source: str, needed: bool) -> None:
    assert surface(source + "  # environ").variables == {"A_B": needed}


@pytest.mark.parametrize(
    ("source", "route"),
    [
        ('@app.route("/a", methods=["POST", "GET"])\ndef f(): ...', Route(("GET", "POST"), "/a")),
        ('@router.get("/a/{b}")\nasync def f(): ...', Route(("GET",), "/a/{b}")),
        ('urlpatterns = [path("a/<int:b>/", view)]', Route((), "a/<int:b>/")),
        ('x.add_url_rule("/a", view_func=f)', Route((), "/a")),
        ('api.add_resource(Thing, "/a", "/b")', Route((), "/b")),
        ('app.router.add_get("/a", f)  # .get(', Route(("GET",), "/a")),
    ],
)
def test_routes_of_each_framework(source: str, route: Route) -> None:
    assert route in surface(source + "\n# path( add_url_rule .route(").routes


@pytest.mark.parametrize(
    "body",
    [
        "@deprecated('x')\ndef f(): ...",
        "def f():\n    '''X.\n\n    .. deprecated:: 1.0\n    '''",
        "def f():\n    '''X.'''\n    warnings.warn('x', DeprecationWarning, stacklevel=2)",
        "def f():\n    warnings.warn('x', category=PendingDeprecationWarning)",
    ],
)
def test_what_is_deprecated_as_a_whole(body: str) -> None:
    assert list(surface(body).deprecated) == ["f"]


@pytest.mark.parametrize(
    "body",
    [
        "def f(x=None):\n    if x:\n        warnings.warn('x', DeprecationWarning)",
        "def f():\n    warnings.warn('slow')  # DeprecationWarning",
        "def _f():\n    warnings.warn('x', DeprecationWarning)",
        "def f():\n    '''Says deprecated things.'''",
    ],
)
def test_one_deprecated_argument_does_not_deprecate_the_function(body: str) -> None:
    assert surface(body).deprecated == {}


@pytest.mark.parametrize(
    "source", [b"", b"\xff\xfe", b"def f(:\n argparse", b"\0argparse", b"(" * 5000 + b"argparse"]
)
def test_any_bytes_are_read_or_counted_as_unreadable(source: bytes) -> None:
    found = read_surface(source)
    assert found is None or found == Surface()


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("pyproject.toml", '[project.scripts]\nprog = "a:b"'),
        ("pyproject.toml", '[tool.poetry.scripts]\nprog = "a:b"'),
        ("setup.cfg", "[options.entry_points]\nconsole_scripts =\n    prog = a:b\n"),
        ("setup.py", "setup(entry_points={'console_scripts': ['prog = a:b']})"),
    ],
)
def test_programs_are_found_wherever_they_are_declared(path: str, text: str) -> None:
    assert programs({path: text}, []) == {"prog"}
    assert programs({path: "[broken"}, ["src/pkg/__main__.py"]) == {"pkg"}
