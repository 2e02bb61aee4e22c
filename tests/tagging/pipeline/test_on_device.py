"""`pipeline.device=device`: what is left to the training step makes the images of the host, for each augmentation."""

from collections.abc import Iterator

import numpy as np
import pytest
import tensorflow as tf

from preprocessing.wav import wav_bytes
from tagging.augment.settings import OPS, AugmentSettings, is_on
from tagging.frontend.log_mel import LogMel
from tagging.frontend.mn_log_mel import MnLogMel
from tagging.frontend.parts.stored import StoredFeatures
from tagging.pipeline.batches import TrainingBatches
from tagging.pipeline.pieces import AudioWindows, FeatureSequences

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
OF_SEQUENCES = {  # whose lengths differ
    "crop": {"min_band_share": 0.7},
    "image_noise": {"deviation": 0.1},
    "mixup": {"alpha": 0.4, "labels": "or"},
    "spec_augment": {"enabled": True},
}


@pytest.fixture(scope="module")
def sounds(tmp_path_factory) -> dict:
    """What `TrainingBatches` takes of clips of noise of many lengths; one is silent."""
    folder, random = tmp_path_factory.mktemp("sounds"), np.random.default_rng(0)
    paths = [folder / f"{i}.wav" for i in range(N)]
    for i, path in enumerate(paths):
        pcm = random.normal(0, 3000 * (i != 3), 1600 * (1 + i % 6)).astype(np.int16)
        path.write_bytes(wav_bytes(pcm, 16_000))
    return {"paths": paths, "background_paths": paths, "pieces": AudioWindows(LENGTH, LENGTH)}


@pytest.fixture(scope="module")
def sequences(tmp_path_factory) -> dict:
    """The same of sequences of 5 to 32 steps."""
    folder, random = tmp_path_factory.mktemp("sequences"), np.random.default_rng(0)
    lengths = 5 + 3 * np.arange(N)
    paths = [folder / f"{i}.npy" for i in range(N)]
    for path, length in zip(paths, lengths, strict=True):
        np.save(path, random.normal(size=(length, 6)).astype("<f4"))
    return {
        "paths": paths,
        "lengths": lengths,
        "pieces": FeatureSequences(6, 30),
        "frontend": StoredFeatures(),
    }


def made(augment: dict, *, on_device: bool, **given) -> Iterator[list[np.ndarray]]:
    """Two epochs of images, labels and weights; of the device through a compiled function, as in a training step."""
    settings = {
        key: type(getattr(AugmentSettings(), key))(**value) if isinstance(value, dict) else value
        for key, value in augment.items()
    }
    of_clips = {"targets": np.eye(N, dtype="f"), "weights": np.linspace(0.1, 1, N, dtype="f")}
    more = {
        "augment": AugmentSettings(**settings),
        "batch_size": 4,
        "seed": 1,
        "jobs": 2,
        "on_device": on_device,
    }
    supply = TrainingBatches(**{"frontend": LogMel(n_mels=64, hop_length=256), **of_clips, **more, **given})
    finish = tf.function(supply.finished)
    for data in supply.dataset(0, 2):
        yield [part.numpy() for part in (finish(data) if on_device else data)]


def assert_same(augment: dict, given: dict) -> None:
    """Images within float error of their range of 255 (of 1 for features), labels and weights within theirs."""
    host, device = (list(made(augment, on_device=place, **given)) for place in (False, True))
    assert [len(images) for images, _, _ in device] == [4, 4, 2] * 2
    for parts in zip(host, device, strict=True):
        for a, b in zip(*parts, strict=True):
            assert (a.dtype, a.shape) == (b.dtype, b.shape)
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-3)


def test_every_augmentation_is_compared():
    assert set(AUGMENTS) == {key for op in OPS for key in op.settings}
    for key, value in AUGMENTS.items():
        part = type(getattr(AugmentSettings(), key))(**value) if isinstance(value, dict) else value
        assert is_on(part), key


@pytest.mark.parametrize("key", AUGMENTS)
def test_each_augmentation_makes_the_images_of_the_host(sounds, key):
    frontend = MnLogMel() if key == "mel_jitter" else LogMel(n_mels=64, hop_length=256)
    assert_same({key: AUGMENTS[key]}, {**sounds, "frontend": frontend})


def test_so_do_all_of_them_together_each_clip_plain_and_augmented(sounds):
    augment = {key: value for key, value in AUGMENTS.items() if key != "mel_jitter"}
    assert_same(augment, sounds)
    keeps = list(made({**augment, "keep_originals": True}, on_device=True, **sounds))
    assert sum(len(images) for images, _, _ in keeps) == 4 * N


@pytest.mark.parametrize("key", OF_SEQUENCES)
def test_sequences_of_unequal_length_do_too(sequences, key):
    assert_same({key: OF_SEQUENCES[key]}, sequences)


def test_windows_travel_as_they_are_stored_with_what_was_drawn_for_them(sounds):
    augment = AugmentSettings(**{"spec_augment": type(AugmentSettings().spec_augment)(enabled=True)})
    supply = TrainingBatches(
        targets=np.eye(N),
        frontend=LogMel(),
        augment=augment,
        batch_size=4,
        seed=1,
        jobs=1,
        on_device=True,
        **sounds,
    )
    parts, labels = next(iter(supply.dataset(0, 1)))
    assert set(parts) == {"inputs", "is_augmented", "waveforms", "images"}
    assert (parts["inputs"].dtype, parts["inputs"].shape) == (tf.int16, (4, LENGTH))
    drawn = tf.nest.flatten(parts["images"])
    assert [len(each) for each in [labels, *drawn]] == [4] * 5
