"""What a config can say about the data set."""

from dataclasses import dataclass, field

# Curated clips of FSDKaggle2019 known to be bad: five with a wrong label, and the silent 1d44b0bd.
KNOWN_BAD = ("f76181c4.wav", "77b925c2.wav", "6a1f682a.wav", "c7db12aa.wav", "7752cc8a.wav", "1d44b0bd.wav")


@dataclass(frozen=True)
class DatasetSettings:
    """Which data, and where.

    Attributes:
        layout: name of the reader in `tagging/datasets`.
        root: folder of the data set.
        exclude: file names of training clips that are left out.
    """

    layout: str = "fsdkaggle2019"
    root: str = "data/fsdkaggle2019"
    exclude: list[str] = field(default_factory=lambda: list(KNOWN_BAD))


@dataclass(frozen=True)
class SplitSettings:
    """How validation clips are held out of the first source with checked labels.

    Attributes:
        validation_share: share of the curated clips held out, 0 to below 1; 0 trains on all of them.
        file: CSV `fname,part` (part: `train` or `validation`) that gives the hold-out; None: it is drawn.
    """

    validation_share: float = 0.2
    file: str | None = None
