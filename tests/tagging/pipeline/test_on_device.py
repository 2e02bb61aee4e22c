"""`pipeline.device=device`: what is left to the training step makes the images of the host, for each augmentation."""

import numpy as np
import pytest
import tensorflow as tf

from tagging.augment.settings import OPS, is_on
from tagging.frontend.parts.stored import StoredFeatures
from tagging.pipeline.batches import TrainingBatches
from tagging.pipeline.pieces import FeatureSequences
from tests.device_helpers import AUGMENTS, LENGTH, N, frontend_for, made, settings_of, write_sounds

OF_SEQUENCES = {  # whose lengths differ
    "crop": {"min_band_share": 0.7},
    "image_noise": {"deviation": 0.1},
    "mixup": {"alpha": 0.4, "labels": "or"},
    "spec_augment": {"enabled": True},
}


@pytest.fixture(scope="module")
def sounds(tmp_path_factory) -> dict:
    """What `TrainingBatches` takes of clips of noise."""
    return write_sounds(tmp_path_factory.mktemp("sounds"))


@pytest.fixture(scope="module")
def sequences(tmp_path_factory) -> dict:
    """The same of sequences of 5 to 32 steps."""
    folder, random = tmp_path_factory.mktemp("sequences"), np.random.default_rng(0)
    lengths = 5 + 3 * np.arange(N)
    paths = [folder / f"{i}.npy" for i in range(N)]
    for path, length in zip(paths, lengths, strict=True):
        np.save(path, random.normal(size=(length, 6)).astype("<f4"))
    return {
        "paths": paths,
        "lengths": lengths,
        "pieces": FeatureSequences(6, 30),
        "frontend": StoredFeatures(),
    }


def assert_same(augment: dict, given: dict) -> None:
    """Images within float error of their range of 255 (of 1 for features), labels and weights within theirs."""
    host, device = (list(made(augment, on_device=place, **given)) for place in (False, True))
    assert [len(images) for images, _, _ in device] == [4, 4, 2] * 2
    for parts in zip(host, device, strict=True):
        for a, b in zip(*parts, strict=True):
            assert (a.dtype, a.shape) == (b.dtype, b.shape)
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-3)


def test_every_augmentation_is_compared():
    assert set(AUGMENTS) == {key for op in OPS for key in op.settings}
    assert all(is_on(getattr(settings_of({key: value}), key)) for key, value in AUGMENTS.items())


@pytest.mark.parametrize("key", AUGMENTS)
def test_each_augmentation_makes_the_images_of_the_host(sounds, key):
    assert_same({key: AUGMENTS[key]}, {**sounds, "frontend": frontend_for(key)})


def test_so_do_all_of_them_together_each_clip_plain_and_augmented(sounds):
    augment = {key: value for key, value in AUGMENTS.items() if key != "mel_jitter"}
    given = {**sounds, "frontend": frontend_for("gain")}
    assert_same(augment, given)
    keeps = list(made({**augment, "keep_originals": True}, on_device=True, **given))
    assert sum(len(images) for images, _, _ in keeps) == 4 * N


@pytest.mark.parametrize("key", OF_SEQUENCES)
def test_sequences_of_unequal_length_do_too(sequences, key):
    assert_same({key: OF_SEQUENCES[key]}, sequences)


def test_windows_travel_as_they_are_stored_with_what_was_drawn_for_them(sounds):
    augment = settings_of({"spec_augment": {"enabled": True}})
    more = {"augment": augment, "batch_size": 4, "seed": 1, "jobs": 1, "on_device": True}
    supply = TrainingBatches(targets=np.eye(N), frontend=frontend_for("gain"), **more, **sounds)
    parts, labels = next(iter(supply.dataset(0, 1)))
    assert set(parts) == {"inputs", "is_augmented", "waveforms", "images"}
    assert (parts["inputs"].dtype, parts["inputs"].shape) == (tf.int16, (4, LENGTH))
    drawn = tf.nest.flatten(parts["images"])
    assert [len(each) for each in [labels, *drawn]] == [4] * 5
