"""Edges of mel bands: what is drawn, whom it reaches, and that the images show it."""

import numpy as np
import tensorflow as tf

from preprocessing.wav import wav_bytes
from tagging.augment.batch import augment_waveforms
from tagging.augment.op import Batch
from tagging.augment.ops.mel_jitter import MelJitterSettings
from tagging.augment.settings import AugmentSettings
from tagging.frontend.mn_log_mel import MnLogMel
from tagging.pipeline.batches import TrainingBatches
from tagging.pipeline.pieces import AudioWindows

PUBLISHED = AugmentSettings(mel_jitter=MelJitterSettings(10, 2000))
ROWS = 2000


def batch(is_augmented: np.ndarray | bool = True) -> Batch:
    waves = tf.random.stateless_uniform((ROWS, 8), (1, 2), -0.5, 0.5)
    return Batch(waves, tf.eye(ROWS, 2), tf.ones(ROWS), tf.constant(np.broadcast_to(is_augmented, ROWS)))


def test_published_ranges_in_whole_hz():
    given = batch()
    made = augment_waveforms(given, tf.constant([1, 2]), PUBLISHED)
    fmin, fmax = made.edges_hz.numpy().T
    assert set(fmin) == set(range(10))
    assert (fmax == np.round(fmax)).all()
    assert (-999 <= fmax.min() < -990, 990 < fmax.max() <= 1000) == (True, True)
    assert abs(fmax.mean()) < 60
    assert abs(np.corrcoef(fmin, fmax)[0, 1]) < 0.1
    for new, old in zip(made[:3], given[:3], strict=True):
        np.testing.assert_array_equal(new, old)


def test_one_edge_alone_and_none():
    for settings, moves in (
        (MelJitterSettings(10, 0), [True, False]),
        (MelJitterSettings(0, 50), [False, True]),
    ):
        made = augment_waveforms(batch(), tf.constant([1, 2]), AugmentSettings(mel_jitter=settings))
        assert made.edges_hz.numpy().any(axis=0).tolist() == moves
    assert augment_waveforms(batch(), tf.constant([1, 2]), AugmentSettings()).edges_hz is None


def test_the_seed_decides_and_other_rows_stay():
    first, again, other = (
        augment_waveforms(batch(), tf.constant([1, seed]), PUBLISHED).edges_hz.numpy() for seed in (2, 2, 3)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    chosen = np.arange(ROWS) % 2 == 0
    moves = augment_waveforms(batch(chosen), tf.constant([1, 2]), PUBLISHED).edges_hz.numpy()
    np.testing.assert_array_equal(moves, first * chosen[:, np.newaxis])


def test_in_the_pipeline_clips_come_plain_and_moved(tmp_path):
    noise = np.random.default_rng(0).integers(-9000, 9000, 3200).astype(np.int16)
    (tmp_path / "a.wav").write_bytes(wav_bytes(noise, 32_000))
    settings = AugmentSettings(mel_jitter=PUBLISHED.mel_jitter, keep_originals=True)
    supply = TrainingBatches(
        paths=[tmp_path / "a.wav"],
        targets=np.ones((1, 1), "f"),
        pieces=AudioWindows(3200, 3200),
        frontend=MnLogMel(),
        augment=settings,
        batch_size=2,
        seed=1,
        jobs=1,
    )
    (images, _), expected = (
        next(iter(supply.dataset(0, 1))),
        np.asarray(MnLogMel()(noise[None] / np.float32(32768)))[0],
    )
    distance = np.sort(np.abs(images.numpy() - expected).max(axis=(1, 2, 3)))
    assert (distance[0] < 1e-4, distance[1] > 0.01) == (True, True)
