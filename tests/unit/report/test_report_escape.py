"""Foreign text stays text: judged by a Markdown parser, not by the look of it."""

import random

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from daydream.report.escape import LONGEST, clean, clean_data, clean_path, code, escape

HOSTILE = [
    "# heading",
    "## Action Required",
    "- item",
    "+ item",
    "* item",
    "1. one",
    "12) twelve",
    "> quote",
    "=====",
    "---",
    "***",
    "___",
    "~~~python",
    "```python",
    "`",
    "``",
    "`a``b`",
    "`a` and ` b",
    "| a | b |",
    "*bold* **strong** _it_ __str__ ~~gone~~",
    "[text](http://evil.example/x)",
    "![image](http://evil.example/x.png)",
    "[ref]: http://evil.example",
    "[^1]: note",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<http://evil.example>",
    "<!-- comment",
    "<me@evil.example>",
    "http://evil.example/`x`",
    "see www.evil.example or mailto:me@evil.example",
    "&lt;b&gt; &#60;b&#62; &copy;",
    "\\[text\\](x)",
    "\\",
    "trailing \\",
    "a\\`b`c",
    "$x$ $$y$$",
    "line one\nline two\n# three",
    "a\r\n\r\n<b>b</b>",
    "a\u2028# b\u2029c\x85d\x0be",
    "\x1b[31mred\x1b[0m \x1b]0;title\x07",
    "left\u202eright\u200b\ufeff",
    "nul\x00bell\x07",
    "surrogate \udcff",
    "- [ ] task",
    "{{ 7 * 7 }} {% raw %}",
    "",
    " ",
    "x" * 5000,
]
_INLINE = {"text", "code_inline", "text_special"}
_BLOCK = {
    "bullet_list_open",
    "list_item_open",
    "paragraph_open",
    "inline",
    "paragraph_close",
    "list_item_close",
    "bullet_list_close",
}


def tokens(line: str) -> list[Token]:
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    return parser.parse(f"- {line}\n")


def shown(line: str) -> str:
    """What a reader sees; fails where the line is more than one item of text and code."""
    parsed = tokens(line)
    assert {token.type for token in parsed} <= _BLOCK
    children = [child for token in parsed for child in token.children or ()]
    assert {child.type for child in children} <= _INLINE
    for child in children:
        if child.type != "code_inline":
            assert "://" not in child.content
            assert "www." not in child.content
            assert "@" not in child.content
    return "".join(child.content for child in children)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_as_it_is_and_means_nothing(text: str) -> None:
    line = clean(text)
    assert line.isprintable()
    assert len(line) <= LONGEST
    assert shown(escape(line)).replace("`", "").split() == line.replace("`", "").split()
    assert shown(code(line)).split() == line.split()


def test_a_thousand_mixtures_of_hostile_text_mean_nothing() -> None:
    chance = random.Random(7)
    for _ in range(1000):
        text = chance.choice(["", " ", "`"]).join(chance.sample([h[:30] for h in HOSTILE], 4))
        line = clean(text)
        assert shown(escape(line)).replace("`", "").split() == line.replace("`", "").split()


def test_code_spans_of_a_message_stay_code() -> None:
    assert escape("`os` is unused, see `a_b`") == "`os` is unused, see `a_b`"


def test_ordinary_words_are_left_alone() -> None:
    text = "cannot import some_name from pkg.module (line 3): it's gone, 50 % of 2 - 1 = x"
    assert escape(text) == text


def test_a_long_text_is_cut_with_a_mark_and_a_long_path_keeps_its_end() -> None:
    assert clean("a" * 300) == "a" * 199 + "…"
    path = clean_path("d/" * 200 + "file.py")
    assert (len(path), path[0], path.endswith("d/file.py")) == (100, "…", True)


def test_white_space_of_any_kind_is_one_space_and_what_cannot_be_seen_is_marked() -> None:
    assert clean(" a\t\n\r\u00a0\u2028 b ") == "a b"
    assert clean("a\u202eb\x00c") == "a\ufffdb\ufffdc"
    assert clean("\x1b[1;31mred\x1b[0m") == "red"


def test_data_is_cleaned_at_every_depth() -> None:
    data = {"a\nb": ["x\x00", {"c": "\x1b[0my"}], "n": 3, "none": None, "f": 1.5, "t": True}
    assert clean_data(data) == {"a b": ["x\ufffd", {"c": "y"}], "n": 3, "none": None, "f": 1.5, "t": True}
