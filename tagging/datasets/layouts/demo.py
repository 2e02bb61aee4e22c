"""The demo data: a small synthesised data set in the FSDKaggle2019 layout, made on first use."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.io import wavfile

from tagging.cli import DEMO_MARK, OWN_CONFIG
from tagging.datasets.archives import whole_folder
from tagging.datasets.csv_files import write_csv
from tagging.datasets.layouts import fsdkaggle2019
from tagging.datasets.layouts.parts.oscillators import RATE_HZ, band_noise
from tagging.datasets.layouts.parts.synth import SOUNDS
from tagging.datasets.settings import DatasetSettings
from tagging.datasets.table import Dataset, DatasetError

MARK = DEMO_MARK  # says that a folder is ours, and which generator filled it
VERSION = 1
CLASSES = tuple(sorted(SOUNDS))
NOISY_SHARE_WRONG = 0.4
SNR_DB = {"train_curated": (15.0, 35.0), "train_noisy": (8.0, 30.0), "test": (15.0, 35.0)}
LABEL_ODDS = {"train_curated": (0.8, 0.18, 0.02), "train_noisy": (0.8, 0.18, 0.02), "test": (0.7, 0.25, 0.05)}


def read(settings: DatasetSettings) -> Dataset:
    """The demo data at `settings.root`.

    Raises:
        DatasetError: none there, something else, or demo data of another version of the generator.
    """
    _check_ours(Path(settings.root))
    return fsdkaggle2019.read(settings)


def prepare(settings: DatasetSettings) -> None:
    """Make the demo data at `settings.root` if the folder is absent or empty (some seconds)."""
    root = Path(settings.root)
    if _is_free(root):
        print(f"making the demo data in {root}", file=sys.stderr)
        make_demo(root)


def make_demo(
    out: Path, *, n_curated: int = 180, n_noisy: int = 360, n_test: int = 120, seed: int = 2019
) -> None:
    """Writes the demo data into `out`, which appears whole or not at all.

    The same arguments give the same files: each clip has a generator of its own.

    Raises:
        DatasetError: `out` is there and not empty.
    """
    out = Path(out).resolve()  # the folder itself, where `out` is a link to it
    if not _is_free(out):
        raise DatasetError(
            f"expected no folder or an empty one for the demo data, received {out}; name another"
        )
    sizes = {"train_curated": n_curated, "train_noisy": n_noisy, "test": n_test}
    with whole_folder(out) as part:
        names = np.random.default_rng(seed).choice(2**32, sum(sizes.values()), replace=False)
        start, rows = 0, {}
        for number, (split, size) in enumerate(sizes.items()):
            fnames = [f"{name:08x}.wav" for name in names[start : start + size]]
            rows[split] = _write_clips(part / split, fnames, (seed, number))
            start += size
        _write_tables(part, rows, seed)
        (part / MARK).write_text(json.dumps({"version": VERSION, "seed": seed, **sizes}) + "\n")


def _is_free(folder: Path) -> bool:
    return not folder.exists() or (folder.is_dir() and not any(folder.iterdir()))


def _check_ours(root: Path) -> None:
    if _is_free(root):
        raise DatasetError(f"expected the demo data at {root}, received nothing; preprocess.py makes it")
    mark = root / MARK
    if not mark.is_file():
        raise DatasetError(
            f"expected demo data or an empty folder at {root}, received a folder without {MARK}; "
            f"for recordings of your own add --config {OWN_CONFIG}"
        )
    try:
        version = json.loads(mark.read_text())["version"]
    except (ValueError, KeyError, TypeError):
        version = "unknown"
    if version != VERSION:
        raise DatasetError(
            f"expected demo data of version {VERSION} at {root}, received version {version}; "
            "remove the folder, and it is generated again"
        )


def _write_clips(folder: Path, fnames: Sequence[str], seed: tuple[int, int]) -> list[tuple[str, str]]:
    """Writes the clips of one split; rows of (fname, labels) sorted by name."""
    folder.mkdir()
    rows = []
    for i, fname in enumerate(fnames):
        rng = np.random.default_rng((*seed, i))
        n_labels = 1 + int(rng.choice(3, p=LABEL_ODDS[folder.name]))
        first = CLASSES[i % len(CLASSES)]  # in turn, so that every class is there even in a tiny set
        others = rng.choice([name for name in CLASSES if name != first], n_labels - 1, replace=False)
        labels = [first, *map(str, others)]
        wave = make_clip(rng, labels, SNR_DB[folder.name])
        wavfile.write(folder / fname, RATE_HZ, _pcm16(rng, wave, stereo=i % 12 == 5))
        if folder.name == "train_noisy":
            labels = _corrupted(rng, labels)
        rows.append((fname, ",".join(sorted(labels))))
    return sorted(rows)


def make_clip(rng: np.random.Generator, labels: Sequence[str], snr_db: tuple[float, float]) -> np.ndarray:
    """A mono clip with these sounds over each other in noise, 0.4 to 12 s, peak 0.1 to 0.9."""
    n = int(np.clip(rng.lognormal(0.9, 0.7), 0.4, 7.5) * RATE_HZ)
    wave = np.zeros(n)
    for label in labels:
        sound = SOUNDS[label](rng, n)
        wave += sound / _loudness(sound) * 10 ** (rng.uniform(-4, 4) / 20)
    noise = band_noise(rng, n, 30, rng.uniform(1500, 12000))
    wave += noise / _loudness(noise) * 10 ** (-rng.uniform(*snr_db) / 20)
    return _with_silences(rng, wave * rng.uniform(0.1, 0.9) / np.abs(wave).max())


def _loudness(wave: np.ndarray) -> float:
    """RMS of the loudest 50 ms, so that one knock in a long clip counts like a steady tone."""
    frame = RATE_HZ // 20
    n_frames = max(1, len(wave) // frame)
    return float(np.sqrt((wave[: n_frames * frame].reshape(n_frames, -1) ** 2).mean(axis=1).max()))


def _with_silences(rng: np.random.Generator, wave: np.ndarray) -> np.ndarray:
    """Silence before and after three clips in ten, and within one in five that is long enough."""

    def silence(longest_s: float) -> np.ndarray:
        return np.zeros(int(rng.uniform(0.1, longest_s) * RATE_HZ))

    if len(wave) > 1.5 * RATE_HZ and rng.random() < 0.2:
        at = int(rng.uniform(0.3, 0.7) * len(wave))
        wave = np.concatenate([wave[:at], silence(1.5), wave[at:]])
    if rng.random() < 0.3:
        wave = np.concatenate([silence(1.5), wave, silence(1.5)])
    return wave


def _pcm16(rng: np.random.Generator, wave: np.ndarray, stereo: bool) -> np.ndarray:
    """16-bit samples, with a noise of one step in the silences; stereo is the sound nearer to one side."""
    pan = rng.uniform(0.6, 1.0, 2) if stereo else np.ones(1)
    channels = wave[:, None] * pan * 32767 + rng.uniform(-1, 1, (len(wave), len(pan)))
    return np.squeeze(np.round(channels).astype(np.int16))


def _corrupted(rng: np.random.Generator, labels: Sequence[str]) -> list[str]:
    """Labels as a machine might give them: for some clips another, one missing, or one too many."""
    if rng.random() >= NOISY_SHARE_WRONG:
        return list(labels)
    other = str(rng.choice([name for name in CLASSES if name not in labels]))
    kind = rng.choice(["wrong", "missing", "extra"], p=[0.6, 0.2, 0.2])
    if kind == "wrong" or (kind == "missing" and len(labels) == 1):
        return [other]
    return list(labels[:-1]) if kind == "missing" else [*labels, other]


def _write_tables(part: Path, rows: dict[str, list[tuple[str, str]]], seed: int) -> None:
    for split in ("train_curated", "train_noisy"):
        write_csv(part / f"{split}.csv", pd.DataFrame(rows[split], columns=["fname", "labels"]))
    test = pd.DataFrame(rows["test"], columns=["fname", "labels"])
    write_csv(part / "sample_submission.csv", test[["fname"]].assign(**dict.fromkeys(CLASSES, 0)))
    answers = test.assign(usage=["Public" if i % 4 == 0 else "Private" for i in range(len(test))])
    # As on Zenodo, the answers are not in the sample submission's order.
    write_csv(part / "test_post_competition.csv", answers.sample(frac=1, random_state=seed))
