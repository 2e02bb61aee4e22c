"""Backbone weights from files of both formats, whatever they are called, and from the web."""

import hashlib

import h5py
import keras
import numpy as np
import pytest
from keras.src.legacy.saving import legacy_h5_format

from models.parts.weight_files import downloaded, load_weights
from models.registry import build_network
from models.settings import ModelError, ModelSettings

SMALL = (32, 32, 3)


@pytest.fixture(scope="module")
def source() -> keras.Model:
    keras.utils.set_random_seed(7)
    return keras.applications.MobileNetV2(include_top=False, weights=None, input_shape=SMALL)


def save_keras_3(backbone: keras.Model, path) -> None:
    backbone.save_weights(path.with_name("x.weights.h5"))
    path.with_name("x.weights.h5").rename(path)


def save_legacy(backbone: keras.Model, path) -> None:
    with h5py.File(path, "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, backbone)


def save_legacy_model(backbone: keras.Model, path) -> None:
    with h5py.File(path, "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file.create_group("model_weights"), backbone)


def assert_same_weights(ours: keras.Model, theirs: keras.Model) -> None:
    for a, b in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_network_has_the_weights_of_its_file(tmp_path, source):
    save_keras_3(source, tmp_path / "b")
    network = build_network(ModelSettings(name="mobilenet_v2", weights=str(tmp_path / "b")), SMALL, 3)
    assert_same_weights(network.get_layer("backbone"), source)


@pytest.fixture(scope="module")
def backbone() -> keras.Model:
    return keras.applications.MobileNetV2(include_top=False, weights=None, input_shape=SMALL)


@pytest.mark.parametrize("save", [save_keras_3, save_legacy, save_legacy_model])
@pytest.mark.parametrize("name", ["b.weights.h5", "b_notop.h5", "b"])
def test_weights_come_from_a_file_of_either_format_under_any_name(tmp_path, source, backbone, save, name):
    save(source, tmp_path / name)
    backbone.set_weights([np.full_like(w, 7) for w in backbone.get_weights()])
    load_weights(backbone, tmp_path / name, "a backbone")
    assert_same_weights(backbone, source)


def test_weights_that_do_not_fit_or_are_not_there_end_in_one_line(tmp_path, source):
    source.save_weights(tmp_path / "m.weights.h5")
    save_legacy(source, tmp_path / "m.h5")
    (tmp_path / "text.weights.h5").write_text("no weights")
    for name, file, words in [
        ("resnet50", "m.weights.h5", "the weights of resnet50 without its top"),
        ("resnet50", "m.h5", "the weights of resnet50 without its top"),
        ("mobilenet_v2", "text.weights.h5", "the weights of mobilenet_v2 without its top"),
        ("mobilenet_v2", "none.weights.h5", "no such file"),
        ("mobilenet_v2", ".", "no such file"),
        ("simple_cnn", "m.weights.h5", "no pretrained weights"),
    ]:
        settings = ModelSettings(name=name, weights=str(tmp_path / file))
        with pytest.raises(ModelError, match=rf"model\.weights.*{words}") as error:
            build_network(settings, SMALL, 3)
        assert "\n" not in str(error.value)


FETCH = "URL fetch failure on https://example.org/m_no_top.h5: None -- \n unreachable"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (Exception(FETCH), r"https://example\.org/m_no_top\.h5: None -- unreachable"),
        (ValueError("Incomplete file. The sha256 file hash does not match ab."), "hash does not match ab"),
        (ConnectionResetError("reset by peer"), "reset by peer"),
    ],
)
def test_a_failed_download_says_what_to_do(monkeypatch, error, words):
    def fail(*args, **kwargs):
        raise error

    monkeypatch.setattr(keras.applications, "MobileNetV2", fail)
    monkeypatch.setattr(keras.utils, "get_file", fail)
    settings = ModelSettings(name="mobilenet_v2", weights="imagenet")
    for download in (lambda: build_network(settings, SMALL, 3), lambda: downloaded("https://x/y.h5", "ab")):
        with pytest.raises(
            ModelError, match=rf"the download failed \(.*{words}.*model\.weights=PATH"
        ) as caught:
            download()
        assert "\n" not in str(caught.value)


def test_other_errors_of_a_download_are_not_hidden(monkeypatch):
    def fail(*args, **kwargs):
        raise TypeError("a mistake of ours")

    monkeypatch.setattr(keras.utils, "get_file", fail)
    with pytest.raises(TypeError, match="a mistake of ours"):
        downloaded("https://x/y.h5", None)


def test_a_download_is_checked_by_its_hash(monkeypatch, tmp_path):
    monkeypatch.setattr("keras.src.utils.file_utils.config.keras_home", lambda: str(tmp_path / "cache"))
    (tmp_path / "cache").mkdir()
    (tmp_path / "f").write_bytes(b"weights")
    url = f"file://{tmp_path}/f"
    right = hashlib.sha256(b"weights").hexdigest()
    for sha256 in (None, right):
        assert downloaded(url, sha256) == tmp_path / "cache" / "models" / "f"
    assert downloaded(url, right).read_bytes() == b"weights"
    with pytest.raises(ModelError, match="hash does not match"):
        downloaded(url, "0" * 64)
