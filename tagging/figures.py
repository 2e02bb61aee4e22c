"""Pictures of a data set, as `python -m tagging plots` writes them."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tensorflow as tf

from models.registry import expected_channels
from preprocessing.chain import clean_waveform
from preprocessing.decode import DecodeError, decode
from preprocessing.resample import to_mono
from tagging import plots
from tagging.augment.batch import augment_batch
from tagging.augment.settings import AugmentSettings, SpecAugmentSettings
from tagging.config import Config
from tagging.datasets import read_dataset
from tagging.datasets.table import Dataset, DatasetError
from tagging.frontend.registry import build_frontend
from tagging.pipeline.pieces import audio_windows
from tagging.training.data import checked_clips


def data_figures(config: Config, out: Path) -> Iterator[Path]:
    """Write the pictures of the config's data set one by one; yields their paths."""
    dataset = read_dataset(config.dataset)
    examples = [
        _first_readable(dataset, split)
        for split in (dataset.checked, "noisy")
        if split in set(dataset.clips["split"])
    ]
    plots.waveforms(
        {title: (samples, rate_hz) for title, samples, rate_hz in examples}, out / "waveforms.png"
    )
    yield out / "waveforms.png"
    yield _log_mel(config, examples[0], out / "log_mel.png")
    plots.label_histograms(dataset, out / "label_histograms.png")
    yield out / "label_histograms.png"
    yield _label_shares(config, dataset, out / "label_shares.png")


def _first_readable(dataset: Dataset, split: str) -> tuple[str, np.ndarray, int]:
    """(title, mono samples, rate) of the first clip of a split that can be decoded."""
    clips = dataset.of(split)
    for fname, path, labels in zip(clips["fname"], clips["path"], clips["labels"], strict=True):
        try:
            samples, rate_hz = decode(path)
        except DecodeError:
            continue  # preprocess.py lists it
        return f"{split}: {fname} ({', '.join(labels)})", to_mono(samples), rate_hz
    raise DatasetError(f"expected a readable {split} clip, found none; preprocess.py lists the reasons")


def _log_mel(config: Config, example: tuple[str, np.ndarray, int], path: Path) -> Path:
    """A window of the cleaned clip, before and after SpecAugment in the config's strength, switched on or not."""
    title, samples, rate_hz = example
    rules = config.cleaning.rules_for("curated")
    pcm = clean_waveform(samples[:, np.newaxis], rate_hz, rules, config.cleaning).pcm
    pieces = audio_windows(config.window, config.cleaning.rate_hz)
    window = pieces.draw(tf.constant(pcm), tf.constant([config.seed, 0]))
    frontend = build_frontend(config.frontend, config.cleaning.rate_hz, expected_channels(config.model))
    image = frontend(pieces.to_input(window)[tf.newaxis])
    strength = next(iter(config.stages.values())).augment.spec_augment
    settings = AugmentSettings(spec_augment=SpecAugmentSettings(**{**vars(strength), "enabled": True}))
    seed = tf.constant([config.seed, 1])
    augmented, _ = augment_batch(image, tf.zeros((1, 1)), tf.constant([True]), seed, settings)
    plots.log_mel_before_after(np.asarray(image)[0], augmented.numpy()[0], path, title)
    return path


def _label_shares(config: Config, dataset: Dataset, path: Path) -> Path:
    """Labels among training and validation clips: dealt at random, and as the config deals them."""
    clips, dealt = checked_clips(config, dataset)
    targets = dataset.targets(clips)
    random = np.random.default_rng(config.seed).permutation(dealt)
    ways = {"plain random": random, "as trained": dealt}
    plots.label_shares(
        dataset.classes, {way: (targets[~held], targets[held]) for way, held in ways.items()}, path
    )
    return path
