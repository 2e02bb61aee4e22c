"""Batch normalization folded into convolutions: the same outputs from fewer layers, and the original as it was."""

from collections.abc import Callable

import keras
import numpy as np
import pytest
from keras import layers

from models.parts.blocks import LOGITS
from models.parts.fold_norm import folded
from models.registry import NETWORKS, build_network
from models.settings import ModelSettings

IMAGES = {"mn": (60, 128, 1), "yamnet": (96, 64, 1), "mobilenet_v2": (64, 64, 3), "resnet50": (64, 64, 3)}
FOLDED_WHOLLY = [*IMAGES]


def draw_norms(network: keras.Model) -> keras.Model:
    """The network with scales, offsets and moving statistics that tell whether each is used."""
    rng = np.random.default_rng(0)
    for norm in norms(network):
        norm.set_weights([rng.uniform(0.5, 1.5, weight.shape) for weight in norm.get_weights()])
    return network


def norms(network: keras.Model) -> list[keras.Layer]:
    """All of a network, nested models included."""
    nested = [norm for layer in network.layers if isinstance(layer, keras.Model) for norm in norms(layer)]
    return nested + [layer for layer in network.layers if isinstance(layer, layers.BatchNormalization)]


def outputs(network: keras.Model, images: np.ndarray) -> list[np.ndarray]:
    """Logits, and what they are made of."""
    both = keras.Model(network.input, [network.output, network.get_layer(LOGITS).input])
    return [np.asarray(part) for part in both(images, training=False)]


@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_every_network_gives_the_same_logits_and_features(name):
    shape = IMAGES.get(name, (64, 40, 1))
    network = draw_norms(build_network(ModelSettings(name), shape, 5))
    before, n_norms = network.get_weights(), len(norms(network))
    images = np.random.default_rng(1).uniform(0, 2, (2, *shape)).astype("f")
    small = folded(network)
    for ours, theirs in zip(outputs(small, images), outputs(network, images), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-4 * np.abs(theirs).max())
    if name in FOLDED_WHOLLY:
        assert n_norms > 25
        assert not norms(small)
    assert len(norms(network)) == n_norms
    for now, then in zip(network.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)


def small_network(behind: Callable, **options: object) -> keras.Model:
    """A convolution, and what `behind` makes of its output."""
    image = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, name="conv", **options)(image)
    return draw_norms(keras.Model(image, behind(x)))


def norm(x: keras.KerasTensor, **options: object) -> keras.KerasTensor:
    return layers.BatchNormalization(**options)(x)


def twice(x: keras.KerasTensor) -> keras.KerasTensor:
    shared = layers.BatchNormalization()
    return layers.Add()([shared(layers.Conv2D(4, 1)(x)), shared(layers.ReLU()(x))])


@pytest.mark.parametrize("options", [{"scale": False}, {"center": False}, {"epsilon": 0.1}])
@pytest.mark.parametrize("use_bias", [True, False])
def test_a_convolution_takes_over_factor_and_offset(options, use_bias):
    network = small_network(lambda x: norm(x, **options), use_bias=use_bias, bias_initializer="normal")
    small, images = folded(network), np.random.default_rng(2).normal(size=(2, 8, 8, 3)).astype("f")
    assert not norms(small)
    np.testing.assert_allclose(np.asarray(small(images)), np.asarray(network(images)), atol=1e-5)


def test_a_depthwise_convolution_of_several_channels_each():
    image = keras.Input((8, 8, 3))
    network = draw_norms(keras.Model(image, norm(layers.DepthwiseConv2D(3, depth_multiplier=2)(image))))
    small, images = folded(network), np.random.default_rng(2).normal(size=(2, 8, 8, 3)).astype("f")
    assert not norms(small)
    np.testing.assert_allclose(np.asarray(small(images)), np.asarray(network(images)), atol=1e-5)


@pytest.mark.parametrize(
    ("behind", "options"),
    [
        (norm, {"activation": "relu"}),
        (lambda x: norm(layers.ReLU()(x)), {}),
        (lambda x: layers.Add()([x, norm(x)]), {}),
        (lambda x: [x, norm(x)], {}),
        (lambda x: norm(x, axis=1), {}),
        (twice, {}),
        (norm, {"dtype": "mixed_float16"}),
    ],
    ids=["activation", "layer_between", "another_use", "an_output", "another_axis", "used_twice", "half"],
)
def test_other_convolutions_keep_their_norm(behind, options):
    network = small_network(behind, **options)
    small, images = folded(network), np.random.default_rng(2).normal(size=(2, 8, 8, 3)).astype("f")
    assert len(norms(small)) == 1
    for ours, theirs in zip(
        keras.tree.flatten(small(images)), keras.tree.flatten(network(images)), strict=True
    ):
        np.testing.assert_array_equal(np.asarray(ours), np.asarray(theirs))


class OneDense:
    """What the two below share; the config tells only what the constructor takes, and no name."""

    def __init__(self, units: int) -> None:
        super().__init__()
        self.units = units
        self.dense = layers.Dense(units)

    def get_config(self) -> dict:
        return {"units": self.units}

    def build(self, shape: tuple) -> None:
        self.dense.build(shape)

    def call(self, x):
        return self.dense(x)


@keras.saving.register_keras_serializable(package="tests")
class Nameless(OneDense, layers.Layer):
    """A layer of one's own."""


@keras.saving.register_keras_serializable(package="tests")
class Subclassed(OneDense, keras.Model):
    """A model that is not a graph of layers."""


@pytest.mark.parametrize(
    "make",
    [
        lambda: keras.Sequential([layers.Conv2D(3, 1), layers.BatchNormalization()]),
        lambda: Nameless(3),
        lambda: Subclassed(3),
    ],
    ids=["sequential", "layer", "subclassed"],
)
def test_parts_of_ones_own_are_copied_whole(make):
    network = small_network(lambda x: make()(layers.BatchNormalization()(x)))
    images = np.random.default_rng(1).uniform(0, 2, (2, 8, 8, 3)).astype("f")
    small = folded(network)
    np.testing.assert_allclose(np.asarray(small(images)), np.asarray(network(images)), rtol=1e-3, atol=1e-4)
    assert [layer.name for layer in small.layers][-1] == network.layers[-1].name
