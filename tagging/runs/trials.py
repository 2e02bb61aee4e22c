"""The values that the trials of a sweep were trained with, as its folder has them."""

import csv
import json
from pathlib import Path

from foundation.marks import SWEEP, is_marked
from foundation.text import shown

IDENTITY, TRIALS, TABLE = "sweep.json", "trials", "trials"
_MOST = 80  # characters


def trial_of(run: Path) -> Path | None:
    """The folder of the trial that a run was trained in, `OUT/trials/NUMBER` of `OUT/trials/NUMBER/STAGE`, or None."""
    trial = run.parent
    is_trial = (
        trial.name.isdecimal() and trial.parent.name == TRIALS and is_marked(trial.parent.parent, SWEEP)
    )
    return trial if is_trial else None


def trial_values(sweep: Path) -> dict[str, str]:
    """Number of a trial -> its values as in `trials.csv`, `activation=relu, l1=0.001`; empty without such a table.

    Keys are shortened to their last part where that tells them apart. Trials of the same values have their number, too.
    """
    try:
        parameters = list(json.loads((sweep / IDENTITY).read_text(encoding="utf-8"))["sweep"]["parameters"])
        with (sweep / f"{TABLE}.csv").open(encoding="utf-8", newline="") as file:
            rows = {row["trial"]: [row[key] for key in parameters] for row in csv.DictReader(file)}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    ends = [key.rpartition(".")[2] for key in parameters]
    names = [end if ends.count(end) == 1 else key for key, end in zip(parameters, ends, strict=True)]
    found = {
        number: shown(
            ", ".join(f"{name}={_short(value)}" for name, value in zip(names, row, strict=True)), _MOST
        )
        for number, row in rows.items()
    }
    texts = list(found.values())
    return {
        number: text if texts.count(text) == 1 else f"{text} ({number})" for number, text in found.items()
    }


def _short(value: str) -> str:
    """Fractions with four significant digits; whole numbers and words as they are."""
    try:
        return value if value.lstrip("-").isdecimal() else f"{float(value):.4g}"
    except ValueError:
        return value
