"""The files of a prediction: the CSV, and next to it refused files, each model's logits, and scores on test clips."""

import re
from pathlib import Path

from foundation.claims import maker, remove_output
from foundation.streams import is_stream
from submissions.refused import refused_file

PREDICT = "predict.py"
REFUSED = "the refused files of --out"


def logits_file(out: Path, number: int) -> Path:
    """Where the logits of a model are, `number` from 1."""
    return out.with_name(f"{out.stem}.logits-{number}.npz")


def scores_file(out: Path) -> Path:
    """Where the metrics are."""
    return out.with_name(f"{out.stem}.scores.json")


def class_table_file(out: Path) -> Path:
    """Where the scores of the classes are."""
    return out.with_name(f"{out.stem}.per_class.csv")


def confusion_file(out: Path) -> Path:
    """Where the confusion matrix is; its plot has the same name and ends in `.png`."""
    return out.with_name(f"{out.stem}.confusion.csv")


def prediction_files(out: Path, n_models: int, *, has_answers: bool = False) -> dict[str, Path]:
    """All files of a prediction, by what an error calls them.

    Args:
        out: the CSV. There is no place next to a pipe or a device, so that one has the CSV alone.
        n_models: of the ensemble.
        has_answers: whether the predictions are scored.
    """
    if is_stream(out):
        return {"--out": out}
    files = {"--out": out, REFUSED: refused_file(out)}
    files |= {_name(number): logits_file(out, number) for number in range(1, n_models + 1)}
    return files | (_score_files(out) if has_answers else {})


def remove_scores(out: Path) -> None:
    """Removes those of an earlier prediction that was scored."""
    for name, path in _score_files(out).items():
        remove_output(path, maker(PREDICT, name))


def remove_logits_above(n_models: int, out: Path) -> None:
    """Removes those of an earlier prediction with more models."""
    for path in out.parent.iterdir():
        found = re.fullmatch(rf"{re.escape(out.stem)}\.logits-([1-9]\d*)\.npz", path.name)
        if found and int(found[1]) > n_models:
            remove_output(path, maker(PREDICT, _name(int(found[1]))))


def _score_files(out: Path) -> dict[str, Path]:
    confusion = confusion_file(out)
    return {
        "the scores of --out": scores_file(out),
        "the classes of --out": class_table_file(out),
        "the confusions of --out": confusion,
        "the plot of the confusions of --out": confusion.with_suffix(".png"),
    }


def _name(number: int) -> str:
    return f"the logits of --out ({number})"
