"""EfficientAT's MobileNets: their sizes, their arithmetic, their weights from files, and what of them trains."""

import os
from pathlib import Path

import keras
import numpy as np
import pytest

from models.mn import SILENCE, make_mn
from models.parts.backbone import set_trainable
from models.parts.mn_weights import URL, load_published
from models.registry import build_network
from models.settings import ModelError, ModelSettings
from tagging.frontend.mn_log_mel import MnLogMel
from tests.models.torch_files import save

IMAGE = (64, 128, 1)
WIDTH = 0.1
SETTINGS = ModelSettings("mn", width=WIDTH, units=[])
HEAD = (96 + 1) * 3  # of width 0.1
TENSORS = {"gamma": "weight", "beta": "bias", "kernel": "weight", "moving_mean": "running_mean"} | {
    "moving_variance": "running_var",
    "bias": "bias",
}


@pytest.fixture(scope="module")
def source() -> keras.Model:
    """The whole network with weights all drawn, moving statistics too."""
    keras.utils.set_random_seed(3)
    model, rng = make_mn(WIDTH), np.random.default_rng(3)
    model.set_weights([rng.uniform(0.5, 1.5, w.shape) if w.ndim == 1 else w for w in model.get_weights()])
    return model


def published(model: keras.Model) -> dict[str, np.ndarray]:
    """The weights under the names, in the order and in the axes of the published files.

    Axes: (out, in, frequency, time) of a convolution, (channels, 1, frequency, time) of a depthwise one, (out, in).
    """
    named: dict[str, np.ndarray] = {}
    for layer in (layer for layer in model.layers if layer.weights):
        block, _, part = layer.name.partition("_")
        number = block.removeprefix("block")
        present = [p for p in ("expand", "depthwise", "squeeze", "project") if has(model, f"{block}_{p}")]
        is_norm, of = part.endswith("norm"), part.split("_")[0]
        if not number.isdigit():
            prefix = {"hidden": "classifier.2", "logits": "classifier.5"}[layer.name]
        elif number in ("0", "16"):
            prefix = f"features.{number}.{is_norm:d}"
        elif of in ("squeeze", "excite"):
            fc = 1 if of == "squeeze" else 2
            prefix = f"features.{number}.block.{present.index('squeeze')}.conc_se_layers.0.fc{fc}"
        else:
            prefix = f"features.{number}.block.{present.index(of)}.{is_norm:d}"
        for weight in layer.weights:
            axes = (2, 3, 1, 0) if isinstance(layer, keras.layers.DepthwiseConv2D) else (3, 2, 1, 0)
            value = weight.numpy()
            named[f"{prefix}.{TENSORS[weight.name]}"] = value.transpose(axes) if value.ndim == 4 else value.T
        if is_norm:
            named[f"{prefix}.num_batches_tracked"] = np.array(7, "i8")
    return named


def has(model: keras.Model, prefix: str) -> bool:
    return any(layer.name.startswith(prefix) for layer in model.layers)


