"""Networks: exact sizes, their input ranges, saving, and what they refuse."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest

import models
from models.parts.backbone import set_trainable
from models.registry import NETWORKS, build_network, expected_channels, imported
from models.settings import ModelError, ModelSettings

SMALL = (32, 32, 3)


def n_trainable(network: keras.Model) -> int:
    return sum(int(np.prod(w.shape)) for w in network.trainable_weights)


@pytest.mark.parametrize(
    ("name", "trainable", "parameters", "trained"),
    [
        ("simple_cnn", ["all"], 37_844, 37_650),
        ("resnet50", ["head"], 24_132_816, 545_104),
        ("mobilenet_v2", ["head"], 2_606_480, 348_496),
    ],
)
def test_sizes_are_those_of_study_a(name, trainable, parameters, trained):
    settings = ModelSettings(name=name)
    network = build_network(settings, (92, 80, expected_channels(settings)), 80)
    set_trainable(network, trainable, settings)
    assert (network.count_params(), n_trainable(network)) == (parameters, trained)
    assert network.output.shape == (None, 80)


@pytest.mark.parametrize(("size", "parameters"), [(None, 37_844), (3, 37_844), (5, 71_124), (7, 121_044)])
def test_kernels_of_the_small_network(size, parameters):
    network = build_network(ModelSettings(kernel_size=size), (92, 80, 1), 80)
    assert [network.get_layer(f"head_conv_{width}").kernel.shape[:2] for width in (32, 64)] == [
        (size or 3,) * 2
    ] * 2
    assert network.count_params() == parameters


def test_the_small_network_as_head_keeps_its_kernels():
    with pytest.raises(
        ModelError, match=r"mobilenet_v2 does not use model\.kernel_size \(cnn1d.*simple_cnn do\)"
    ):
        build_network(ModelSettings(name="mobilenet_v2", head="conv", kernel_size=5), SMALL, 3)


@pytest.mark.parametrize(
    ("name", "application", "preprocess"),
    [
        ("mobilenet_v2", keras.applications.MobileNetV2, keras.applications.mobilenet_v2.preprocess_input),
        ("resnet50", keras.applications.ResNet50, keras.applications.resnet50.preprocess_input),
    ],
)
def test_images_reach_the_backbone_as_keras_preprocesses_them(name, application, preprocess):
    keras.utils.set_random_seed(1)
    network = build_network(ModelSettings(name=name), SMALL, 3)
    images = np.random.default_rng(0).uniform(0, 255, (2, *SMALL)).astype("f")
    backbone = network.get_layer("backbone")
    to_range = keras.Model(network.input, network.get_layer("to_imagenet_range").output)
    np.testing.assert_allclose(np.asarray(to_range(images)), preprocess(images.copy()), rtol=1e-5, atol=1e-4)
    assert [type(a) for a in backbone.layers] == [
        type(b) for b in application(include_top=False, weights=None, input_shape=SMALL).layers
    ]


@pytest.mark.parametrize(
    ("name", "published", "dtype", "outputs", "words"),
    [
        ("logits", None, "float32", 3, "a layer called head_logits, received image, .*logits"),
        ("head_logits", "imagenet", "float32", 3, "a layer called backbone"),
        ("head_logits", None, "float16", 3, r"float32, received \(None, 3\) in float16"),
        ("head_logits", None, "float32", 2, r"shape \(None, 3\) in float32, received \(None, 2\)"),
    ],
)
def test_a_network_that_breaks_the_contract_is_refused(monkeypatch, name, published, dtype, outputs, words):
    def build(settings, image_shape, n_outputs):
        image = keras.Input(image_shape, name="image")
        x = keras.layers.GlobalAveragePooling2D(name="pool")(image)
        return keras.Model(image, keras.layers.Dense(outputs, dtype=dtype, name=name)(x))

    module = SimpleNamespace(PUBLISHED=published, OPTIONS={}, VARIABLE_LENGTH=False, build=build)
    monkeypatch.setitem(NETWORKS, "rnn", module)
    with pytest.raises(ModelError, match=rf"models/rnn\.py: expected .*{words}"):
        build_network(ModelSettings("rnn"), (4, 4, 1), 3)


def test_build_has_to_return_a_model(monkeypatch):
    module = SimpleNamespace(PUBLISHED=None, OPTIONS={}, VARIABLE_LENGTH=False, build=lambda *_: None)
    monkeypatch.setitem(NETWORKS, "rnn", module)
    with pytest.raises(
        ModelError, match=r"models/rnn\.py: expected build to return a keras\.Model, received None"
    ):
        build_network(ModelSettings("rnn"), (4, 4, 1), 3)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "CHANNELS = 1\nPUBLISHED = None\nVARIABLE_LENGTH = False\ndef build(*_): ...\n",
            "received no OPTIONS",
        ),
        ("import nothing_of_that_name\n", "cannot be imported: ModuleNotFoundError: No module named"),
        ("def build(:\n", "cannot be imported: SyntaxError: "),
    ],
)
def test_a_module_that_is_no_network_is_named(monkeypatch, tmp_path, text, words):
    name = f"network_{tmp_path.name}"
    (tmp_path / f"{name}.py").write_text(text)
    monkeypatch.setattr(models, "__path__", [str(tmp_path)])
    with pytest.raises(ModelError, match=rf"^models/{name}\.py.*{words}"):
        imported(name)


def test_the_simple_network_sees_0_to_1():
    network = build_network(ModelSettings(), (16, 16, 1), 3)
    to_range = keras.Model(network.input, network.get_layer("to_unit_range").output)
    np.testing.assert_allclose(np.asarray(to_range(np.full((1, 16, 16, 1), 255.0)))[0, 0, 0, 0], 1.0)


@pytest.mark.parametrize("name", ["mobilenet_v2", "resnet50"])
def test_images_too_small_for_a_backbone_are_refused(name):
    with pytest.raises(ModelError, match=r"at least 32 frames and 32 bands.*received 31 and 80"):
        build_network(ModelSettings(name=name), (31, 80, 3), 3)


def test_an_unknown_network_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match=r"model\.name out of .*mobilenet_v2.*received 'vgg'"):
        ModelSettings(name="vgg")


@pytest.mark.parametrize("name", ["simple_cnn", "vgg_cnn", "mobilenet_v2", "resnet50"])
def test_networks_survive_saving_in_safe_mode(tmp_path, name):
    settings = ModelSettings(name=name, units=[8])
    network = build_network(settings, (32, 32, expected_channels(settings)), 3)
    network.save(tmp_path / "m.keras")
    images = np.random.default_rng(0).uniform(0, 255, (2, *network.input.shape[1:])).astype("f")
    loaded = keras.models.load_model(tmp_path / "m.keras", safe_mode=True)
    np.testing.assert_allclose(np.asarray(loaded(images)), np.asarray(network(images)), atol=1e-5)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"name": "simple_cnn", "head": "dense"}, r"model\.head: .*expected conv or null, received dense"),
        ({"name": "simple_cnn", "weights": "imagenet"}, r"simple_cnn has no pretrained weights.*'imagenet'"),
        ({"name": "resnet50", "weights": "audioset"}, r"expected none, imagenet or a path for resnet50"),
        ({"name": "yamnet", "weights": "imagenet"}, r"expected none, audioset or a path for yamnet"),
        ({"name": "yamnet", "patch_frames": 48}, r"model\.patch_frames: yamnet takes 96, received 48"),
        ({"name": "yamnet", "weights_sha256": "ab"}, r"model\.weights_sha256 .*leave it null"),
        ({"name": "simple_cnn", "filters": [8]}, r"simple_cnn does not use model\.filters .*vgg_cnn"),
    ],
)
def test_what_would_do_nothing_in_a_network_is_refused_in_one_line(options, words):
    settings = ModelSettings(**options)
    with pytest.raises(ModelError, match=words) as error:
        build_network(settings, (96, 64, expected_channels(settings)), 3)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"dropout": 1.0}, "ModelSettings.dropout: .*received 1.0"),
        ({"units": [8, 0]}, r"ModelSettings.units\[1\]: .*received 0"),
        ({"filters": []}, r"model.filters .*received \[\]"),
        ({"filters": [-1]}, r"ModelSettings.filters\[0\]: .*received -1"),
        ({"patch_frames": 0}, "ModelSettings.patch_frames: .*received 0"),
        ({"patch_hop_frames": 8}, "model.patch_hop_frames does nothing without model.patch_frames"),
    ],
)
def test_settings_check_themselves(options, words):
    with pytest.raises(ValueError, match=words):
        ModelSettings(**options)


@pytest.mark.parametrize("pool", ["mean", "attention"])
def test_logits_are_float32_under_mixed_precision(pool):
    keras.config.set_dtype_policy("mixed_float16")
    try:
        logits = build_network(ModelSettings(pool=pool), (32, 32, 1), 3)(np.ones((1, 32, 32, 1), "f"))
    finally:
        keras.config.set_dtype_policy("float32")
    assert logits.dtype == "float32"
    assert np.isfinite(logits).all()
