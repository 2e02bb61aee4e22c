"""Plots of a data set, as `python -m tagging plots` writes them."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import tensorflow as tf

from foundation.claims import claimed
from models.registry import expected_channels
from preprocessing.chain import CleanStream
from preprocessing.errors import DecodeError
from preprocessing.feature_settings import STORED
from preprocessing.mono import mixed
from preprocessing.plan import places
from preprocessing.resample import resample
from preprocessing.sound_arrays import ArraySound
from preprocessing.sound_files import decode
from preprocessing.stored import as_steps, read_stored
from tagging.augment.batch import augment_images
from tagging.augment.op import Batch
from tagging.augment.settings import AugmentSettings
from tagging.config.schema import Config
from tagging.datasets.holdout import checked_clips, read_with_test_clips
from tagging.datasets.table import DRAWN_FROM, TEST, Dataset, DatasetError
from tagging.frontend.registry import build_frontend
from tagging.frontend.settings import FrontendSettings
from tagging.pipeline.pieces import audio_windows
from tagging.plots import distributions, images, sounds

_NAMES = (
    *("waveforms.png", "log_mel.png", "classes.png", "values.png"),
    *("label_histograms.png", "label_histograms_before.png", "label_shares.png"),
)
_MOST_CLASSES = 16  # drawn on one page


def data_figures(config: Config, out: Path) -> Iterator[Path]:
    """Write the plots of the config's data set one by one; yields their paths."""
    dataset = read_with_test_clips(config.dataset, config.split, config.seed)
    outputs = {f"--out {name}": out / name for name in _NAMES}
    with claimed("plots", outputs, inputs=[*dataset.files, *config.dataset.files]):
        yield from _figures(config, dataset, out)


def _figures(config: Config, dataset: Dataset, out: Path) -> Iterator[Path]:
    if config.cleaning.features.name != STORED:
        yield from _sound_figures(config, dataset, out)
    elif dataset.has_labels:
        yield _feature_classes(config, dataset, out / "classes.png")
    if not dataset.has_labels:
        distributions.value_histograms(dataset, out / "values.png")
        yield out / "values.png"
        return
    distributions.label_histograms(dataset, out / "label_histograms.png")
    yield out / "label_histograms.png"
    if config.dataset.merge or config.dataset.drop or config.dataset.min_clips:
        unmerged = replace(config.dataset, merge={}, drop=(), min_clips=0, task=None)
        before = read_with_test_clips(unmerged, config.split, config.seed)
        distributions.label_histograms(before, out / "label_histograms_before.png")
        yield out / "label_histograms_before.png"
    yield _label_shares(config, dataset, out / "label_shares.png")


def _sound_figures(config: Config, dataset: Dataset, out: Path) -> Iterator[Path]:
    """Plots of the sounds themselves."""
    examples = [
        _first_readable(dataset, split)
        for split in (dataset.checked, "noisy")
        if split in set(dataset.clips["split"])
    ]
    waves = {example.title: (example.samples, example.rate_hz) for example in examples}
    sounds.waveforms(waves, out / "waveforms.png")
    yield out / "waveforms.png"
    if config.cleaning.features.name is None:
        yield _log_mel(config, examples[0], out / "log_mel.png")
    if dataset.has_labels:
        yield _classes(config, dataset, out / "classes.png")


def _classes(config: Config, dataset: Dataset, path: Path) -> Path:
    """Waveform and log-mel of a clip of each class, for as many classes as fit on a page.

    A clip that is not the example of another class comes first, then one with few labels.
    """
    checked = dataset.of(dataset.checked)
    examples, taken, to_rate_hz = {}, set[str](), config.cleaning.rate_hz
    for label in _some_classes(dataset):
        clips = checked[[label in labels for labels in checked["labels"]]]
        order = np.lexsort((clips["labels"].map(len), clips["fname"].isin(taken)))  # stable
        if found := _readable(clips.iloc[order]):
            taken.add(found.fname)
            mel = _whole_log_mel(found.samples, found.rate_hz, to_rate_hz)
            examples[label] = (found.samples, found.rate_hz, mel)
    sounds.class_examples(examples, path, FrontendSettings().mel_edges_hz(to_rate_hz))
    return path


