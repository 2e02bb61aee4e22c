"""Losses against closed forms in float64, scikit-learn and plain loops over pairs."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from sklearn.metrics import log_loss

from tagging.config.load import load_config
from tagging.config.stage import StageSettings
from tagging.evaluation.multilabel import lwlrap
from tagging.losses.parts.lsep import lsep
from tagging.losses.registry import build_loss
from tagging.losses.settings import LossSettings
from tests.training_helpers import one_line_error

CLIPS, CLASSES = 32, 12


@pytest.fixture(scope="module")
def clips() -> tuple[np.ndarray, np.ndarray]:
    """Multi-hot targets, the first row with no class and the second with all, and logits."""
    rng = np.random.default_rng(1)
    targets = (rng.random((CLIPS, CLASSES)) < 0.2).astype(np.float32)
    targets[:2] = [[0.0], [1.0]]
    return targets, rng.normal(0, 4, (CLIPS, CLASSES)).astype(np.float32)


def lq_by_definition(targets: np.ndarray, logits: np.ndarray, q: float) -> np.ndarray:
    right = 1 / (1 + np.exp(-np.where(targets == 1, logits, -logits).astype(float)))
    return ((1 - right**q) / q).mean(axis=1)


def lsep_by_pairs(targets: np.ndarray, logits: np.ndarray) -> list[float]:
    losses = []
    for labels, scores in zip(targets, logits.astype(float), strict=True):
        present, absent = np.flatnonzero(labels >= 0.5), np.flatnonzero(labels < 0.5)
        losses.append(np.log(1 + sum(np.exp(scores[u] - scores[v]) for v in present for u in absent)))
    return losses


def bce(targets: np.ndarray, logits: np.ndarray):
    return build_loss(LossSettings("bce"))(targets, logits)


def lq(targets: np.ndarray, logits: np.ndarray, q: float):
    return build_loss(LossSettings("lq", q=q))(targets, logits)


def gradient(loss, targets, logits) -> np.ndarray:
    logits = tf.constant(logits, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        total = tf.reduce_sum(loss(tf.constant(targets, tf.float32), logits))
    return tape.gradient(total, logits).numpy()


def test_binary_cross_entropy_is_scikit_learns_and_keras_own(clips):
    targets, logits = clips
    probabilities = 1 / (1 + np.exp(-logits.astype(float)))
    expected = [
        log_loss(t.astype(int), p, labels=[0, 1]) for t, p in zip(targets, probabilities, strict=True)
    ]
    np.testing.assert_allclose(bce(targets, logits), expected, rtol=1e-5)
    np.testing.assert_array_equal(
        build_loss(LossSettings())(targets, logits),
        keras.losses.binary_crossentropy(targets, logits, from_logits=True),
    )


@pytest.mark.parametrize("name", ["bce", "lq"])
def test_label_smoothing_moves_labels_towards_a_half(clips, name):
    targets, logits = clips
    smoothed = build_loss(LossSettings(name, label_smoothing=0.2))(targets, logits)
    by_hand = build_loss(LossSettings(name))(0.1 + 0.8 * targets, logits)
    np.testing.assert_allclose(smoothed, by_hand, rtol=1e-5)
    if name == "bce":
        keras_own = keras.losses.binary_crossentropy(targets, logits, from_logits=True, label_smoothing=0.2)
        np.testing.assert_allclose(smoothed, keras_own, rtol=1e-5)


@pytest.mark.parametrize("q", [0.1, 0.3, 0.7, 1.0])
def test_lq_is_its_formula(clips, q):
    targets, logits = clips
    np.testing.assert_allclose(lq(targets, logits, q), lq_by_definition(targets, logits, q), rtol=2e-5)


def test_lq_lies_between_cross_entropy_and_mean_absolute_error(clips):
    targets, logits = clips
    probabilities = 1 / (1 + np.exp(-logits.astype(float)))
    np.testing.assert_allclose(lq(targets, logits, 1e-6), bce(targets, logits), rtol=1e-4)
    np.testing.assert_allclose(
        lq(targets, logits, 1.0), np.abs(targets - probabilities).mean(axis=1), rtol=1e-5
    )


def test_lq_of_a_soft_label_is_the_expected_loss(clips):
    targets, logits = clips
    expected = 0.7 * lq_by_definition(targets, logits, 0.3) + 0.3 * lq_by_definition(1 - targets, logits, 0.3)
    np.testing.assert_allclose(lq(0.7 * targets + 0.3 * (1 - targets), logits, 0.3), expected, rtol=2e-5)


def test_the_gradient_of_lq_is_that_of_cross_entropy_times_p_to_the_q(clips):
    targets, logits = clips
    right = 1 / (1 + np.exp(-np.where(targets == 1, logits, -logits).astype(float)))
    ours = gradient(lambda t, z: lq(t, z, 0.5), targets, logits)
    np.testing.assert_allclose(ours, gradient(bce, targets, logits) * right**0.5, rtol=1e-4, atol=1e-8)


def test_a_rare_class_is_drawn_to_the_logit_that_the_settings_promise():
    share, q = 1 / 80, LossSettings().q
    z = np.linspace(-20, 0, 20_001)
    p = 1 / (1 + np.exp(-z))
    expected_loss = share * (1 - p**q) / q + (1 - share) * (1 - (1 - p) ** q) / q
    assert z[expected_loss.argmin()] == pytest.approx(np.log(share / (1 - share)) / (1 - q), abs=1e-3)


def score_after_wrong_labels(settings: LossSettings) -> float:
    """LWLRAP on unseen clips of a small network that learnt from 600 others, 40 % of them with another's label."""
    rng = np.random.default_rng(0)
    truth = np.eye(20, dtype=np.float32)[np.arange(1200) % 20]
    features = (truth @ rng.normal(0, 0.7, (20, 32)) + rng.normal(0, 1, (1200, 32))).astype(np.float32)
    seen, unseen = truth[:600], truth[600:]
    given = np.where(rng.random((600, 1)) < 0.4, seen[rng.permutation(600)], seen)
    keras.utils.set_random_seed(0)
    dense = keras.layers.Dense
    network = keras.Sequential([keras.Input((32,)), dense(128, "relu"), dense(20)])
    network.compile(keras.optimizers.Adam(3e-3), loss=build_loss(settings), jit_compile=False)
    for _ in range(200):
        network.train_on_batch(features[:600], given)
    return lwlrap(unseen, network(features[600:]).numpy())


