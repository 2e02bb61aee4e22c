"""The networks of studies B to E: sizes in closed form, results against NumPy, that they train and are saved."""

from itertools import pairwise

import keras
import numpy as np
import pytest

from tests.network_helpers import BASE, OURS, SHAPE, build, images


def dense(sizes: list[int]) -> int:
    return sum((a + 1) * b for a, b in pairwise(sizes))


def test_the_feed_forward_network_of_study_c():
    options = {"units": [128, 32], "activation": "linear", "input_norm": False, "dropout": 0.0}
    network = build("mlp", (1, 26, 1), 4, **options)
    assert network.count_params() == 26 * 128 + 128 + 128 * 32 + 32 + 32 * 4 + 4
    x = images(1, 26, 1)
    expected = x.reshape(4, 26).astype(np.float64)
    for name in ("head_dense_1", "head_dense_2", "head_logits"):
        kernel, bias = network.get_layer(name).get_weights()
        expected = expected @ kernel + bias
    np.testing.assert_allclose(np.asarray(network(x)), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("options", "features"),
    [
        ({"padding": "valid", "pool_size": 1, "filters": [4, 6]}, (21 - 8) * (128 - 8) * 6),
        ({"padding": "same", "pool_size": 2, "filters": [16, 32, 64, 128]}, 1 * 8 * 128),
    ],
)
def test_the_cnn_of_study_c(options, features):
    network = build(
        "cnn2d", (21, 128, 1), 4, batch_norm=False, input_norm=False, units=[1024, 256, 32], **options
    )
    widths = [1, *options["filters"]]
    convolutions = sum((25 * a + 1) * b for a, b in pairwise(widths))
    assert network.count_params() == convolutions + dense([features, 1024, 256, 32, 4])


def test_normalisation_stands_before_the_activation_and_pooling_behind():
    kinds = [layer.name.partition("_")[2] for layer in build("cnn2d", filters=[4], units=[]).layers]
    start = kinds.index("conv")
    assert kinds[start : start + 4] == ["conv", "norm", "activation", "pool"]
    names = [layer.name for layer in build("mlp", batch_norm=True, units=[4]).layers]
    start = names.index("head_dense_1")
    assert names[start + 1 : start + 4] == ["head_norm_1", "head_activation_1", "head_dropout_1"]


def n_recurrent(cell: str, inputs: int, units: int, n_layers: int, directions: int) -> int:
    """Keras's LSTM has four gates with one bias, its GRU three with two."""
    count = 0
    for _ in range(n_layers):
        gate = (inputs + units) * units
        count += directions * (4 * (gate + units) if cell == "lstm" else 3 * (gate + 2 * units))
        inputs = directions * units
    return count


@pytest.mark.parametrize("cell", ["lstm", "gru"])
@pytest.mark.parametrize("bidirectional", [True, False])
def test_sizes_of_recurrent_networks(cell, bidirectional):
    directions = 2 if bidirectional else 1
    options = {"cell": cell, "bidirectional": bidirectional}
    network = build("rnn", (None, 140, 1), 10, **options)
    assert network.count_params() == 4 * 140 + n_recurrent(cell, 140, 64, 2, directions) + dense(
        [directions * 64, 10]
    )
    network = build(
        "cnn_rnn", (None, 20, 1), 10, rnn_units=16, rnn_layers=1, pool="mean_max_joined", **options
    )
    blocks = 5 * (20 * 64 + 64 * 128 + 128 * 128) + 4 * (64 + 128 + 128)
    recurrent = n_recurrent(cell, 128, 16, 1, directions)
    assert network.count_params() == 4 * 20 + blocks + recurrent + dense([2 * directions * 16, 10])


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_last_is_the_forward_end_joined_with_the_backward_start(cell):
    network = build("rnn", (None, 8, 1), cell=cell, rnn_units=5, rnn_layers=1, input_norm=False)
    clip = images(9, 8)[:1]
    batch = np.concatenate([clip, np.full((1, 4, 8), np.nan, "f")], axis=1)[..., None]
    layer = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU}[cell]
    forward, backward = layer(5), layer(5)
    for each in (forward, backward):
        each.build((None, None, 8))
    weights = network.get_layer("rnn_1").get_weights()
    forward.set_weights(weights[:3])
    backward.set_weights(weights[3:])
    features = np.concatenate([np.asarray(forward(clip)), np.asarray(backward(clip[:, ::-1]))], axis=-1)
    kernel, bias = network.get_layer("head_logits").get_weights()
    np.testing.assert_allclose(np.asarray(network(batch)), features @ kernel + bias, atol=1e-5)


