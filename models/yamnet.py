"""YAMNet: a MobileNet v1 trained on AudioSet, as backbone or whole.

Plakal and Ellis, https://github.com/tensorflow/models/tree/master/research/audioset/yamnet; Howard et al. 2017,
arXiv:1704.04861. Its images come from the front end `yamnet`, which is a part of the weights.
"""

from dataclasses import replace
from math import log
from pathlib import Path

import keras
from keras import layers

from models.parts.backbone import BACKBONE
from models.parts.heads import HEAD_OPTIONS, tag_image
from models.parts.weight_files import downloaded, load_weights
from models.settings import ModelError, ModelSettings

CHANNELS = 1
PUBLISHED = "audioset"
VARIABLE_LENGTH = False
OPTIONS = HEAD_OPTIONS
PATCH_FRAMES, BANDS = 96, 64
AUDIOSET_CLASSES = 521
URL = "https://storage.googleapis.com/audioset/yamnet.h5"
LOG_OFFSET = log(0.001)  # what the front end takes off, so that silence is 0 in its images
BLOCKS = ((1, 64), (2, 128), (1, 128), (2, 256), (1, 256), (2, 512), *[(1, 512)] * 5, (2, 1024), (1, 1024))


def build(settings: ModelSettings, image_shape: tuple[int, int, int], n_classes: int) -> keras.Model:
    """Images of the front end `yamnet` (batch, frames, 64, 1) -> logits (batch, n_classes).

    The image is cut into patches of 96 frames (0.96 s), which the head pools.
    """
    if settings.patch_frames not in (None, PATCH_FRAMES):
        raise ModelError(
            f"model.patch_frames: yamnet takes {PATCH_FRAMES}, received {settings.patch_frames}; leave it null"
        )
    if image_shape[0] < PATCH_FRAMES or image_shape[1:] != (BANDS, CHANNELS):
        raise ModelError(
            f"expected images of at least {PATCH_FRAMES} frames and {BANDS} bands for model.name=yamnet, received "
            f"{image_shape[0]} and {image_shape[1]}; set frontend.name=yamnet and a window.window_s of 1 or more"
        )
    image = keras.Input(image_shape, name="image")
    x = layers.Rescaling(1.0, offset=LOG_OFFSET, name="to_log_mel")(image)
    settings = replace(settings, patch_frames=PATCH_FRAMES)
    return keras.Model(image, tag_image(settings, x, _backbone(settings), n_classes), name="yamnet")


def _backbone(settings: ModelSettings) -> keras.Model:
    """Patches (batch, 96, 64, 1) of log-mel -> feature map (batch, 3, 2, 1024), its weights as the settings say."""
    whole = make_yamnet()
    if settings.weights != "none":
        published = settings.weights == "audioset"
        path = downloaded(URL, settings.weights_sha256) if published else Path(settings.weights)
        load_weights(whole, path, f"yamnet with its {AUDIOSET_CLASSES} classes")
    return keras.Model(whole.input, whole.get_layer("layer14_pointwise_relu").output, name=BACKBONE)


def make_yamnet() -> keras.Model:
    """Patches (batch, 96, 64, 1) of log-mel -> AudioSet logits (batch, 521): 3,751,369 parameters, 3,729,481 trainable.

    Layers come in the order of the published model, by which weight files are read.
    """
    patch = keras.Input((PATCH_FRAMES, BANDS, 1), name="patch")
    x = layers.Conv2D(32, 3, 2, padding="same", use_bias=False, name="layer1_conv")(patch)
    x = _norm_relu(x, "layer1")
    for number, (stride, filters) in enumerate(BLOCKS, 2):
        name = f"layer{number}_depthwise"
        x = layers.DepthwiseConv2D(3, stride, padding="same", use_bias=False, name=f"{name}_conv")(x)
        x = _norm_relu(x, name)
        name = f"layer{number}_pointwise"
        x = layers.Conv2D(filters, 1, padding="same", use_bias=False, name=f"{name}_conv")(x)
        x = _norm_relu(x, name)
    x = layers.GlobalAveragePooling2D(name="embeddings")(x)
    return keras.Model(patch, layers.Dense(AUDIOSET_CLASSES, name="logits")(x), name="yamnet_audioset")


def _norm_relu(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    x = layers.BatchNormalization(scale=False, epsilon=1e-4, name=f"{name}_norm")(x)
    return layers.ReLU(name=f"{name}_relu")(x)
