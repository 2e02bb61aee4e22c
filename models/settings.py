"""What a config can say about the network."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from foundation.errors import UserError
from foundation.plugins import plugin_names

NAMES = plugin_names(Path(__file__).parent, besides=("registry", "settings"))
"""The networks: every other module of this package is one."""


class ModelError(UserError):
    """A network that cannot be built as asked; the message is one line for the user."""


@dataclass(frozen=True)
class ModelSettings:
    """The network. What is null is left to it; a key that it does not take is refused when it is built.

    Attributes:
        name: a file in `models/`: `simple_cnn`, `vgg_cnn`, `mobilenet_v2`, `resnet50` or `yamnet`; or one that takes
            any image or sequence of features: `mlp`, `cnn2d`, `cnn1d`, `rnn` or `cnn_rnn`.
        weights: of the backbone: `none` (random), `imagenet` (mobilenet_v2, resnet50) or `audioset` (yamnet), which
            Keras downloads, or the path of a file with them (Keras 3's `.weights.h5`, or an older `.h5`).
        weights_sha256: hash that the downloaded file of `audioset` must have; null: any.
        head: `dense`, or `conv`: the two convolution blocks of simple_cnn between backbone and dense layers;
            null: `conv` for simple_cnn (which is that head on the image itself), else `dense`.
        pool: how steps of time (patches, where the image is cut into such) become one: `mean`, `max`, `mean_max`
            (their sum), `mean_max_joined` (both, side by side; cnn1d, rnn, cnn_rnn), `last` (the last step of the clip,
            and the first one of the backward direction; rnn, cnn_rnn), or `attention` (each class weighs the steps;
            networks with a head); null: `max` for vgg_cnn, `last` for rnn and cnn_rnn, else `mean`.
        units: widths of the hidden dense layers, `[]` for none; null: `[256]`, behind convolution blocks `[128]`;
            mlp `[512, 512]`, cnn2d `[1024, 256, 32]`, cnn1d `[128]`, rnn and cnn_rnn none.
        dropout: share of the outputs of each hidden dense layer (of the features, without one) dropped in training,
            and of what goes from one recurrent layer to the next.
        freeze_batch_norm: batch normalisation of a pretrained backbone stays in inference mode, also in
            blocks that train.
        patch_frames: the image is cut into patches of so many frames; null: not, but yamnet always takes 96.
        patch_hop_frames: frames between the starts of patches; null: they stand side by side.
        filters: widths of the convolution blocks of vgg_cnn, cnn2d, cnn1d and cnn_rnn; null: `[16, 32, 64, 128]`,
            for cnn_rnn `[64, 128, 128]`.
        activation: of hidden layers (mlp, cnn2d, cnn1d, rnn, cnn_rnn): the name of any Keras activation, e.g. `elu`,
            `linear` (none) or `leaky_relu` (Keras's slope, 0.2); null: `relu`. Recurrent layers keep their tanh.
        input_norm: batch normalisation of each band of the image, before all else (the same five); null: true.
        batch_norm: batch normalisation of each convolution (cnn2d, cnn1d, cnn_rnn) or hidden layer (mlp) before its
            activation; null: true, for mlp false.
        kernel_size: side of the convolutions (cnn2d), or their length in frames (cnn1d, cnn_rnn); null: 5.
        padding: of cnn2d's convolutions: `same` keeps frames and bands (with a kernel of 5: padded by 2), `valid` loses
            `kernel_size` - 1 of each; null: `same`.
        pool_size: maximum pooling behind each convolution (cnn2d, cnn1d, cnn_rnn), 1: none; null: 2.
        stride: frames between the steps of the first convolution (cnn1d, cnn_rnn), at most `kernel_size`; null: 1.
        cell: of the recurrent layers, `lstm` or `gru`; null: `lstm` for rnn, `gru` for cnn_rnn.
        rnn_units: width of a recurrent layer, in each direction; null: 64 for rnn, 128 for cnn_rnn.
        rnn_layers: number of recurrent layers; null: 2.
        bidirectional: recurrent layers run over the clip in both directions; null: true.
    """

    name: str = "simple_cnn"
    weights: str = "none"
    weights_sha256: str | None = None
    head: Literal["dense", "conv"] | None = None
    pool: Literal["mean", "max", "mean_max", "mean_max_joined", "last", "attention"] | None = None
    units: list[int] | None = None
    dropout: float = 0.3
    freeze_batch_norm: bool = True
    patch_frames: int | None = None
    patch_hop_frames: int | None = None
    filters: list[int] | None = None
    activation: str | None = None
    input_norm: bool | None = None
    batch_norm: bool | None = None
    kernel_size: int | None = None
    padding: Literal["same", "valid"] | None = None
    pool_size: int | None = None
    stride: int | None = None
    cell: Literal["lstm", "gru"] | None = None
    rnn_units: int | None = None
    rnn_layers: int | None = None
    bidirectional: bool | None = None

    def __post_init__(self) -> None:
        if self.name not in NAMES:
            raise ValueError(f"expected model.name out of {', '.join(NAMES)}, received {self.name!r}")
        if not 0.0 <= self.dropout < 1.0:
            raise ValueError(f"expected model.dropout of at least 0 and below 1, received {self.dropout}")
        for key in ("units", "filters"):
            widths = getattr(self, key)
            if widths and min(widths) < 1:
                raise ValueError(f"expected model.{key} of at least 1 each, received {widths}")
        if self.filters == []:
            raise ValueError("expected model.filters with a number for each block, received []")
        for key in COUNTS:
            value = getattr(self, key)
            if value is not None and value < 1:
                raise ValueError(f"expected model.{key} of at least 1 or null, received {value}")
        if self.patch_hop_frames and not self.patch_frames and self.name != "yamnet":
            raise ValueError("model.patch_hop_frames does nothing without model.patch_frames; set both")


COUNTS = (
    "patch_frames",
    "patch_hop_frames",
    "kernel_size",
    "pool_size",
    "stride",
    "rnn_units",
    "rnn_layers",
)
