"""What all plots share: colours, and a file that appears whole."""

import io
from pathlib import Path

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from foundation.files import write_atomic

_DOTS_PER_INCH = 110
_MOST_PIXELS = 6000  # of either side: the memory of a plot is bounded, whatever it shows
TRAIN, VALIDATION, TEST = "tab:blue", "tab:orange", "tab:green"
SCORES = {"raw": "tab:orange", "calibrated": "tab:blue"}
BEST = "tab:red"
MUTED = "0.6"  # of lines and points in the background
TITLE_LETTERS = 34  # a line of a title in a grid of small plots


def run_colours(n: int) -> list[str]:
    """Colours that tell n runs apart, as #rrggbb."""
    colours = colormaps["tab10"](range(n)) if n <= 10 else colormaps["hsv"](np.arange(n) / n)
    return [to_hex(colour) for colour in colours]


def write_figure(figure: Figure, path: Path) -> None:
    """Write a figure as a PNG file, whole or not at all; a very large one has fewer dots per inch."""
    path.parent.mkdir(parents=True, exist_ok=True)
    png = io.BytesIO()
    dpi = min(_DOTS_PER_INCH, _MOST_PIXELS / max(figure.get_size_inches()))
    figure.savefig(png, format="png", dpi=dpi)
    write_atomic(path, png.getvalue())
