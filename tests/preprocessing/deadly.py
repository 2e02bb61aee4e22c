"""A worker that dies on some clips, as if the system had killed it."""

import os
import signal
from typing import Any

from foundation.parts import part_of
from preprocessing import clip, pool

_PREPARE, _CLEAN = pool._prepare_worker, clip.clean_clip


def prepare_worker(at_work: Any) -> None:
    """In place of `pool._prepare_worker`."""
    _PREPARE(at_work)
    clip.clean_clip = _clean_or_die


def _clean_or_die(task: clip.ClipTask, settings: clip.CleaningSettings) -> clip.ClipRow:
    """Names with `deadly` kill always, those with `once` the first time."""
    mark = task.source.with_suffix(".mark")
    if "deadly" in task.fname or ("once" in task.fname and not mark.exists()):
        mark.touch()
        part_of(task.target).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return _CLEAN(task, settings)
