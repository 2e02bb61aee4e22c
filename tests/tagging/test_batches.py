"""The tf.data pipelines: what comes out, in which order, and that it can be had again."""

import numpy as np
import pytest
import soundfile as sf
import tensorflow as tf

from preprocessing.clip import wav_bytes
from tagging.augment.settings import AugmentSettings, MixUpSettings
from tagging.frontend.log_mel import LogMel
from tagging.pipeline.batches import (
    TrainingBatches,
    read_pcm16,
    waveforms_from_files,
    window_batches,
)

LENGTH, N = 2048, 10


@pytest.fixture(scope="module")
def paths(tmp_path_factory) -> list:
    """Clips of 0.1 to 0.6 s; clip i is a tone of its own, so that an image tells which clip it is of."""
    folder = tmp_path_factory.mktemp("clean")
    made = []
    for i in range(N):
        t = np.arange(1600 * (1 + i % 6)) / 16_000
        pcm = np.round(8000 * np.sin(2 * np.pi * (300 + 700 * i) * t)).astype(np.int16)
        path = folder / f"clip {i} é.wav"
        path.write_bytes(wav_bytes(pcm, 16_000))
        made.append(path)
    return made


def batches(paths, **changed) -> TrainingBatches:
    given = {
        "targets": np.eye(len(paths), dtype="f"),
        "frontend": LogMel(n_mels=64),
        "length": LENGTH,
        "candidates": 3,
        "augment": AugmentSettings(),
        "batch_size": 4,
        "seed": 1,
        "jobs": 2,
    }
    return TrainingBatches(paths=paths, **{**given, **changed})


def epochs_of(supply: TrainingBatches, first: int, last: int) -> list[tuple[np.ndarray, np.ndarray]]:
    return [(x.numpy(), y.numpy()) for x, y in supply.dataset(first, last)]


def loudest_band(images: np.ndarray) -> np.ndarray:
    return images[..., 0].mean(axis=1).argmax(axis=1)


def test_reads_our_files_as_soundfile_does(paths):
    for path in paths:
        np.testing.assert_array_equal(read_pcm16(str(path)).numpy(), sf.read(path, dtype="int16")[0])


def test_an_epoch_has_each_clip_once_with_its_own_label(paths):
    supply = batches(paths)
    assert (supply.items, supply.steps) == (N, 3)
    out = epochs_of(supply, 0, 1)
    assert [len(x) for x, _ in out] == [4, 4, 2]
    images, labels = (np.concatenate(part) for part in zip(*out, strict=True))
    clips = labels.argmax(axis=1)
    assert sorted(clips) == list(range(N))
    by_clip = loudest_band(images)[np.argsort(clips)]
    assert (np.diff(by_clip) > 0).all(), (
        "the band rises with the clip's number: image and label belong together"
    )


def test_epochs_differ_in_order_and_come_again_exactly(paths):
    supply = batches(paths)
    whole = epochs_of(supply, 0, 3)
    orders = [np.concatenate([y.argmax(1) for _, y in whole[3 * e : 3 * e + 3]]).tolist() for e in range(3)]
    assert len({tuple(order) for order in orders}) == 3
    for (x1, y1), (x2, y2) in zip(epochs_of(batches(paths), 2, 3), whole[6:], strict=True):
        np.testing.assert_array_equal(y1, y2)
        np.testing.assert_array_equal(x1, x2)
    other = epochs_of(batches(paths, seed=2), 0, 1)
    assert [y.argmax(1).tolist() for _, y in other] != [y.argmax(1).tolist() for _, y in whole[:3]]


def test_windows_are_drawn_anew_every_epoch(tmp_path):
    ramp = np.linspace(0, 20_000, 32_000).astype(np.int16) * np.where(np.arange(32_000) % 2, 1, -1).astype(
        np.int16
    )
    (tmp_path / "a.wav").write_bytes(wav_bytes(ramp, 16_000))
    supply = batches(
        [tmp_path / "a.wav"], frontend=lambda wave: wave[:, :, tf.newaxis, tf.newaxis], candidates=1
    )
    peaks = [float(np.abs(x).max()) for x, _ in epochs_of(supply, 0, 6)]
    assert len(set(peaks)) == 6


def test_each_clip_once_plain_and_once_augmented(paths):
    augment = AugmentSettings(mixup=MixUpSettings(alpha=1000.0), keep_originals=True)
    supply = batches(paths, augment=augment)
    assert (supply.items, supply.steps) == (2 * N, 5)
    labels = np.concatenate([y for _, y in epochs_of(supply, 0, 1)])
    plain, blended = labels[labels.max(axis=1) == 1], labels[labels.max(axis=1) < 1]
    assert sorted(plain.argmax(axis=1)) == list(range(N))
    assert sorted(blended.argmax(axis=1)) == list(range(N)), "the larger share is the clip's own"


def test_mixup_blends_labels_of_a_batch(paths):
    supply = batches(paths, augment=AugmentSettings(mixup=MixUpSettings(alpha=1.0)))
    labels = np.concatenate([y for _, y in epochs_of(supply, 0, 1)])
    np.testing.assert_allclose(labels.sum(axis=1), 1, atol=1e-6)
    assert ((labels > 0).sum(axis=1) == 2).all()


def test_every_window_of_every_clip_in_order(paths):
    out = list(window_batches(waveforms_from_files(paths, 2), LENGTH, hop=1000, batch_size=7))
    clips = np.concatenate([c.numpy() for c, _ in out])
    windows = np.concatenate([w.numpy() for _, w in out])
    expected = []
    for clip, path in enumerate(paths):
        wave = sf.read(path, dtype="float32")[0]
        wave = wave if len(wave) >= LENGTH else np.resize(wave, LENGTH)
        starts = [*range(0, len(wave) - LENGTH, 1000), len(wave) - LENGTH]
        expected += [(clip, wave[s : s + LENGTH]) for s in starts]
    assert clips.tolist() == [clip for clip, _ in expected]
    np.testing.assert_array_equal(windows, np.stack([wave for _, wave in expected]))