def test_lq_learns_better_from_wrong_labels():
    assert score_after_wrong_labels(LossSettings("lq")) > score_after_wrong_labels(LossSettings()) + 0.04


def test_lsep_is_the_sum_over_pairs(clips):
    targets, logits = clips
    assert lsep_by_pairs(targets, logits)[:2] == [0, 0], "no pair without a present and an absent class"
    np.testing.assert_allclose(lsep(targets, logits), lsep_by_pairs(targets, logits), rtol=1e-5)


def test_lsep_ranks_the_clip_with_the_larger_share_of_a_blend():
    logits = np.array([[0.3, -0.2, 1.1]], np.float32)
    blend, larger = np.array([[0.7, 0.3, 0.0]], "f"), np.array([[1.0, 0.0, 0.0]], "f")
    np.testing.assert_array_equal(lsep(blend, logits), lsep(larger, logits))
    even, both = np.array([[0.5, 0.5, 0.0]], "f"), np.array([[1.0, 1.0, 0.0]], "f")
    np.testing.assert_array_equal(lsep(even, logits), lsep(both, logits))


def test_the_rank_loss_is_added_with_its_weight_on_labels_as_they_are(clips):
    targets, logits = clips
    settings = LossSettings("lq", q=0.5, label_smoothing=0.1, lsep_weight=0.25)
    expected = lq(0.05 + 0.9 * targets, logits, 0.5) + 0.25 * lsep(targets, logits)
    np.testing.assert_allclose(build_loss(settings)(targets, logits), expected, rtol=1e-5)


@pytest.mark.parametrize(
    "settings", [LossSettings(), LossSettings("lq", q=1e-3), LossSettings("lq", 0.7), LossSettings("lq", 1.0)]
)
@pytest.mark.parametrize("labels", [[0, 1, 1, 0], [0, 0, 0, 0], [1, 1, 1, 1], [0.3, 0.7, 0.5, 0.0]])
def test_extreme_logits_have_finite_losses_and_gradients(settings, labels):
    loss = build_loss(LossSettings(settings.name, settings.q, lsep_weight=1.0))
    targets, logits = np.array([labels, labels], "f"), np.array([[1e4, -1e4, 88, -88], [0, 0, 0, 0]], "f")
    assert np.isfinite(loss(targets, logits)).all()
    assert np.isfinite(gradient(loss, targets, logits)).all()


@pytest.mark.parametrize("settings", [LossSettings(), LossSettings("lq", lsep_weight=0.5)])
@pytest.mark.parametrize("jit_compile", [False, True])
def test_in_keras_a_weight_multiplies_the_loss_of_its_clip(clips, settings, jit_compile):
    """sum(weight x loss) / clips, and not divided by the sum of the weights."""
    targets, logits = clips
    weights = np.linspace(0.1, 2, CLIPS).astype(np.float32)
    identity = keras.Sequential([keras.Input((CLASSES,)), keras.layers.Activation("linear")])
    identity.compile(loss=build_loss(settings), jit_compile=jit_compile)
    given = identity.evaluate(logits, targets, sample_weight=weights, batch_size=CLIPS, verbose=0)
    each = keras.ops.convert_to_numpy(build_loss(settings)(targets, logits)).astype(float)
    assert given == pytest.approx((weights * each).sum() / CLIPS, rel=1e-5)


def test_every_stage_takes_the_settings_of_train_and_its_own(tmp_path):
    (tmp_path / "c.yaml").write_text("stages: {noisy: {sources: [noisy]}, curated: {}}")
    config = load_config(tmp_path / "c.yaml", ["train.loss.name=lq", "stages.curated.loss.lsep_weight=0.1"])
    assert [(s.loss.name, s.loss.lsep_weight) for s in config.stages.values()] == [("lq", 0), ("lq", 0.1)]
    assert StageSettings().loss == LossSettings()


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("train.loss.name=focal", ["loss.name", "bce", "focal"]),
        ("train.loss.q=0", ["train.loss.q", "above 0", "received 0"]),
        ("train.loss.q=1.5", ["train.loss.q", "1.5"]),
        ("train.loss.label_smoothing=1", ["train.loss.label_smoothing", "received 1"]),
        ("train.loss.lsep_weight=-1", ["train.loss.lsep_weight", "-1"]),
        ("train.loss.lsep_weight=nan", ["train.loss.lsep_weight", "nan"]),
    ],
)
def test_a_mistake_ends_in_one_line(tmp_path, override, words):
    message = one_line_error(tmp_path, override)
    assert all(word in message for word in words), message
