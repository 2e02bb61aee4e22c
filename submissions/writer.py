"""submission.csv as Kaggle wants it, and the scores file that keeps float32 logits."""

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from foundation.files import atomic_file, write_atomic
from foundation.text import CSV_LINE_END, csv_bytes
from foundation.words import some
from submissions.ensemble import SubmissionError

_NAMED = 10  # names in an error message


class Scores(NamedTuple):
    """What `write_scores` keeps: (clips,) names, (classes,) names, (clips, classes) float32 logits."""

    fnames: list[str]
    classes: list[str]
    logits: np.ndarray


def write_submission(
    path: Path,
    sample_submission: Path | None,
    fnames: Sequence[str],
    classes: Sequence[str],
    scores: np.ndarray,
) -> list[str]:
    """Writes a submission with exactly the columns and rows of the sample, whole or not at all.

    Scores are written with the shortest digits that read back as the same float64, so no order and no tie
    changes. Without a sample the order is the given one, under `fname` and the classes.

    Args:
        path: the CSV to write.
        sample_submission: CSV with a column of file names and one column per class; None: there is none.
        fnames: names of the clips, in the order of the rows of `scores`.
        classes: names of the classes, in the order of the columns of `scores`.
        scores: (clips, classes), finite.

    Returns:
        Names of clips that the sample does not ask for, and which are not in the file.

    Raises:
        SubmissionError: on clips or classes of the sample that are missing, classes that it does not know,
            names that come twice, shapes that do not fit, or scores that are not finite.
    """
    table = _table(fnames, classes, scores).astype(np.float64)
    left_out: list[str] = []
    if sample_submission is not None:
        sample = _read_sample(sample_submission)
        left_out = [fname for fname in table.index if fname not in sample.index]
        table = _in_order_of(sample, table, sample_submission)
    write_atomic(path, csv_bytes(table.to_csv(lineterminator=CSV_LINE_END)))
    return left_out


def write_predictions(path: Path, fnames: Sequence[str], classes: Sequence[str], scores: np.ndarray) -> None:
    """Writes `fname`, the most likely `label`, its `score`, and the score of each class, whole or not at all.

    Args: as `write_submission`.

    Raises:
        SubmissionError: names that come twice (a class called label or score is one), shapes that do not fit, or
            scores that are not finite.
    """
    table = _table(fnames, classes, scores).astype(np.float64)
    _refuse("other names of classes", "the column names", pd.Index({"label", "score"} & set(classes)))
    table.insert(0, "label", table.columns[table.to_numpy().argmax(axis=1)])
    table.insert(1, "score", table[list(classes)].max(axis=1))
    write_atomic(path, csv_bytes(table.to_csv(lineterminator=CSV_LINE_END)))


def write_scores(path: Path, fnames: Sequence[str], classes: Sequence[str], logits: np.ndarray) -> None:
    """Writes an .npz of the arrays `fnames`, `classes` and float32 `logits`, whole or not at all; no pickle.

    Raises:
        SubmissionError: on names that come twice, shapes that do not fit, or logits that are not finite.
    """
    table = _table(fnames, classes, logits)
    names, labels = np.array(table.index.to_list(), np.str_), np.array(table.columns.to_list(), np.str_)
    values = np.asarray(logits, np.float32)
    with atomic_file(path, "wb") as file:
        np.savez(file, fnames=names, classes=labels, logits=values)


def read_scores(path: Path) -> Scores:
    """Reads what `write_scores` wrote.

    Raises:
        SubmissionError: if the file is not one of these.
        FileNotFoundError: if there is none.
    """
    try:
        with Path(path).open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            fnames, classes, logits = arrays["fnames"], arrays["classes"], arrays["logits"]
    except (ValueError, KeyError, EOFError, TypeError, AttributeError, zipfile.BadZipFile) as error:
        raise SubmissionError(
            f"expected a scores file (.npz of fnames, classes, logits), received {path}"
        ) from error
    _table(fnames.tolist(), classes.tolist(), logits)
    return Scores(fnames.tolist(), classes.tolist(), logits)


def _table(fnames: Sequence[str], classes: Sequence[str], scores: np.ndarray) -> pd.DataFrame:
    """Scores with their names, checked."""
    if np.shape(scores) != (len(fnames), len(classes)):
        raise SubmissionError(
            f"expected scores of shape {(len(fnames), len(classes))}, received {np.shape(scores)}"
        )
    index, columns = pd.Index(list(fnames), name="fname"), pd.Index(list(classes))
    _refuse("clips once each", "more than once", index[index.duplicated()])
    _refuse("classes once each", "more than once", columns[columns.duplicated()])
    table = pd.DataFrame(scores, index, columns)
    _refuse("finite scores", "NaN or infinity for", index[~np.isfinite(table.to_numpy()).all(axis=1)])
    return table


def _read_sample(path: Path) -> pd.DataFrame:
    """The sample's names: rows by file name, one column a class."""
    sample = pd.read_csv(path, dtype=str, keep_default_na=False, index_col=0)
    _refuse(f"{path.name}: clips once each", "more than once", sample.index[sample.index.duplicated()])
    return sample


def _in_order_of(sample: pd.DataFrame, table: pd.DataFrame, path: Path) -> pd.DataFrame:
    name = path.name
    _refuse(f"the classes of {name}", "no scores of", sample.columns.difference(table.columns, sort=False))
    _refuse(f"the classes of {name}", "also scores of", table.columns.difference(sample.columns, sort=False))
    missing = sample.index.difference(table.index, sort=False)
    _refuse(f"scores of every clip of {name}", "none (missing or unreadable audio?) of", missing)
    return table.loc[sample.index, sample.columns]  # named as the sample's first column


def _refuse(expected: str, received: str, names: pd.Index) -> None:
    """Raises when there are any names; the message gives the first of them and their number."""
    if len(names):
        raise SubmissionError(f"expected {expected}, received {received} {len(names)}: {some(names, _NAMED)}")
