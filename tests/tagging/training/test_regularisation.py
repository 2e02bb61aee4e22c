"""Penalties on weights against Keras's regularizers, and optimisers against their formulas in NumPy."""

from typing import get_args, get_type_hints

import keras
import numpy as np
import pytest

from models.registry import build_network
from models.settings import ModelSettings
from tagging.config.load import ConfigError
from tagging.config.stage import StageSettings
from tagging.losses.registry import build_loss
from tagging.training.optimizers import build_optimizer
from tagging.training.regularisation import PenalisedModel, Penalty, is_kernel, penalty_of
from tagging.training.train import train_stage
from tests.training_helpers import history, weights

pytestmark = pytest.mark.usefixtures("eagerly")

RNG = np.random.default_rng(0)
IMAGES = RNG.normal(size=(8, 6, 5)).astype("f")
LABELS = (RNG.random((8, 3)) < 0.4).astype("f")


def small(kernel=None, name: str | None = None) -> tuple:
    """Inputs and outputs of a network with a kernel of each sort, whose kernels Keras penalises by itself."""
    keras.utils.set_random_seed(1)
    inputs = keras.Input((6, 5))
    x = keras.layers.Conv1D(4, 3, use_bias=False, kernel_regularizer=kernel)(inputs)
    x = keras.layers.BatchNormalization()(x)
    x = keras.layers.GRU(4, kernel_regularizer=kernel, recurrent_regularizer=kernel)(x)
    return inputs, keras.layers.Dense(3, kernel_regularizer=kernel)(x)


def train(model: keras.Model, settings: StageSettings, steps: int = 3, jit_compile: bool = False) -> list:
    model.compile(build_optimizer(settings), loss=build_loss(settings.loss), jit_compile=jit_compile)
    for _ in range(steps):
        logs = model.train_on_batch(IMAGES, LABELS, return_dict=True)
    return [w.numpy() for w in model.trainable_variables], logs


@pytest.mark.parametrize(
    ("l1", "l2", "jit_compile"), [(0.01, 0.0, False), (0.0, 0.02, False), (0.01, 0.02, True)]
)
def test_l1_and_l2_are_keras_regularizers_of_the_kernels(l1, l2, jit_compile):
    settings = StageSettings(l1=l1, l2=l2, optimizer="sgd", learning_rate=0.05)
    ours = PenalisedModel(*small(), penalty_of(settings))
    theirs = keras.Model(*small(keras.regularizers.L1L2(l1, l2)))
    (a, logs), (b, keras_logs) = (train(model, settings, 3, jit_compile) for model in (ours, theirs))
    for x, y in zip(a, b, strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-4, atol=1e-6)
    total = logs["loss"] + logs["penalty"]
    assert logs["penalty"] > 0.1 * total
    assert total == pytest.approx(keras_logs["loss"], rel=1e-4)


def test_the_loss_in_the_logs_is_without_the_penalty():
    settings = StageSettings(l2=0.5)
    model = PenalisedModel(*small(), penalty_of(settings))
    expected = float(keras.ops.mean(build_loss(settings.loss)(LABELS, model(IMAGES, training=True))))
    penalty = 0.5 * sum((w.numpy() ** 2).sum() for w in model.trainable_variables if is_kernel(w))
    _, logs = train(model, settings, 1)
    assert logs == pytest.approx({"loss": expected, "penalty": penalty}, rel=1e-4)


@pytest.mark.parametrize("network", ["simple_cnn", "vgg_cnn", "mlp", "cnn2d", "cnn1d", "rnn", "cnn_rnn"])
def test_kernels_are_known_by_name_in_every_network(network):
    options = {"filters": [4, 4]} if "filters" in network else {}
    model = build_network(ModelSettings(network, units=[8], **options), (32, 16, 1), 3)
    kinds = {w.path.rsplit("/", 1)[-1]: (is_kernel(w), len(w.shape)) for w in model.trainable_variables}
    assert {"kernel", "bias"} <= set(kinds) <= {"kernel", "bias", "recurrent_kernel", "gamma", "beta"}
    assert {name for name, (is_one, _) in kinds.items() if is_one} == set(kinds) & {
        "kernel",
        "recurrent_kernel",
    }


def gradients_of(model: keras.Model, settings: StageSettings) -> list[np.ndarray]:
    """Of the loss without any penalty."""
    import tensorflow as tf

    with tf.GradientTape() as tape:
        loss = keras.ops.mean(build_loss(settings.loss)(LABELS, model(IMAGES, training=True)))
    return [g.numpy() for g in tape.gradient(loss, [w.value for w in model.trainable_variables])]


