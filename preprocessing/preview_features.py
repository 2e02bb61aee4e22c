"""Plots of features and the audio that they were computed from."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from preprocessing.feature_settings import FeatureSettings


def draw_features(
    figure: Figure, axes: list[Axes], features: np.ndarray, blocks: Mapping[str, slice]
) -> None:
    """Draws (steps, bands) features, each block of bands on one of `axes`, in colours of its own; one step as a line.

    Args:
        axes: as many as `blocks`.
        blocks: title -> bands.
    """
    for place, (title, bands) in zip(axes, blocks.items(), strict=True):
        block = features[:, bands]
        place.set_title(f"{title}: {block.shape[0]} steps, {block.shape[1]} bands", parse_math=False)
        if len(block) == 1:
            place.plot(block[0], ".-")
            place.set(xlabel="band", ylabel="value")
        else:
            image = place.imshow(block.T, origin="lower", aspect="auto", interpolation="nearest")
            figure.colorbar(image, ax=place)
            place.set(xlabel="step", ylabel="band")
            place.xaxis.set_major_locator(MaxNLocator(integer=True))


def stored_blocks(parts: Mapping[str, int], n_bands: int, settings: FeatureSettings) -> dict[str, slice]:
    """As `computed_blocks`, of the bands that the settings keep of stored features.

    Args:
        parts: name -> number of stored bands, in their order; empty, or others than are stored: they are one block.
        n_bands: that are kept.
    """
    start = settings.bands[0] if settings.bands else 0
    found, end = {}, 0
    for name, width in parts.items():
        first, end = end, end + width
        if first < start + n_bands and end > start:
            found[name] = slice(max(first - start, 0), min(end - start, n_bands))
    return found if found and end >= start + n_bands else {str(settings.name): slice(None)}


def computed_blocks(settings: FeatureSettings) -> dict[str, slice]:
    """Title and bands of each part of the features that has a scale of its own."""
    if settings.name in ("fused", "beat_fused"):
        return {"log-mel (dB)": slice(settings.n_mels), "chroma": slice(settings.n_mels, None)}
    return {str(settings.name): slice(None)}
