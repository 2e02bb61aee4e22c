"""What training says before it starts."""

import pandas as pd

from foundation.words import some
from tagging.config.stage import StageSettings
from tagging.training.data import StageData


def opening(data: StageData, settings: StageSettings, steps: int) -> str:
    """How many clips train and validate, batches per epoch, the classes that the held-out clips lack, what is special.

    Args:
        data: clips of the stage.
        settings: of the stage.
        steps: batches per epoch.
    """
    held = f"{_counted(data.validation)} held out" if len(data.validation) else "none held out"
    lines = [f"{_counted(data.train)} to train on, {held}; {steps} batches per epoch"]
    if lacking := _lacking(data):
        lines.append(f"no held-out clip has the label {some(lacking)}: its score is not measured")
    if n := settings.overfit_batches:
        lines.append(
            f"train.overfit_batches={n}: overfitting check on {min(n, steps)} of {steps} batches, without "
            "augmentation; not a usable model"
        )
    if settings.views and settings.views < settings.epochs:
        lines.append(
            f"views={settings.views}: the backbone runs in the first {settings.views} of {settings.epochs} epochs"
        )
    return "\n".join(lines)


def _counted(clips: pd.DataFrame) -> str:
    """`80 clips of 16 recordings`; without recordings where they are not known."""
    groups = set(clips["group"]) - {""}
    recordings = f" of {len(groups)} recording{'s' * (len(groups) != 1)}" if groups else ""
    return f"{len(clips)} clip{'s' * (len(clips) != 1)}{recordings}"


def _lacking(data: StageData) -> list[str]:
    if data.validation.empty or not data.dataset.has_labels:
        return []
    seen = set(data.validation["labels"].explode())
    return [label for label in data.dataset.classes if label not in seen]
