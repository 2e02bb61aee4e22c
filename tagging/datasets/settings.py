"""What a config can say about the data set."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

# Curated clips of FSDKaggle2019 known to be bad: five with a wrong label, and the silent 1d44b0bd.
KNOWN_BAD = ("f76181c4.wav", "77b925c2.wav", "6a1f682a.wav", "c7db12aa.wav", "7752cc8a.wav", "1d44b0bd.wav")
# Keys that only some layouts read: anywhere else they would do nothing without a word.
LAYOUTS_OF = {
    "subset": ("fma",),
    "lists": ("folders",),
    "group_pattern": ("folders",),
    "targets": ("csv", "fused"),
    "table": ("csv",),
}


@dataclass(frozen=True)
class DatasetSettings:
    """Which data, and where.

    Attributes:
        layout: name of the reader in `tagging/datasets/layouts`.
        root: folder of the data set.
        exclude: file names of training clips that are left out.
        task: `multilabel` (several labels a clip), `multiclass` (just one) or `regression`; None: the layout's own.
        merge: label -> label that takes its place; the new one may be the data set's or not.
        drop: labels that are left out, as they are called after merging; clips left without one leave, too.
        min_clips: labels with fewer training clips are dropped, after `merge` and `drop`; 0: none.
        subset: of `fma`: `small`, `medium` (has small in it) or `large` (has both); None: small.
        lists: of `folders`: part (`train`, `validation`, `test`) -> text file with one clip per line; clips in none of
            them are left out. Empty: all clips train.
        group_pattern: of `folders`: regular expression, searched in the file name, whose first group is what clips of
            one recording share; None: unknown.
        targets: of `csv` and `fused`: columns of numbers to predict; None: labels, and all columns of a mood list.
        table: of `csv`: the table; None: clips.csv in `root`.
    """

    layout: str = "fsdkaggle2019"
    root: str = "data/fsdkaggle2019"
    exclude: list[str] = field(default_factory=lambda: list(KNOWN_BAD))
    task: Literal["multilabel", "multiclass", "regression"] | None = None
    merge: dict[str, str] = field(default_factory=dict)
    drop: list[str] = field(default_factory=list)
    min_clips: int = 0
    subset: Literal["small", "medium", "large"] | None = None
    lists: dict[str, str] = field(default_factory=dict)
    group_pattern: str | None = None
    targets: list[str] | None = None
    table: str | None = None

    @property
    def files(self) -> list[Path]:
        """The files that the settings name."""
        return [Path(name) for name in (self.table, *self.lists.values()) if name]

    def __post_init__(self) -> None:
        for key, layouts in LAYOUTS_OF.items():
            if getattr(self, key) not in (None, {}) and self.layout not in layouts:
                raise ValueError(
                    f"dataset.{key}: expected dataset.layout {' or '.join(layouts)}, which alone reads this key, "
                    f"received {self.layout}; remove the key"
                )
        self._check_labels()
        if self.lists and not {"train"} <= set(self.lists) <= {"train", "validation", "test"}:
            raise ValueError(
                "expected dataset.lists of train, and if wanted validation and test, "
                f"received {', '.join(self.lists)}; name the lists so"
            )
        if self.group_pattern is not None:
            _check_pattern(self.group_pattern)
        if self.targets is not None and not 0 < len(set(self.targets)) == len(self.targets):
            raise ValueError(
                f"expected dataset.targets with each column once, or null, received {self.targets}; correct it"
            )

    def _check_labels(self) -> None:
        if self.min_clips < 0:
            raise ValueError(f"expected dataset.min_clips of at least 0, received {self.min_clips}")
        if chained := [new for new in self.merge.values() if self.merge.get(new, new) != new]:
            raise ValueError(
                f"expected dataset.merge to lead to labels that stay, received {chained[0]!r}, which is merged "
                "itself; name the last one"
            )
        if gone := [old for old in self.drop if self.merge.get(old, old) != old]:
            raise ValueError(
                f"expected dataset.drop of labels as they are called after dataset.merge, received {gone[0]!r}, "
                "which is merged; remove it from one of them"
            )


def _check_pattern(pattern: str) -> None:
    try:
        has_group = re.compile(pattern).groups > 0
    except re.error as error:
        raise ValueError(
            f"expected dataset.group_pattern to be a regular expression, received {pattern!r} ({error}); correct it"
        ) from None
    if not has_group:
        raise ValueError(
            f"expected dataset.group_pattern with a group in brackets, received {pattern!r}; e.g. '^(\\d)-'"
        )


@dataclass(frozen=True)
class SplitSettings:
    """How validation clips are held out of the first source with checked labels.

    Attributes:
        validation_share: share of the clips with checked labels held out, 0 to below 1; 0 trains on all of them. A
            data set with a validation part of its own holds that out, whatever the share above 0.
        file: CSV `fname,part` (part: `train` or `validation`) that gives the hold-out; None: it is drawn.
    """

    validation_share: float = 0.2
    file: str | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.validation_share < 1:
            raise ValueError(
                f"expected split.validation_share from 0 to below 1, received {self.validation_share}"
            )

    @property
    def holds_out(self) -> bool:
        """Whether any clips are to validate."""
        return self.file is not None or self.validation_share > 0
