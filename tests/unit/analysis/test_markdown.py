"""Markdown as data: links, anchors, fences and spans with their lines."""

import time

from daydream.analysis.markdown import parse

PAGE = """---
title: [not](a-link.md)
---

# Title `code` {#own}

See [one](a.md#x),
[two][ref] and ![pic](p.png "t").

[ref]: b.md
[unused]: never.md

| a | b |
|---|---|
| [cell](c.md) | `pkg.name` |

<!-- <a href="commented.md"> -->
<p align="center">
  <a name="old-place" href="d.md"><img src='e.png'></a>
</p>

    [code](no.md)

```python title="x"
[also](no.md)
```
"""


def test_links_of_every_kind_are_found_with_their_lines_and_code_is_not() -> None:
    links = {link.target: link.line for link in parse(PAGE).links}
    assert links == {"a.md#x": 7, "b.md": 8, "p.png": 8, "c.md": 15, "d.md": 19, "e.png": 19}


def test_images_are_told_from_links() -> None:
    assert {link.target for link in parse(PAGE).links if link.image} == {"p.png", "e.png"}


def test_anchors_are_slugs_and_every_explicit_id() -> None:
    assert {"title-code", "own", "old-place"} <= parse(PAGE).anchors


def test_emphasis_and_links_do_not_count_in_a_headings_name_but_underscores_do() -> None:
    found = parse("# *Very* __bold__ [link](x.md) snake_case\n\nSetext\n======\n")
    assert found.headings == ["Very bold link snake_case", "Setext"]


def test_a_myst_target_is_an_anchor() -> None:
    assert {"my-target", "Title"} - parse("(my-target)=\n# Title\n").anchors == {"Title"}


def test_indented_admonitions_and_tabs_are_read_as_text_at_their_lines() -> None:
    text = '=== "Tab"\n\n    !!! note\n\n        [in](a.md)\n\n        ```py\n        x = 1\n        ```\n\n[out](b.md)\n'
    found = parse(text)
    assert [(link.target, link.line) for link in found.links] == [("a.md", 5), ("b.md", 11)]
    assert [(fence.code, fence.line) for fence in found.fences] == [("x = 1\n", 7)]


def test_a_fence_knows_its_info_string_and_what_stands_before_it() -> None:
    fence = parse("This is **wrong**:\n\n~~~python hl_lines=1\nx\n~~~\n").fences[0]
    assert (fence.info, fence.code, fence.before) == ("python hl_lines=1", "x\n", "This is **wrong**:")


def test_a_span_knows_its_block_and_the_headings_above_it() -> None:
    spans = parse("# Old\n\n## Moved\n\ntext `gone`\n\n# New\n\n`here`\n").spans
    assert [(span.text, span.block, span.headings) for span in spans] == [
        ("gone", "text `gone`", "Old / Moved"),
        ("here", "`here`", "New"),
    ]


def test_hostile_pages_are_read_in_bounded_time() -> None:
    started = time.process_time()
    for text in ("[" * 20_000, "<a " * 20_000, "<p>\n" + "<a " * 20_000, "\n" * 50_000, "x {" + "#" * 50_000):
        parse(text)
    assert time.process_time() - started < 30


def test_an_empty_text_holds_nothing() -> None:
    found = parse("")
    assert (found.links, found.fences, found.spans, found.anchors) == ([], [], [], frozenset())


def test_an_attribute_may_say_that_a_link_leads_elsewhere() -> None:
    page = parse(
        "[a](x.txt){.external}, [b](y.txt){.wide .external}, [c](z.txt) {.external}, [d](w.txt){.externals}"
    )
    assert [(link.target, link.elsewhere) for link in page.links] == [
        *(("x.txt", True), ("y.txt", True), ("z.txt", False), ("w.txt", False))
    ]


def test_myst_roles_and_directives_point_to_pages_labels_and_files() -> None:
    text = """See {doc}`a/b` and {ref}`the label <here>`, {py:func}`pkg.name`, {download}`x.zip`.

```{toctree}
:maxdepth: 1
:glob:

one
Two <sub/two>
```

```{toctree}
---
hidden: true
---
three
```

```{include} ../README.md
:start-after: x
```

```{figure} pic.png
A picture.
```
"""
    assert [(role.kind, role.target, role.line, role.glob) for role in parse(text).roles] == [
        *(("doc", "a/b", 1, False), ("ref", "here", 1, False), ("download", "x.zip", 1, False)),
        *(("toctree", "one", 7, True), ("toctree", "sub/two", 8, True), ("toctree", "three", 15, False)),
        *(("include", "../README.md", 18, False), ("image", "pic.png", 22, False)),
    ]


def test_the_options_of_a_directive_are_not_its_code() -> None:
    (fence,) = parse("```{code-block} python\n:emphasize-lines: 1\n\nx = 1\n```\n").fences
    assert fence.code == "\nx = 1\n"
    (plain,) = parse("```yaml\n:key: 1\n```\n").fences
    assert plain.code == ":key: 1\n"
