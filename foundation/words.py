"""Names in one-line messages: a list that stays short, and the name that was meant."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches


def listed(texts: Sequence[str], most: int = 3) -> str:
    """`a, b, c and 4 more`: the first texts, and how many more there are."""
    shown = ", ".join(texts[:most])
    return shown if len(texts) <= most else f"{shown} and {len(texts) - most} more"


def some(names: Iterable[object], most: int = 3) -> str:
    """The first names in quotes, and how many more there are."""
    return listed([repr(name) for name in names], most)


def nearest(word: str, known: Iterable[str]) -> str:
    """` Did you mean: 'X'?`: what follows on a name that is not among the known ones; nothing if none is known."""
    near = get_close_matches(word, list(known), 1, cutoff=0.0)
    return f" Did you mean: {near[0]!r}?" if near else ""
