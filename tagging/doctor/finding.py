"""What a rule finds."""

from collections.abc import Sequence
from dataclasses import dataclass

from tagging.config.yaml_text import override


@dataclass(frozen=True)
class Finding:
    """One observation, and what to do about it.

    Attributes:
        name: a few words.
        text: what was found, with figures.
        why: why it matters, and why the settings help, in one sentence.
        settings: `key=value` to add to the command line; () where no setting helps.
        exclude: file names of training clips to leave out.
        is_grave: whether it is likely to spoil a training or its scores; `preprocess.py` mentions those.
    """

    name: str
    text: str
    why: str
    settings: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    is_grave: bool = False


def exclusion(excluded: Sequence[str], names: Sequence[str]) -> tuple[str, ...]:
    """`dataset.exclude=[...]` of what is excluded already and these file names; () without names."""
    if not names:
        return ()
    return (override("dataset.exclude", list(dict.fromkeys([*excluded, *names]))),)


def percent(share: float) -> str:
    """`.256` -> `26 %`; what is not quite nothing or all does not look so."""
    whole = round(100 * share)
    if (whole == 0 and share > 0) or (whole == 100 and share < 1):
        return f"{100 * share:.1f} %"
    return f"{whole} %"
