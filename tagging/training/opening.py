"""What training says before it starts."""

from foundation.words import some
from tagging.config.stage import StageSettings
from tagging.datasets.table import DRAWN_FROM, TEST, clips_and_recordings
from tagging.training.data import StageData


def opening(data: StageData, settings: StageSettings, steps: int) -> str:
    """How many clips train and validate, batches per epoch, the classes that the held-out clips lack, what is special.

    Args:
        data: clips of the stage.
        settings: of the stage.
        steps: batches per epoch.
    """
    held = f"{clips_and_recordings(data.validation)} held out" if len(data.validation) else "none held out"
    if DRAWN_FROM in data.dataset.clips:
        held += f", {clips_and_recordings(data.dataset.of(TEST))} drawn to test"
    lines = [f"{clips_and_recordings(data.train)} to train on, {held}; {steps} batches per epoch"]
    if data.noisy:
        lines.append(
            "noisy clips validate (split.noisy_share): their labels may be wrong, and the scores with them"
        )
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


def _lacking(data: StageData) -> list[str]:
    if data.validation.empty or not data.dataset.has_labels:
        return []
    seen = set(data.validation["labels"].explode())
    return [label for label in data.dataset.classes if label not in seen]
