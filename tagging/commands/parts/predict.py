"""What `predict.py` does: test clips or audio files -> a CSV, and the score where answers are known."""

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from foundation.claims import claimed
from foundation.files import write_atomic
from foundation.streams import is_stream
from foundation.words import some
from preprocessing.errors import DecodeError
from preprocessing.stream import FileSound
from submissions.outputs import (
    PREDICT,
    class_table_file,
    confusion_file,
    logits_file,
    prediction_files,
    remove_logits_above,
)
from submissions.writer import write_predictions, write_scores, write_submission
from tagging.config.schema import Config
from tagging.datasets import read_dataset
from tagging.datasets.answers import Answers, answers_for
from tagging.datasets.audio_files import Files, audio_files
from tagging.datasets.table import TEST, Dataset, DatasetError
from tagging.evaluation.checks import EvaluationError
from tagging.evaluation.multiclass import confusion_table
from tagging.inference.scoring import Scores, listed, score_members
from tagging.plots.confusion import confusion_plot
from tagging.report.text import score_report, window_report
from tagging.runs.ensembles import Ensemble
from tagging.runs.run import RunError
from tagging.tagger.clips import check_clean
from tagging.tagger.network import saved_network
from tagging.tagger.whole_clips import outputs_of_each

_TOP = 3  # tags of a file that are printed


def predict_test(config: Config, ensemble: Ensemble, out: Path, jobs: int, *, report: bool = False) -> int:
    """Predict the data set's test clips and write `out`; prints the score where answers are known. An exit code.

    Args:
        config: names the data set.
        ensemble: what predicts.
        out: the CSV to write.
        jobs: clips read in parallel.
        report: also compare averaging over windows with one window, and write the table of classes next to `out`.
    """
    dataset = read_dataset(config.dataset)
    if ensemble.kind.name != dataset.task:
        raise RunError(
            f"expected a run of the task {dataset.task} (dataset.task), {ensemble.members[0].path} is of "
            f"{ensemble.kind.name}"
        )
    ours, theirs = set(ensemble.classes), set(dataset.classes)
    takes_all = dataset.sample_submission is not None or not dataset.has_labels
    if ours != theirs if takes_all else not ours & theirs:
        raise RunError(
            f"expected the classes of {config.dataset.root} in {ensemble.members[0].path}, received other ones: "
            f"{some(sorted(ours - theirs) or sorted(theirs - ours))}"
        )
    if TEST not in set(dataset.clips["split"]):
        raise DatasetError(
            f"{config.dataset.root} has no test clips; predict.py --audio PATH takes any files"
        )
    answers = answers_for(dataset, ensemble.classes)
    if answers.foreign:
        n_foreign = int((dataset.answered(dataset.of(TEST)) & ~answers.is_known).sum())
        print(
            f"labels that are not among the run's classes are no answers: {some(answers.foreign)}; {n_foreign} test "
            "clips that have no other label are predicted, but not scored",
            file=sys.stderr,
        )
    if report and not answers.is_known.any():
        raise EvaluationError(f"--report needs test clips with answers, and {config.dataset.root} has none")
    files = prediction_files(out, len(ensemble.members), has_tables=report)
    with claimed(PREDICT, files, inputs=[*dataset.files, *config.dataset.files]):
        return _predict_test(config, ensemble, dataset, answers, out, jobs, report)


def _predict_test(
    config: Config,
    ensemble: Ensemble,
    dataset: Dataset,
    answers: Answers,
    out: Path,
    jobs: int,
    report: bool,
) -> int:
    parts = score_members(ensemble, answers.clips, config, jobs)
    names = list(answers.clips["fname"])
    scores = _write(out, dataset.sample_submission, names, [part.logits for part in parts], ensemble)
    known, targets = answers.is_known, answers.targets
    clips = answers.clips[known]
    if known.any():
        answered = list(clips["fname"])
        print(score_report(ensemble.kind, targets, scores[known], answered, ensemble.classes, dataset.usage))
    if report:
        _write_tables(out, targets, scores[known], ensemble)
        both = {
            name: (every[known], one[known])
            for name, (every, one) in _both_ways(parts, scores, ensemble).items()
        }
        if both:
            print("\n" + window_report(ensemble.kind, targets, both, list(clips["group"]), config.seed))
    return 0


