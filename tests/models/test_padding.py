"""Padding: its layers against NumPy, and a clip's logits alone against those in a longer batch."""

import keras
import numpy as np
import pytest

from models.parts.padding import POOLS, EveryNth, MaxPoolTime, PoolOverTime, SplitPadding
from models.registry import build_network
from models.settings import ModelSettings

LENGTHS = (9, 3, 6, 1)
BANDS = 5
NORMED = {"filters": [4, 6], "kernel_size": 4, "activation": "leaky_relu"}
SMALL_RNN = {"rnn_units": 3, "rnn_layers": 2}


def clips(bands: int = BANDS) -> list[np.ndarray]:
    """Sequences (steps, bands), mostly negative, so that a zero of the padding would win a maximum."""
    rng = np.random.default_rng(0)
    return [rng.normal(-3.0, 1.0, (length, bands)).astype("f") for length in LENGTHS]


def padded(sequences: list[np.ndarray], extra: int = 0) -> np.ndarray:
    """(clips, frames, bands) with NaN behind each clip."""
    batch = np.full((len(sequences), max(map(len, sequences)) + extra, sequences[0].shape[1]), np.nan, "f")
    for row, sequence in zip(batch, sequences, strict=True):
        row[: len(sequence)] = sequence
    return batch


def valid_of(sequences: list[np.ndarray]) -> np.ndarray:
    return ~np.isnan(padded(sequences)[..., 0])


def drawn(network: keras.Model) -> keras.Model:
    """The network with all weights drawn, also those of normalisation, so that nothing is 0 by chance."""
    rng = np.random.default_rng(3)
    network.set_weights(
        [
            rng.uniform(0.2, 0.8, w.shape) * rng.choice([-1, 1], w.shape) ** w.ndim
            for w in network.get_weights()
        ]
    )
    for weight in network.weights:
        if weight.path.endswith("moving_variance"):
            weight.assign(np.abs(weight.numpy()))
    return network


def test_padding_becomes_zeros_and_a_mask():
    sequence, valid = SplitPadding()(padded(clips(), extra=2))
    np.testing.assert_array_equal(np.asarray(valid).sum(axis=1), LENGTHS)
    for row, mask, clip in zip(np.asarray(sequence), np.asarray(valid), clips(), strict=True):
        np.testing.assert_array_equal(row[mask], clip)
        assert not row[~mask].any()


def test_a_frame_with_some_nan_is_an_error_of_the_data_that_stays_visible():
    batch = padded(clips())
    batch[0, 4, 2] = np.nan
    sequence, valid = SplitPadding()(batch)
    assert np.asarray(valid)[0, 4]
    assert np.isnan(np.asarray(sequence)[0, 4, 2])


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_maxima_of_windows_are_those_of_each_clip(size):
    layer = MaxPoolTime(size)
    batch = np.nan_to_num(padded(clips()))
    pooled = np.asarray(layer(batch, valid_of(clips())))
    mask = np.asarray(EveryNth(size)(valid_of(clips())))
    assert pooled.shape == layer.compute_output_shape(batch.shape)
    for row, row_mask, clip in zip(pooled, mask, clips(), strict=True):
        expected = [clip[start : start + size].max(axis=0) for start in range(0, len(clip), size)]
        np.testing.assert_array_equal(row[row_mask], expected)
        assert not row[~row_mask].any()
        np.testing.assert_array_equal(np.asarray(layer(clip[None]))[0], expected)


@pytest.mark.parametrize("pool", POOLS)
def test_pools_over_time_are_those_of_each_clip(pool):
    oracle = {
        "mean": lambda x: x.mean(axis=0),
        "max": lambda x: x.max(axis=0),
        "mean_max": lambda x: x.mean(axis=0) + x.max(axis=0),
        "mean_max_joined": lambda x: np.concatenate([x.mean(axis=0), x.max(axis=0)]),
    }[pool]
    layer = PoolOverTime(pool)
    pooled = np.asarray(layer(np.nan_to_num(padded(clips())), valid_of(clips())))
    np.testing.assert_allclose(pooled, [oracle(clip) for clip in clips()], rtol=1e-5)
    np.testing.assert_allclose(np.asarray(layer(clips()[0][None]))[0], oracle(clips()[0]), rtol=1e-5)
    assert layer.compute_output_shape((4, 9, BANDS)) == pooled.shape


