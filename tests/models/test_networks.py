"""Networks: exact sizes, their input ranges, weights from files, and what trains."""

import keras
import numpy as np
import pytest
from keras.src.legacy.saving import legacy_h5_format

from models.backbone import ModelError, set_trainable
from models.registry import build_network, expected_channels
from models.settings import ModelSettings

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


def test_the_simple_network_sees_0_to_1():
    network = build_network(ModelSettings(), (16, 16, 1), 3)
    to_range = keras.Model(network.input, network.get_layer("to_unit_range").output)
    np.testing.assert_allclose(np.asarray(to_range(np.full((1, 16, 16, 1), 255.0)))[0, 0, 0, 0], 1.0)


def other_backbone() -> keras.Model:
    keras.utils.set_random_seed(7)
    return keras.applications.MobileNetV2(include_top=False, weights=None, input_shape=SMALL)


def save_keras_3(backbone: keras.Model, path) -> None:
    backbone.save_weights(path)


def save_legacy(backbone: keras.Model, path) -> None:
    import h5py

    with h5py.File(path, "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, backbone)


@pytest.mark.parametrize(("save", "name"), [(save_keras_3, "b.weights.h5"), (save_legacy, "b_notop.h5")])
def test_weights_come_from_a_file_of_either_format(tmp_path, save, name):
    source = other_backbone()
    save(source, tmp_path / name)
    network = build_network(ModelSettings(name="mobilenet_v2", weights=str(tmp_path / name)), SMALL, 3)
    for ours, theirs in zip(network.get_layer("backbone").get_weights(), source.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_weights_that_do_not_fit_or_are_not_there_end_in_one_line(tmp_path):
    other_backbone().save_weights(tmp_path / "m.weights.h5")
    (tmp_path / "text.weights.h5").write_text("no weights")
    for name, weights in [
        ("resnet50", tmp_path / "m.weights.h5"),
        ("mobilenet_v2", tmp_path / "text.weights.h5"),
        ("mobilenet_v2", tmp_path / "none.weights.h5"),
        ("simple_cnn", tmp_path / "m.weights.h5"),
    ]:
        with pytest.raises(ModelError, match=r"model\.weights") as error:
            build_network(ModelSettings(name=name, weights=str(weights)), SMALL, 3)
        assert "\n" not in str(error.value)


def test_a_failed_download_says_what_to_do(monkeypatch):
    def fail(*args, **kwargs):
        raise Exception("URL fetch failure on https://example.org/mobilenet_no_top.h5: None -- unreachable")

    monkeypatch.setattr(keras.applications, "MobileNetV2", fail)
    with pytest.raises(ModelError, match=r"mobilenet_no_top\.h5 .*model\.weights=PATH"):
        build_network(ModelSettings(name="mobilenet_v2", weights="imagenet"), SMALL, 3)


@pytest.mark.parametrize("name", ["mobilenet_v2", "resnet50"])
def test_images_too_small_for_a_backbone_are_refused(name):
    with pytest.raises(ModelError, match=r"at least 32 frames and 32 bands.*received 31 and 80"):
        build_network(ModelSettings(name=name), (31, 80, 3), 3)


def test_an_unknown_network_is_refused_with_the_known_ones():
    with pytest.raises(ModelError, match=r"mobilenet_v2.*received 'vgg'"):
        build_network(ModelSettings(name="vgg"), SMALL, 3)


def blocks_that_changed(network: keras.Model, before: list[np.ndarray]) -> set[str]:
    after = network.get_layer("backbone").weights
    return {
        w.path.split("/")[-2]
        for w, old in zip(after, before, strict=True)
        if not np.array_equal(w.numpy(), old)
    }


@pytest.mark.parametrize(
    ("name", "trainable", "blocks"),
    [
        ("resnet50", ["head", "conv4", "conv5"], ("conv4_", "conv5_")),
        ("mobilenet_v2", ["block_16", "Conv_1"], ("block_16_", "Conv_1")),
    ],
)
def test_only_the_named_blocks_change_in_a_step(tmp_path, name, trainable, blocks):
    build_network(ModelSettings(name=name), SMALL, 3).get_layer("backbone").save_weights(
        tmp_path / "b.weights.h5"
    )
    settings = ModelSettings(name=name, weights=str(tmp_path / "b.weights.h5"))
    network = build_network(settings, SMALL, 3)
    set_trainable(network, trainable, settings)
    before = network.get_layer("backbone").get_weights()
    head = network.get_layer("head_logits").get_weights()[0]
    network.compile(optimizer="adam", loss="mse", jit_compile=False)
    rng = np.random.default_rng(0)
    network.train_on_batch(rng.uniform(0, 255, (4, *SMALL)).astype("f"), rng.uniform(size=(4, 3)).astype("f"))
    changed = blocks_that_changed(network, before)
    assert changed
    assert all(layer.startswith(blocks) for layer in changed), changed
    assert not any("bn" in layer.lower() for layer in changed), (
        "batch normalisation of a pretrained network is frozen"
    )
    assert np.array_equal(head, network.get_layer("head_logits").get_weights()[0]) == (
        "head" not in trainable
    )


@pytest.mark.parametrize(
    ("weights", "freeze", "trains"), [("none", True, True), ("file", True, False), ("file", False, True)]
)
def test_batch_norm_is_frozen_where_weights_were_loaded(tmp_path, weights, freeze, trains):
    path = str(tmp_path / "b.weights.h5")
    other_backbone().save_weights(path)
    settings = ModelSettings("mobilenet_v2", path if weights == "file" else "none", freeze_batch_norm=freeze)
    network = build_network(settings, SMALL, 3)
    set_trainable(network, ["all"], settings)
    assert network.get_layer("backbone").get_layer("bn_Conv1").trainable == trains


def test_block_10_does_not_mean_block_1():
    settings = ModelSettings("mobilenet_v2")
    network = build_network(settings, SMALL, 3)
    set_trainable(network, ["block_1"], settings)
    trained = [
        layer.name for layer in network.get_layer("backbone").layers if layer.trainable and layer.weights
    ]
    assert trained
    assert all(name.startswith("block_1_") for name in trained)


@pytest.mark.parametrize("names", [["conv9"], [], ["head", "block"], [""]])
def test_a_name_that_is_no_block_is_refused(names):
    settings = ModelSettings("resnet50")
    network = build_network(settings, SMALL, 3)
    with pytest.raises(ModelError, match=r"trainable: .*conv4"):
        set_trainable(network, names, settings)


def test_a_network_without_backbone_trains_whole():
    settings = ModelSettings()
    network = build_network(settings, (16, 16, 1), 3)
    set_trainable(network, ["head"], settings)
    assert all(layer.trainable for layer in network.layers)


@pytest.mark.parametrize("name", ["simple_cnn", "mobilenet_v2", "resnet50"])
def test_networks_survive_saving_in_safe_mode(tmp_path, name):
    settings = ModelSettings(name=name, units=8)
    network = build_network(settings, (32, 32, expected_channels(settings)), 3)
    network.save(tmp_path / "m.keras")
    images = np.random.default_rng(0).uniform(0, 255, (2, *network.input.shape[1:])).astype("f")
    loaded = keras.models.load_model(tmp_path / "m.keras", safe_mode=True)
    np.testing.assert_allclose(np.asarray(loaded(images)), np.asarray(network(images)), atol=1e-5)