def _write_tables(out: Path, targets: np.ndarray, scores: np.ndarray, ensemble: Ensemble) -> None:
    """Write the table of classes next to `out`, and with one label per clip the confusion matrix."""
    table = ensemble.kind.table(targets, scores, ensemble.classes)
    write_atomic(class_table_file(out), table.to_csv(index=False).encode())
    if ensemble.kind.is_single_label:
        confusions = confusion_table(targets, scores, ensemble.classes)
        write_atomic(confusion_file(out), confusions.to_csv().encode())
        confusion_plot(confusions, confusion_file(out).with_suffix(".png"))


def predict_audio(ensemble: Ensemble, path: Path, out: Path, jobs: int) -> int:
    """Predict a file, or the audio files under a folder, and write `out`; unusable ones are listed. An exit code."""
    files = audio_files(path, are_features=ensemble.takes_features)
    paths = [file for _, file in files]
    with claimed(PREDICT, prediction_files(out, len(ensemble.members)), inputs=paths):
        check_clean(ensemble.runs, paths)
        names, logits, lost = _score_files(ensemble, files, jobs)
        scores = _write(out, None, names, ensemble.of_members(logits), ensemble)
    top = _TOP if ensemble.kind.has_labels else len(ensemble.classes)
    print(_tags(names, scores, ensemble.classes, top))
    if lost:
        print(f"{len(lost)} files could not be used: {listed(lost)}", file=sys.stderr)
    return 1 if lost else 0


def _score_files(
    ensemble: Ensemble, files: Files, jobs: int
) -> tuple[list[str], list[np.ndarray], list[tuple[str, str]]]:
    """(names of the usable files, one (files, classes) float32 matrix of logits a run, the others with a reason)."""
    networks = [saved_network(run) for run in ensemble.runs]
    found = outputs_of_each(networks, [FileSound(path) for _, path in files], jobs)
    bar = tqdm(zip(files, found, strict=True), "predicting", len(files), unit="file", disable=None)
    usable, rows, lost = [], [], []
    for (name, _), outputs in bar:
        if isinstance(outputs, DecodeError):
            lost.append((name, str(outputs)))
        else:
            usable.append(name)
            rows.append([output.logits for output in outputs])
    if not usable:
        raise DatasetError(f"expected usable audio, found none: {listed(lost)}")
    return usable, [np.concatenate(run) for run in zip(*rows, strict=True)], lost


def _write(
    out: Path, sample: Path | None, names: Sequence[str], logits: Sequence[np.ndarray], ensemble: Ensemble
) -> np.ndarray:
    """Combine the models; write the submission, and next to it each one's logits. Returns the combined scores."""
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
    print(f"{out}: {len(names) - len(left_out)} clips, {len(classes)} classes")
    return scores


def _tags(names: Sequence[str], scores: np.ndarray, classes: Sequence[str], top: int, most: int = 20) -> str:
    """The `top` classes of each file, the highest score first, a line a file."""
    lines = []
    for name, row in zip(names[:most], scores, strict=False):
        best = np.argsort(-row, kind="stable")[:top]
        lines.append(f"{name}: " + ", ".join(f"{classes[k]} {row[k]:.2f}" for k in best))
    return "\n".join(lines + [f"... and {len(names) - most} more"] * (len(names) > most))


def _both_ways(
    parts: Sequence[Scores], scores: np.ndarray, ensemble: Ensemble
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Of each model of audio, and of the ensemble if all are: scores over all windows, and of the loudest."""
    found = {
        str(member): (part.logits, part.loudest)
        for member, part in zip(ensemble.members, parts, strict=True)
        if part.loudest is not None
    }
    if len(found) == len(parts) > 1:
        found["ensemble"] = scores, ensemble.combine([one for _, one in found.values()])
    return found
