"""Options of the networks of studies B to E: what each does, its default, and what is refused."""

import keras
import numpy as np
import pytest

from models.registry import NETWORKS
from models.settings import ModelError, ModelSettings
from tests.network_helpers import BASE, OURS, SHAPE, build, images

OTHER = {
    "units": [5],
    "filters": [3],
    "activation": "tanh",
    "input_norm": False,
    "kernel_size": 3,
    "padding": "valid",
    "pool_size": 3,
    "stride": 2,
    "rnn_units": 3,
    "rnn_layers": 2,
    "bidirectional": False,
    "pool": "mean_max",
    "output_units": [4],
}


@pytest.mark.parametrize("name", OURS)
def test_every_option_of_a_network_changes_its_result(name):
    shape = (6, 16, 1) if "rnn" in name else SHAPE

    def logits(**options) -> np.ndarray:
        keras.utils.set_random_seed(1)
        return np.asarray(build(name, shape, **{**BASE[name], **options})(images(*shape), training=True))

    other = {**OTHER, "batch_norm": name == "mlp", "cell": "gru" if name == "rnn" else "lstm", "dropout": 0.9}
    plain = logits()
    np.testing.assert_array_equal(logits(), plain)
    for key in (*NETWORKS[name].OPTIONS, "dropout"):
        assert np.abs(logits(**{key: other[key]}) - plain).max() > 1e-4, key


@pytest.mark.parametrize("name", OURS)
def test_defaults_are_the_documented_ones(name):
    documented = {
        "units": {"mlp": [512, 512], "cnn2d": [1024, 256, 32], "cnn1d": [128]}.get(name, []),
        "output_units": [],
        "filters": [64, 128, 128] if name == "cnn_rnn" else [16, 32, 64, 128],
        "activation": "relu",
        "input_norm": True,
        "batch_norm": name != "mlp",
        "kernel_size": 5,
        "padding": "same",
        "pool_size": 2,
        "stride": 1,
        "cell": "lstm" if name == "rnn" else "gru",
        "rnn_units": 64 if name == "rnn" else 128,
        "rnn_layers": 2,
        "bidirectional": True,
        "pool": "mean" if name == "cnn1d" else "last",
    }
    options = {key: documented[key] for key in NETWORKS[name].OPTIONS if (name, key) != ("rnn", "activation")}

    def configs(**given) -> list[dict]:
        keras.backend.clear_session()  # unnamed operations are counted
        return [layer.get_config() for layer in build(name, (64, 64, 1), **given).layers]

    assert configs() == configs(**options)


def test_dropout_stands_on_dense_layers_and_between_recurrent_ones():
    def dropouts(name: str, **options) -> list[str]:
        layers = build(name, dropout=0.4, **options).layers
        return [
            layer.name for layer in layers if isinstance(layer, keras.layers.Dropout) and layer.rate == 0.4
        ]

    assert dropouts("cnn2d", units=[8, 4]) == ["head_dropout_1", "head_dropout_2"]
    assert dropouts("rnn", rnn_layers=3) == ["rnn_dropout_1", "rnn_dropout_2", "head_dropout"]
    assert dropouts("cnn_rnn", units=[4]) == ["rnn_dropout_1", "head_dropout_1"]


@pytest.mark.parametrize("name", sorted(set(NETWORKS) - {"rnn", "cnn1d", "cnn_rnn"}))
def test_networks_of_fixed_length_refuse_sequences_of_variable_length(name):
    assert not NETWORKS[name].VARIABLE_LENGTH
    with pytest.raises(
        ModelError, match=rf"model\.name={name}, .*sequence\.fixed=true .*cnn1d, cnn_rnn, rnn"
    ):
        build(name, (None, 64, NETWORKS[name].CHANNELS))


@pytest.mark.parametrize(
    ("name", "shape", "options", "words"),
    [
        ("mlp", (480_000, 1, 1), {"units": [256]}, r"480,000 x 256 = 122,880,000; shorten window\.window_s"),
        (
            "mlp",
            SHAPE,
            {"units": [], "activation": "elu"},
            r"model\.activation does nothing in mlp without hidden",
        ),
        (
            "mlp",
            SHAPE,
            {"units": [], "batch_norm": True},
            r"model\.batch_norm does nothing in mlp without hidden",
        ),
        ("rnn", SHAPE, {"activation": "elu"}, r"model\.activation does nothing in rnn without hidden"),
        (
            "rnn",
            SHAPE,
            {"filters": [8]},
            r"does not use model\.filters \(cnn1d, cnn2d, cnn_rnn, vgg_cnn do",
        ),
        (
            "rnn",
            SHAPE,
            {"pool": "attention"},
            r"model\.pool out of last, mean, .* for rnn, received attention",
        ),
        ("cnn1d", SHAPE, {"pool": "last"}, r"model\.pool out of mean, .* for cnn1d, received last"),
        (
            "vgg_cnn",
            SHAPE,
            {"pool": "last"},
            r"model\.pool out of mean, .*attention for vgg_cnn, received last",
        ),
        ("mlp", SHAPE, {"pool": "max"}, r"mlp does not use model\.pool \(.* do\); leave it out"),
        (
            "simple_cnn",
            SHAPE,
            {"cell": "gru"},
            r"simple_cnn does not use model\.cell \(cnn_rnn, rnn do\)",
        ),
        (
            "simple_cnn",
            SHAPE,
            {"activation": "elu"},
            r"simple_cnn does not use model\.activation \(cnn1d, ",
        ),
        ("cnn2d", SHAPE, {"stride": 2}, r"cnn2d does not use model\.stride \(cnn1d, cnn_rnn do\)"),
        (
            "cnn2d",
            SHAPE,
            {"padding": "valid"},
            r"at least 6 frames and bands before block 3 .*received 1 and 1",
        ),
        ("cnn1d", SHAPE, {"stride": 6}, r"model\.stride of at most model\.kernel_size, 5, .*received 6"),
        ("mlp", SHAPE, {"activation": "rellu"}, r"model\.activation .*leaky_relu.*received 'rellu'"),
        ("cnn2d", SHAPE, {"activation": "glu"}, r"model\.activation .*received 'glu'"),
        ("cnn_rnn", SHAPE, {"weights": "imagenet"}, r"cnn_rnn has no pretrained weights"),
    ],
)
def test_what_cannot_be_built_is_refused_in_one_line(name, shape, options, words):
    with pytest.raises(ModelError, match=words) as error:
        build(name, shape, **options)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("key", ["kernel_size", "pool_size", "stride", "rnn_units", "rnn_layers"])
def test_counts_are_at_least_one(key):
    with pytest.raises(ValueError, match=rf"{key}: expected at least 1 or null, received 0"):
        ModelSettings("cnn_rnn", **{key: 0})
