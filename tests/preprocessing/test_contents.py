"""Contents decide what has changed: of copies nothing, of a file at equal size and time all."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from preprocessing.clean import clean_dataset
from preprocessing.feature_settings import FeatureSettings
from preprocessing.hashes import HashKind
from preprocessing.manifest import COLUMNS, read_rows, write_rows
from preprocessing.settings import CleaningSettings

SETTINGS = CleaningSettings()


@pytest.fixture
def clips(write, table, sound):
    return table({"curated": [write(f"{i}.wav", sound[i:]) for i in range(4)]})


def clean(clips, folder, **options):
    return clean_dataset(clips, folder / "clean", SETTINGS, **{"jobs": 1, "progress": False, **options})


def alter(path: Path, *, keep_time: bool = True) -> None:
    """Other samples of equal size."""
    stat, data = path.stat(), path.read_bytes()
    path.write_bytes(data[:44] + bytes(byte ^ 1 for byte in data[44:]))
    if keep_time:
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    else:
        os.utime(path, ns=(1, 1))


def age(folder: Path) -> None:
    """As copying does."""
    for number, path in enumerate(sorted(folder.rglob("*.wav"))):
        os.utime(path, ns=(number, 10**9 + number))


def without_hashes(folder: Path) -> None:
    """The manifest as older versions wrote it."""
    plain = {"source_hash": "", "clean_hash": "", "clean_mtime_ns": 0}
    write_rows(folder, [replace(row, **plain) for row in read_rows(folder)])
    table = pd.read_csv(folder / "manifest.csv", dtype=str, keep_default_na=False)
    table[list(COLUMNS[:-3])].to_csv(folder / "manifest.csv", index=False)


def test_a_clean_file_altered_at_equal_size_is_made_again(tmp_path, clips, cleaned, capsys):
    clean(clips, tmp_path)
    assert capsys.readouterr().err == ""
    path = tmp_path / "clean/curated/2.wav"
    good = path.read_bytes()
    for damaged in (bytes(len(good)), good[:-1] + bytes([good[-1] ^ 1])):
        path.write_bytes(damaged)
        cleaned.clear()
        clean(clips, tmp_path)
        assert cleaned == ["2.wav"]
        assert capsys.readouterr().err == "1 clip has changed and is cleaned again: '2.wav'\n"
        assert path.read_bytes() == good


@pytest.mark.parametrize("which", ["raw/1.wav", "clean/curated/1.wav"])
def test_verify_finds_what_was_altered_at_equal_size_and_time(tmp_path, clips, cleaned, which):
    clean(clips, tmp_path)
    alter(tmp_path / which)
    cleaned.clear()
    clean(clips, tmp_path)
    assert cleaned == [], "nobody pays for reading all files each time"
    clean(clips, tmp_path, verify=True)
    assert cleaned == ["1.wav"]
    cleaned.clear()
    clean(clips, tmp_path, verify=True)
    assert cleaned == []


def test_of_a_copy_only_what_differs_is_cleaned(tmp_path, clips, cleaned):
    first = clean(clips, tmp_path)
    age(tmp_path)
    alter(tmp_path / "raw/3.wav", keep_time=False)
    cleaned.clear()
    second = clean(clips, tmp_path)
    assert cleaned == ["3.wav"]
    times = ["source_mtime_ns", "clean_mtime_ns"]
    assert second.drop(columns=times)[:3].equals(first.drop(columns=times)[:3])
    assert list(second["source_mtime_ns"]) == [path.stat().st_mtime_ns for path in clips["path"]]
    cleaned.clear()
    assert clean(clips, tmp_path).equals(second)
    assert cleaned == []


def test_a_folder_of_an_older_version_is_trusted_once_and_then_knows_its_contents(tmp_path, clips, cleaned):
    first = clean(clips, tmp_path)
    without_hashes(tmp_path / "clean")
    cleaned.clear()
    assert clean(clips, tmp_path).equals(first)
    assert cleaned == []


def test_what_an_older_version_cannot_tell_is_cleaned_again(tmp_path, clips, cleaned):
    clean(clips, tmp_path)
    without_hashes(tmp_path / "clean")
    os.utime(tmp_path / "raw/1.wav", ns=(1, 1))
    (tmp_path / "raw/0.wav").unlink()
    cleaned.clear()
    clean(clips, tmp_path)
    assert cleaned == ["1.wav"]
    without_hashes(tmp_path / "clean")
    cleaned.clear()
    clean(clips, tmp_path, verify=True)
    assert cleaned == ["1.wav", "2.wav", "3.wav"], "of 0.wav, what was made of it is all there is"


def test_a_file_of_many_clips_is_read_once(tmp_path, monkeypatch):
    np.save(tmp_path / "all.npy", np.random.default_rng(0).normal(size=(5, 3, 4)).astype(np.float32))
    rows = pd.DataFrame({"fname": [f"{i}" for i in range(5)], "path": tmp_path / "all.npy", "split": "train"})
    settings = CleaningSettings(features=FeatureSettings(name="stored"))
    clean_dataset(rows.assign(row=range(5)), tmp_path / "clean", settings, progress=False)
    alter(tmp_path / "all.npy")
    read = []
    monkeypatch.setattr(HashKind, "of_file", lambda kind, path: read.append(path) or "other")
    clean_dataset(rows.assign(row=range(5)), tmp_path / "clean", settings, progress=False, verify=True)
    assert read.count(tmp_path / "all.npy") == 1
