"""Builds fsd_mini: a small, real, multi-label data set in the FSDKaggle2019 layout, from ESC-10 clips.

    python benchmarks/make_fsd_mini.py OUT --source DIR                  # the standard build: tests on fold 4
    python benchmarks/make_fsd_mini.py OUT --source DIR --test-fold 1    # rotate over 1-4 for a steadier one
    python benchmarks/make_fsd_mini.py OUT --source DIR --scale 0.2      # a fifth of the clips, for a try

DIR is a download of either of these (which one is seen from its content):

    ESC-10   https://github.com/karoldvl/ESC-10 (CC BY): class folders of OGG, `001 - Dog bark/1-100032-A.ogg`
    ESC-50   https://github.com/karolpiczak/ESC-50 (CC BY-NC): `audio/*.wav` and `meta/esc50.csv`, of which
             the rows with esc10=True are taken (it names the classes otherwise: `Dog`, `Crying_baby`)

Piczak, "ESC: Dataset for environmental sound classification", ACM Multimedia 2015. Every clip is made of its
real field recordings (5 s, 44.1 kHz, one sound each): one, or two or three laid over each other, cut to a
random length, sometimes with silence around or inside. Curated labels name every sound in the clip. Noisy
labels are wrong or incomplete for a share `--noise` of the clips. A clip's sounds all come from one fold, and
a recording is in one fold only; so groups.csv lets a split keep recordings apart. A split that ignores it
shares recordings between training and validation, and reads far too high.

OUT/train_curated.csv, train_noisy.csv      fname,labels        (labels comma-joined, as on Kaggle)
OUT/train_curated/, train_noisy/, test/     PCM16 WAV, 44.1 kHz mono
OUT/groups.csv                              fname,group         (training clips: the fold they come from)
OUT/sample_submission.csv                   fname and one column a label, sorted, zeros
OUT/test_post_competition.csv               fname,labels,usage  (the answers: for scoring only)

`--recordings FILE` also writes a CSV fname,recordings: for each test clip, the Freesound numbers of its sounds in
the order of its labels. Bootstrap intervals need it: some 60 recordings stand behind 200 test clips.

Deterministic: the same source and arguments give the same bytes.
"""

import argparse
import csv
import re
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile as sf

from foundation.errors import UserError

RATE_HZ = 44_100
SIZES = {"train_curated": 240, "train_noisy": 600, "test": 200}
ODDS = {"train_curated": (0.8, 0.2), "train_noisy": (0.8, 0.2), "test": (0.65, 0.3, 0.05)}


class Recording(NamedTuple):
    """A clip of the source: the number of the field recording that it was cut from, and its samples."""

    number: str
    wave: np.ndarray


Recordings = dict[str, list[Recording]]  # by label


class SourceError(UserError):
    """A source that is no ESC-10 or ESC-50, or not a whole one; the message is one line."""


@dataclass(frozen=True)
class Row:
    """A clip that was written: its name, its labels as the CSV has them, its recordings and their fold."""

    fname: str
    labels: str
    recordings: str
    fold: int


def find_clips(source: Path) -> dict[tuple[int, str], list[Path]]:
    """{(fold, label): files} of the ten classes in a download of ESC-10 or ESC-50."""
    table = source / "meta" / "esc50.csv"
    listed = _listed_in(table) if table.is_file() else _in_class_folders(source)
    clips: dict[tuple[int, str], list[Path]] = {}
    for fold, label, path in sorted(listed):
        clips.setdefault((fold, label), []).append(path)
    if not clips:
        raise SourceError(
            f"expected ESC-10 (folders like `001 - Dog bark` of OGG) or ESC-50 (audio/, meta/esc50.csv) at "
            f"{source}, received neither; name the folder of the download"
        )
    return clips


def _in_class_folders(source: Path) -> Iterable[tuple[int, str, Path]]:
    for folder in source.glob("[0-9][0-9][0-9] - *"):
        label = folder.name.split(" - ")[1].replace(" ", "_")
        for path in folder.glob("*.ogg"):
            if match := re.match(r"(\d+)-", path.name):
                yield int(match[1]), label, path


