"""What a config can say about the network."""

from dataclasses import dataclass
from typing import Literal


class ModelError(ValueError):
    """A network that cannot be built as asked; the message is one line for the user."""


@dataclass(frozen=True)
class ModelSettings:
    """The network. What is null is left to it.

    Attributes:
        name: `simple_cnn`, `vgg_cnn`, `mobilenet_v2`, `resnet50` or `yamnet`.
        weights: of the backbone: `none` (random), `imagenet` (mobilenet_v2, resnet50) or `audioset` (yamnet), which
            Keras downloads, or the path of a file with them (Keras 3's `.weights.h5`, or an older `.h5`).
        weights_sha256: hash that the downloaded file of `audioset` must have; null: any.
        head: `dense`, or `conv`: the two convolution blocks of simple_cnn between backbone and dense layers;
            null: `conv` for simple_cnn (which is that head on the image itself), else `dense`.
        pool: how steps of time (patches, where the image is cut into such) become one: `mean`, `max`, `mean_max`
            (their sum), or `attention` (each class weighs the steps); null: `max` for vgg_cnn, else `mean`.
        units: widths of the hidden dense layers, `[]` for none; null: `[256]`, behind convolution blocks `[128]`.
        dropout: share of the outputs of each hidden dense layer (of the features, without one) dropped in training.
        freeze_batch_norm: batch normalisation of a pretrained backbone stays in inference mode, also in
            blocks that train.
        patch_frames: the image is cut into patches of so many frames; null: not, but yamnet always takes 96.
        patch_hop_frames: frames between the starts of patches; null: they stand side by side.
        filters: of vgg_cnn, widths of its blocks, e.g. `[16, 32, 64, 128]`; null: those.
    """

    name: str = "simple_cnn"
    weights: str = "none"
    weights_sha256: str | None = None
    head: Literal["dense", "conv"] | None = None
    pool: Literal["mean", "max", "mean_max", "attention"] | None = None
    units: list[int] | None = None
    dropout: float = 0.3
    freeze_batch_norm: bool = True
    patch_frames: int | None = None
    patch_hop_frames: int | None = None
    filters: list[int] | None = None

    def __post_init__(self) -> None:
        if not 0.0 <= self.dropout < 1.0:
            raise ValueError(f"expected model.dropout of at least 0 and below 1, received {self.dropout}")
        for key in ("units", "filters"):
            widths = getattr(self, key)
            if widths and min(widths) < 1:
                raise ValueError(f"expected model.{key} of at least 1 each, received {widths}")
        if self.filters == []:
            raise ValueError("expected model.filters with a number for each block, received []")
        for key in ("patch_frames", "patch_hop_frames"):
            value = getattr(self, key)
            if value is not None and value < 1:
                raise ValueError(f"expected model.{key} of at least 1 or null, received {value}")
        if self.patch_hop_frames and not self.patch_frames and self.name != "yamnet":
            raise ValueError("model.patch_hop_frames does nothing without model.patch_frames; set both")