@pytest.fixture(scope="module")
def file(source, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("mn") / "mn01.pt"
    save(path, published(source))
    return path


@pytest.mark.parametrize(
    ("width", "parameters", "features", "hidden"),
    [(0.1, 123_783, 96, 128), (0.4, 983_599, 384, 512), (1.0, 4_876_831, 960, 1280)],
)
def test_sizes_are_those_of_the_published_networks(width, parameters, features, hidden):
    model = make_mn(width)
    assert sum(int(np.prod(w.shape)) for w in model.trainable_weights) == parameters
    assert model.get_layer("embeddings").output.shape == (None, features)
    assert model.get_layer("hidden").output.shape == (None, hidden)
    assert model.output.shape == (None, 527)
    norms = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    assert {(norm.epsilon, norm.momentum) for norm in norms} == {(1e-3, 0.99)}


def test_channels_are_those_of_the_published_mn04():
    model = make_mn(0.4)
    channels = {
        part: [
            model.get_layer(f"block{n}_{part}").output.shape[-1]
            for n in range(1, 16)
            if has(model, f"block{n}_{part}")
        ]
        for part in ("depthwise_conv", "squeeze", "project_conv")
    }
    assert channels == {
        "depthwise_conv": [8, 24, 32, 32, 48, 48, 96, 80, 72, 72, 192, 272, 272, 384, 384],
        "squeeze": [8, 16, 16, 48, 72, 72, 96, 96],
        "project_conv": [8, 16, 16, 16, 16, 16, 32, 32, 32, 32, 48, 48, 64, 64, 64],
    }
    residual = [n for n in range(1, 16) if has(model, f"block{n}_add")]
    assert residual == [1, 3, 5, 6, 8, 9, 10, 12, 14, 15]


@pytest.mark.parametrize(("frames", "steps"), [(1, 1), (100, 4), (501, 16), (1000, 32)])
def test_any_length_goes(frames, steps):
    network = build_network(SETTINGS, (frames, 128, 1), 3)
    assert network(np.zeros((2, frames, 128, 1), "f")).shape == (2, 3)
    assert network.get_layer("backbone")(np.zeros((2, frames, 128, 1), "f")).shape == (2, steps, 4, 96)


def convolved(x: np.ndarray, kernel: np.ndarray, stride: int) -> np.ndarray:
    """PyTorch's depthwise convolution of (channels, frequency, time), padded by half a kernel on each side."""
    half = kernel.shape[-1] // 2
    padded = np.pad(x, ((0, 0), (half, half), (half, half)))
    patches = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape[-2:], axis=(1, 2))
    return np.einsum("cftij,cij->cft", patches[:, ::stride, ::stride], kernel[:, 0])


def test_a_block_is_the_published_arithmetic(source):
    """Block 13 in float64, from its tensors: expansion, stride of 2, excitation, projection, hard-swish."""
    tensors = published(source)

    def of(name: str) -> np.ndarray:
        return tensors[f"features.13.block.{name}"].astype(np.float64)

    def normed(x: np.ndarray, name: str) -> np.ndarray:
        weight, bias, mean, var = (
            of(f"{name}.{part}")[:, None, None] for part in ("weight", "bias", "running_mean", "running_var")
        )
        return (x - mean) / np.sqrt(var + 1e-3) * weight + bias

    def hard_swish(x: np.ndarray) -> np.ndarray:
        return x * np.clip(x + 3, 0, 6) / 6

    rng, entry = np.random.default_rng(0), source.get_layer("block13_expand_conv")
    x = rng.normal(size=(entry.input.shape[-1], 8, 9))  # channels, frequency, time
    inside = hard_swish(normed(np.tensordot(of("0.0.weight")[:, :, 0, 0], x, 1), "0.1"))
    inside = hard_swish(normed(convolved(inside, of("1.0.weight"), 2), "1.1"))
    fc1, fc2 = "2.conc_se_layers.0.fc1", "2.conc_se_layers.0.fc2"
    squeezed = np.maximum(of(f"{fc1}.weight") @ inside.mean(axis=(1, 2)) + of(f"{fc1}.bias"), 0)
    scale = 1 / (1 + np.exp(-(of(f"{fc2}.weight") @ squeezed + of(f"{fc2}.bias"))))
    scaled = inside * scale[:, None, None]
    expected = normed(np.tensordot(of("3.0.weight")[:, :, 0, 0], scaled, 1), "3.1")
    ours = keras.Model(entry.input, source.get_layer("block13_project_norm").output)(
        x.T[np.newaxis].astype("f")
    )
    np.testing.assert_allclose(np.asarray(ours)[0].T, expected, rtol=1e-4, atol=1e-4)


def test_the_network_sees_what_the_published_front_end_gives():
    network = build_network(SETTINGS, IMAGE, 3)
    seen = keras.Model(network.input, network.get_layer("to_published_range").output)
    np.testing.assert_allclose(
        np.asarray(seen(np.zeros((1, *IMAGE), "f"))), (np.log(1e-5) + 4.5) / 5, rtol=1e-6
    )


