"""A data set from raw audio, or ready-made arrays, to a folder of features: sizes, resuming, refusals."""

import gzip
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from preprocessing.chain import CleanStream
from preprocessing.clean import clean_dataset
from preprocessing.feature_settings import FeatureSettings
from preprocessing.features import compute_features
from preprocessing.folder import CleanFolderError
from preprocessing.manifest import read_rows, to_table, write_settings
from preprocessing.settings import CleaningSettings
from preprocessing.sound_files import FileSound
from tests.preprocessing.stored_clips import stored_clips

MEL = CleaningSettings(features=FeatureSettings(name="mel", n_mels=40, n_fft=512))
STORED = CleaningSettings(features=FeatureSettings(name="stored"))


def clean(clips, tmp_path, settings, **options):
    return clean_dataset(clips, tmp_path / "clean", settings, **{"jobs": 1, "progress": False, **options})


def names(tmp_path):
    return sorted(path.name for path in (tmp_path / "clean").rglob("*.*") if path.name[0] != ".")


@pytest.fixture
def clips(write, table, sound):
    return table({"train": [write(f"{i}.wav", sound[i * 900 :]) for i in range(3)]})


@pytest.fixture
def arrays(tmp_path) -> pd.DataFrame:
    """Four rows of X.npy, and one of an HDF5 file."""
    return stored_clips(tmp_path / "raw", np.random.default_rng(0).normal(size=(4, 20, 13)))


def test_features_of_clean_audio_are_kept_and_the_manifest_has_their_shape(tmp_path, clips):
    manifest = clean(clips, tmp_path, MEL)
    assert names(tmp_path) == [
        "0.wav.npy",
        "1.wav.npy",
        "2.wav.npy",
        "cleaning.json",
        "made.json",
        "manifest.csv",
    ]
    pcm = CleanStream(FileSound(clips["path"][0]), MEL, "train").pcm()
    assert len(pcm) == 19_200  # without its silence
    expected, _ = compute_features(pcm, 16_000, MEL.features)
    data = (tmp_path / "clean/train/0.wav.npy").read_bytes()
    np.testing.assert_array_equal(np.frombuffer(data, "<f4", offset=128).reshape(-1, 40), expected)
    first = manifest.iloc[0]
    assert (first["steps"], first["bands"], first["part"]) == (38, 40, "")
    assert (first["seconds_in"], first["seconds_out"], first["rate_in_hz"]) == (2.0, 1.2, 16_000)
    assert to_table(read_rows(tmp_path / "clean")).equals(manifest)


def test_silence_stays_in_features_where_it_stays_in_audio(tmp_path, clips):
    manifest = clean(clips, tmp_path, replace(MEL, remove_silence=False))
    assert manifest["steps"][0] == 1 + 32_000 // 512


@pytest.mark.slow
def test_processes_and_one_process_write_the_same_features(tmp_path, write, table, sound):
    clips = table({"test": [write(f"{i}.wav", sound[i:]) for i in range(10)]})
    tables = [clean_dataset(clips, tmp_path / f"jobs{n}", MEL, jobs=n, progress=False) for n in (1, 2)]
    one, two = (table.drop(columns="clean_mtime_ns") for table in tables)
    assert one.equals(two)
    for name in clips["fname"]:
        one, two = (
            (tmp_path / folder / "test" / f"{name}.npy").read_bytes() for folder in ("jobs1", "jobs2")
        )
        assert one == two


def test_a_second_run_does_nothing_and_damage_is_repaired(tmp_path, clips, cleaned):
    first = clean(clips, tmp_path, MEL)
    cleaned.clear()
    assert clean(clips, tmp_path, MEL).equals(first)
    assert cleaned == []
    path = tmp_path / "clean/train/1.wav.npy"
    good = path.read_bytes()
    path.write_bytes(good[:-4])
    clean(clips, tmp_path, MEL)
    assert cleaned == ["1.wav"]
    assert path.read_bytes() == good


def test_other_features_are_refused_until_forced_and_never_mixed(tmp_path, clips):
    clean(clips, tmp_path, CleaningSettings())
    with pytest.raises(CleanFolderError, match=r"features\.name is None there, mel"):
        clean(clips, tmp_path, MEL)
    clean(clips, tmp_path, MEL, force=True)
    assert names(tmp_path) == [
        "0.wav.npy",
        "1.wav.npy",
        "2.wav.npy",
        "cleaning.json",
        "made.json",
        "manifest.csv",
    ]
    fewer = replace(MEL, features=replace(MEL.features, n_mels=20))
    with pytest.raises(CleanFolderError, match=r"features\.n_mels is 40 there, 20"):
        clean(clips, tmp_path, fewer)
    clean(clips[:2], tmp_path, CleaningSettings(), force=True)
    assert names(tmp_path) == ["0.wav", "1.wav", "cleaning.json", "made.json", "manifest.csv"]


