"""Plots of features and the audio that they were computed from."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from preprocessing.feature_settings import FeatureSettings


def draw_features(figure: Figure, axes: list[Axes], features: np.ndarray, settings: FeatureSettings) -> None:
    """Draws (steps, bands) features, a block of bands on each of `axes`; one step is drawn as a line.

    Args:
        axes: as many as `blocks(settings)`.
    """
    for place, (title, bands) in zip(axes, blocks(settings).items(), strict=True):
        block = features[:, bands]
        place.set_title(f"{title}: {block.shape[0]} steps, {block.shape[1]} bands", parse_math=False)
        if len(block) == 1:
            place.plot(block[0], ".-")
            place.set(xlabel="band", ylabel="value")
        else:
            image = place.imshow(block.T, origin="lower", aspect="auto", interpolation="nearest")
            figure.colorbar(image, ax=place)
            place.set(xlabel="step", ylabel="band")


def blocks(settings: FeatureSettings) -> dict[str, slice]:
    """Title and bands of each part of the features that has a scale of its own."""
    if settings.name in ("fused", "beat_fused"):
        return {"log-mel (dB)": slice(settings.n_mels), "chroma": slice(settings.n_mels, None)}
    return {str(settings.name): slice(None)}
