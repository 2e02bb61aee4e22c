"""YAMNet: its sizes, its weights from files of every layout and from the web, and what of it trains."""

from collections.abc import Iterable
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

from models.parts.backbone import set_trainable
from models.parts.weight_files import load_weights
from models.registry import build_network
from models.settings import ModelError, ModelSettings
from models.yamnet import URL, make_yamnet

IMAGE = (96, 64, 1)
HEAD = (1024 + 1) * 256 + (256 + 1) * 3
TOP = (1024 + 1) * 521
N_NORM_CHANNELS = 10_944  # each with one offset that trains and two moving statistics
Layer = tuple[str, list[tuple[str, np.ndarray]]]


@pytest.fixture(scope="module")
def source() -> keras.Model:
    """The whole network with weights all drawn, moving statistics too."""
    keras.utils.set_random_seed(3)
    model, rng = make_yamnet(), np.random.default_rng(3)
    model.set_weights([rng.uniform(0.5, 1.5, w.shape) if w.ndim == 1 else w for w in model.get_weights()])
    return model


@pytest.fixture(scope="module")
def file(source, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("yamnet") / "y.weights.h5"
    source.save_weights(path)
    return path


def published_layers(model: keras.Model) -> list[Layer]:
    """(name, weights) of each layer under the names that the published model has, which contain slashes."""
    found: list[Layer] = []
    for layer in model.layers:
        name = layer.name.replace("_norm", "_conv/bn").replace("_", "/", 1)
        found.append((name, [(f"{name}/{w.name}:0", w.numpy()) for w in layer.weights]))
    return found


def write_legacy(group: h5py.Group, layers: Iterable[Layer]) -> None:
    """As TF-Keras's `save_weights("yamnet.h5")` does."""
    layers = list(layers)
    group.attrs["layer_names"] = np.array([name.encode() for name, _ in layers])
    group.attrs["backend"], group.attrs["keras_version"] = b"tensorflow", b"2.4.0"
    for name, weights in sorted(layers):
        of_layer = group.require_group(name)
        of_layer.attrs["weight_names"] = np.array([weight.encode() for weight, _ in weights])
        for weight, value in weights:
            of_layer.create_dataset(weight, data=value)


def test_sizes_are_those_of_the_published_network(source):
    assert source.count_params() == 3_751_369
    assert sum(int(np.prod(w.shape)) for w in source.trainable_weights) == 3_729_481
    shapes = {
        name: source.get_layer(f"{name}_relu").output.shape[1:] for name in ("layer1", "layer3_pointwise")
    }
    assert shapes == {"layer1": (48, 32, 32), "layer3_pointwise": (24, 16, 128)}
    assert source.get_layer("layer13_depthwise_relu").output.shape[1:] == (3, 2, 512)
    assert source.get_layer("embeddings").output.shape == (None, 1024)
    assert source.output.shape == (None, 521)
    norms = [layer for layer in source.layers if isinstance(layer, keras.layers.BatchNormalization)]
    assert {(norm.epsilon, norm.scale, norm.center) for norm in norms} == {(1e-4, False, True)}


def test_a_long_image_is_cut_into_patches_of_96_frames():
    settings = ModelSettings("yamnet", pool="attention", patch_hop_frames=48)
    network = build_network(settings, (298, 64, 1), 3)
    assert network.get_layer("backbone").output.shape == (None, 3, 2, 1024)
    assert network.get_layer("join_patches").n_patches == 5
    assert build_network(ModelSettings("yamnet"), (298, 64, 1), 3).get_layer("join_patches").n_patches == 3


@pytest.mark.parametrize("group", [None, "model_weights"])
@pytest.mark.parametrize("name", ["yamnet.h5", "yamnet.weights.h5"])
def test_legacy_files_give_every_weight_and_all_logits(tmp_path, source, group, name):
    with h5py.File(tmp_path / name, "w") as file:
        layers = published_layers(source)
        assert (layers[1][0], layers[5][0]) == ("layer1/conv", "layer2/depthwise_conv/bn")
        write_legacy(file.create_group(group) if group else file, layers)
    loaded = make_yamnet()
    load_weights(loaded, tmp_path / name, "yamnet")
    for ours, theirs in zip(loaded.get_weights(), source.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    patches = np.random.default_rng(0).normal(size=(2, *IMAGE)).astype("f")
    np.testing.assert_array_equal(np.asarray(loaded(patches)), np.asarray(source(patches)))


def backbone_equals(network: keras.Model, source: keras.Model) -> bool:
    pairs = zip(network.get_layer("backbone").get_weights(), source.get_weights()[:-2], strict=True)
    return all(np.array_equal(ours, theirs) for ours, theirs in pairs)


def test_a_keras_3_file_fills_the_backbone(source, file):
    network = build_network(ModelSettings("yamnet", weights=str(file)), IMAGE, 3)
    assert backbone_equals(network, source)
    assert not backbone_equals(build_network(ModelSettings("yamnet"), IMAGE, 3), source)


def test_published_weights_are_fetched_and_checked_by_their_hash(source, file, monkeypatch):
    asked = []

    def get_file(name, origin, *, file_hash, **options):
        asked.append((name, origin, file_hash))
        return str(file)

    monkeypatch.setattr(keras.utils, "get_file", get_file)
    for sha256 in (None, "ab"):
        network = build_network(ModelSettings("yamnet", "audioset", sha256), IMAGE, 3)
        assert backbone_equals(network, source)
    assert asked == [("yamnet.h5", URL, None), ("yamnet.h5", URL, "ab")]


def test_files_that_do_not_fit_are_refused(tmp_path, source):
    layers = published_layers(source)
    name, [kernel, bias] = layers[-1]
    other_top = (name, [(kernel[0], kernel[1][:, :520]), (bias[0], bias[1][:520])])
    for file, part in (("top.h5", [*layers[:-1], other_top]), ("no_top.h5", layers[:-1])):
        with h5py.File(tmp_path / file, "w") as group:
            write_legacy(group, part)
    keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)]).save_weights(tmp_path / "other.weights.h5")
    (tmp_path / "text.h5").write_text("no weights")
    for file in ("top.h5", "no_top.h5", "other.weights.h5", "text.h5"):
        with pytest.raises(
            ModelError, match=rf"{file} does not hold the weights of yamnet with its 521"
        ) as error:
            build_network(ModelSettings("yamnet", weights=str(tmp_path / file)), IMAGE, 3)
        assert "\n" not in str(error.value)


