"""Tags over time where the truth is known: four held-out clips of different classes glued together, many times.

    python -m benchmarks.glued_clips --runs runs/esc10/timeline/fold-*/curated --smooth-s 0.7 --min-length-s 1

Each run is tried on clips that it was not trained on, those of its `validation_scores.npz`, as raw files. Only clips
that sound throughout are glued, as of others no border is known. Prints of each run the share of files in which just
the four classes are found, in order; the share of borders (the end of the one and the start of the next, six a file)
within half a second; the median distance; and the share of files in which all of this is so. `--write FOLDER` keeps
the files, with their true segments as label tracks for Audacity.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile as sf

from preprocessing.sound_files import decode
from submissions.writer import read_scores
from tagging import cli
from tagging.cli import backend, running
from tagging.datasets import read_dataset
from tagging.datasets.table import DatasetError
from tagging.inference.results import Segment
from tagging.runs.run import SCORES, read_run
from tagging.tagger.writing import write_labels

N_CLIPS = 4
NEAR_S = 0.5
SOUNDS_DB, SOUNDS_SHARE, PART_S = 40.0, 0.9, 0.1
"""A clip sounds throughout if so many of its tenths of a second are within so many decibels of the loudest."""


@dataclass(frozen=True)
class Glued:
    """Samples (frames,) at `rate_hz`, and what is where."""

    samples: np.ndarray
    rate_hz: int
    truth: list[Segment]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=Path, nargs="+", required=True, help="runs with validation scores")
    parser.add_argument("--files", type=cli.positive, default=15, help="a run (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--window-s", type=float, help="default: the run's")
    parser.add_argument("--hop-s", type=float, default=0.24, help="default: %(default)s")
    parser.add_argument("--smooth-s", type=float, default=0.0)
    parser.add_argument("--min-length-s", type=float, default=0.0)
    parser.add_argument("--write", type=Path, metavar="FOLDER")
    return running.run(_measure, parser, None, interrupted="the same command starts again")


def _measure(args: argparse.Namespace) -> int:
    backend.quiet_tensorflow(cli.available_cores())
    from tagging import Tagger  # noqa: PLC0415  TensorFlow is slow to load

    rows = {}
    for path in args.runs:
        tagger, judged = Tagger.load(path), []
        for number, glued in enumerate(glued_files(path, args.files, args.seed), 1):
            timeline = tagger.timeline(glued.samples, glued.rate_hz, window_s=args.window_s, hop_s=args.hop_s)
            found = timeline.smoothed(args.smooth_s).segments(min_length_s=args.min_length_s)
            judged.append(judge(found, glued.truth))
            if args.write:
                _write(args.write / f"{path.parent.name}-{number}.wav", glued)
        rows[str(path)] = figures(judged)
    table = pd.DataFrame(rows).T
    print(pd.concat([table, table.mean().to_frame("mean").T]).to_string(float_format="%.3f"))
    return 0


def glued_files(run_path: Path, n_files: int, seed: int) -> Iterator[Glued]:
    """Files of `N_CLIPS` clips each, all of different classes, drawn from the run's validation clips.

    Raises:
        DatasetError: clips of fewer classes sound throughout.
    """
    run, rng = read_run(run_path), np.random.default_rng(seed)
    clips = read_dataset(run.config.dataset).clips
    held_out = clips[
        clips["fname"].isin(read_scores(run_path / SCORES).fnames) & (clips["labels"].map(len) == 1)
    ]
    sounding = {path: decode(path) for path in held_out["path"]}
    sounding = {path: sound for path, sound in sounding.items() if sounds_throughout(*sound)}
    held_out = held_out[held_out["path"].isin(sounding.keys())]
    of_class = held_out.groupby(held_out["labels"].map(lambda labels: labels[0]))["path"].agg(list)
    if len(of_class) < N_CLIPS:
        raise DatasetError(
            f"expected {run_path} to hold out {N_CLIPS} classes that sound throughout, received {len(of_class)}"
        )
    for _ in range(n_files):
        labels = rng.permutation(of_class.index)[:N_CLIPS].tolist()
        yield glue(labels, [sounding[rng.choice(of_class[label])] for label in labels])


def sounds_throughout(samples: np.ndarray, rate_hz: int) -> bool:
    """Whether a clip (frames, channels) has no long pause."""
    size = round(PART_S * rate_hz)
    parts = samples[: len(samples) // size * size].reshape(-1, size * samples.shape[1])
    power = np.square(parts, dtype=np.float64).mean(axis=1)
    return bool(len(power)) and (power > power.max() / 10 ** (SOUNDS_DB / 10)).mean() >= SOUNDS_SHARE


def glue(labels: Sequence[str], sounds: Sequence[tuple[np.ndarray, int]]) -> Glued:
    """Clips ((frames, channels), rate_hz) of one rate, one behind the other, in mono."""
    rate_hz = sounds[0][1]
    if {rate for _, rate in sounds} != {rate_hz}:
        raise DatasetError(f"expected clips of one rate, received {sorted({rate for _, rate in sounds})} Hz")
    mono = [samples.mean(axis=1) for samples, _ in sounds]
    edges_s = np.cumsum([0, *map(len, mono)]) / rate_hz
    spans = zip(edges_s[:-1].tolist(), edges_s[1:].tolist(), labels, strict=True)
    return Glued(
        np.concatenate(mono), rate_hz, [Segment(start_s, end_s, name, 1.0) for start_s, end_s, name in spans]
    )


def judge(found: Sequence[Segment], truth: Sequence[Segment]) -> tuple[bool, list[float]]:
    """(just the true labels in their order, the distance of each border in seconds; infinite: its label is missing).

    Borders are the ends of all true segments but the last, and the starts of all but the first.
    """
    names = [segment.label for segment in found]
    merged = [name for number, name in enumerate(names) if not number or names[number - 1] != name]
    first = {segment.label: segment.start_s for segment in reversed(found)}
    last = {label: max(s.end_s for s in found if s.label == label) for label in first}
    ends = [abs(last.get(segment.label, np.inf) - segment.end_s) for segment in truth[:-1]]
    starts = [abs(first.get(segment.label, np.inf) - segment.start_s) for segment in truth[1:]]
    return merged == [segment.label for segment in truth], ends + starts


def figures(judged: Sequence[tuple[bool, list[float]]]) -> dict[str, float]:
    """Of the files of a run."""
    in_order = np.array([order for order, _ in judged])
    distances = np.array([distances for _, distances in judged])
    near = distances <= NEAR_S
    return {
        "files": len(judged),
        "in order": in_order.mean(),
        "borders near": near.mean(),
        "median s": float(np.median(distances)),
        "all": (in_order & near.all(axis=1)).mean(),
    }


def _write(path: Path, glued: Glued) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    sf.write(path, glued.samples, glued.rate_hz, subtype="PCM_16")
    write_labels(path.with_suffix(".txt"), glued.truth)


if __name__ == "__main__":
    raise SystemExit(main())