VARIABLE = [
    {"name": name, **SMALL_RNN, **blocks, "cell": cell, "bidirectional": both, "pool": pool}
    for name, blocks in (("rnn", {}), ("cnn_rnn", {**NORMED, "stride": 2, "pool_size": 2}))
    for cell in ("lstm", "gru")
    for both, pool in (
        (True, "last"),
        (False, "last"),
        (True, "mean_max_joined"),
        (False, "max"),
        (True, "mean"),
    )
] + [
    {"name": "cnn1d", **NORMED, "stride": stride, "pool_size": size, "pool": pool, "units": [4]}
    for stride, size, pool in ((1, 1, "mean"), (3, 2, "max"), (2, 3, "mean_max"), (1, 2, "mean_max_joined"))
]


@pytest.mark.parametrize("options", VARIABLE, ids=lambda o: "-".join(str(v) for v in o.values()))
def test_logits_of_a_clip_do_not_hang_on_its_batch(options):
    network = drawn(build_network(ModelSettings(**options), (None, BANDS, 1), 3))
    together = np.asarray(network(padded(clips(), extra=4)[..., None]))
    alone = [np.asarray(network(clip[None, ..., None]))[0] for clip in clips()]
    assert np.isfinite(together).all()
    np.testing.assert_allclose(together, alone, atol=1e-5)
    assert np.abs(together[0] - together[1]).max() > 1e-3


@pytest.mark.parametrize("name", ["rnn", "cnn1d", "cnn_rnn"])
def test_variable_length_is_fixed_length_where_nothing_is_padded(name):
    settings = ModelSettings(name)
    variable = drawn(build_network(settings, (None, BANDS, 1), 3))
    fixed = build_network(settings, (9, BANDS, 1), 3)
    fixed.set_weights(variable.get_weights())
    image = clips()[0][None, ..., None]
    np.testing.assert_allclose(np.asarray(variable(image)), np.asarray(fixed(image)), atol=1e-5)


@pytest.mark.parametrize("bands", [1, BANDS])
def test_batch_normalisation_learns_from_valid_frames_only(bands):
    def moving(layer: str, extra: int) -> list[np.ndarray]:
        keras.utils.set_random_seed(1)
        network = build_network(ModelSettings("cnn1d", filters=[4], stride=2), (None, bands, 1), 3)
        network(padded(clips(bands), extra)[..., None], training=True)
        return [
            network.get_layer(layer).moving_mean.numpy(),
            network.get_layer(layer).moving_variance.numpy(),
        ]

    frames = np.concatenate(clips(bands)).astype(np.float64)
    expected = [0.1 * frames.mean(axis=0), 0.9 + 0.1 * frames.var(axis=0)]
    np.testing.assert_allclose(moving("norm_input", extra=9), expected, rtol=1e-4)
    np.testing.assert_allclose(moving("block1_norm", extra=9), moving("block1_norm", extra=0), atol=1e-6)


@pytest.mark.parametrize("name", ["rnn", "cnn_rnn"])
def test_training_on_padded_clips_is_finite_and_lowers_the_loss(name):
    keras.utils.set_random_seed(1)
    settings = ModelSettings(name, pool="mean_max_joined", dropout=0.0, rnn_units=8)
    network = build_network(settings, (None, BANDS, 1), 4)
    network.compile("sgd", keras.losses.CategoricalCrossentropy(from_logits=True), jit_compile=False)
    images, targets = padded(clips(), extra=3)[..., None], np.eye(4, dtype="f")
    losses = [network.train_on_batch(images, targets) for _ in range(4)]
    assert np.isfinite(losses).all()
    assert losses[-1] < losses[0]
    assert all(np.isfinite(w).all() for w in network.get_weights())


@pytest.mark.parametrize(
    "options",
    [
        {"name": "rnn"},
        {"name": "cnn1d", **NORMED, "stride": 2},
        {"name": "cnn_rnn", "cell": "lstm", "pool": "mean_max_joined"},
    ],
)
def test_networks_of_variable_length_survive_saving_in_safe_mode(tmp_path, options):
    network = drawn(build_network(ModelSettings(**options), (None, BANDS, 1), 3))
    network.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras", safe_mode=True)
    images = padded(clips())[..., None]
    np.testing.assert_array_equal(np.asarray(loaded(images)), np.asarray(network(images)))


@pytest.mark.parametrize("name", ["rnn", "cnn1d", "cnn_rnn"])
def test_padded_logits_are_float32_under_mixed_precision(name):
    keras.config.set_dtype_policy("mixed_float16")
    try:
        network = build_network(ModelSettings(name), (None, BANDS, 1), 3)
        # 1e5 is more than float16 holds; normalisation of the input brings it down.
        network.get_layer("norm_input").moving_variance.assign(np.full(BANDS, 1e10))
        logits = network(padded([1e5 * clip for clip in clips()])[..., None])
    finally:
        keras.config.set_dtype_policy("float32")
    assert logits.dtype == "float32"
    assert np.isfinite(logits).all()
