"""A long image as a row of short ones: a backbone sees patches, the head pools over them."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="models")
class ToPatches(keras.layers.Layer):
    """(batch, frames, bands, channels) -> (batch x patches, patch_frames, bands, channels).

    Patches start every `hop_frames`; frames behind the last whole patch are left out.

    Args:
        patch_frames: length of a patch.
        hop_frames: frames between the starts of two patches.
    """

    def __init__(self, patch_frames: int, hop_frames: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.patch_frames = patch_frames
        self.hop_frames = hop_frames

    def call(self, image: Any) -> Any:
        _, frames, bands, channels = image.shape
        patches = [
            image[:, start : start + self.patch_frames]
            for start in range(0, frames - self.patch_frames + 1, self.hop_frames)
        ]
        return ops.reshape(ops.stack(patches, axis=1), (-1, self.patch_frames, bands, channels))

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return (None, self.patch_frames, *input_shape[2:])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "patch_frames": self.patch_frames, "hop_frames": self.hop_frames}


@keras.saving.register_keras_serializable(package="models")
class JoinPatches(keras.layers.Layer):
    """(batch x patches, channels) -> (batch, patches, channels).

    Args:
        n_patches: patches of an image.
    """

    def __init__(self, n_patches: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.n_patches = n_patches

    def call(self, features: Any) -> Any:
        return ops.reshape(features, (-1, self.n_patches, features.shape[-1]))

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return (None, self.n_patches, input_shape[-1])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "n_patches": self.n_patches}


def count_patches(frames: int, patch_frames: int, hop_frames: int) -> int:
    """Whole patches in an image of so many frames."""
    return 1 + (frames - patch_frames) // hop_frames
