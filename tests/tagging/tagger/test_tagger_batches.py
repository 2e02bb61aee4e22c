"""Files that are tagged together: their order, shared batches, and those that fail."""

from dataclasses import replace

import numpy as np
import pytest

from preprocessing.errors import DecodeError
from preprocessing.sound_files import FileSound
from tagging.tagger import whole_clips
from tagging.tagger.clips import clean_sound

pytestmark = pytest.mark.usefixtures("eagerly")


def test_files_in_parallel_are_in_their_order_and_bad_ones_in_their_place(tagger, audio, tmp_path):
    bad = tmp_path / "bad.wav"
    bad.write_text("no sound")
    paths = [audio / "plain.wav", bad, *sorted(audio.iterdir())] * 2
    found = list(tagger.each(paths, jobs=2))
    assert [path for path, _ in found] == paths
    for path, tags in found:
        if path == bad:
            assert isinstance(tags, DecodeError)
        else:
            np.testing.assert_allclose(tags.scores, tagger(path).scores, atol=1e-6)


def test_a_name_that_no_file_can_have_is_refused_like_a_file_that_is_not_there(tagger, audio):
    names = [f"{'n' * 300}.wav", "a\0.wav", "none.wav", "plain.wav"]
    found = [result for _, result in tagger.each([audio / name for name in names])]
    assert [isinstance(result, DecodeError) for result in found] == [True, True, True, False]


def test_one_strange_file_does_not_stop_the_others(tagger, audio, monkeypatch):
    def clean(sound, cleaning):
        if sound.path.name == "strange.wav":
            raise RuntimeError("no\nidea")
        return clean_sound(sound, cleaning)

    monkeypatch.setattr(whole_clips, "clean_sound", clean)
    found = dict(tagger.each([audio / name for name in ("strange.wav", "plain.wav")]))
    assert "makes the program fail (RuntimeError: no idea)" in str(found[audio / "strange.wav"])
    assert found[audio / "plain.wav"].scores.shape == tagger.thresholds.shape


def test_a_file_that_is_strange_when_it_is_decoded_again_does_not_stop_the_others(tagger, audio, monkeypatch):
    def broken():
        yield np.zeros(100, np.int16)
        raise RuntimeError("no idea")

    def clean(sound, cleaning):
        return broken() if sound.path.name == "strange.wav" else clean_sound(sound, cleaning)

    monkeypatch.setattr(whole_clips, "clean_sound", clean)
    found = dict(tagger.each([audio / name for name in ("strange.wav", "plain.wav")]))
    assert "makes the program fail (RuntimeError: no idea)" in str(found[audio / "strange.wav"])
    assert found[audio / "plain.wav"].scores.shape == tagger.thresholds.shape


@pytest.mark.parametrize(("jobs", "groups"), [(1, [2, 1, 2]), (2, [2, 1, 2]), (3, [2, 1, 2]), (5, [1] * 5)])
def test_short_clips_share_batches_and_long_ones_do_not(tmp_path, monkeypatch, jobs, groups):
    monkeypatch.setattr(whole_clips, "GROUP", 2)
    monkeypatch.setattr(whole_clips, "GROUP_BYTES", 100)
    sounds = []
    for number, n_bytes in enumerate((40, 60, 41, 60, 40)):
        (tmp_path / str(number)).write_bytes(bytes(n_bytes))
        sounds.append(FileSound(tmp_path / str(number)))
    found = list(whole_clips.groups_of(sounds, jobs))
    assert [len(group) for group in found] == groups
    assert [sound for group in found for sound in group] == sounds


def test_clips_that_share_batches_keep_their_own_windows(tagger, audio, tmp_path, monkeypatch):
    """A clip that fails halfway leaves windows in a batch with those of its neighbours."""
    calls = []

    def broken():
        yield np.full(40_000, 1_000, np.int16)
        raise RuntimeError("no idea")

    def clean(sound, cleaning):
        return broken() if sound.path.name == "strange.wav" else clean_sound(sound, cleaning)

    network = tagger._networks.saved[0]
    counted = replace(network, step=lambda inputs: (calls.append(len(inputs)), network.step(inputs))[1])
    expected = {path: tagger(path) for path in sorted(audio.iterdir())}
    monkeypatch.setattr(whole_clips, "clean_sound", clean)
    monkeypatch.setattr(tagger._networks, "saved", [counted])
    paths = [audio / "plain.wav", tmp_path / "strange.wav", audio / "short.flac", audio / "stereo.mp3"]
    found = dict(tagger.each(paths))
    assert len(calls) == 1, "one batch for all"
    assert isinstance(found.pop(tmp_path / "strange.wav"), DecodeError)
    for path, tags in found.items():
        np.testing.assert_allclose(tags.scores, expected[path].scores, atol=1e-6)
        np.testing.assert_allclose(tags.embedding, expected[path].embedding, rtol=1e-5, atol=1e-6)
        assert tags.silent == expected[path].silent
