"""`predict.py`: run folders and audio -> scores of every clip, a submission, and LWLRAP where answers are known."""

import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from preprocessing.clean import clean_dataset
from preprocessing.manifest import MANIFEST_NAME
from preprocessing.settings import CleaningSettings
from submissions.ensemble import combine
from submissions.writer import write_scores, write_submission
from tagging.config import Config
from tagging.datasets import read_dataset
from tagging.datasets.cleaned import with_clean_audio
from tagging.datasets.table import DatasetError
from tagging.evaluation import by_usage, per_class_table
from tagging.pipeline.batches import waveforms_from_files
from tagging.prediction import inference_step, predict_clips
from tagging.runs import Run, RunError

AUDIO_SUFFIXES = frozenset(
    [
        ".wav",
        ".flac",
        ".ogg",
        ".oga",
        ".opus",
        ".mp3",
        ".aif",
        ".aiff",
        ".au",
        ".caf",
        ".m4a",
        ".aac",
        ".mp4",
        ".wma",
        ".webm",
    ]
)
TEST = "test"


@dataclass(frozen=True)
class Source:
    """Clips to predict.

    Attributes:
        clips: clip table of split `test`, with raw paths.
        clean_dir: folder with their clean audio; used where it is there.
        cleaning: the settings it was made with.
    """

    clips: pd.DataFrame
    clean_dir: Path | None
    cleaning: CleaningSettings


def audio_folder(folder: Path) -> Source:
    """Every audio file under a folder, whatever its format; `fname` is its path inside the folder."""
    if not folder.is_dir():
        raise DatasetError(f"expected a folder of audio, received {folder}: no such folder")
    files = sorted(p for p in folder.rglob("*") if p.suffix.lower() in AUDIO_SUFFIXES and p.is_file())
    if not files:
        raise DatasetError(f"expected audio files under {folder}, found none")
    names = [path.relative_to(folder).as_posix() for path in files]
    clips = pd.DataFrame({"fname": names, "path": files, "split": TEST})
    return Source(clips, None, CleaningSettings())


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


def score_run(run: Run, source: Source, jobs: int) -> RunScores:
    """Scores of all clips by one run, over all windows of each."""
    with _clean_audio(source, run, jobs) as (clips, lost):
        if clips.empty:
            raise DatasetError(f"expected usable audio, found none: {_named(lost)}")
        step, window = inference_step(run.load_model()), run.config.window
        waveforms = waveforms_from_files(list(clips["path"]), jobs)
        rate_hz = run.config.cleaning.rate_hz
        logits = predict_clips(step, waveforms, len(clips), window, rate_hz, description=str(run.path))
    return RunScores(clips, lost, logits)


@contextmanager
def _clean_audio(source: Source, run: Run, jobs: int) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    """Clips with clean audio as the run needs it, and those without: a clean folder's, or cleaned for the moment."""
    cleaning = run.config.cleaning
    folder = source.clean_dir if cleaning == source.cleaning else Path(run.config.clean_dir)
    if source.clean_dir is not None and folder is not None and (folder / MANIFEST_NAME).is_file():
        yield with_clean_audio(source.clips, folder, cleaning)
        return
    print(f"cleaning {len(source.clips)} clips as {run.path} was trained")
    with tempfile.TemporaryDirectory(prefix="clean-") as temporary:
        clean_dataset(source.clips, Path(temporary), cleaning, jobs=jobs)
        yield with_clean_audio(source.clips, Path(temporary), cleaning)


def predict_test(config: Config, runs: Sequence[Run], out: Path, jobs: int) -> int:
    """Predict the data set's test clips and write `out`; prints LWLRAP where answers are known. An exit code."""
    dataset = read_dataset(config.dataset)
    classes = check_runs(runs)
    if classes != dataset.classes:
        raise RunError(
            f"expected the classes of {config.dataset.root} in {runs[0].path}, received other ones"
        )
    source = Source(dataset.of(TEST), Path(config.clean_dir), config.cleaning)
    parts = [score_run(run, source, jobs) for run in runs]
    for part in parts:
        if len(part.lost):
            raise DatasetError(
                f"expected audio for every test clip, but {len(part.lost)} have none: {_named(part.lost)}"
            )
    scores = _write(out, dataset.sample_submission, parts, classes, config)
    clips = parts[0].clips
    if any(clips["labels"]):
        print(_report(dataset.targets(clips), scores, clips, classes, dataset.usage))
    return 0


def predict_audio(config: Config, runs: Sequence[Run], folder: Path, out: Path, jobs: int) -> int:
    """Predict every audio file under a folder and write `out`; unusable files are listed. An exit code."""
    classes = check_runs(runs)
    parts = [score_run(run, audio_folder(folder), jobs) for run in runs]
    _write(out, None, parts, classes, config)
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
    out.parent.mkdir(parents=True, exist_ok=True)
    for number, part in enumerate(parts, 1):
        write_scores(out.with_name(f"{out.stem}.logits-{number}.npz"), names[0], classes, part.logits)
    left_out = write_submission(out, sample, names[0], classes, scores)
    print(f"{out}: {len(names[0]) - len(left_out)} clips, {len(classes)} classes")
    return scores


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