def test_clips_that_left_the_data_set_take_their_features_along(tmp_path, clips):
    clean(clips, tmp_path, MEL)
    clean(clips[1:], tmp_path, MEL)
    assert names(tmp_path)[:2] == ["1.wav.npy", "2.wav.npy"]


def test_a_clip_without_beats_is_marked(tmp_path, write, table, sound):
    settings = CleaningSettings(features=FeatureSettings(name="beat_chroma"))
    row = clean(table({"test": [write("quiet.wav", 0 * sound)]}), tmp_path, settings).iloc[0]
    assert (row["status"], row["steps"], row["bands"]) == ("kept_whole", 1, 12)
    assert row["reason"] == "only 0.000 s would remain; no beats found: one step"


@pytest.mark.parametrize("jobs", [1, 2])
def test_rows_of_arrays_become_features(tmp_path, arrays, jobs):
    many = pd.concat([arrays.assign(fname=arrays["fname"] + f"-{i}") for i in range(3)])
    manifest = clean(many, tmp_path, STORED, jobs=jobs).set_index("fname")
    assert set(manifest["status"]) == {"ok"}
    assert (set(manifest["steps"]), set(manifest["bands"])) == ({20}, {13})
    assert (manifest["seconds_out"] == 0).all()
    assert manifest["part"][["X.2-0", "h-0"]].tolist() == ["[2]", "train/X[0]"]
    values = np.load(tmp_path / "raw/X.npy")
    for fname, expected in (("X.2-1", values[2]), ("h-2", values[0] + 1)):
        made = np.load(tmp_path / "clean/train" / f"{fname}.npy", allow_pickle=False)
        np.testing.assert_array_equal(made, np.float32(expected))
    assert manifest["audio_hash"].nunique() == 5
    assert manifest["audio_hash"]["X.1-0"] == manifest["audio_hash"]["X.1-2"]


def test_a_clip_that_names_another_row_is_done_again(tmp_path, arrays, cleaned):
    first = clean(arrays, tmp_path, STORED)
    cleaned.clear()
    assert clean(arrays, tmp_path, STORED).equals(first)
    assert cleaned == []
    arrays.loc[2, "row"] = 0
    manifest = clean(arrays, tmp_path, STORED)
    assert cleaned == ["X.2"]
    assert manifest["audio_hash"][2] == manifest["audio_hash"][0]


def test_stored_spectrograms_are_turned_and_cut(tmp_path):
    (tmp_path / "raw").mkdir()
    fused = np.random.default_rng(0).normal(size=(140, 68)).astype(np.float32)
    np.save(tmp_path / "raw/a.npy", fused)
    (tmp_path / "raw/b.npy.gz").write_bytes(gzip.compress((tmp_path / "raw/a.npy").read_bytes()))
    np.save(tmp_path / "raw/nan.npy", fused * np.nan)
    paths = [tmp_path / "raw" / name for name in ("a.npy", "b.npy.gz", "nan.npy")]
    clips = pd.DataFrame({"fname": [path.name for path in paths], "path": paths, "split": "test"})
    settings = CleaningSettings(features=FeatureSettings(name="stored", transpose=True, bands=[128, 140]))
    manifest = clean(clips, tmp_path, settings)
    assert list(manifest["status"]) == ["ok", "ok", "refused"]
    assert manifest["reason"][2] == "expected finite features, received 9520 of 9520 NaN or infinite"
    assert names(tmp_path) == ["a.npy", "b.npy.gz.npy", "cleaning.json", "made.json", "manifest.csv"]
    for name in names(tmp_path)[:2]:
        np.testing.assert_array_equal(np.load(tmp_path / "clean/test" / name), fused[128:].T)


def test_arrays_are_no_audio_and_audio_is_no_array(tmp_path, arrays, clips):
    rows = clean(arrays, tmp_path, CleaningSettings())
    assert set(rows["reason"]) == {
        "expected audio, received an array: features need cleaning.features.name=stored"
    }
    rows = clean_dataset(clips, tmp_path / "other", STORED, progress=False)
    assert set(rows["reason"]) == {
        "expected features in .npy, .npy.gz or HDF5, received another kind of file"
    }


def test_stored_features_are_never_overwritten(tmp_path, arrays):
    clean_dir = tmp_path / "raw"
    write_settings(clean_dir, STORED)
    with pytest.raises(CleanFolderError, match="holds the raw audio"):
        clean_dataset(arrays, clean_dir, STORED, force=True)


def test_settings_of_audio_do_nothing_to_stored_features(tmp_path, arrays):
    first = clean(arrays, tmp_path, STORED)
    other = clean_dataset(
        arrays, tmp_path / "other", replace(STORED, rate_hz=8_000, remove_silence=False), progress=False
    )
    times = ["clean_mtime_ns"]
    assert first.drop(columns=times).equals(other.drop(columns=times))
    assert Path(tmp_path / "other/train/h.npy").read_bytes() == (tmp_path / "clean/train/h.npy").read_bytes()