@pytest.mark.skipif(
    not {"MN_WEIGHTS", "MN_REFERENCE"} <= set(os.environ),
    reason="needs MN_WEIGHTS=mn04_as_mAP_432.pt and MN_REFERENCE=mn04_reference.npz",
)
def test_the_published_weights_give_the_original_embeddings_and_logits():
    model = make_mn(0.4)
    load_published(model, ModelSettings("mn", weights=os.environ["MN_WEIGHTS"]), 0.4)
    both = keras.Model(model.input, [model.get_layer("embeddings").output, model.output])
    with np.load(os.environ["MN_REFERENCE"]) as reference:
        for n in range(7):
            embedding, logits = both(MnLogMel()(reference[f"{n}_waveform"][None]) + SILENCE)
            np.testing.assert_allclose(np.asarray(embedding)[0], reference[f"{n}_embedding"], atol=5e-5)
            np.testing.assert_allclose(np.asarray(logits)[0], reference[f"{n}_logits"], atol=2e-4)


def test_a_published_file_gives_every_weight(source, file):
    loaded = make_mn(WIDTH)
    load_published(loaded, ModelSettings("mn", weights=str(file)), WIDTH)
    for ours, theirs in zip(loaded.get_weights(), source.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_keras_file_fills_the_backbone_too(source, file, tmp_path):
    source.save_weights(tmp_path / "mn.weights.h5")
    for path in (file, tmp_path / "mn.weights.h5"):
        network = build_network(ModelSettings("mn", weights=str(path), width=WIDTH), IMAGE, 3)
        pairs = zip(network.get_layer("backbone").get_weights(), source.get_weights(), strict=False)
        assert all(np.array_equal(ours, theirs) for ours, theirs in pairs)


def test_published_weights_are_fetched_and_checked_by_their_hash(file, monkeypatch):
    asked = []

    def get_file(name, origin, *, file_hash, **options):
        asked.append((name, origin, file_hash))
        raise OSError("no route to host")

    monkeypatch.setattr(keras.utils, "get_file", get_file)
    for width, sha256 in ((None, None), (0.4, "ab"), (0.1, None)):
        settings = ModelSettings("mn", "audioset", sha256, width)
        with pytest.raises(ModelError, match=r"no route to host.* give its path as model\.weights=PATH"):
            build_network(settings, IMAGE, 3)
    known = "899a8c6217063f6941793102a2780b3dd788ab11fce468d9cf5f0577c453321c"
    names = ["mn04_as_mAP_432.pt", "mn04_as_mAP_432.pt", "mn01_as_mAP_298.pt"]
    assert asked == [(n, URL + n, h) for n, h in zip(names, (known, "ab", None), strict=True)]
    with pytest.raises(ModelError, match=r"mn of model\.width 0\.1, .*4, received 0\.3"):
        build_network(ModelSettings("mn", "audioset", width=0.3), IMAGE, 3)


def test_the_published_head_is_that_of_the_file_with_the_features_as_embedding(source, file):
    settings = ModelSettings("mn", str(file), width=WIDTH, head="published")
    images = np.random.default_rng(0).normal(size=(2, *IMAGE)).astype("f")
    whole = build_network(settings, IMAGE, 527)
    np.testing.assert_allclose(
        np.asarray(whole(images)), np.asarray(source(images + np.float32(SILENCE))), rtol=1e-4, atol=1e-4
    )
    assert whole.get_layer("head_embedding").output.shape == (None, 96)
    other = build_network(settings, IMAGE, 3)
    for ours, theirs in zip(
        other.get_layer("hidden").get_weights(), source.get_layer("hidden").get_weights(), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)
    set_trainable(other, ["head"], settings)
    assert sum(int(np.prod(w.shape)) for w in other.trainable_weights) == (96 + 1) * 128 + (128 + 1) * 3
    with pytest.raises(ModelError, match=r"model\.pool does nothing with model\.head=published"):
        build_network(ModelSettings("mn", head="published", pool="max"), IMAGE, 3)
    with pytest.raises(ModelError, match=r"model\.head out of dense, conv for yamnet, received published"):
        build_network(ModelSettings("yamnet", head="published"), (96, 64, 1), 3)


def test_files_that_do_not_fit_are_refused(tmp_path, source, file):
    tensors = published(source)
    items = list(tensors.items())
    norm, fifth = "features.0.1.weight", "features.5.block.0.0.weight"
    wrong = {
        "lacks one": dict(items[:-1]),
        "another shape": {**tensors, norm: tensors[norm][:4]},
        "sorted": dict(sorted(items)),
        "another block": {
            name.replace("features.5", "features.6"): t for name, t in items if "features.6" not in name
        }
        | {name: t for name, t in items if "features.5" in name},
        "renamed": {("other" if name == fifth else name): t for name, t in items},
    }
    for name, part in wrong.items():
        save(tmp_path / f"{name}.pt", part)
    (tmp_path / "text.pt").write_text("no weights")
    for path in [*tmp_path.glob("*.pt")]:
        settings = ModelSettings("mn", weights=str(path), width=WIDTH)
        with pytest.raises(
            ModelError, match=rf"{path.name} does not hold the weights of mn of width 0\.1"
        ) as error:
            build_network(settings, IMAGE, 3)
        assert "\n" not in str(error.value)
    with pytest.raises(
        ModelError, match=r"of width 0\.2 with its 527 classes \(it has 251 tensors instead of 266\)"
    ):
        build_network(ModelSettings("mn", weights=str(file), width=0.2), IMAGE, 3)
    with pytest.raises(ModelError, match="no such file"):
        build_network(ModelSettings("mn", weights=str(tmp_path / "none.pt")), IMAGE, 3)


def test_other_images_are_refused():
    with pytest.raises(ModelError, match=r"images of 128 bands .*received 80; set frontend\.name=mn_log_mel"):
        build_network(SETTINGS, (92, 80, 1), 3)


def test_width_is_of_mn_only():
    with pytest.raises(ModelError, match=r"yamnet does not use model\.width \(mn does\)"):
        build_network(ModelSettings("yamnet", width=0.4), (96, 64, 1), 3)


def test_frozen_partly_and_wholly_trainable(file):
    settings = ModelSettings("mn", weights=str(file), width=WIDTH, units=[])
    network = build_network(settings, IMAGE, 3)
    last = 16 * 96  # the last convolution, from 16 to 96 channels
    for names, expected in [(["head"], HEAD), (["block16"], last), (["block16", "head"], last + HEAD)]:
        set_trainable(network, names, settings)
        assert sum(int(np.prod(w.shape)) for w in network.trainable_weights) == expected, names
    top = (96 + 1) * 128 + (128 + 1) * 527
    norms = 2 * (126_359 - 123_783) // 2  # as many scales and offsets as moving statistics
    set_trainable(network, ["all"], settings)
    assert sum(int(np.prod(w.shape)) for w in network.trainable_weights) == 123_783 - top - norms + HEAD


@pytest.mark.parametrize("freeze", [True, False])
def test_batch_norm_stays_as_it_was_in_a_training_step_unless_told(file, source, freeze):
    settings = ModelSettings("mn", str(file), width=WIDTH, units=[], freeze_batch_norm=freeze)
    network = build_network(settings, IMAGE, 3)
    set_trainable(network, ["block16", "head"], settings)
    network.compile(optimizer="sgd", loss="mse", run_eagerly=True)
    rng = np.random.default_rng(0)
    network.train_on_batch(rng.normal(1, 1, (2, *IMAGE)).astype("f"), np.ones((2, 3), "f"))
    changed = {
        weight.path.split("/")[-2]
        for weight, old in zip(network.get_layer("backbone").weights, source.get_weights(), strict=False)
        if not np.array_equal(weight.numpy(), old)
    }
    assert changed == ({"block16_conv"} if freeze else {"block16_conv", "block16_norm"})


def test_survives_saving_in_safe_mode(tmp_path):
    network = build_network(SETTINGS, IMAGE, 3)
    network.save(tmp_path / "m.keras")
    images = np.random.default_rng(0).uniform(0, 3, (2, *IMAGE)).astype("f")
    loaded = keras.models.load_model(tmp_path / "m.keras", safe_mode=True)
    np.testing.assert_allclose(np.asarray(loaded(images)), np.asarray(network(images)), atol=1e-5)
