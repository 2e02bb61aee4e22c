import keras
import numpy as np
import pytest
from sklearn.metrics import label_ranking_average_precision_score

from tagging.evaluation.keras_metrics import LWLRAP

CLIPS, CLASSES, BATCH = 20_000, 80, 64


def oracle(targets, scores, clip_weight=1.0):
    """scikit-learn's score, each clip weighted by its number of labels."""
    exact = targets.astype(float)  # scikit-learn sums in the type it is given
    weight = clip_weight * exact.sum(axis=1)
    return label_ranking_average_precision_score(exact, scores.astype(float), sample_weight=weight)


@pytest.fixture(scope="module")
def stream():
    """Clips as FSDKaggle2019's (1.2 labels each), some with tied logits, some without labels."""
    rng = np.random.default_rng(1)
    targets = (rng.random((CLIPS, CLASSES)) < 1.2 / CLASSES).astype(np.float32)
    targets[rng.random(CLIPS) < 0.05] = 0.0
    logits = rng.normal(-4.0, 2.0, (CLIPS, CLASSES)) + 3.0 * targets
    logits[: CLIPS // 3] = np.round(logits[: CLIPS // 3])
    return targets, logits.astype(np.float32)


@pytest.fixture(scope="module")
def fed(stream):
    targets, logits = stream
    metric = LWLRAP(CLASSES)
    for start in range(0, CLIPS, BATCH):
        metric.update_state(targets[start : start + BATCH], logits[start : start + BATCH])
    return metric


def test_the_stream_has_ties_and_clips_without_labels(stream):
    targets, logits = stream
    assert (targets.sum(axis=1) == 0).sum() > 1000
    assert all(len(np.unique(row)) < CLASSES for row in logits[: CLIPS // 3])


def test_is_scikit_learns_score_over_a_long_stream(stream, fed):
    assert float(fed.result()) == pytest.approx(oracle(*stream), abs=1e-5)


def test_per_class_is_the_mean_precision_of_the_class(stream, fed):
    targets, logits = stream
    has_class = np.flatnonzero(targets[:, 7])
    ranks = [(logits[i] >= logits[i, 7]).sum() for i in has_class]
    hits = [((logits[i] >= logits[i, 7]) & (targets[i] > 0)).sum() for i in has_class]
    assert float(fed.per_class()[7]) == pytest.approx(np.mean(np.divide(hits, ranks)), abs=1e-5)


@pytest.mark.parametrize(
    ("targets", "logits", "expected"),
    [
        ([[0, 0, 1]], [[1.0, 2.0, 3.0]], 1.0),
        ([[1, 0, 0]], [[1.0, 2.0, 3.0]], 1 / 3),
        ([[1, 0, 1]], [[1.0, 2.0, 3.0]], (2 / 3 + 1) / 2),
        ([[1, 0, 0]], [[5.0, 5.0, 5.0]], 1 / 3),  # a tie takes the larger rank
        ([[1, 1, 1]], [[5.0, 1.0, 5.0]], 1.0),
        ([[0, 0, 0]], [[1.0, 2.0, 3.0]], 0.0),  # nothing to rank yet
        ([[1, 0, 0], [0, 1, 1]], [[1.0, 2.0, 3.0], [0.0, 1.0, 2.0]], (1 / 3 + 1 + 1) / 3),
    ],
)
def test_closed_forms(targets, logits, expected):
    metric = LWLRAP(3)
    metric.update_state(np.array(targets, np.float32), np.array(logits, np.float32))
    assert float(metric.result()) == pytest.approx(expected)


def test_a_class_without_labels_has_no_value():
    metric = LWLRAP(3)
    metric.update_state(np.array([[1, 0, 0]]), np.array([[1.0, 2.0, 3.0]]))
    np.testing.assert_allclose(metric.per_class(), [1 / 3, np.nan, np.nan])


@pytest.mark.parametrize("shape", [(-1,), (-1, 1)])
def test_sample_weight_weighs_the_labels_of_a_clip(stream, shape):
    targets, logits = (part[:500] for part in stream)
    weight = np.random.default_rng(2).random(500).astype(np.float32)
    metric = LWLRAP(CLASSES)
    metric.update_state(targets, logits, sample_weight=weight.reshape(shape))
    assert float(metric.result()) == pytest.approx(oracle(targets, logits, weight), abs=1e-5)


def test_mixed_labels_count_for_the_larger_share():
    metric = LWLRAP(3)
    metric.update_state(np.array([[0.7, 0.3, 0.0]]), np.array([[1.0, 2.0, 3.0]]))
    np.testing.assert_allclose(metric.per_class(), [1 / 3, np.nan, np.nan])


def test_reset_forgets_everything(stream):
    targets, logits = (part[:100] for part in stream)
    metric = LWLRAP(CLASSES)
    metric.update_state(1.0 - targets, logits)
    metric.reset_state()
    metric.update_state(targets, logits)
    assert float(metric.result()) == pytest.approx(oracle(targets, logits), abs=1e-5)


def test_a_nan_logit_of_a_relevant_class_shows():
    metric = LWLRAP(2)
    metric.update_state(np.array([[1, 0]]), np.array([[np.nan, 0.0]]))
    assert np.isnan(metric.result())


@pytest.mark.parametrize(("targets", "logits"), [((4, 3), (4, 5)), ((4, 5), (4, 3)), ((4,), (4, 3))])
def test_wrong_shapes_are_refused(targets, logits):
    with pytest.raises(ValueError, match=r"expected y_.* of shape \(batch, 3\)"):
        LWLRAP(3).update_state(np.zeros(targets), np.zeros(logits))


def test_config_round_trip():
    metric = LWLRAP(7, name="rank")
    again = keras.metrics.deserialize(keras.metrics.serialize(metric))
    assert type(again) is LWLRAP
    assert again.get_config() == metric.get_config()
    assert (again.num_classes, again.name) == (7, "rank")


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_in_evaluate_as_on_its_own(stream, policy, jit_compile):
    """The model's logits pass through unchanged but for their precision, so the oracle sees them so."""
    targets, logits = (part[:200] for part in stream)
    identity = keras.Sequential([keras.Input((CLASSES,)), keras.layers.Activation("linear", dtype=policy)])
    identity.compile(loss="mse", metrics=[LWLRAP(CLASSES)], jit_compile=jit_compile)
    results = identity.evaluate(logits, targets, batch_size=64, verbose=0, return_dict=True)
    seen = keras.ops.convert_to_numpy(keras.ops.cast(identity.predict(logits, verbose=0), "float32"))
    assert results["lwlrap"] == pytest.approx(oracle(targets, seen), abs=1e-5)
