"""What predictions of test clips and of audio files have in common: the files, and a line on refused clips."""

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from foundation.streams import is_stream
from foundation.words import counted
from submissions.outputs import logits_file, remove_logits_above, remove_scores
from submissions.refused import Refused, refused_file, refused_line, write_refused
from submissions.writer import write_predictions, write_scores, write_submission
from tagging.runs.ensembles import Ensemble


def write_predicted(
    out: Path,
    sample: Path | None,
    names: Sequence[str],
    logits: Sequence[np.ndarray],
    ensemble: Ensemble,
    refused: Refused,
) -> np.ndarray:
    """Combine the models; write the submission, and next to it each one's logits and the refused files.

    Scores that an earlier prediction left there are removed.

    Args:
        out: the CSV.
        sample: the sample submission; None: there is none.
        names: of the clips.
        logits: one (clips, classes) matrix a model.
        ensemble: the models.
        refused: clips that could not be used, whether they have scores or not.

    Returns:
        (clips, classes) float64, the combined scores.
    """
    classes, scores = ensemble.classes, ensemble.combine(logits)
    has_place = not is_stream(out)
    for number, matrix in enumerate(logits if has_place else (), 1):
        write_scores(logits_file(out, number), names, classes, matrix)
    if sample is None and ensemble.kind.is_single_label:
        write_predictions(out, names, classes, scores)
        left_out = []
    else:
        left_out = write_submission(out, sample, names, classes, scores)
    if has_place:
        remove_logits_above(len(logits), out)
        remove_scores(out)
        write_refused(out, refused)
    print(f"{out}: {counted(len(names) - len(left_out), 'clip')}, {len(classes)} classes")
    return scores


def show_refused(out: Path, refused: Refused, n_files: int, what: str) -> None:
    """A line on stderr; arguments as in `refused_line`."""
    place = None if is_stream(out) else refused_file(out)
    print(refused_line(refused, n_files, what, place), file=sys.stderr)
