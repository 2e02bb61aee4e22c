"""The VGG-like network: depth and width by config."""

import keras
import numpy as np
import pytest

from models.registry import build_network
from models.settings import ModelError, ModelSettings


def n_parameters(filters: list[int], units: int, n_classes: int) -> int:
    """Kernels of 3 x 3 without bias, four numbers a normalised channel, two dense layers with bias."""
    count, channels = 4, 1
    for width in filters:
        count += 9 * channels * width + 9 * width * width + 2 * 4 * width
        channels = width
    return count + (channels + 1) * units + (units + 1) * n_classes


@pytest.mark.parametrize("filters", [None, [8, 16], [4, 8, 8, 16, 32]])
def test_filters_give_depth_and_width(filters):
    network = build_network(ModelSettings("vgg_cnn", filters=filters), (92, 80, 1), 7)
    widths = filters or [16, 32, 64, 128]
    assert network.count_params() == n_parameters(widths, 256, 7)
    depth = len(widths)
    last = network.get_layer(f"block{depth}_pool").output
    assert last.shape == (None, 92 // 2**depth, 80 // 2**depth, widths[-1])
    assert network.output.shape == (None, 7)


def test_its_own_pooling_is_the_maximum_over_time():
    image = np.random.default_rng(0).uniform(0, 255, (2, 40, 32, 1)).astype("f")

    def logits(pool: str | None) -> np.ndarray:
        keras.utils.set_random_seed(1)
        return np.asarray(build_network(ModelSettings("vgg_cnn", pool=pool), (40, 32, 1), 3)(image))

    np.testing.assert_array_equal(logits(None), logits("max"))
    assert np.abs(logits(None) - logits("mean")).max() > 1e-4


@pytest.mark.parametrize(
    ("options", "shape", "words"),
    [
        ({}, (31, 15, 1), "at least 16 frames and bands for the 4 blocks.*received 31 and 15"),
        ({"filters": [8] * 5}, (31, 64, 1), "at least 32 frames.* 5 blocks .*received 31 and 64"),
        ({"patch_frames": 8}, (64, 64, 1), "or patches.*received 8 and 64"),
    ],
)
def test_images_too_small_for_the_blocks_are_refused(options, shape, words):
    with pytest.raises(ModelError, match=words):
        build_network(ModelSettings("vgg_cnn", **options), shape, 3)
