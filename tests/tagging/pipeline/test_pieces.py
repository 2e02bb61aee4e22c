"""Pieces of clean clips: windows of audio and cuts of feature sequences, in training and prediction."""

import io

import numpy as np
import pytest
import tensorflow as tf

from preprocessing.wav import wav_bytes
from tagging.augment.settings import AugmentSettings
from tagging.frontend.parts.stored import StoredFeatures
from tagging.pipeline.batches import TrainingBatches
from tagging.pipeline.clips import all_pieces, clips_from_files
from tagging.pipeline.pieces import FEATURE_HEADER_BYTES, AudioWindows, FeatureSequences

BANDS = 3
STEPS = (2, 9, 4, 7, 3, 8, 5, 6)


@pytest.fixture(scope="module")
def paths(tmp_path_factory) -> list:
    """Sequences of STEPS steps; band 0 counts steps from 100 times the clip's number."""
    folder = tmp_path_factory.mktemp("features")
    made = []
    for clip, steps in enumerate(STEPS):
        values = np.stack([100.0 * clip + np.arange(steps), *np.zeros((BANDS - 1, steps))], axis=1)
        buffer = io.BytesIO()
        np.save(buffer, values.astype("<f4"))
        assert len(buffer.getvalue()) == FEATURE_HEADER_BYTES + 4 * BANDS * steps
        path = folder / f"{clip}.npy"
        path.write_bytes(buffer.getvalue())
        made.append(path)
    return made


def batches(paths, pieces, **changed) -> TrainingBatches:
    given = {
        "targets": np.eye(len(paths), dtype="f"),
        "frontend": StoredFeatures(),
        "augment": AugmentSettings(),
        "batch_size": 2,
        "seed": 1,
        "jobs": 2,
        "lengths": np.array(STEPS),
    }
    return TrainingBatches(paths=paths, pieces=pieces, **{**given, **changed})


def test_sequences_are_padded_with_nan_to_the_longest_of_their_batch(paths):
    seen = []
    for images, labels in batches(paths, FeatureSequences(BANDS, 100)).dataset(0, 1):
        lengths = (~np.isnan(images.numpy()[:, :, 0, 0])).sum(axis=1)
        clips = labels.numpy().argmax(axis=1)
        assert lengths.tolist() == [STEPS[clip] for clip in clips]
        assert images.shape[1] == max(lengths)
        np.testing.assert_array_equal(images[0, : lengths[0], 0, 0], 100 * clips[0] + np.arange(lengths[0]))
        assert np.isnan(images.numpy()[0, lengths[0] :]).all()
        seen += clips.tolist()
    assert sorted(seen) == list(range(len(STEPS)))


def test_clips_of_like_length_share_a_batch_and_batches_come_in_no_order(paths):
    supply = batches(paths, FeatureSequences(BANDS, 100))
    epochs = [
        [[STEPS[c] for c in labels.numpy().argmax(1)] for _, labels in supply.dataset(e, e + 1)]
        for e in range(6)
    ]
    assert all(abs(a - b) <= 1 for epoch in epochs for a, b in epoch)
    assert len({str(epoch) for epoch in epochs}) > 1
    again = [[STEPS[c] for c in labels.numpy().argmax(1)] for _, labels in supply.dataset(2, 3)]
    assert again == epochs[2]


def test_long_sequences_are_cut_at_random_and_short_ones_stay(paths):
    pieces = FeatureSequences(BANDS, 4)
    starts = set()
    for images, labels in batches(paths, pieces).dataset(0, 8):
        for image, clip in zip(images.numpy()[..., 0], labels.numpy().argmax(1), strict=True):
            valid = image[~np.isnan(image[:, 0])][:, 0] - 100 * clip
            assert len(valid) == min(STEPS[clip], 4)
            np.testing.assert_array_equal(np.diff(valid), 1)
            starts |= {int(valid[0])} if STEPS[clip] == 9 else set()
    assert len(starts) > 2


def test_every_piece_of_a_long_sequence_is_drawn_the_last_too():
    clip = tf.reshape(tf.range(9.0), (9, 1))
    drawn = [FeatureSequences(1, 4).draw(clip, tf.constant([seed, 0])) for seed in range(60)]
    assert {int(piece[0, 0]) for piece in drawn} == set(range(6))


def test_fixed_sequences_are_repeated_up_to_the_full_length(paths):
    pieces = FeatureSequences(BANDS, 5, fixed=True)
    assert pieces.input_shape == (5, BANDS)
    for images, labels in batches(paths, pieces, lengths=None).dataset(0, 1):
        assert images.shape[1:] == (5, BANDS, 1)
        for image, clip in zip(images.numpy()[..., 0], labels.numpy().argmax(1), strict=True):
            if STEPS[clip] <= 5:
                expected = 100 * clip + np.resize(np.arange(STEPS[clip]), 5)
                np.testing.assert_array_equal(image[:, 0], expected)


def test_prediction_sees_all_of_a_long_sequence(paths):
    pieces = FeatureSequences(BANDS, 4)
    rows = []
    for numbers, inputs in all_pieces(clips_from_files(paths, pieces, 2), pieces, batch_size=3):
        rows += zip(numbers.numpy().tolist(), inputs.numpy()[..., 0].tolist(), strict=True)
    of_longest = [[v for v in values if not np.isnan(v)] for clip, values in rows if clip == 1]
    assert of_longest == [
        [100, 101, 102, 103],
        [102, 103, 104, 105],
        [104, 105, 106, 107],
        [105, 106, 107, 108],
    ]
    assert [clip for clip, _ in rows] == sorted(clip for clip, _ in rows)
    assert sum(clip == 0 for clip, _ in rows) == 1


@pytest.fixture
def tone(tmp_path):
    (tmp_path / "a.wav").write_bytes(wav_bytes(np.arange(1, 26, dtype=np.int16), 16_000))
    return str(tmp_path / "a.wav")


def test_short_clips_end_in_silence_where_that_is_asked_for(tone):
    windows = AudioWindows(40, 20, short="pad")
    expected = [*range(1, 26), *[0] * 15]
    clip = windows.read(tone)
    assert windows.draw(clip, tf.constant([0, 1])).numpy().tolist() == expected
    filled, starts = windows.starts(clip)
    assert (filled.numpy().tolist(), starts.numpy().tolist()) == (expected, [0])


def test_only_the_first_window_where_that_is_asked_for(tone):
    windows = AudioWindows(10, 5, candidates=3, only_first=True)
    clip = windows.read(tone)
    for seed in range(5):
        assert windows.draw(clip, tf.constant([seed, 1])).numpy().tolist() == list(range(1, 11))
    assert windows.starts(clip)[1].numpy().tolist() == [0]
    assert len(AudioWindows(10, 5).starts(clip)[1]) == 4
