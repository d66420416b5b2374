"""reStructuredText read by lines: what it points to, what it names, and what is code, comment or literal."""

import pytest

from daydream.analysis.rst_source import label, read


def pointers(text: str) -> list[tuple[str, str, int]]:
    return [(p.kind, p.target, p.line) for p in read(text).pointers]


def test_each_way_of_pointing_is_read_with_its_line() -> None:
    text = """.. _start here:

Title
=====

See :doc:`guide`, :doc:`the guide </guide>` and :ref:`text <Some
Label>`, :ref:`plain`, :download:`x <a.zip>`.

.. toctree::
   :maxdepth: 2

   intro
   The end <end>

.. include:: part.inc
.. literalinclude:: ../x.py
   :language: python
.. |logo| image:: img/logo.png
.. figure:: fig.png
   :target: other.rst

`here <file.rst>`_ and `there <https://x.test>`__

.. _outside: other/page.html
"""
    assert pointers(text) == [
        ("doc", "guide", 6),
        ("doc", "/guide", 6),
        ("ref", "Some Label", 6),
        ("ref", "plain", 7),
        ("download", "a.zip", 7),
        ("toctree", "intro", 12),
        ("toctree", "end", 13),
        ("include", "part.inc", 15),
        ("literalinclude", "../x.py", 16),
        ("image", "img/logo.png", 18),
        ("image", "fig.png", 19),
        ("link", "other.rst", 19),
        ("link", "file.rst", 22),
        ("link", "https://x.test", 22),
        ("link", "other/page.html", 24),
    ]
    page = read(text)
    assert (page.titles, page.labels) == (["Title"], {"start here", "outside"})


@pytest.mark.parametrize(
    "text",
    [
        "``:doc:`gone` ``\n",
        ".. a comment\n   :doc:`gone`\n",
        "..\n   :doc:`gone`\n",
        "Like so::\n\n   :doc:`gone`\n\n",
        ".. code-block:: rst\n\n   :doc:`gone`\n",
        ".. parsed-literal::\n\n   :doc:`gone`\n",
        ">>> x = ':doc:`gone`'\n",
        ":doc:`!gone`\n",
        ":c:doc:`gone`\n",
    ],
)
def test_code_comments_and_literals_point_nowhere(text: str) -> None:
    assert pointers(text) == []


@pytest.mark.parametrize(
    "after", ["Text :doc:`x`.\n", ".. note:: :doc:`x`\n", "* :doc:`x`\n", "   :doc:`x`\n"]
)
def test_text_after_a_literal_block_is_text_again(after: str) -> None:
    assert ("doc", "x") in [p[:2] for p in pointers(f"A::\n\n     code\n\nB\n\n{after}")]


def test_code_blocks_are_fences_without_their_indentation() -> None:
    (fence,) = read(
        "Before.\n\n.. code-block:: python\n   :caption: x\n\n   if x:\n       y()\n\nAfter.\n"
    ).fences
    assert (fence.info, fence.code, fence.line, fence.before) == ("python", "if x:\n    y()\n", 5, "Before.")


def test_labels_come_from_targets_options_and_inline_targets() -> None:
    text = ".. _A  B:\n.. _`c: d`:\n\n.. figure:: x.png\n   :name: E\n\nAn _`inline one` here.\n"
    assert read(text).labels == {"a b", "c: d", "e", "inline one"}


def test_described_objects_are_named_without_their_parameters() -> None:
    page = read(".. py:function:: pkg.f(a, b=1)\n\n   Does it.\n\n.. method:: C.m\n")
    assert [(d.name, d.line) for d in page.described] == [("pkg.f", 1), ("C.m", 5)]


def test_a_label_is_normalised_as_docutils_does() -> None:
    assert label("`Some   Label`") == "some label"


@pytest.mark.parametrize(
    "text", ["", "\0", "..", "`", ".. image::", "::\n\n\n", ".. toctree::", "=====", "\f\t\r\n"]
)
def test_any_text_is_read(text: str) -> None:
    assert read(text).pointers == []


def test_windows_line_ends_change_nothing() -> None:
    text = "Title\n=====\n\n:doc:`x`\n\n.. code-block:: python\n\n   x = 1\n"
    assert read(text.replace("\n", "\r\n")) == read(text)