@pytest.mark.parametrize(("kernel_size", "stride"), [(3, 1), (4, 1), (5, 2), (4, 3)])
def test_a_block_over_time_against_a_loop(kernel_size, stride):
    options = {"kernel_size": kernel_size, "stride": stride, "filters": [6], "pool_size": 1, "units": []}
    network = build("cnn1d", batch_norm=False, input_norm=False, activation="elu", **options)
    x = images(*SHAPE)
    kernel, bias = network.get_layer("block1_conv").get_weights()
    left = (kernel_size - 1) // 2
    wide = np.pad(x[..., 0], ((0, 0), (left, kernel_size - 1 - left), (0, 0)))
    starts = range(0, SHAPE[0], stride)
    z = np.stack([np.einsum("bkc,kcf->bf", wide[:, s : s + kernel_size], kernel) + bias for s in starts], 1)
    features = np.where(z > 0, z, np.expm1(z)).mean(axis=1)
    kernel, bias = network.get_layer("head_logits").get_weights()
    np.testing.assert_allclose(np.asarray(network(x)), features @ kernel + bias, atol=1e-4)


def test_three_seconds_of_waveform_shrink_to_few_steps():
    network = build("cnn1d", (48_000, 1, 1), 10, stride=4, pool_size=4)
    assert network.get_layer("block4_pool").output.shape == (None, 47, 128)
    assert network.count_params() < 100_000


@pytest.mark.parametrize("name", ["cnn1d", "cnn2d"])
def test_features_of_any_scale_come_out_the_same(name):
    """After some steps of training the input's normalisation has learnt the scale; log-mel images are 0..255."""
    network = build(name, **BASE[name])
    x = images(*SHAPE)

    def at_input(scale: float) -> np.ndarray:
        for _ in range(150):
            network.get_layer("norm_input")(scale * x[..., 0] + scale, training=True)
        return np.asarray(network.get_layer("norm_input")(scale * x[..., 0] + scale))

    np.testing.assert_allclose(at_input(255.0), at_input(2.0), atol=1e-2)
    assert abs(at_input(255.0).std() - 1) < 0.01


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize(
    ("name", "activation"),
    [
        *((name, activation) for name in ("mlp", "cnn2d") for activation in ("relu", "elu", "linear")),
        *((name, "leaky_relu") for name in OURS),
    ],
)
def test_one_step_down_the_gradient_lowers_the_loss(name, activation):
    keras.utils.set_random_seed(1)
    network = build(name, **BASE[name], activation=activation, dropout=0.0)
    network.compile(
        keras.optimizers.SGD(0.02), keras.losses.CategoricalCrossentropy(from_logits=True), jit_compile=False
    )
    before = [w.numpy() for w in network.trainable_weights]
    losses = [network.train_on_batch(images(*SHAPE), np.eye(3, dtype="f")[[0, 1, 2, 0]]) for _ in range(3)]
    assert losses[2] < losses[0]
    moved = [
        not np.array_equal(old, w.numpy()) for old, w in zip(before, network.trainable_weights, strict=True)
    ]
    assert all(moved)


@pytest.mark.parametrize("name", OURS)
def test_they_survive_saving_in_safe_mode(tmp_path, name):
    network = build(name, **BASE[name], activation="leaky_relu")
    network.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras", safe_mode=True)
    np.testing.assert_array_equal(np.asarray(loaded(images(*SHAPE))), np.asarray(network(images(*SHAPE))))


@pytest.mark.parametrize("name", ["mlp", "cnn2d"])
def test_logits_are_float32_under_mixed_precision(name):
    keras.config.set_dtype_policy("mixed_float16")
    try:
        logits = build(name, **BASE[name])(images(*SHAPE))
    finally:
        keras.config.set_dtype_policy("float32")
    assert logits.dtype == "float32"


def test_a_window_of_three_seconds_by_512_units_is_allowed():
    assert build("mlp", (48_000, 1, 1), units=[512], input_norm=False).count_params() == dense(
        [48_000, 512, 3]
    )