def _listed_in(table: Path) -> Iterable[tuple[int, str, Path]]:
    with open(table, newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        wanted = {"filename", "fold", "category", "esc10"}
        if missing := sorted(wanted - set(reader.fieldnames or ())):
            raise SourceError(
                f"{table}: expected ESC-50's columns, received none called {', '.join(missing)}"
            )
        for row in reader:
            if row["esc10"] == "True":
                name = Path(row["filename"]).name  # a name from a CSV stays in its folder
                yield int(row["fold"]), row["category"].capitalize(), table.parent.parent / "audio" / name


def load_recordings(source: Path, folds: Sequence[int]) -> dict[int, Recordings]:
    """{fold: {label: recordings}}, labels and files in the order of their names.

    Raises:
        SourceError: a fold or class without clips, a file that is missing, unreadable or not 44.1 kHz mono.
    """
    clips = find_clips(source)
    labels = list(dict.fromkeys(label for _, label in clips))
    if missing := [
        f"{label} of fold {fold}" for fold in folds for label in labels if (fold, label) not in clips
    ]:
        raise SourceError(f"{source}: expected clips of every class in every fold, received no {missing[0]}")
    return {fold: {label: [_read(path) for path in clips[fold, label]] for label in labels} for fold in folds}


def _read(path: Path) -> Recording:
    try:
        wave, rate_hz = sf.read(path, dtype="float32")
    except (OSError, sf.LibsndfileError) as error:
        raise SourceError(f"expected audio at {path}, received {error}; download it again") from None
    if rate_hz != RATE_HZ or wave.ndim != 1:
        raise SourceError(f"{path}: expected {RATE_HZ} Hz mono, received {rate_hz} Hz, shape {wave.shape}")
    return Recording(re.sub(r"^\d+-(\d+)-.*", r"\1", path.stem), wave)


def cut(rng: np.random.Generator, wave: np.ndarray, seconds: float) -> np.ndarray:
    """`seconds` of the clip around its loudest part, so that a short cut still holds the sound."""
    n, hop = min(int(seconds * RATE_HZ), len(wave)), RATE_HZ // 20
    energy = wave[: len(wave) // hop * hop].reshape(-1, hop).var(1)
    loudest = int(np.argmax(np.convolve(energy, np.ones(max(1, n // hop)), mode="same"))) * hop
    start = int(np.clip(loudest - n // 2 + rng.normal(0, n / 8), 0, len(wave) - n))
    return wave[start : start + n]


def make_clip(
    rng: np.random.Generator, recordings: Recordings, n_labels: int, seconds: float
) -> tuple[np.ndarray, dict[str, str]]:
    """(waveform, {label: recording}): `n_labels` different sounds laid over each other, peak 0.5."""
    sources = {}
    out = np.zeros(int(seconds * RATE_HZ), np.float32)
    for label in map(str, rng.choice(sorted(recordings), n_labels, replace=False)):
        sources[label], wave = recordings[label][rng.integers(len(recordings[label]))]
        wave = cut(rng, wave, seconds)
        wave = wave / (np.sqrt((wave**2).mean()) + 1e-4) * 10 ** (rng.uniform(-4, 4) / 20)
        at = rng.integers(len(out) - len(wave) + 1)
        out[at : at + len(wave)] += wave
    out *= 0.5 / (np.abs(out).max() + 1e-9)
    if rng.random() < 0.3:  # silence before and after
        before, after = (np.zeros(int(rng.uniform(0.1, 2.0) * RATE_HZ), np.float32) for _ in range(2))
        out = np.concatenate([before, out, after])
    if rng.random() < 0.2 and len(out) > RATE_HZ:  # a pause in the middle
        at = rng.integers(RATE_HZ // 2, len(out) - RATE_HZ // 4)
        pause = np.zeros(int(rng.uniform(0.6, 1.5) * RATE_HZ), np.float32)
        out = np.concatenate([out[:at], pause, out[at:]])
    return out, sources


def corrupt(rng: np.random.Generator, labels: list[str], classes: Sequence[str], share: float) -> list[str]:
    """The labels as an automatic labeller might give them: wrong, one missing, or one too many."""
    if rng.random() >= share:
        return labels
    kind = rng.random()
    other = str(rng.choice([name for name in classes if name not in labels]))
    if kind < 0.6 or (kind < 0.8 and len(labels) == 1):
        return [other]
    return labels[:-1] if kind < 0.8 else [*labels, other]


def write_clips(
    rng: np.random.Generator, folder: Path, n: int, recordings: dict[int, Recordings], noise: float
) -> list[Row]:
    """Writes `n` clips into `folder`, taken from the folds in turn; their rows, sorted by name."""
    classes, rows = sorted(next(iter(recordings.values()))), []
    odds = ODDS[folder.name]
    folder.mkdir()
    for i in range(n):
        fold = sorted(recordings)[i % len(recordings)]
        seconds = float(np.clip(rng.lognormal(1.1, 0.6), 0.5, 5.0))
        n_labels = 1 + int(rng.choice(len(odds), p=odds))
        wave, sources = make_clip(rng, recordings[fold], n_labels, seconds)
        fname = f"{rng.integers(16**8):08x}.wav"
        sf.write(folder / fname, wave, RATE_HZ, subtype="PCM_16")
        labels = sorted(corrupt(rng, list(sources), classes, noise))
        behind = ",".join(sources[label] for label in sorted(sources))
        rows.append(Row(fname, ",".join(labels), behind, fold))
    return sorted(rows, key=lambda row: row.fname)


def write_tables(out: Path, rows: dict[str, list[Row]], classes: Sequence[str]) -> None:
    """Writes the CSVs of the layout."""
    for split in ("train_curated", "train_noisy"):
        _write_csv(
            out / f"{split}.csv", ["fname", "labels"], [(row.fname, row.labels) for row in rows[split]]
        )
    train = rows["train_curated"] + rows["train_noisy"]
    _write_csv(out / "groups.csv", ["fname", "group"], sorted((row.fname, row.fold) for row in train))
    usage = ["Public" if i % 4 == 0 else "Private" for i in range(len(rows["test"]))]
    answers = [(row.fname, row.labels, use) for row, use in zip(rows["test"], usage, strict=True)]
    _write_csv(out / "test_post_competition.csv", ["fname", "labels", "usage"], answers)
    zeros = [0] * len(classes)
    _write_csv(
        out / "sample_submission.csv", ["fname", *classes], [(row.fname, *zeros) for row in rows["test"]]
    )


def _write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])


def make_fsd_mini(
    out: Path, source: Path, *, folds: Sequence[int], test_fold: int, noise: float, scale: float, seed: int
) -> list[Row]:
    """Builds the data set in `out`, which appears whole or not at all; returns its test clips.

    Raises:
        SourceError: `out` is there and not empty, or the source is not whole.
    """
    if out.exists() and any(out.iterdir()):
        raise SourceError(f"expected no folder or an empty one to write to, received {out}; name another")
    recordings = load_recordings(source, folds)
    test = {test_fold: recordings.pop(test_fold)}
    rng = np.random.default_rng(seed)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as temporary:
        part = Path(temporary) / out.name
        part.mkdir()
        rows = {
            split: write_clips(
                rng,
                part / split,
                max(12, round(size * scale)),
                test if split == "test" else recordings,
                noise if split == "train_noisy" else 0.0,
            )
            for split, size in SIZES.items()
        }
        write_tables(part, rows, sorted(test[test_fold]))
        part.replace(out)
    return rows["test"]


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path, help="folder to make")
    parser.add_argument("--source", type=Path, required=True, help="a download of ESC-10 or of ESC-50")
    parser.add_argument("--folds", type=int, nargs="+", default=[1, 2, 3, 4], help="folds to use")
    parser.add_argument("--test-fold", type=int, default=4, help="the fold that the test clips come from")
    parser.add_argument("--noise", type=float, default=0.5, help="share of noisy clips with bad labels")
    parser.add_argument(
        "--scale", type=float, default=1.0, help="times 240 curated, 600 noisy, 200 test clips"
    )
    parser.add_argument("--seed", type=int, default=2019, help="of every random choice")
    parser.add_argument("--recordings", type=Path, help="CSV to write: what each test clip was made of")
    args = vars(parser.parse_args())
    if args["test_fold"] not in args["folds"] or len(set(args["folds"])) < 2:
        parser.error(f"expected --test-fold {args['test_fold']} and another among --folds {args['folds']}")
    if args["scale"] <= 0:
        parser.error(f"expected --scale above 0, received {args['scale']}")
    out, recordings = args.pop("out"), args.pop("recordings")
    try:
        test = make_fsd_mini(out, args.pop("source"), **args)
        if recordings:
            _write_csv(recordings, ["fname", "recordings"], [(row.fname, row.recordings) for row in test])
    except (SourceError, OSError) as error:
        raise SystemExit(f"error: {error}") from None
    print(f"{out}: test clips from fold {args['test_fold']}")


if __name__ == "__main__":
    main()
