"""What all plots share: colours, and a file that appears whole."""

import io
from pathlib import Path

from matplotlib.figure import Figure

from foundation.files import write_atomic

_DOTS_PER_INCH = 110
TRAIN, VALIDATION = "tab:blue", "tab:orange"


def write_figure(figure: Figure, path: Path) -> None:
    """Write a figure as a PNG file, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=_DOTS_PER_INCH)
    write_atomic(path, picture.getvalue())
