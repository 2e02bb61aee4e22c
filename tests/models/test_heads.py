"""Heads against their formulas in NumPy."""

import keras
import numpy as np
import pytest

from models.parts.heads import tag_image
from models.registry import build_network, expected_channels
from models.settings import ModelError, ModelSettings

N_CLASSES = 3


def head(shape: tuple[int, int, int], **options) -> keras.Model:
    """The head alone: feature map -> logits, all weights drawn."""
    keras.utils.set_random_seed(1)
    features = keras.Input(shape)
    logits = tag_image(ModelSettings("resnet50", **options), features, lambda x: x, N_CLASSES)
    model, rng = keras.Model(features, logits), np.random.default_rng(1)
    model.set_weights(
        [rng.uniform(0.1, 1.0, w.shape) * rng.choice([-1, 1]) ** w.ndim for w in model.get_weights()]
    )
    return model


def maps(*shape: int) -> np.ndarray:
    return np.random.default_rng(2).normal(size=(4, *shape)).astype("f")


def dense(model: keras.Model, name: str, x: np.ndarray) -> np.ndarray:
    kernel, bias = (w.astype(np.float64) for w in model.get_layer(name).get_weights())
    return x @ kernel + bias


POOLS = {
    "mean": lambda x: x.mean(axis=1),
    "max": lambda x: x.max(axis=1),
    "mean_max": lambda x: x.mean(axis=1) + x.max(axis=1),
}


@pytest.mark.parametrize("pool", [None, *POOLS])
@pytest.mark.parametrize("units", [[6, 4], [5], []])
def test_dense_head_in_closed_form(pool, units):
    model, features = head((6, 2, 8), pool=pool, units=units), maps(6, 2, 8)
    x = POOLS[pool or "mean"](features.astype(np.float64).mean(axis=2))
    for number, width in enumerate(units, 1):
        x = np.maximum(dense(model, f"head_dense_{number}", x), 0)
        assert x.shape == (4, width)
    np.testing.assert_allclose(
        np.asarray(model(features)), dense(model, "head_logits", x), rtol=1e-4, atol=1e-4
    )


@pytest.mark.parametrize("units", [[5], []])
def test_attention_in_closed_form(units):
    model, features = head((6, 2, 8), pool="attention", units=units), maps(6, 2, 8)
    x = features.astype(np.float64).mean(axis=2)
    if units:
        x = np.maximum(dense(model, "head_dense_1", x), 0)
    weights = np.exp(dense(model, "head_attention", x))
    weights /= weights.sum(axis=1, keepdims=True)
    expected = (weights * dense(model, "head_logits", x)).sum(axis=1)
    np.testing.assert_allclose(np.asarray(model(features)), expected, rtol=1e-4, atol=1e-4)


def test_attention_starts_as_the_mean_of_the_logits():
    keras.utils.set_random_seed(1)
    features = keras.Input((6, 2, 8))
    logits = tag_image(ModelSettings("resnet50", pool="attention"), features, lambda x: x, N_CLASSES)
    x, model = maps(6, 2, 8), keras.Model(features, logits)
    per_step = np.maximum(dense(model, "head_dense_1", x.mean(axis=2)), 0)
    expected = dense(model, "head_logits", per_step).mean(axis=1)
    np.testing.assert_allclose(np.asarray(model(x)), expected, rtol=1e-4, atol=1e-5)


def test_attention_over_one_step_is_refused_with_what_to_change():
    with pytest.raises(ModelError, match=r"attention, received 1; .*window_s.*model\.pool=mean") as error:
        head((1, 2, 8), pool="attention")
    assert "\n" not in str(error.value)
    assert head((1, 2, 8), pool="max").output.shape == (None, N_CLASSES)


@pytest.mark.parametrize("units", [[32], []])
def test_dropout_drops_in_training_only(units):
    features = maps(6, 2, 64)
    still, dropping = (head((6, 2, 64), dropout=share, units=units) for share in (0.0, 0.5))
    dropping.set_weights(still.get_weights()) if len(still.weights) == len(dropping.weights) else None
    np.testing.assert_array_equal(np.asarray(dropping(features)), np.asarray(still(features)))
    in_training = np.asarray(dropping(features, training=True))
    assert np.abs(in_training - np.asarray(still(features, training=True))).max() > 1e-3


def test_conv_head_on_a_map_of_3_x_3():
    model = head((3, 3, 8), head="conv")
    assert model.get_layer("head_pool_32").output.shape == (None, 2, 2, 32)
    assert model.get_layer("head_pool_64").output.shape == (None, 1, 1, 64)
    assert model.get_layer("head_dense_1").units == 128
    assert model(maps(3, 3, 8)).shape == (4, N_CLASSES)
    with pytest.raises(ModelError, match="received 1"):
        head((3, 3, 8), head="conv", pool="attention")


@pytest.mark.parametrize(("name", "channels"), [("mobilenet_v2", 1280), ("resnet50", 2048), ("vgg_cnn", 128)])
def test_conv_head_of_study_a_on_a_backbone(name, channels):
    settings = ModelSettings(name, head="conv", pool="mean")
    network = build_network(settings, (92, 80, expected_channels(settings)), 80)
    small = build_network(ModelSettings(), (92, 80, 1), 80)
    ours, theirs = (
        sum(w.size for layer in n.layers if layer.name.startswith("head_") for w in layer.get_weights())
        for n in (network, small)
    )
    assert theirs == 37_844
    # More channels reach the first normalisation (four numbers each) and the first convolution (3 x 3 x 32).
    assert ours - theirs == (channels - 1) * (4 + 9 * 32)


def test_two_dense_layers_of_512_and_256():
    settings = ModelSettings("mobilenet_v2", units=[512, 256])
    network = build_network(settings, (92, 80, 3), 80)
    head_size = (1280 + 1) * 512 + (512 + 1) * 256 + (256 + 1) * 80
    assert network.count_params() - network.get_layer("backbone").count_params() == head_size