def test_coupled_decay_adds_its_share_of_every_weight_to_the_gradient():
    """As PyTorch's SGD: g <- g + wd w; v <- m v + g; w <- w - lr v, of biases and scales, too."""
    settings = StageSettings(optimizer="sgd", learning_rate=0.1, momentum=0.0, weight_decay=0.3)
    model = PenalisedModel(*small(), penalty_of(settings))
    before, gradients = [w.numpy() for w in model.trainable_variables], gradients_of(model, settings)
    after, _ = train(model, settings, 1)
    for old, gradient, new in zip(before, gradients, after, strict=True):
        np.testing.assert_allclose(new, old - 0.1 * (gradient + 0.3 * old), rtol=1e-4, atol=1e-6)


def test_coupled_decay_goes_through_adam_and_decoupled_decay_past_it():
    """The first step of Adam is lr x g / (|g| + eps), its eps being Keras's; AdamW also takes lr x wd x w off."""
    steps, eps = {}, 1e-7 / np.sqrt(1 - 0.999)
    for optimizer in ("adam", "adamw"):
        settings = StageSettings(optimizer=optimizer, learning_rate=0.01, weight_decay=0.5)
        penalty = penalty_of(settings)
        assert bool(penalty) == (optimizer == "adam"), "decoupled decay is the optimiser's own"
        model = PenalisedModel(*small(), penalty) if penalty else keras.Model(*small())
        before, gradients = [w.numpy() for w in model.trainable_variables], gradients_of(model, settings)
        steps[optimizer] = before, gradients, train(model, settings, 1)[0]
    for old, gradient, new in zip(*steps["adam"], strict=True):
        coupled = gradient + 0.5 * old
        np.testing.assert_allclose(new, old - 0.01 * coupled / (abs(coupled) + eps), rtol=1e-3, atol=1e-5)
    for old, gradient, new in zip(*steps["adamw"], strict=True):
        decoupled = gradient / (abs(gradient) + eps) + 0.5 * old
        np.testing.assert_allclose(new, old - 0.01 * decoupled, rtol=1e-3, atol=1e-5)


def test_adamw_without_a_decay_of_its_own_has_that_of_keras():
    assert build_optimizer(StageSettings(optimizer="adamw")).weight_decay == 0.004
    assert build_optimizer(StageSettings(optimizer="adamw", weight_decay=0.0)).weight_decay == 0


@pytest.mark.parametrize("optimizer", get_args(get_type_hints(StageSettings)["optimizer"]))
def test_every_optimizer_is_that_of_keras_and_resumes_from_its_saved_state(optimizer, tmp_path):
    settings = StageSettings(optimizer=optimizer, learning_rate=0.01, momentum=0.0)
    theirs = {name.lower(): kind for name, kind in vars(keras.optimizers).items()}[optimizer]
    (ours, _), oracle = train(keras.Model(*small()), settings), keras.Model(*small())
    before = [w.numpy() for w in oracle.trainable_variables]
    oracle.compile(theirs(learning_rate=0.01), loss=build_loss(settings.loss), jit_compile=False)
    for _ in range(3):
        oracle.train_on_batch(IMAGES, LABELS)
    for old, a, b in zip(before, ours, oracle.trainable_variables, strict=True):
        np.testing.assert_array_equal(a, b.numpy())
        assert (a != old).any()

    interrupted, resumed = keras.Model(*small()), keras.Model(*small())
    train(interrupted, settings, 1)
    interrupted.save_weights(tmp_path / "state.weights.h5")
    resumed.compile(build_optimizer(settings), loss=build_loss(settings.loss), jit_compile=False)
    resumed.optimizer.build(resumed.trainable_variables)
    resumed.load_weights(tmp_path / "state.weights.h5")
    for _ in range(2):
        resumed.train_on_batch(IMAGES, LABELS)
    for a, b in zip(ours, resumed.trainable_variables, strict=True):
        np.testing.assert_array_equal(a, b.numpy())


