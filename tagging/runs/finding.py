"""The finished runs in some folders, and short names for them."""

from collections.abc import Sequence
from pathlib import Path

from tagging.runs.place import is_passing
from tagging.runs.run import INFO, Run, read_run
from tagging.runs.trials import trial_of, trial_values


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
    """Paths without what they all begin with; the last two parts of a single one. Trials are named by their values."""
    if len(folders) == 1:
        return ["/".join(folders[0].parts[-2:])]
    found = [_with_values(folder) for folder in folders]
    common = 0
    while len({parts[: common + 1] for parts in found}) == 1:
        common += 1
    return ["/".join(parts[common:]) for parts in found]


def _with_values(folder: Path) -> tuple[str, ...]:
    """Parts of a path; of a trial with its values in place of `trials/NUMBER`, and a stage if it trained several."""
    trial = trial_of(folder)
    sweep = trial.parent.parent if trial else folder
    if trial is None or (values := trial_values(sweep).get(trial.name)) is None:
        return folder.parts
    stages = [folder.name] if len(list(trial.glob(f"*/{INFO}"))) > 1 else []
    return (*sweep.parts, values, *stages)
