"""Audio files wherever they lie: which files of a folder are meant."""

import os

import pytest

from preprocessing.manifest import write_rows, write_settings
from preprocessing.settings import CleaningSettings
from tagging.datasets.audio_files import audio_files
from tagging.datasets.table import DatasetError

OTHERS = ["a/cover.JPG", "a/notes.txt", "labels.csv", "README", "tags.json"]
FILES = [*OTHERS, "a/b/2.mp3", "a/1.WAV", "3.unknown", "4.npy", ".hidden.wav", ".git/x.wav"]


@pytest.fixture
def folder(tmp_path):
    for name in FILES:
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).touch()
    return tmp_path / "in"


def names(*arguments, **options) -> list[str]:
    return sorted(name for name, _ in audio_files(*arguments, **options))


def test_of_a_folder_all_is_meant_that_may_be_audio_and_the_others_are_counted(folder, capsys):
    assert names(folder) == ["3.unknown", "a/1.WAV", "a/b/2.mp3"]
    assert capsys.readouterr().err == (
        f"{folder}: skipped 6 non-audio files by name (e.g. 4.npy); to try one, name the file itself\n"
    )


def test_a_file_that_is_named_is_meant_whatever_its_name(folder, capsys):
    for name in ("labels.csv", ".hidden.wav", "README"):
        assert names(folder / name) == [name]
    assert capsys.readouterr().err == ""


def test_of_features_and_of_clean_folders_all_files_are_meant(folder, capsys):
    seen = sorted(set(FILES) - {".hidden.wav", ".git/x.wav"})
    assert names(folder, are_features=True) == seen
    write_settings(folder, CleaningSettings())
    write_rows(folder, [])
    assert names(folder) == seen
    assert capsys.readouterr().err == ""


def test_a_folder_without_audio_is_refused_with_what_it_has(folder):
    (folder / "a/1.WAV").unlink()
    (folder / "a/b/2.mp3").unlink()
    with pytest.raises(DatasetError, match=r"found none; .* 2 .*cover\.JPG"):
        audio_files(folder / "a")


def test_linked_folders_are_followed_each_once(folder, tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk/5.wav").touch()
    (tmp_path / "disk/home").symlink_to(folder)
    (folder / "0_disk").symlink_to(tmp_path / "disk")
    (folder / "a/up").symlink_to(folder)
    (folder / "again").symlink_to(folder / "a")
    assert names(folder) == ["0_disk/5.wav", "3.unknown", "a/1.WAV", "a/b/2.mp3"]


def test_what_is_not_a_plain_file_is_left_to_the_decoder_to_refuse(folder, capsys):
    os.mkfifo(folder / "pipe.wav")
    os.mkfifo(folder / "notes.pipe.txt")
    (folder / "gone.wav").symlink_to(folder / "nothing.wav")
    (folder / "circle").symlink_to("circle")
    assert names(folder) == ["3.unknown", "a/1.WAV", "a/b/2.mp3", "circle", "gone.wav", "pipe.wav"]
    assert "skipped 7" in capsys.readouterr().err


def test_files_without_an_ending_are_told_by_their_content(folder):
    (folder / "recording").write_bytes(b"RIFF\x24\x00\x00\x00WAVE")
    (folder / "Makefile").write_text("all: recording\n")
    assert "recording" in names(folder)
    assert "Makefile" not in names(folder)
