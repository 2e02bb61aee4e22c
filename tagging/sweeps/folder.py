"""The folder of a sweep: what is in it, who may write there, and how it is removed."""

import os
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from foundation.claims import check_outputs
from foundation.locks import locked
from foundation.marks import SWEEP, is_marked
from tagging.runs.trials import IDENTITY, TABLE, TRIALS
from tagging.sweeps.file import SweepError
from tagging.sweeps.trials import remove_trials

LOCK, JOURNAL, CHART = ".lock", "journal.log", "sweep.png"


def result_files(out: Path) -> dict[str, Path]:
    """The tables and the plot of a sweep, by what an error calls them."""
    return {f"--out {name}": out / name for name in (f"{TABLE}.csv", f"{TABLE}.md", CHART)}


def check_place(out: Path) -> None:
    """Raises SweepError or OutputError for a folder where a sweep would write over what is not part of one."""
    taken = [path for path in (out / IDENTITY, out / JOURNAL, out / TRIALS) if os.path.lexists(path)]
    is_sweep = is_marked(out, SWEEP)  # after what another process makes, which marks the folder first
    check_outputs("sweep", result_files(out), own=out if is_sweep else None)
    if taken and not is_sweep:
        raise SweepError(f"{taken[0]} exists, and {out} is not a sweep's folder; choose another --out")


def remove_sweep(out: Path, stages: Sequence[str]) -> None:
    """Remove a sweep and nothing else, if one is there.

    What says whose the folder is goes last, so that a removal that was interrupted is seen and done again.

    Raises:
        BusyError: another process is at a trial.
    """
    if not is_marked(out, SWEEP):
        return
    with ExitStack() as held:
        for lock in sorted((out / TRIALS).glob(".*.lock")):
            held.enter_context(locked(lock, f"training trial {lock.stem[1:]}"))
        remove_trials(out / TRIALS, stages)
        (out / JOURNAL).unlink(missing_ok=True)
        (out / IDENTITY).unlink()
