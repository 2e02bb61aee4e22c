"""How a folder of this program is known: by a file that only this program writes, checked by its content."""

import json
from pathlib import Path
from typing import NamedTuple

CLEAN_FOLDER, RUN, UNFINISHED_RUN, SWEEP = "clean folder", "run", "unfinished run", "sweep"
_MARKS = {
    CLEAN_FOLDER: ("cleaning.json", {"rate_hz", "remove_silence", "curated", "noisy"}),
    RUN: ("run.json", {"classes", "finished", "identity"}),
    UNFINISHED_RUN: ("stage.json", {"seed", "stage", "train_clips"}),
    SWEEP: ("sweep.json", {"sweep", "stages", "config"}),
}
"""What a folder is -> the name of its mark, and keys that are in it."""


class Home(NamedTuple):
    """A folder of this program, and what it is."""

    folder: Path
    what: str


def is_marked(folder: Path, what: str) -> bool:
    """Whether the folder was made by this program as a folder of this kind."""
    name, keys = _MARKS[what]
    try:
        content = json.loads((folder / name).read_text(encoding="utf-8"))
    except (OSError, ValueError):  # no such file, or not ours
        return False
    return isinstance(content, dict) and keys <= set(content)


def home_of(path: Path) -> Home | None:
    """The run or clean folder that a file is in, however deep; None: it is in neither."""
    for folder in path.parents:
        for what in (RUN, UNFINISHED_RUN, CLEAN_FOLDER):
            if is_marked(folder, what):
                return Home(folder, what)
    return None
