"""What a config can say about tracking; none of it changes a result."""

from dataclasses import dataclass
from typing import Literal

from foundation.settings import Settings, setting


@dataclass(frozen=True)
class TrackingSettings(Settings):
    """What is recorded in addition to `history.csv` and TensorBoard, which are always written."""

    wandb: bool = setting(False, "log every stage to Weights & Biases; needs `pip install wandb`")
    project: str = setting("audio-tagging", "the project there")
    group: str | None = setting(
        None, "runs that belong together; null: `run_dir`, in a sweep the name of its folder"
    )
    mode: Literal["online", "offline"] = setting(
        "online",
        "`online`, or `offline` (files in the run folder, for `wandb sync`); the variable WANDB_MODE takes "
        "precedence",
    )
    batch_loss: bool = setting(
        False, "the run also has the loss of each batch: the table `batches.csv` and the curve `batches.png`"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.project:
            raise ValueError(
                "expected a name as tracking.project, received ''; leave it out for audio-tagging"
            )
