"""Alive because a documentation tool, a window system or a plugin host looks for the name: one look-alike a section."""

# ruff: noqa: ARG001, ARG002, B008, E402, ERA001, F811, N801, N802, N807, PLW0603, RUF012
# mypy: ignore-errors

# lookalike: sphinx-setup
from docutils import nodes


class note_of_the_house(nodes.Admonition, nodes.Element):
    pass


def visit_note_html(self, node):
    self.visit_admonition(node)


def depart_note_html(self, node):
    self.depart_admonition(node)


def setup(app):
    app.add_node(note_of_the_house, html=(visit_note_html, depart_note_html))
    return {"parallel_read_safe": True}


# lookalike: sphinx-directive
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective


class Timetable(SphinxDirective):
    has_content = True
    required_arguments = 0
    option_spec = {"since": directives.unchanged}

    def run(self):
        return []


def setup(app):
    app.add_directive("timetable", Timetable)


# lookalike: sphinx-conf
project = "desk"
html_theme = "furo"
html_theme_options = {"navigation_with_keys": True}
intersphinx_mapping = {}
exclude_patterns = ["drafts"]

# lookalike: mkdocs-hook
import re


def on_page_content(html, page, config, files):
    return re.sub("<hr>", "", html)


def on_pre_build(config):
    print(config.site_name)


# lookalike: mkdocs-plugin
from mkdocs.config import config_options
from mkdocs.plugins import BasePlugin


class Timestamps(BasePlugin):
    config_scheme = (("zone", config_options.Type(str, default="UTC")),)

    def on_config(self, config, **kwargs):
        return config

    def on_page_context(self, context, page, **kwargs):
        return context


# lookalike: qt-model
from PyQt6.QtCore import QAbstractListModel, QModelIndex, Qt


class Downloads(QAbstractListModel):
    def rowCount(self, parent=QModelIndex()):
        return 3

    def headerData(self, section, orientation, role=Qt.ItemDataRole.DisplayRole):
        return "Downloads"

    def flags(self, index):
        return Qt.ItemFlag.ItemIsEnabled


# lookalike: qt-slot
from PyQt6.QtCore import QObject, pyqtSlot


class Windows(QObject):
    @pyqtSlot()
    def on_window_closed(self):
        print("closed")

    @pyqtSlot(QObject)
    def on_focus_moved(self, thing):
        print(thing)


# lookalike: textual-app
from textual.app import App
from textual.widgets import Label


class Lamp(App):
    CSS_PATH = "lamp.tcss"
    BINDINGS = [("d", "dim", "Dim the lamp")]

    def compose(self):
        yield Label("on")

    def action_dim(self):
        self.sub_title = "dim"

    def on_mount(self):
        self.title = "lamp"


Lamp().run()

# lookalike: alias-by-registry
from .registry import ANCHORS


@ANCHORS.register()
class RotatedAnchors:
    def forward(self, features):
        return features


# lookalike: register-by-name
from .registry import register_criterion


@register_criterion("weighted-margin")
class WeightedMargin:
    def reduce_metrics(self, outputs):
        return outputs


# lookalike: folder-of-rules
enabled_by_default = True
priority = 900
requires_output = False


def match(command):
    return "lend" in command.script


def get_new_command(command):
    return command.script.replace("lend", "borrow")


# lookalike: engine-module
about = {"website": "https://example.org", "use_official_api": False}
categories = ["books"]
paging = True
safesearch = False


def request(query, params):
    params["url"] = "https://example.org/?q=" + query
    return params


def response(resp):
    return resp.json()


# lookalike: plugin-dunder
from desk.plugins import Plugin


class Lantern(Plugin):
    _VALID = r"https://lantern\.example"

    def _get_streams(self):
        return {}


__plugin__ = Lantern

# lookalike: plugin-metadata
__plugin_name__ = "Night lamp"
__plugin_version__ = "0.3.0"
__plugin_pythoncompat__ = ">=3.9,<4"


def __plugin_load__():
    global __plugin_implementation__
    __plugin_implementation__ = object()


# lookalike: named-class-of-module
from desk.plugins.action import ActionBase


class ActionModule(ActionBase):
    TRANSFERS_FILES = False
    _VALID_ARGS = frozenset(("name",))

    def run(self, tmp=None, task_vars=None):
        return {"changed": False}


# lookalike: extractor-class
from .common import InfoExtractor


class LanternIE(InfoExtractor):
    _VALID_URL = r"https?://lantern\.example/(?P<id>\d+)"
    _TESTS = [{"url": "https://lantern.example/1", "only_matching": True}]

    def _real_extract(self, url):
        return {"id": self._match_id(url)}


# lookalike: luigi-task
import luigi


class CountVisitors(luigi.Task):
    day = luigi.DateParameter()

    def requires(self):
        return []

    def output(self):
        return luigi.LocalTarget("visitors.txt")

    def run(self):
        with self.output().open("w") as out:
            out.write("3")


# lookalike: beets-listener
from beets.plugins import BeetsPlugin


class Quiet(BeetsPlugin):
    def __init__(self):
        super().__init__()
        self.register_listener("import_task_files", self.hush)

    def hush(self, task, session):
        task.quiet = True


# lookalike: entry-point-command
def open_the_desk():
    print("open")


# lookalike: entry-point-plugin
class Hooks:
    def after_catalog_created(self, catalog):
        catalog.seal()


def starters():
    return []


# lookalike: hook-implementation
import pluggy

hookimpl = pluggy.HookimplMarker("desk")


class Night:
    @hookimpl
    def desk_closes(self, hour):
        return hour + 1


manager = pluggy.PluginManager("desk")
manager.register(Night())
