"""What a task changes in training: loss, metric, the epoch that is kept, and what is refused."""

import keras
import numpy as np
import pytest

from tagging.config.stage import StageSettings
from tagging.evaluation.task_kinds import KINDS, is_lower_better, known_metrics, validation_columns
from tagging.losses.registry import build_loss
from tagging.losses.settings import LOSSES, LossError, LossSettings
from tagging.training.history import monitored

LOGITS = np.random.default_rng(0).normal(0, 2, (9, 4)).astype("f")
LABELS = np.eye(4, dtype="f")[np.random.default_rng(1).integers(4, size=9)]


def value(settings: LossSettings, kind: str, targets=LABELS) -> np.ndarray:
    return keras.ops.convert_to_numpy(build_loss(settings, kind)(keras.ops.array(targets), LOGITS))


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_cross_entropy_is_keras_s(smoothing):
    theirs = keras.losses.CategoricalCrossentropy(
        from_logits=True, label_smoothing=smoothing, reduction="none"
    )
    ours = value(LossSettings(label_smoothing=smoothing), "multiclass")
    np.testing.assert_allclose(ours, theirs(LABELS, LOGITS), rtol=1e-5)


def test_lq_of_a_softmax_goes_from_cross_entropy_to_the_absolute_error():
    near = value(LossSettings("lq", q=1e-3), "multiclass")
    np.testing.assert_allclose(near, value(LossSettings(), "multiclass"), rtol=1e-2)
    right = keras.ops.convert_to_numpy(keras.ops.softmax(LOGITS))[LABELS > 0]
    np.testing.assert_allclose(
        value(LossSettings("lq", q=1.0), "multiclass"), 1 - right, rtol=1e-4, atol=1e-6
    )
    expected = (1 - right**0.4) / 0.4
    np.testing.assert_allclose(value(LossSettings("lq", q=0.4), "multiclass"), expected, rtol=1e-4, atol=1e-6)


def test_labels_that_mixing_made_many_share_a_clip_alike():
    both = LABELS + np.roll(LABELS, 1, axis=1)
    parts = [value(LossSettings(), "multiclass", part) for part in (LABELS, np.roll(LABELS, 1, axis=1))]
    np.testing.assert_allclose(value(LossSettings(), "multiclass", both), np.mean(parts, axis=0), rtol=1e-5)


@pytest.mark.parametrize(
    ("name", "theirs"), [("mse", "MeanSquaredError"), ("mae", "MeanAbsoluteError"), ("huber", "Huber")]
)
def test_losses_of_values_are_keras_s(name, theirs):
    expected = getattr(keras.losses, theirs)(reduction="none")(LABELS, LOGITS)
    np.testing.assert_allclose(value(LossSettings(name), "regression"), expected, rtol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_the_default_loss_is_the_first_of_the_task(kind):
    np.testing.assert_array_equal(value(LossSettings(), kind), value(LossSettings(LOSSES[kind][0]), kind))


@pytest.mark.parametrize(
    ("settings", "kind", "message"),
    [
        (LossSettings("bce"), "multiclass", "expected one of cross_entropy, lq for multiclass, received bce"),
        (LossSettings("lq"), "regression", "one of mse, huber, mae"),
        (LossSettings(lsep_weight=0.1), "multiclass", "lsep_weight .* does nothing for multiclass"),
        (LossSettings(label_smoothing=0.1), "regression", "label_smoothing .* nothing for regression"),
    ],
)
def test_a_loss_of_another_task_is_refused(settings, kind, message):
    with pytest.raises(LossError, match=message):
        build_loss(settings, kind)


@pytest.mark.parametrize("kind", KINDS)
def test_every_metric_of_a_task_is_in_its_report_and_can_be_monitored(kind):
    kind = KINDS[kind]
    report = kind.report(LABELS, LOGITS)
    assert report[kind.metric.key] == pytest.approx(kind.value(LABELS, LOGITS))
    assert kind.title in kind.line(report)
    for metric in kind.metrics:
        column = f"val_{metric.key}"
        assert metric.key in report
        assert known_metrics()[metric.key] == metric, "one key, one direction and title in all kinds"
        assert column in validation_columns(kind.name)
        assert monitored(StageSettings(monitor=column), kind) == column
    assert monitored(StageSettings(), kind) == f"val_{kind.metric.key}"


def test_errors_are_better_when_lower():
    assert [is_lower_better(name) for name in ("val_loss", "mse", "val_mae", "val_f1_macro", "r2")] == [
        *(True,) * 3,
        *(False,) * 2,
    ]
    assert KINDS["regression"].goodness(LABELS, LOGITS) == -KINDS["regression"].value(LABELS, LOGITS)
