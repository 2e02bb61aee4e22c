"""Batches made on the host and on the device, for tests that compare them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from preprocessing.wav import wav_bytes
from tagging.augment.settings import AugmentSettings
from tagging.frontend.log_mel import LogMel
from tagging.frontend.mn_log_mel import MnLogMel
from tagging.pipeline.batches import TrainingBatches
from tagging.pipeline.pieces import AudioWindows

N, LENGTH = 10, 4096
AUGMENTS = {
    "background": {"probability": 0.7},
    "crop": {"min_time_share": 0.6, "min_band_share": 0.7},
    "gain": {"min_db": -6.0, "max_db": 30.0},
    "image_noise": {"deviation": 3.0},
    "mel_jitter": {"fmin_range_hz": 10, "fmax_range_hz": 2000},
    "mixup": {"alpha": 0.4},
    "noise": {"probability": 0.7},
    "pitch_shift": {"min_semitones": -3.0, "max_semitones": 3.0},
    "spec_augment": {"enabled": True, "time_warp_frames": 2},
    "speed": {"min_rate": 0.7, "max_rate": 1.4},
    "time_shift_share": 0.5,
    "time_stretch": {"min_rate": 0.7, "max_rate": 1.4},
    "waveform_mix": {"probability": 0.7, "most": 3},
}


def write_sounds(folder: Path) -> dict:
    """What `TrainingBatches` takes of clips of noise of many lengths; one is silent."""
    random, paths = np.random.default_rng(0), [folder / f"{i}.wav" for i in range(N)]
    for i, path in enumerate(paths):
        pcm = random.normal(0, 3000 * (i != 3), 1600 * (1 + i % 6)).astype(np.int16)
        path.write_bytes(wav_bytes(pcm, 16_000))
    return {"paths": paths, "background_paths": paths, "pieces": AudioWindows(LENGTH, LENGTH)}


def frontend_for(key: str) -> keras.Layer:
    """One that takes this augmentation."""
    return MnLogMel() if key == "mel_jitter" else LogMel(n_mels=64, hop_length=256)


def settings_of(augment: dict) -> AugmentSettings:
    """Of the keys under `augment`."""
    default = AugmentSettings()
    parts = {
        key: type(getattr(default, key))(**value) if isinstance(value, dict) else value
        for key, value in augment.items()
    }
    return AugmentSettings(**parts)


def made(augment: dict, *, on_device: bool, **given) -> Iterator[list[np.ndarray]]:
    """Two epochs of images, labels and weights; of the device through a compiled function, as in a training step."""
    of_clips = {"targets": np.eye(N, dtype="f"), "weights": np.linspace(0.1, 1, N, dtype="f")}
    more = {"augment": settings_of(augment), "batch_size": 4, "seed": 1, "jobs": 2, "on_device": on_device}
    supply = TrainingBatches(**{**of_clips, **more, **given})
    finish = _compiled(supply.finished) if on_device else supply.finished
    for data in supply.dataset(0, 2):
        yield [keras.ops.convert_to_numpy(part) for part in finish(data)]


def _compiled(finish: Callable) -> Callable:
    if keras.backend.backend() == "tensorflow":
        return tf.function(finish, autograph=False)
    import jax

    step = jax.jit(finish)
    return lambda data: step(keras.tree.map_structure(np.asarray, data))
