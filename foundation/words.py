"""Numbers and names in one-line messages: how many, a list that stays short, and the name that was meant."""

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches

from foundation.text import shown


def counted(number: int, one: str, many: str = "") -> str:
    """`1 clip`, `2 clips`; `many` is the plural where it is not `one` with an s, as of `clip is` and `clips are`."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def listed(texts: Sequence[str], most: int = 3, mark: str = ", ") -> str:
    """`a, b, c and 4 more`: the first texts, and how many more there are."""
    first = mark.join(texts[:most])
    return first if len(texts) <= most else f"{first} and {len(texts) - most} more"


def with_reasons(lost: Iterable[tuple[str, str]], most: int = 3) -> str:
    """`a.wav (no sound); b.wav (text) and 4 more`: the first of these (name, reason), as a terminal shows them."""
    return listed([shown(f"{name} ({reason})") for name, reason in lost], most, "; ")


def some(names: Iterable[object], most: int = 3) -> str:
    """The first names in quotes, and how many more there are."""
    return listed([repr(name) for name in names], most)


def alike(word: str, known: Mapping[str, object]) -> str:
    """` (did you mean X?)`: what follows on a name that is not a key of `known`, X the value of the one spelt alike."""
    near = get_close_matches(word, list(known), 1)
    return f" (did you mean {known[near[0]]}?)" if near else ""


def nearest(word: str, known: Iterable[str]) -> str:
    """` Did you mean: 'X'?`: what follows on a name that is not among the known ones; nothing if none is known."""
    near = get_close_matches(word, list(known), 1, cutoff=0.0)
    return f" Did you mean: {near[0]!r}?" if near else ""
