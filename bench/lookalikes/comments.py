"""Comments that look like code and are none, or must stay: one look-alike a section."""

# ruff: noqa: ARG001, B905, E402, ERA001, F821, PGH003, PTH123, PTH206
# mypy: ignore-errors

# lookalike: prose-with-code
import os


def split(line, mode):
    # if not is_docstring(line, mode):
    # the caller decides; see there why a docstring never gets here
    return line.split(os.sep)


print(split("a/b", 0))


# lookalike: prose-sentence
def merge(cookies, name):
    # if there are several cookies that meet the criteria:
    # return the first of them, as browsers do
    # import order does not matter here
    return next(c for c in cookies if c == name)


print(merge(["a"], "a"))


# lookalike: doctest-in-comment
def nearest(graph, a, b):
    # A session that shows it:
    # >>> G = path_graph(3)
    # >>> nearest(G, 0, 2)
    # [0, 1, 2]
    return graph[a:b]


print(nearest([0, 1, 2], 0, 2))


# lookalike: example-output
def parts(url):
    # =>
    #   {
    #       "host": "example.org",
    #       "port": 80,
    #   }
    return dict(zip(("host", "port"), url.split(":")))


print(parts("example.org:80"))


# lookalike: shell-transcript
def facts(text):
    # $ ifconfig lo0
    # lo0: flags=8049<UP,LOOPBACK> mtu 33648
    # $ netstat -rn | grep default
    return text.split()


print(facts("lo0"))


# lookalike: sql-in-comment
def update(table, rows):
    # UPDATE loans SET due = ?, renewed = renewed + 1 WHERE reader = ? AND copy = ?
    # SELECT copy FROM loans WHERE reader = ?
    return [(table, row) for row in rows]


print(update("loans", []))


# lookalike: urls
def redirects(response):
    # https://example.org/issues/1084
    # https://example.org/issues/3490#comment=12
    return response.history


print(redirects)

# lookalike: script-metadata
# /// script
# requires-python = ">=3.11"
# dependencies = ["httpx", "rich"]
# ///
import sys

print(sys.argv)

# lookalike: settings-template
BOT_NAME = "desk"

# Crawl politely by telling who you are:
# USER_AGENT = "desk (+https://example.org)"

# How many requests at a time (default: 16)
# CONCURRENT_REQUESTS = 32

# lookalike: config-example
c = get_config()
c.JupyterHub.authenticator_class = "dummy"
# c.DummyAuthenticator.password = "your_password"

# lookalike: cell-markers
import math

# %%
# Properties
# ----------
print(math.pi)
# %%
print(math.tau)

# lookalike: generated-block
SIZES = {}
# [[[cog
# import cog
# for width in (10, 20):
#     cog.outl(f"SIZES[{width}] = {width * 2}")
# ]]]
SIZES[10] = 20
SIZES[20] = 40
# [[[end]]]
print(SIZES)


# lookalike: folding-region
class Steps:
    # region steps
    def first(self):
        return 1

    # endregion steps


print(Steps().first())

# lookalike: formatter-switch
# fmt: off
MATRIX = [
    1, 0,
    0, 1,
]
# fmt: on
# isort: skip_file
# pylint: disable=invalid-name
# type: ignore
print(MATRIX)


# lookalike: signature-in-comment
def lookup_allowed(value, request=None):
    # When the old callers are gone, replace with:
    # def lookup_allowed(value, request):
    return not value.startswith("secret")


print(lookup_allowed("x"))


# lookalike: type-comment-signature
def heading(title, level):
    # type: (str, int) -> str
    return "#" * level + title  # type: ignore[no-any-return]


print(heading("a", 1))


# lookalike: usage-example
# Use it so:
#
#     from desk import open_ledger
#     with open_ledger("north") as ledger:
#         ledger.lend("book")
#
def open_ledger(name):
    return open(name)


print(open_ledger)


# lookalike: grammar-rule
def parse(tokens):
    # expr: term (("+" | "-") term)*
    # term: NUMBER | "(" expr ")"
    return tokens


print(parse([]))


# lookalike: formula
def area(a, b, c):
    # s = (a + b + c) / 2 is half of the perimeter (Heron)
    # A^2 = s(s - a)(s - b)(s - c)
    s = (a + b + c) / 2
    return (s * (s - a) * (s - b) * (s - c)) ** 0.5


print(area(3, 4, 5))


# lookalike: table-in-comment
def state(code):
    # code  | meaning | next
    # ------+---------+-----
    # 1     | open    | 2
    # 2     | closed  | None
    return {1: 2}.get(code)


print(state(1))
