"""Files and folders that a command reads: those that are not there are refused before anything heavy is imported."""

import argparse
import os
from collections.abc import Callable, Collection, Iterable
from pathlib import Path

from foundation.text import shown
from foundation.words import alike, listed


def existing(what: str, advice: str = "", names: Collection[str] = ()) -> Callable[[str], Path]:
    """A type for argparse: the path of something that is there, with the home folder in place of a `~` at its start.

    Args:
        what: is expected, e.g. `a run folder`.
        advice: what to do if it is not there.
        names: values that stand for no path, and are taken as they are.
    """

    def checked(text: str) -> Path:
        path = Path(os.path.expanduser(text))
        if text not in names and is_missing(path):
            hint = f"; {advice}" if advice else ""
            raise argparse.ArgumentTypeError(f"{not_there(what, [text])}{hint}")
        return path

    return checked


def not_there(what: str, received: Iterable[str | Path]) -> str:
    """What is wrong where `what` is expected and all paths received are missing."""
    names = listed([shown(str(path)) for path in received])
    hint = ", and no file has a name of this pattern" if set("*?") & set(names) else ""
    return f"expected {what}, received {names}: no such file or folder{hint}"


def no_folder(name: str, path: Path) -> str:
    """What is wrong where the setting `name` gives a folder that is not there, and one of a similar name."""
    try:
        others = {each.name: each for each in path.parent.iterdir() if each.is_dir()}
    except OSError:
        others = {}
    return f"{name}={path}: no such folder{alike(path.name, others)}"


def is_missing(path: Path) -> bool:
    """Whether nothing is there. What cannot be told, as without permission to look, is left to whoever opens it."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except (OSError, ValueError):
        return False
    return False
