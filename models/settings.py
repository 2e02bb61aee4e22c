"""What a config can say about the network."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from foundation.errors import UserError
from foundation.plugins import plugin_names
from foundation.settings import Settings, setting
from foundation.words import nearest

NAMES = plugin_names(Path(__file__).parent, excluding=("registry", "settings"))
"""The networks: every other module of this package is one."""


class ModelError(UserError):
    """A network that cannot be built as asked; the message is one line for the user."""


@dataclass(frozen=True)
class ModelSettings(Settings):
    """The network. A key that is null is left to it; a key that it does not take is refused when it is built."""

    name: str = setting(
        "simple_cnn",
        "the network, a file in `models/`: "
        "`simple_cnn`, `vgg_cnn`, `mobilenet_v2`, `resnet50`, `yamnet` or `mn`; or one that takes any "
        "image or feature sequence: `mlp`, `cnn2d`, `cnn1d`, `rnn` or `cnn_rnn`",
    )
    weights: str = setting(
        "none",
        "weights of the backbone: `none` (random), `imagenet` (mobilenet_v2, resnet50) or `audioset` (yamnet, "
        "mn), which are downloaded, or the path of a weight file (Keras 3's `.weights.h5`, an older `.h5`, or the "
        "published `.pt` of mn); or, for all networks, the folder of a run for other classes or another task with the "
        "same `cleaning.rate_hz`, `cleaning.features` and `frontend`: the network starts with the weights of that run, "
        "but for the layers that make the outputs and those of the head that differ",
        is_path=True,
    )
    weights_sha256: str | None = setting(
        None,
        "SHA-256 hash that the downloaded `audioset` file must have; null: not checked, except for mn of width "
        "0.4, whose hash is known",
    )
    width: float | None = setting(
        None,
        "factor for the channels of mn; `audioset` weights exist for 0.1, 0.2, 0.4, 0.5, 1, 2, 3 and 4; null: 0.4",
        at_least=0.1,
        at_most=4,
    )
    head: Literal["dense", "conv", "published"] | None = setting(
        None,
        "`dense`; `conv`: the two convolution blocks of simple_cnn between backbone and dense layers; or "
        "`published`: the pooling and the hidden dense layer that mn was published with, and, for as many classes as "
        "AudioSet has, its last layer; null: `conv` for simple_cnn (which is that head on the image itself), else "
        "`dense`",
    )
    pool: Literal["mean", "max", "mean_max", "mean_max_joined", "last", "attention"] | None = setting(
        None,
        "pooling over the time steps (over the patches, where the image is cut into patches): `mean`, `max`, "
        "`mean_max` (their sum), `mean_max_joined` (both, concatenated; cnn1d, rnn, cnn_rnn), `last` (the last "
        "step of the clip, and the first one of the backward direction; rnn, cnn_rnn), or `attention` (each class "
        "weights the steps; networks with a head); null: `max` for vgg_cnn, `last` for rnn and cnn_rnn, else "
        "`mean`",
    )
    units: tuple[int, ...] | None = setting(
        None,
        "widths of the hidden dense layers, `[]` for none; null: `[256]`, after convolution blocks `[128]`; mlp "
        "`[512, 512]`, cnn2d `[1024, 256, 32]`, cnn1d `[128]`, rnn and cnn_rnn none",
        at_least=1,
        at_most=16_384,
    )
    output_units: tuple[int, ...] | None = setting(
        None,
        "widths of the hidden dense layers that each output has for itself, behind the layers that all share (rnn, "
        "cnn_rnn): a multitask head, for a few outputs, such as several numbers; null: all layers are shared",
        at_least=1,
        at_most=16_384,
    )
    dropout: float = setting(
        0.3,
        "dropout rate of each hidden dense layer (of the features, if there is none), and between recurrent layers",
        at_least=0,
        below=1,
    )
    freeze_batch_norm: bool = setting(
        True,
        "batch normalization of a pretrained backbone stays in inference mode, also in blocks that train",
    )
    patch_frames: int | None = setting(
        None,
        "the image is cut into patches of this many frames; null: it is not cut (yamnet always uses 96)",
        at_least=1,
        at_most=1_000_000,
    )
    patch_hop_frames: int | None = setting(
        None,
        "frames between the starts of patches; null: `patch_frames`, without overlap",
        at_least=1,
        at_most=1_000_000,
    )
    filters: tuple[int, ...] | None = setting(
        None,
        "widths of the convolution blocks of vgg_cnn, cnn2d, cnn1d and cnn_rnn; null: `[16, 32, 64, 128]`, for "
        "cnn_rnn `[64, 128, 128]`",
        at_least=1,
        at_most=4_096,
    )
    activation: str | None = setting(
        None,
        "activation of hidden layers (mlp, cnn2d, cnn1d, rnn, cnn_rnn): the name of any Keras activation, e.g. "
        "`elu`, `linear` (none) or `leaky_relu` (with Keras's slope of 0.2); null: `relu`. Recurrent layers keep "
        "their tanh",
    )
    input_norm: bool | None = setting(
        None,
        "batch normalization of each band of the image before the first layer (mlp, cnn2d, cnn1d, rnn, cnn_rnn); "
        "null: true",
    )
    batch_norm: bool | None = setting(
        None,
        "batch normalization of each convolution (cnn2d, cnn1d, cnn_rnn) or hidden layer (mlp) before its "
        "activation; null: true, for mlp false",
    )
    kernel_size: int | None = setting(
        None,
        "side of the convolutions (simple_cnn, cnn2d), or their length in frames (cnn1d, cnn_rnn); null: 5, for "
        "simple_cnn 3",
        at_least=1,
        at_most=255,
    )
    padding: Literal["same", "valid"] | None = setting(
        None,
        "padding of cnn2d's convolutions: `same` keeps frames and bands (with a kernel of 5: padded by 2), `valid` "
        "loses `kernel_size` - 1 of each; null: `same`",
    )
    pool_size: int | None = setting(
        None,
        "max pooling after each convolution (cnn2d, cnn1d, cnn_rnn), 1: none; null: 2",
        at_least=1,
        at_most=1_000,
    )
    stride: int | None = setting(
        None,
        "frames between the steps of the first convolution (cnn1d, cnn_rnn), at most `kernel_size`; null: 1",
        at_least=1,
        at_most=255,
    )
    cell: Literal["lstm", "gru"] | None = setting(
        None, "cell of the recurrent layers; null: `lstm` for rnn, `gru` for cnn_rnn"
    )
    rnn_units: int | None = setting(
        None,
        "width of a recurrent layer, in each direction; null: 64 for rnn, 128 for cnn_rnn",
        at_least=1,
        at_most=8_192,
    )
    rnn_layers: int | None = setting(None, "number of recurrent layers; null: 2", at_least=1, at_most=64)
    bidirectional: bool | None = setting(
        None, "recurrent layers run over the clip in both directions; null: true"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.name not in NAMES:
            raise ValueError(
                f"expected model.name out of {', '.join(NAMES)}, received {self.name!r}.{nearest(self.name, NAMES)}"
            )
        if self.filters == ():
            raise ValueError("expected model.filters with a number for each block, received []")
        if self.patch_hop_frames and not self.patch_frames and self.name != "yamnet":
            raise ValueError("model.patch_hop_frames does nothing without model.patch_frames; set both")
