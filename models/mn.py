"""EfficientAT's MobileNetV3, trained on AudioSet with a transformer as its teacher, as backbone or whole.

Schmid, Koutini and Widmer 2023, arXiv:2211.04772, https://github.com/fschmid56/EfficientAT (MIT licence); Howard et al.
2019, arXiv:1905.02244. Its images come from the front end `mn_log_mel`, which is a part of the weights.
"""

from math import log
from typing import NamedTuple

import keras
from keras import layers

from models.parts.backbone import BACKBONE
from models.parts.blocks import EMBEDDING, LOGITS, logits
from models.parts.heads import HEAD_OPTIONS, tag_image
from models.parts.mn_weights import load_published
from models.settings import ModelError, ModelSettings

CHANNELS = 1
PUBLISHED = "audioset"
VARIABLE_LENGTH = False
COLUMN_FRAMES = 32
OPTIONS: dict[str, tuple[str, ...]] = {
    **HEAD_OPTIONS,
    "head": ("dense", "conv", "published"),
    "width": (),
}
BANDS = 128
AUDIOSET_CLASSES = 527
SILENCE = (log(1e-5) + 4.5) / 5  # of the published images; the front end has 0 there
DEFAULT_WIDTH = 0.4


class Block(NamedTuple):
    """An inverted residual of width 1: depthwise kernel, channels inside and out, whether it has squeeze-excitation."""

    kernel: int
    inside: int
    out: int
    excites: bool
    activation: str
    stride: int


BLOCKS = (
    Block(3, 16, 16, False, "relu", 1),
    Block(3, 64, 24, False, "relu", 2),
    Block(3, 72, 24, False, "relu", 1),
    Block(5, 72, 40, True, "relu", 2),
    *[Block(5, 120, 40, True, "relu", 1)] * 2,
    Block(3, 240, 80, False, "hard_silu", 2),
    Block(3, 200, 80, False, "hard_silu", 1),
    *[Block(3, 184, 80, False, "hard_silu", 1)] * 2,
    Block(3, 480, 112, True, "hard_silu", 1),
    Block(3, 672, 112, True, "hard_silu", 1),
    Block(5, 672, 160, True, "hard_silu", 2),
    *[Block(5, 960, 160, True, "hard_silu", 1)] * 2,
)


def build(settings: ModelSettings, image_shape: tuple[int, int, int], n_classes: int) -> keras.Model:
    """Images of the front end `mn_log_mel` (batch, frames, 128, 1) of any length -> logits (batch, n_classes)."""
    if image_shape[1:] != (BANDS, CHANNELS):
        raise ModelError(
            f"expected images of {BANDS} bands for model.name=mn, received {image_shape[1]}; "
            "set frontend.name=mn_log_mel and cleaning.rate_hz=32000"
        )
    image = keras.Input(image_shape, name="image")
    x = layers.Rescaling(1.0, offset=SILENCE, name="to_published_range")(image)
    width = settings.width or DEFAULT_WIDTH
    whole = make_mn(width)
    load_published(whole, settings, width)
    features = whole.get_layer(
        f"block{len(BLOCKS) + 1}_activation"
    ).output  # (batch, frames / 32, 4, channels)
    backbone = keras.Model(whole.input, features, name=BACKBONE)
    if settings.head != "published":
        return keras.Model(image, tag_image(settings, x, backbone, n_classes), name="mn")
    network = keras.Model(image, _published_head(settings, backbone(x), whole, n_classes), name="mn")
    if n_classes == AUDIOSET_CLASSES:
        network.get_layer(LOGITS).set_weights(whole.get_layer("logits").get_weights())
    return network


def _published_head(
    settings: ModelSettings, features: keras.KerasTensor, whole: keras.Model, n_classes: int
) -> keras.KerasTensor:
    """Feature map -> logits (batch, n_classes), with the hidden layer of the whole network.

    Raises:
        ModelError: settings of another head.
    """
    for key in HEAD_OPTIONS:
        if key != "head" and getattr(settings, key) is not None:
            raise ModelError(f"model.{key} does nothing with model.head=published; leave it null")
    x = layers.GlobalAveragePooling2D(name=EMBEDDING)(features)
    x = layers.Dropout(settings.dropout, name="head_dropout")(whole.get_layer("hidden")(x))
    return logits(x, n_classes)


def make_mn(width: float) -> keras.Model:
    """Images of the published range (batch, frames, 128, 1) -> AudioSet logits (batch, 527).

    Trainable parameters: 123,783 for a width of 0.1, 983,599 for 0.4, 4,876,831 for 1. Layers come in the order of the
    published model.

    Args:
        width: factor of all channels.
    """
    image = keras.Input((None, BANDS, CHANNELS), name="image")
    x = _convolved(image, _channels(16 * width), 3, 2, "block0")
    x = layers.Activation("hard_silu", name="block0_activation")(x)
    for number, block in enumerate(BLOCKS, 1):
        x = _inverted_residual(x, block, width, f"block{number}")
    name = f"block{len(BLOCKS) + 1}"
    x = _convolved(x, 6 * _channels(160 * width), 1, 1, name)
    x = layers.Activation("hard_silu", name=f"{name}_activation")(x)
    x = layers.GlobalAveragePooling2D(name="embeddings")(x)
    x = layers.Dense(_channels(1280 * width), "hard_silu", name="hidden")(x)
    x = layers.Dropout(0.2, name="dropout")(x)
    return keras.Model(image, layers.Dense(AUDIOSET_CLASSES, name="logits")(x), name="mn_audioset")


def _inverted_residual(x: keras.KerasTensor, block: Block, width: float, name: str) -> keras.KerasTensor:
    entered, inside, out = x, _channels(block.inside * width), _channels(block.out * width)
    if inside != x.shape[-1]:
        x = _convolved(x, inside, 1, 1, f"{name}_expand")
        x = layers.Activation(block.activation, name=f"{name}_expand_activation")(x)
    x = _convolved(x, None, block.kernel, block.stride, f"{name}_depthwise")
    x = layers.Activation(block.activation, name=f"{name}_depthwise_activation")(x)
    if block.excites:
        weights = layers.GlobalAveragePooling2D(keepdims=True, name=f"{name}_average")(x)
        weights = layers.Dense(_channels(inside // 4), "relu", name=f"{name}_squeeze")(weights)
        weights = layers.Dense(inside, "sigmoid", name=f"{name}_excite")(weights)
        x = layers.Multiply(name=f"{name}_scale")([x, weights])
    x = _convolved(x, out, 1, 1, f"{name}_project")
    is_residual = block.stride == 1 and out == entered.shape[-1]
    return layers.Add(name=f"{name}_add")([x, entered]) if is_residual else x


def _convolved(
    x: keras.KerasTensor, filters: int | None, kernel: int, stride: int, name: str
) -> keras.KerasTensor:
    """Convolution, depthwise without `filters`, and batch normalization; padded by half a kernel on either side.

    With a stride, Keras's "same" would put the odd row of padding at the end.
    """
    if stride > 1:
        x = layers.ZeroPadding2D(kernel // 2, name=f"{name}_pad")(x)
    options = {"padding": "valid" if stride > 1 else "same", "use_bias": False, "name": f"{name}_conv"}
    if filters is None:
        x = layers.DepthwiseConv2D(kernel, stride, **options)(x)
    else:
        x = layers.Conv2D(filters, kernel, stride, **options)(x)
    return layers.BatchNormalization(name=f"{name}_norm")(x)  # Keras's defaults are the published ones


def _channels(number: float) -> int:
    """The nearest multiple of 8, not under nine tenths of the number."""
    rounded = max(8, int(number + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * number else rounded
