"""An issue that is a logged message, and the template that a log has of the same message."""

from daydream.analysis.logs.masks import mask

_LEAST_WORDS = 2
_LEAST_CUT = 4
_CUT = ("...", "…")
_VALUE = ("<", "[")


def is_of(template: str, title: str) -> bool:
    """Tell whether a title is a message of this template: word for word, values aside; of one that was cut, as far as it goes,
    and at least four words. A template without two words of its own fits nothing."""
    wanted, said = template.split(), mask(title.removesuffix("...").removesuffix("…")).split()
    cut = title.endswith(_CUT)
    if cut:
        # The last word may have been cut, too.
        said = said[:-1]
        wanted = wanted[: len(said)]
    plain = sum(not word.startswith(_VALUE) for word in wanted)
    if plain < (_LEAST_CUT if cut else _LEAST_WORDS) or len(wanted) != len(said):
        return False
    return all(
        there == word or "<" in word or word.startswith(_VALUE)
        for word, there in zip(wanted, said, strict=True)
    )