def _feature_classes(config: Config, dataset: Dataset, path: Path) -> Path:
    """Features of a random clip of each class, for as many classes as fit on a page; another `seed`, other clips."""
    checked, rng = dataset.of(dataset.checked), np.random.default_rng(config.seed)
    examples = {}
    for label in _some_classes(dataset):
        clips = checked[[label in labels for labels in checked["labels"]]].sample(frac=1, random_state=rng)
        for fname, file, place in zip(clips["fname"], clips["path"], places(clips), strict=True):
            try:
                values = read_stored(file, *place)
                examples[f"{label}: {fname}"] = as_steps(values, config.cleaning.features)
                break
            except DecodeError:
                continue  # preprocess.py lists it
    images.feature_examples(examples, path)
    return path


def _some_classes(dataset: Dataset) -> tuple[str, ...]:
    return dataset.classes[:: -(-len(dataset.classes) // _MOST_CLASSES)]


def _whole_log_mel(samples: np.ndarray, rate_hz: int, to_rate_hz: int) -> np.ndarray:
    """Log-mel (frames, bands) of a whole clip, by the default front end."""
    wave = resample(samples, rate_hz, to_rate_hz)
    wave = np.pad(wave, (0, max(0, FrontendSettings().n_fft - len(wave))))
    return np.asarray(build_frontend(FrontendSettings(), to_rate_hz, 1)(wave[np.newaxis]))[0, ..., 0]


class _Example(NamedTuple):
    """A clip with its name and labels as title; (frames,) mono samples."""

    fname: str
    title: str
    samples: np.ndarray
    rate_hz: int


def _first_readable(dataset: Dataset, split: str) -> _Example:
    """The first clip of a split that can be decoded; the title names the split, too."""
    if found := _readable(dataset.of(split)):
        return found._replace(title=f"{split}: {found.title}")
    raise DatasetError(f"expected a readable {split} clip, found none; preprocess.py lists the reasons")


def _readable(clips: pd.DataFrame) -> _Example | None:
    """The first of these clips that can be decoded."""
    for fname, path, labels in zip(clips["fname"], clips["path"], clips["labels"], strict=True):
        try:
            samples, rate_hz = decode(path)
        except (DecodeError, OSError):
            continue  # preprocess.py lists it
        title = f"{fname} ({', '.join(labels)})" if labels else fname
        return _Example(fname, title, mixed(samples), rate_hz)
    return None


def _log_mel(config: Config, example: _Example, path: Path) -> Path:
    """A window of the cleaned clip before and after SpecAugment, in the strength of the stage that uses it, if any."""
    pcm = CleanStream(ArraySound(example.samples, example.rate_hz), config.cleaning, "curated").pcm()
    pieces = audio_windows(config.window, config.cleaning.rate_hz)
    window = pieces.draw(tf.constant(pcm), tf.constant([config.seed, 0]))
    frontend = build_frontend(config.frontend, config.cleaning.rate_hz, expected_channels(config.model))
    image = frontend(pieces.to_input(window, tf.cast)[tf.newaxis].numpy())
    strengths = [stage.augment.spec_augment for stage in config.stages.values()]
    strength = next((each for each in strengths if each.enabled), strengths[0])
    settings = AugmentSettings(spec_augment=replace(strength, enabled=True))
    batch = Batch(image, tf.zeros((1, 1)), tf.ones(1), tf.constant([True]))
    augmented = augment_images(batch, tf.constant([config.seed, 1]), settings).inputs
    edges_hz = config.frontend.mel_edges_hz(config.cleaning.rate_hz)
    images.log_mel_before_after(
        np.asarray(image)[0],
        np.asarray(augmented)[0],
        path,
        example.title,
        edges_hz,
        is_used=strength.enabled,
    )
    return path


def _label_shares(config: Config, dataset: Dataset, path: Path) -> Path:
    """Labels among training, validation and drawn test clips: dealt at random, and as the config deals them."""
    clips, is_held = checked_clips(dataset, config.split, config.seed, config.dataset.exclude)
    test = dataset.of(TEST) if DRAWN_FROM in dataset.clips else dataset.clips[:0]
    dealt = np.concatenate([is_held.astype(int), np.full(len(test), 2)])
    targets = dataset.targets(pd.concat([clips, test]))
    random = np.random.default_rng(config.seed).permutation(dealt)
    ways = {"plain random": random, "as trained": dealt}
    parts = range(3 if len(test) else 2)
    shares = {way: [targets[part_of == part] for part in parts] for way, part_of in ways.items()}
    distributions.label_shares(dataset.classes, shares, path)
    return path
