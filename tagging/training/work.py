"""The folder in which a stage is made: what was begun there, and what a finished run no longer needs."""

import json
from pathlib import Path
from typing import Any

from foundation.files import write_atomic
from foundation.marks import UNFINISHED_RUN, is_marked
from tagging.runs.contents import BACKUPS, IDENTITY, remove_backups, remove_run
from tagging.runs.run import RunError
from tagging.training.history import BEST
from tagging.training.stage import Stage
from tagging.training.start import check_same, differences


def has_begun(stage: Stage, made_of: dict[str, Any]) -> bool:
    """Whether the work folder has what was begun with the settings of this command, e.g. by a `--force`."""
    if not is_marked(stage.work, UNFINISHED_RUN):
        return False
    return not differences(_begun(stage), made_of, stage.name)


def open_work(stage: Stage, made_of: dict[str, Any], force: bool) -> None:
    """Make the work folder; what was begun there with the same settings is kept.

    Epochs that were done with other settings are refused; anything else is made again.
    """
    if not force and any((stage.work / BACKUPS).glob("epoch-*")):
        check_same(_begun(stage), made_of, stage.work, stage.name)
        return
    if not force and has_begun(stage, made_of):
        return
    remove_run(stage.work)
    write_atomic(stage.work / IDENTITY, json.dumps(made_of, indent=1).encode())


def _begun(stage: Stage) -> dict[str, Any]:
    """What the work folder's epochs were made of."""
    path = stage.work / IDENTITY
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise RunError(
            f"{path}: expected the JSON that training began with, received a damaged file ({error}); "
            f"--stage {stage.name} --force retrains the stage from scratch"
        ) from error


def remove_scaffolding(final: Path) -> None:
    """Only once the run has its name: until then a failure can go on from the last epoch."""
    remove_backups(final)
    for leftover in (BEST, IDENTITY):
        (final / leftover).unlink(missing_ok=True)
