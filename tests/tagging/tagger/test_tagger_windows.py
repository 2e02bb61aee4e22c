"""Windows of sound in blocks against those that training and prediction cut of a whole clip."""

import tracemalloc

import numpy as np
import pytest
import soundfile as sf
import tensorflow as tf

from preprocessing import chain
from preprocessing.chain import CleanStream
from preprocessing.errors import DecodeError
from preprocessing.settings import CleaningSettings
from preprocessing.sound_files import FileSound
from preprocessing.stream import PcmStream
from tagging.pipeline.blocks import cut_windows
from tagging.pipeline.pieces import AudioWindows
from tagging.tagger.windows import BATCH, BATCH_VALUES, batch_size, batches


def in_blocks(pcm: np.ndarray, rng: np.random.Generator) -> list[np.ndarray]:
    return np.split(pcm, np.sort(rng.integers(0, len(pcm) + 1, rng.integers(0, 6))))


@pytest.mark.parametrize("short", ["tile", "pad"])
@pytest.mark.parametrize("only_first", [False, True])
def test_windows_are_those_of_prediction(short, only_first):
    rng = np.random.default_rng(0)
    for samples in (1, 7, 9, 10, 11, 20, 23, 57):
        for hop in (1, 4, 10, 13, 100):
            pieces = AudioWindows(10, hop, short=short, only_first=only_first)
            pcm = rng.integers(-9, 9, samples).astype(np.int16)
            clip, starts = pieces.starts(tf.constant(pcm))
            found = list(cut_windows(in_blocks(pcm, rng), pieces))
            assert [start for start, _, _ in found] == starts.numpy().tolist()
            np.testing.assert_array_equal([w for _, _, w in found], [pieces.cut(clip, s) for s in starts])
            assert [end for _, end, _ in found] == [min(start + 10, samples) for start, _, _ in found]


def test_silence_alone_has_no_windows():
    with pytest.raises(DecodeError, match="silence"):
        list(cut_windows([], AudioWindows(10, 5)))


def test_batches_are_full_but_for_the_last():
    windows = cut_windows([np.arange(100, dtype=np.int16)], AudioWindows(10, 10))
    spans, samples = zip(*batches(windows, 4), strict=True)
    assert [len(batch) for batch in samples] == [4, 4, 2]
    np.testing.assert_array_equal(np.concatenate(spans)[:, 0], range(0, 100, 10))
    np.testing.assert_array_equal(np.concatenate(samples).ravel(), np.arange(100))


def test_long_windows_are_fewer_in_a_batch():
    assert batch_size(1) == batch_size(8_000) == BATCH == 32
    for length in (80_000, 100_000, 480_000, 10**6, 10**9):
        assert batch_size(length) == max(1, min(BATCH, BATCH_VALUES // length))
    assert batch_size(5 * 16_000) == 32
    assert batch_size(30 * 16_000) == 5
    assert batch_size(10**9) == 1


@pytest.mark.parametrize("cleaned", [False, True])
def test_a_long_file_takes_no_more_memory_than_some_blocks(tmp_path, monkeypatch, cleaned):
    """Five minutes at 44.1 kHz are 53 MB as float32; energies per millisecond take 2.4 MB."""
    monkeypatch.setattr(chain, "_HELD_S", 1.0)
    path = tmp_path / "long.wav"
    with sf.SoundFile(path, "w", 44_100, 1) as file:
        for second in range(300):
            file.write(np.full(44_100, 0.1 * (second % 3)))
    settings = CleaningSettings()
    tracemalloc.start()
    stream = CleanStream(FileSound(path), settings, "test") if cleaned else PcmStream(FileSound(path), 16_000)
    count = sum(len(samples) for _, samples in batches(cut_windows(stream, AudioWindows(16_000, 16_000)), 32))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == (240 if cleaned else 300)
    assert peak < 12e6
