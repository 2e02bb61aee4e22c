"""`predict.py`: run folders and audio -> scores of every clip, a submission, and LWLRAP where answers are known."""

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from submissions.ensemble import combine
from submissions.writer import write_scores, write_submission
from tagging.config import Config
from tagging.datasets import read_dataset
from tagging.datasets.sources import TEST, Source, audio_source
from tagging.datasets.table import DatasetError
from tagging.evaluation import by_usage, per_class_table
from tagging.pipeline.batches import waveforms_from_files
from tagging.prediction import inference_step, predict_clips
from tagging.runs import Run, RunError


def check_runs(runs: Sequence[Run]) -> tuple[str, ...]:
    """The classes that all runs share, in their order."""
    for run in runs[1:]:
        if run.classes != runs[0].classes:
            raise RunError(
                f"expected the same classes in all runs, received other ones in {run.path} than in {runs[0].path}"
            )
    return runs[0].classes


@dataclass(frozen=True)
class RunScores:
    """What one run says.

    Attributes:
        clips: those with usable audio, `path` the clean one.
        lost: the others, with a `reason`.
        logits: (clips, classes) float32.
    """

    clips: pd.DataFrame
    lost: pd.DataFrame
    logits: np.ndarray


def score_runs(runs: Sequence[Run], source: Source, config: Config, jobs: int) -> list[RunScores]:
    """Scores of all clips by each run; runs with equal cleaning share the clean audio.

    Clean audio of a data set is looked for in the config's `clean_dir`, and where runs were trained on audio
    cleaned in another way than the config's, in theirs.

    Raises:
        DatasetError: no usable audio, or too little of it, before a model is loaded.
    """
    scores: dict[int, RunScores] = {}
    for numbers in _of_equal_cleaning(runs):
        theirs = [runs[number].config for number in numbers]
        cleaning = theirs[0].cleaning
        folders = [Path(each.clean_dir) for each in ([config] if config.cleaning == cleaning else theirs)]
        with source.audio(cleaning, folders, jobs) as (clips, lost):
            if clips.empty:
                raise DatasetError(f"expected usable audio, found none: {_named(lost)}")
            if source.is_dataset and len(lost):
                raise DatasetError(
                    f"expected audio for every test clip, but {len(lost)} have none: {_named(lost)}"
                )
            for number in numbers:
                scores[number] = RunScores(clips, lost, _logits(runs[number], clips, jobs))
    return [scores[number] for number in range(len(runs))]


def _of_equal_cleaning(runs: Sequence[Run]) -> list[list[int]]:
    groups: dict[str, list[int]] = {}
    for number, run in enumerate(runs):
        groups.setdefault(repr(run.config.cleaning), []).append(number)
    return list(groups.values())


def _logits(run: Run, clips: pd.DataFrame, jobs: int) -> np.ndarray:
    """Scores by one run, over all windows of each clip."""
    step, window = inference_step(run.load_model()), run.config.window
    waveforms = waveforms_from_files(list(clips["path"]), jobs)
    rate_hz = run.config.cleaning.rate_hz
    return predict_clips(step, waveforms, len(clips), window, rate_hz, description=str(run.path))


def predict_test(config: Config, runs: Sequence[Run], out: Path, jobs: int) -> int:
    """Predict the data set's test clips and write `out`; prints LWLRAP where answers are known. An exit code."""
    dataset = read_dataset(config.dataset)
    classes = check_runs(runs)
    if classes != dataset.classes:
        raise RunError(
            f"expected the classes of {config.dataset.root} in {runs[0].path}, received other ones"
        )
    source = Source(dataset.of(TEST), is_dataset=True)
    parts = score_runs(runs, source, config, jobs)
    scores = _write(out, dataset.sample_submission, parts, classes, config)
    clips = parts[0].clips
    if any(clips["labels"]):
        print(_report(dataset.targets(clips), scores, clips, classes, dataset.usage))
    return 0


def predict_audio(config: Config, runs: Sequence[Run], path: Path, out: Path, jobs: int) -> int:
    """Predict a file, or all files under a folder, and write `out`; unusable files are listed. An exit code."""
    classes = check_runs(runs)
    parts = score_runs(runs, audio_source(path), config, jobs)
    scores = _write(out, None, parts, classes, config)
    print(_tags(list(parts[0].clips["fname"]), scores, classes))
    lost = parts[0].lost
    if len(lost):
        print(f"{len(lost)} files could not be used: {_named(lost)}", file=sys.stderr)
    return 1 if len(lost) else 0


def _write(
    out: Path, sample: Path | None, parts: Sequence[RunScores], classes: Sequence[str], config: Config
) -> np.ndarray:
    """Combine the runs; write the submission, and beside it each run's logits. Returns the combined scores."""
    names = [list(part.clips["fname"]) for part in parts]
    if any(other != names[0] for other in names):
        raise RunError("expected the same usable clips for all runs, received others: their cleaning differs")
    scores = combine([part.logits for part in parts], config.ensemble.method, config.ensemble.weights or None)
    for number, part in enumerate(parts, 1):
        write_scores(out.with_name(f"{out.stem}.logits-{number}.npz"), names[0], classes, part.logits)
    left_out = write_submission(out, sample, names[0], classes, scores)
    _remove_logits_above(len(parts), out)
    print(f"{out}: {len(names[0]) - len(left_out)} clips, {len(classes)} classes")
    return scores


def _remove_logits_above(runs: int, out: Path) -> None:
    """Those of an earlier prediction with more runs are no part of this one."""
    for path in out.parent.iterdir():
        number = re.fullmatch(rf"{re.escape(out.stem)}\.logits-([1-9]\d*)\.npz", path.name)
        if number and int(number[1]) > runs:
            path.unlink()


def _tags(
    names: Sequence[str], scores: np.ndarray, classes: Sequence[str], top: int = 3, most: int = 20
) -> str:
    """The likeliest classes of each file, a line a file."""
    lines = []
    for name, row in zip(names[:most], scores, strict=False):
        best = np.argsort(-row, kind="stable")[:top]
        lines.append(f"{name}: " + ", ".join(f"{classes[k]} {row[k]:.2f}" for k in best))
    return "\n".join(lines + [f"... and {len(names) - most} more"] * (len(names) > most))


def _report(
    targets: np.ndarray,
    scores: np.ndarray,
    clips: pd.DataFrame,
    classes: Sequence[str],
    usage: dict[str, str],
) -> str:
    """A line a class, then LWLRAP of all, public and private clips."""
    lines = [
        f"{name:>8}  LWLRAP {figures['lwlrap']:.4f}   mAP {figures['map']:.4f}   ({figures['clips']} clips)"
        for name, figures in by_usage(targets, scores, list(clips["fname"]), usage).items()
    ]
    table = per_class_table(targets, scores, classes)
    return "\n".join([table.to_string(index=False, float_format="%.4f", na_rep="-"), "", *lines])


def _named(lost: pd.DataFrame, most: int = 10) -> str:
    named = "; ".join(f"{row.fname} ({row.reason})" for row in lost.head(most).itertuples())
    return named + (f"; and {len(lost) - most} more" if len(lost) > most else "")
