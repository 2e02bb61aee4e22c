"""What a config can say about a stage: what it trains on and from what, and how."""

from dataclasses import dataclass, field

from foundation.settings import setting
from tagging.config.schedule import MOST_EPOCHS
from tagging.config.selection import SELECTED, SelectionSettings
from tagging.config.train import TrainSettings


@dataclass(frozen=True)
class StageSettings(TrainSettings):
    """One training pass."""

    sources: tuple[str, ...] = setting(
        ("curated",),
        "splits that it trains on, e.g. `[noisy]` or `[curated, noisy]`; `selected` stands for the noisy clips "
        "that `selection` selects",
    )
    init: str = setting(
        "none",
        "where its weights come from: `none` (as `model.weights` says), `previous` (the stage before it), or the "
        "path of a run folder",
        is_path=True,
    )
    trainable: tuple[str, ...] = setting(
        ("all",), "what is trained: `all`, or any of `head` and the block names of the backbone"
    )
    views: int | None = setting(
        None,
        "for `trainable: [head]`: the frozen backbone sees the inputs of this many epochs (windows and augmentation "
        "drawn as usual), and later epochs reuse the same features in another order. 1 is enough for "
        "whole clips without augmentation. Null: every epoch runs the backbone on new inputs",
        at_least=1,
        at_most=MOST_EPOCHS,
    )
    selection: SelectionSettings = field(default_factory=SelectionSettings)

    @property
    def is_noisy(self) -> bool:
        """Whether it trains on noisy clips alone."""
        return set(self.sources) <= {"noisy", SELECTED}

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.views is not None and (tuple(self.trainable) != ("head",) or self.overfit_batches):
            raise ValueError(
                "expected views=null unless a stage has trainable: [head] and overfit_batches=0, received "
                f"views={self.views} with trainable: {list(self.trainable)} and overfit_batches={self.overfit_batches}"
            )
        if SELECTED in self.sources and "noisy" in self.sources:
            raise ValueError(
                f"expected sources with {SELECTED} or noisy, received {list(self.sources)}: both are the same clips"
            )
        if unknown := [source for source in self.augment.sources or () if source not in self.sources]:
            raise ValueError(
                f"expected augment.sources out of a stage's own sources, {list(self.sources)}, received {unknown}; to "
                "augment in one stage only: stages.NAME.augment"
            )
        if unknown := [source for source in self.source_weights if source not in self.sources]:
            raise ValueError(
                f"expected source_weights of a stage's own sources, {list(self.sources)}, received {unknown}; to weigh "
                "in one stage only: stages.NAME.source_weights"
            )
