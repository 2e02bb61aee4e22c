"""Patches of a long image against a plain loop, and a network on patches against the network on each."""

import keras
import numpy as np
import pytest

from models.parts.patches import JoinPatches, ToPatches, count_patches
from models.registry import build_network
from models.settings import ModelError, ModelSettings


def images(frames: int, bands: int = 16) -> np.ndarray:
    return np.random.default_rng(0).uniform(0, 255, (2, frames, bands, 1)).astype("f")


def by_loop(batch: np.ndarray, patch_frames: int, hop_frames: int) -> np.ndarray:
    return np.stack(
        [
            image[start : start + patch_frames]
            for image in batch
            for start in range(0, len(image), hop_frames)
            if start + patch_frames <= len(image)
        ]
    )


@pytest.mark.parametrize(
    ("frames", "hop_frames", "n_patches"),
    [(16, 16, 1), (31, 16, 1), (32, 16, 2), (40, 8, 4), (41, 5, 6), (40, 24, 2), (20, 1, 5), (40, 99, 1)],
)
def test_patches_are_those_of_a_loop(frames, hop_frames, n_patches):
    assert count_patches(frames, 16, hop_frames) == n_patches
    layer = ToPatches(16, hop_frames)
    patches = np.asarray(layer(images(frames)))
    np.testing.assert_array_equal(patches, by_loop(images(frames), 16, hop_frames))
    joined = np.asarray(JoinPatches(n_patches)(patches.mean(axis=(1, 2))))
    assert joined.shape == (2, n_patches, 1)
    np.testing.assert_array_equal(joined[1, 0], patches[n_patches].mean(axis=(0, 1)))
    assert layer(keras.Input((frames, 16, 1))).shape == (None, 16, 16, 1)


def test_a_network_on_patches_is_the_mean_of_the_network_on_each():
    """Without hidden layers all behind the features is linear, so that means of features are means of logits."""
    keras.utils.set_random_seed(1)
    settings = ModelSettings(units=[], pool="mean", patch_frames=16, patch_hop_frames=8)
    network = build_network(settings, (45, 16, 1), 3)
    of_patch = build_network(ModelSettings(units=[], pool="mean"), (16, 16, 1), 3)
    of_patch.set_weights(network.get_weights())
    logits = np.asarray(of_patch(by_loop(images(45), 16, 8))).reshape(2, 4, 3)
    np.testing.assert_allclose(np.asarray(network(images(45))), logits.mean(axis=1), atol=1e-5)


@pytest.mark.parametrize(("pool", "hop_frames"), [("max", None), ("attention", 8)])
def test_a_network_on_patches_survives_saving(tmp_path, pool, hop_frames):
    settings = ModelSettings(pool=pool, patch_frames=16, patch_hop_frames=hop_frames, units=[8])
    network = build_network(settings, (40, 16, 1), 3)
    network.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras", safe_mode=True)
    np.testing.assert_array_equal(np.asarray(loaded(images(40))), np.asarray(network(images(40))))
    assert loaded.get_layer("join_patches").n_patches == (2 if hop_frames is None else 4)


def test_a_backbone_takes_patches():
    network = build_network(ModelSettings("mobilenet_v2", patch_frames=32), (80, 32, 3), 3)
    assert network.get_layer("backbone").input.shape == (None, 32, 32, 3)
    assert network.output.shape == (None, 3)


@pytest.mark.parametrize("name", ["simple_cnn", "vgg_cnn"])
def test_an_image_shorter_than_a_patch_is_refused(name):
    settings = ModelSettings(name, patch_frames=41)
    with pytest.raises(
        ModelError, match=r"at least 41 frames, the length of a patch, received 40; .*window_s"
    ):
        build_network(settings, (40, 16, 1), 3)