@pytest.mark.parametrize("optimizer", ["adamw", "lamb", "lion", "muon"])
def test_decoupled_decay_is_given_to_the_optimizer(optimizer):
    settings = StageSettings(optimizer=optimizer, learning_rate=0.01, weight_decay=0.5)
    assert not penalty_of(settings)
    plain = StageSettings(optimizer=optimizer, learning_rate=0.01, weight_decay=0.0)
    before = [w.numpy() for w in keras.Model(*small()).trainable_variables]
    without, decayed = (train(keras.Model(*small()), each, 1)[0] for each in (plain, settings))
    for old, a, b in zip(before, without, decayed, strict=True):
        if optimizer == "lamb":  # scales its step to the size of the weights
            assert (a != b).any() == old.any()
        else:
            np.testing.assert_allclose(b, a - 0.01 * 0.5 * old, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_momentum_is_that_of_sgd(momentum):
    settings = StageSettings(optimizer="sgd", learning_rate=0.1, momentum=momentum)
    model = keras.Model(*small())
    expected = [w.numpy() for w in model.trainable_variables]
    velocity = [np.zeros_like(w) for w in expected]
    for _ in range(3):
        gradients = gradients_of(model, settings)
        train(model, settings, 1) if not model.compiled else model.train_on_batch(IMAGES, LABELS)
        velocity = [momentum * v - 0.1 * g for v, g in zip(velocity, gradients, strict=True)]
        expected = [w + v for w, v in zip(expected, velocity, strict=True)]
    for weight, value in zip(model.trainable_variables, expected, strict=True):
        np.testing.assert_allclose(weight.numpy(), value, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("longest", [0.05, 1e3])
def test_gradients_are_clipped_by_their_length_all_together(longest):
    settings = StageSettings(optimizer="sgd", learning_rate=1.0, momentum=0.0, clip_norm=longest)
    model = keras.Model(*small())
    before, gradients = [w.numpy() for w in model.trainable_variables], gradients_of(model, settings)
    after, _ = train(model, settings, 1)
    length = np.sqrt(sum((g.astype(float) ** 2).sum() for g in gradients))
    for old, gradient, new in zip(before, gradients, after, strict=True):
        np.testing.assert_allclose(new, old - gradient * min(1, longest / length), rtol=1e-3, atol=1e-5)


def test_loss_scaling_does_not_scale_the_penalty():
    settings = StageSettings(optimizer="sgd", learning_rate=0.05, l1=0.01, l2=0.02, weight_decay=0.1)
    plain, _ = train(PenalisedModel(*small(), penalty_of(settings)), settings)
    try:
        keras.config.set_dtype_policy("mixed_float16")
        model = PenalisedModel(*small(), penalty_of(settings))
        mixed, logs = train(model, settings)
    finally:
        keras.config.set_dtype_policy("float32")
    assert isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)
    assert np.isfinite([logs["loss"], logs["penalty"]]).all()
    for a, b in zip(plain, mixed, strict=True):
        np.testing.assert_allclose(a, b, rtol=0.02, atol=5e-3)


def test_frozen_weights_are_not_penalised():
    model = PenalisedModel(*small(), Penalty(l2=1.0, decay=1.0))
    model.layers[1].trainable = False
    frozen = model.layers[1].kernel.numpy()
    train(model, StageSettings(optimizer="sgd", learning_rate=0.1))
    np.testing.assert_array_equal(model.layers[1].kernel.numpy(), frozen)
    assert float(Penalty(l2=1.0).of(model.trainable_variables)) == pytest.approx(
        sum((w.numpy() ** 2).sum() for layer in model.layers[2:] for w in layer.weights if is_kernel(w)),
        rel=1e-5,
    )


def test_a_stage_takes_them_and_its_history_has_the_penalty(tiny, tmp_path):
    options = (
        "stages.curated.init=none",
        "train.epochs=1",
        "split.validation_share=0",
        "train.learning_rate=1e-6",
        "train.optimizer=sgd",
    )
    plain = train_stage(tiny.config(tmp_path, *options, f"run_dir={tmp_path / 'a'}"), "curated", jobs=2)
    penalised = "train.l1=1e-3", "train.l2=1e-2", "train.weight_decay=1e-2", "train.clip_norm=1"
    run = train_stage(
        tiny.config(tmp_path, *options, *penalised, f"run_dir={tmp_path / 'b'}"), "curated", jobs=2
    )
    row = history(run).iloc[-1]
    kernels = [w for w in weights(run) if w.ndim > 1][1:]  # the first one is the front end's
    assert row["penalty"] > 1e-3 * sum(abs(w).sum() for w in kernels)
    assert row["loss"] == pytest.approx(history(plain)["loss"].iloc[-1], rel=1e-3), "it is not in the loss"
    assert "penalty" not in history(plain)


@pytest.mark.parametrize("key", ["l1", "l2", "weight_decay", "clip_norm", "momentum"])
@pytest.mark.parametrize("value", ["-1", ".nan", ".inf"])
def test_a_mistake_ends_in_one_line(tiny, tmp_path, key, value):
    with pytest.raises(ConfigError, match=rf"train\.{key}: expected .*received {value.lstrip('.')}"):
        tiny.config(tmp_path, f"train.{key}={value}")
