"""The figures of merit of each kind of task, by name; light, so that a config is checked in no time."""

AVERAGES = ("macro", "micro", "weighted")
METRICS = {
    "multilabel": ("lwlrap", "map", "roc_auc"),
    "multiclass": (
        "accuracy",
        "balanced_accuracy",
        *(f"{name}_{mean}" for mean in AVERAGES for name in ("precision", "recall", "f1")),
    ),
    "regression": ("mse", "mae", "r2", "spearman"),
}
"""Keys of the report of a kind of task; the first is what a run is judged by unless the config says otherwise."""


def validation_columns(task: str | None) -> list[str]:
    """Columns of the history about validation clips: `val_loss` and `val_METRIC`; None: of tasks of any kind."""
    tasks = [task] if task else list(METRICS)
    return ["val_loss", *(f"val_{metric}" for each in tasks for metric in METRICS[each])]
