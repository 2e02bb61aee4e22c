"""Channels as one: the mean to the last bit, and a channel alone where the mean would be next to nothing."""

import numpy as np
import pytest

from preprocessing import chain
from preprocessing.chain import CleanStream
from preprocessing.clip import clean_clip
from preprocessing.mono import mixed
from preprocessing.rows import ClipTask
from preprocessing.settings import CleaningSettings, SilenceRule
from preprocessing.sound_arrays import ArraySound
from preprocessing.sound_files import FileSound
from preprocessing.stream import PcmStream

RATE_HZ = 16_000
RNG = np.random.default_rng(0)
LEFT = (0.3 * np.sin(np.arange(5 * RATE_HZ) * 0.17)).astype(np.float32)
NOISE = RNG.normal(0, 0.1, (5 * RATE_HZ, 16)).astype(np.float32)
SETTINGS = CleaningSettings(curated=[SilenceRule(threshold_dbfs=-40)])
OPPOSITE = {
    "equal": np.stack([LEFT, -LEFT], axis=1),
    "the second is louder": np.stack([-0.8 * LEFT, LEFT], axis=1),
    "some noise": np.stack([LEFT, -LEFT], axis=1) + 0.1 * NOISE[:, :2],
    "four": np.stack([LEFT, -LEFT, 0.9 * LEFT, -0.9 * LEFT], axis=1),
    "at the end": np.stack([LEFT, np.where(np.arange(len(LEFT)) < 1_000, LEFT, -LEFT)], axis=1),
}
ORDINARY = {
    "equal": np.stack([LEFT, LEFT], axis=1),
    "one alone": np.stack([LEFT, 0 * LEFT], axis=1),
    "one of many": np.where(np.arange(16) == 3, LEFT[:, None], 0).astype(np.float32),
    "unrelated": NOISE[:, :2],
    "wide": 0.3 * np.stack([LEFT, -LEFT], axis=1) + NOISE[:, :1],
    "silent": np.zeros((RATE_HZ, 2), np.float32),
    "opposite for a while": np.stack([LEFT, np.where(np.arange(len(LEFT)) < 20_000, -LEFT, LEFT)], axis=1),
}


def pcm(blocks) -> np.ndarray:
    return np.concatenate(list(blocks))


@pytest.mark.parametrize("held_s", [600.0, 0.1])
@pytest.mark.parametrize("name", OPPOSITE)
def test_of_channels_that_cancel_the_loudest_is_heard(monkeypatch, name, held_s):
    monkeypatch.setattr(chain, "_HELD_S", held_s)
    samples = OPPOSITE[name]
    channel = 1 if name == "the second is louder" else 0
    for of in (lambda sound: PcmStream(sound, RATE_HZ), lambda sound: CleanStream(sound, SETTINGS, "test")):
        sound, alone = ArraySound(samples, RATE_HZ), ArraySound(samples[:, channel], RATE_HZ)
        np.testing.assert_array_equal(pcm(of(sound)), pcm(of(alone)))
        assert sound.channel == channel
    np.testing.assert_array_equal(mixed(samples), samples[:, channel])


@pytest.mark.parametrize("name", ORDINARY)
def test_of_others_the_mean_is_heard_to_the_last_bit(name):
    samples = ORDINARY[name]
    mean = samples.mean(axis=1, dtype=np.float32)
    for given in (samples, samples[:, ::-1]):
        sound = ArraySound(given, RATE_HZ)
        expected = np.rint(given.mean(axis=1, dtype=np.float32) * 32768).astype(np.int16)
        np.testing.assert_array_equal(pcm(PcmStream(sound, RATE_HZ)), expected)
        assert sound.channel is None
    np.testing.assert_array_equal(mixed(samples), mean)


def test_a_cleaned_file_is_not_silent_and_its_row_tells_why(write, tmp_path):
    path = write("a.wav", OPPOSITE["equal"], 22_050)
    row = clean_clip(ClipTask("curated", "a.wav", path, tmp_path / "clean.wav"), SETTINGS)
    assert (row.status, row.reason) == ("ok", "opposite channels: heard channel 1 alone")
    assert row.seconds_out > 0.9 * row.seconds_in
    sound = FileSound(path)
    assert sound.warning == ""
    pcm(PcmStream(sound, RATE_HZ))
    assert sound.warning == row.reason


def test_only_several_channels_are_gone_through_twice(monkeypatch, write):
    passes = []
    original = FileSound.blocks
    monkeypatch.setattr(FileSound, "blocks", lambda self: passes.append(self.path.name) or original(self))
    for name, samples in {"mono.wav": LEFT, "stereo.wav": ORDINARY["wide"]}.items():
        sound = FileSound(write(name, samples))
        for _ in range(2):
            pcm(PcmStream(sound, RATE_HZ))
    assert passes == ["mono.wav"] * 2 + ["stereo.wav"] * 3
    passes.clear()
    CleanStream(FileSound(write("stereo.wav", ORDINARY["wide"])), SETTINGS, "test")
    assert passes == ["stereo.wav"]  # cleaning goes through a clip before it does anything