@pytest.mark.parametrize("shape", [(95, 64, 1), (96, 80, 1), (92, 80, 1)])
def test_other_images_are_refused(shape):
    with pytest.raises(ModelError, match=rf"received {shape[0]} and {shape[1]}; set frontend\.name=yamnet"):
        build_network(ModelSettings("yamnet"), shape, 3)


def test_frozen_partly_and_wholly_trainable(file):
    settings = ModelSettings("yamnet", weights=str(file))
    network = build_network(settings, IMAGE, 3)
    last_blocks = 9 * 512 + 512 * 1024 + 9 * 1024 + 1024 * 1024
    for names, expected in [
        (["head"], HEAD),
        (["layer13", "layer14"], last_blocks),
        (["layer13", "layer14", "head"], last_blocks + HEAD),
        (["all"], 3_729_481 - TOP - N_NORM_CHANNELS + HEAD),
    ]:
        set_trainable(network, names, settings)
        assert sum(int(np.prod(w.shape)) for w in network.trainable_weights) == expected, names
    set_trainable(network, ["all"], ModelSettings("yamnet", str(file), freeze_batch_norm=False))
    assert sum(int(np.prod(w.shape)) for w in network.trainable_weights) == 3_729_481 - TOP + HEAD


@pytest.mark.parametrize("freeze", [True, False])
def test_batch_norm_stays_as_it_was_in_a_training_step_unless_told(file, source, freeze):
    settings = ModelSettings("yamnet", str(file), units=[], freeze_batch_norm=freeze)
    network = build_network(settings, IMAGE, 3)
    set_trainable(network, ["layer14", "head"], settings)
    network.compile(optimizer="sgd", loss="mse", run_eagerly=True)
    rng = np.random.default_rng(0)
    network.train_on_batch(rng.normal(5, 2, (2, *IMAGE)).astype("f"), np.ones((2, 3), "f"))
    changed = {
        weight.path.split("/")[-2]
        for weight, old in zip(network.get_layer("backbone").weights, source.get_weights()[:-2], strict=True)
        if not np.array_equal(weight.numpy(), old)
    }
    kernels = {"layer14_depthwise_conv", "layer14_pointwise_conv"}
    norms = {"layer14_depthwise_norm", "layer14_pointwise_norm"}
    assert changed == (kernels if freeze else kernels | norms)
