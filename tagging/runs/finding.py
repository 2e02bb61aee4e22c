"""The finished runs in some folders, and short names for them."""

from collections.abc import Sequence
from pathlib import Path

from tagging.runs.place import is_passing
from tagging.runs.run import INFO, Run, read_run


def find_runs(paths: Sequence[Path]) -> dict[str, Run]:
    """The finished runs in these folders, by the shortest names that tell them apart, in the order of their paths.

    Raises:
        RunError: there is none in one of them, or one cannot be read.
    """
    runs = {path: read_run(path) for path in run_folders(paths)}
    return dict(zip(_names(list(runs)), runs.values(), strict=True))


def run_folders(paths: Sequence[Path]) -> list[Path]:
    """The folders of finished runs in these folders, however deep, each once.

    Raises:
        RunError: there is none in one of them.
    """
    folders: list[Path] = []
    for path in paths:
        found = sorted(info.parent for info in path.rglob(INFO) if not is_passing(info.parent))
        if not found:
            read_run(path)  # says what is wrong with it
        folders += found
    return list(dict.fromkeys(folders))


def _names(folders: list[Path]) -> list[str]:
    """Paths without what they all begin with; the last two parts of a single one."""
    if len(folders) == 1:
        return ["/".join(folders[0].parts[-2:])]
    common = 0
    while len({folder.parts[: common + 1] for folder in folders}) == 1:
        common += 1
    return ["/".join(folder.parts[common:]) for folder in folders]
