"""What a config can say about the data set."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from foundation.plugins import literal, plugin_names
from foundation.settings import Settings, setting

# Curated clips of FSDKaggle2019 known to be bad: five with a wrong label, and the silent 1d44b0bd.
KNOWN_BAD = ("f76181c4.wav", "77b925c2.wav", "6a1f682a.wav", "c7db12aa.wav", "7752cc8a.wav", "1d44b0bd.wav")
_READERS = Path(__file__).parent / "layouts"
LAYOUTS = plugin_names(_READERS)
"""The readers: every module of `tagging/datasets/layouts` is one."""

KEYS: dict[str, tuple[str, ...]] = {name: literal(_READERS / f"{name}.py", "KEYS", ()) for name in LAYOUTS}
"""Layout -> the keys that only it, or only some, read: anywhere else they would do nothing without a word."""


@dataclass(frozen=True)
class DatasetSettings(Settings):
    """Which data, and where."""

    layout: str = setting("fsdkaggle2019", "name of a reader in `tagging/datasets/layouts`, see below")
    root: str = setting("data/fsdkaggle2019", "folder of the data set", is_path=True)
    exclude: tuple[str, ...] = setting(
        KNOWN_BAD,
        "file names of training clips that are left out; the default: the six known bad files of FSDKaggle2019",
    )
    task: Literal["multilabel", "multiclass", "regression"] | None = setting(
        None,
        "`multilabel` (several labels per clip), `multiclass` (exactly one) or `regression`; null: as the "
        "layout says. Any labelled layout can be used as `multilabel`",
    )
    merge: dict[str, str] = setting(
        dict,
        "label → label that replaces it, e.g. `{Psych-Rock: Rock}`; the new label may be new to the data set",
    )
    drop: tuple[str, ...] = setting(
        (), "labels that are left out, named as after merging; clips left without a label are left out, too"
    )
    min_clips: int = setting(
        0,
        "labels with fewer training clips (not counting an official hold-out) are dropped, after `merge` and "
        "`drop`; 0: none",
        at_least=0,
        at_most=1_000_000_000,
    )
    subset: Literal["small", "medium", "large"] | None = setting(
        None, "only for `fma`: `small`, `medium` (includes small) or `large` (includes medium); null: small"
    )
    lists: dict[str, str] = setting(
        dict,
        "only for `folders`: part (`train`, `validation`, `test`) → text file with one clip per line; clips in "
        "none of them are left out. Empty: all clips are training clips",
        is_path=True,
    )
    group_pattern: str | None = setting(
        None,
        "only for `folders`: regular expression, searched in the file name; clips with the same text in its first "
        "group come from one recording; null: recordings are unknown",
    )
    targets: tuple[str, ...] | None = setting(
        None,
        "only for `csv` and `fused`: columns of numbers to predict; null: labels, and all columns of a list of moods",
    )
    table: str | None = setting(
        None, "only for `csv`: the table; null: `clips.csv` in `dataset.root`", is_path=True
    )
    features: str | None = setting(
        None,
        "only for `arrays`: folder inside `train`, `val` and `test` that holds the arrays, e.g. `melgrams`; null: "
        "they are in these folders themselves",
    )

    @property
    def files(self) -> list[Path]:
        """The files that the settings name."""
        return [Path(name) for name in (self.table, *self.lists.values()) if name]

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_keys()
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
                f"expected dataset.targets with each column once, or null, received {list(self.targets)}; correct it"
            )

    def _check_keys(self) -> None:
        for key in (key for keys in KEYS.values() for key in keys):
            takers = [layout for layout, keys in KEYS.items() if key in keys]
            if getattr(self, key) not in (None, {}) and self.layout not in takers:
                raise ValueError(
                    f"dataset.{key}: expected dataset.layout {' or '.join(takers)}, which alone reads this key, "
                    f"received {self.layout}; remove the key"
                )

    def _check_labels(self) -> None:
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
class SplitSettings(Settings):
    """How validation clips, and test clips if wanted, are held out of the first source with checked labels."""

    validation_share: float = setting(
        0.2,
        "share of the clips with checked labels (split `curated` or `train`) held out; 0: train on all of them. Of "
        "a data set with its own validation part, any share above 0 holds out that part, and no other clip",
        at_least=0,
        below=1,
    )
    file: str | None = setting(
        None,
        "CSV `fname,part` (part: `train` or `validation`) that gives the hold-out; rows of clips in `dataset.exclude`, "
        "and of test clips that are drawn, are ignored. Null: it is drawn",
        is_path=True,
    )
    test_share: float = setting(
        0.0,
        "share of the clips with checked labels that become test clips, drawn by `seed` before the validation clips, "
        "in the same way; `predict.py` scores them, no stage trains on them or on clips of their recordings. A data "
        "set with its own test clips keeps those; 0: none are drawn",
        at_least=0,
        below=1,
    )
    noisy_share: float = setting(
        0.0,
        "share of the noisy clips that validate each stage which trains on noisy clips alone, and that it does not "
        "train on. All other stages, such as later ones on both sets, are validated on clips with checked labels, and "
        "may train on these noisy clips. 0: clips with checked labels validate every stage. Without effect on a data "
        "set without noisy clips, and with `--folds`, where the fold validates every stage",
        at_least=0,
        below=1,
    )

    @property
    def holds_out(self) -> bool:
        """Whether any clips with checked labels are held out."""
        return self.file is not None or self.validation_share > 0

    def validates(self, *, is_noisy: bool) -> bool:
        """Whether any clips validate a stage, which may train on noisy clips alone."""
        return self.holds_out or (is_noisy and self.noisy_share > 0)
