"""LWLRAP as a streaming Keras metric; `tagging/evaluation/multilabel.py` holds the exact one for reports."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="tagging")
class LWLRAP(keras.metrics.Metric):
    """Label-weighted label-ranking average precision, from logits.

    A relevant class k of a clip has precision |{j relevant: s_j >= s_k}| / |{j: s_j >= s_k}| (ties get
    the larger rank, as in scikit-learn's `label_ranking_average_precision_score`). LWLRAP is the mean
    over all (clip, relevant class) pairs; a clip without labels has no pair and drops out.

    A class is relevant where its target is at least 0.5. Targets that MixUp blended thus count for the
    clip with the larger share alone, which keeps a training LWLRAP near that of plain clips.

    Sums are kept per class in float32, whatever the model's precision: within 1e-5 of float64. A NaN logit
    of a relevant class makes the result NaN. Before the first label the result is 0, as with Keras's own.

    Reference: Fonseca et al. 2019, "Audio tagging with noisy labels and minimal supervision", DCASE.

    Args:
        num_classes: number of columns of targets and logits.
        name: name in the logs.
        dtype: kept for Keras; the arithmetic is float32.
    """

    def __init__(self, num_classes: int, name: str = "lwlrap", dtype: str | None = None):
        super().__init__(name=name, dtype=dtype or "float32")
        self.num_classes = num_classes
        self.precision_sum = self._per_class_sum("precision_sum")
        self.label_sum = self._per_class_sum("label_sum")

    def _per_class_sum(self, name: str) -> keras.Variable:
        return self.add_variable((self.num_classes,), initializer="zeros", dtype="float32", name=name)

    def update_state(self, y_true, y_pred, sample_weight=None) -> None:
        """Adds a batch.

        Args:
            y_true: (batch, classes), 1 = relevant.
            y_pred: (batch, classes), logits or anything with the same order.
            sample_weight: (batch,) or (batch, 1), the weight of each clip's labels.
        """
        self._check(y_true, y_pred)
        logits = ops.cast(y_pred, "float32")
        relevant = ops.cast(y_true, "float32") >= 0.5
        weight = ops.cast(relevant, "float32")
        if sample_weight is not None:
            weight *= ops.reshape(ops.cast(sample_weight, "float32"), (-1, 1))
        precision = ops.where(relevant, _precision_at_each(relevant, logits), 0.0)
        self.precision_sum.assign_add(ops.sum(weight * precision, axis=0))
        self.label_sum.assign_add(ops.sum(weight, axis=0))

    def result(self):
        """LWLRAP of everything since the last reset, a scalar."""
        return ops.divide_no_nan(ops.sum(self.precision_sum), ops.sum(self.label_sum))

    def per_class(self):
        """LWLRAP of each class, (classes,); NaN for a class without labels."""
        seen = self.label_sum > 0
        return ops.where(seen, self.precision_sum / ops.where(seen, self.label_sum, 1.0), float("nan"))

    def get_config(self) -> dict:
        return {**super().get_config(), "num_classes": self.num_classes}

    def _check(self, y_true, y_pred) -> None:
        for name, value in (("y_true", y_true), ("y_pred", y_pred)):
            shape = tuple(ops.shape(value))
            if len(shape) != 2 or shape[1] not in (None, self.num_classes):
                raise ValueError(
                    f"LWLRAP: expected {name} of shape (batch, {self.num_classes}). Received: shape={shape}; "
                    "give num_classes the number of the model's outputs"
                )


def _precision_at_each(relevant, logits):
    """Precision at the rank of every class, (batch, classes)."""
    at_least = ops.expand_dims(logits, 1) >= ops.expand_dims(logits, 2)  # (batch, k, j): s_j >= s_k
    hits = ops.logical_and(at_least, ops.expand_dims(relevant, 1))
    return ops.sum(ops.cast(hits, "float32"), axis=-1) / ops.sum(ops.cast(at_least, "float32"), axis=-1)
