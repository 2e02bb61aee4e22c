"""What a config can say about tracking; none of it changes a result."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class TrackingSettings:
    """Weights & Biases beside `history.csv` and TensorBoard, which are always written.

    Attributes:
        wandb: log every stage there; needs `pip install wandb`.
        project: the project there.
        group: runs that belong together; null: `run_dir`.
        mode: `online`, or `offline` (files in the run folder, for `wandb sync`); the variable WANDB_MODE goes first.
    """

    wandb: bool = False
    project: str = "audio-tagging"
    group: str | None = None
    mode: Literal["online", "offline"] = "online"

    def __post_init__(self) -> None:
        if not self.project:
            raise ValueError(
                "expected a name as tracking.project, received ''; leave it out for audio-tagging"
            )
