"""Clean audio for a clip table: only where it was made from these very files, and is all there."""

import os
import shutil
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile as sf

from foundation.shards import parse_shard
from preprocessing.clean import clean_dataset, clean_shard
from preprocessing.folder import HEADER_BYTES, CleanFolderError
from preprocessing.hashes import HashKind
from preprocessing.manifest import write_rows, write_settings
from preprocessing.rows import ClipRow
from preprocessing.settings import CleaningSettings
from tagging.datasets.cleaned import clean_audio, with_clean_audio
from tests.older_folders import with_older_hashes

SETTINGS = CleaningSettings()
NAMES = ["a.wav", "b.wav", "c.flac"]


def make_raw(folder: Path, seed: int) -> pd.DataFrame:
    folder.mkdir()
    rng = np.random.default_rng(seed)
    for number, name in enumerate(NAMES):
        sf.write(folder / name, rng.uniform(-0.5, 0.5, 8_000 + 100 * (seed + number)), 16_000)
    (folder / "bad.wav").write_text("no sound")
    names = [*NAMES, "bad.wav", "gone.wav"]
    return pd.DataFrame({"fname": names, "path": [folder / name for name in names], "split": "test"})


@pytest.fixture
def clips(tmp_path):
    """Three clips, one that is refused and one that is missing, cleaned."""
    table = make_raw(tmp_path / "raw", 0)
    clean_dataset(table, tmp_path / "clean", SETTINGS, progress=False)
    return table


def test_usable_clips_get_clean_audio_and_the_others_a_reason(tmp_path, clips):
    usable, lost = with_clean_audio(clips, tmp_path / "clean", SETTINGS)
    assert [path.name for path in usable["path"]] == ["a.wav", "b.wav", "c.flac.wav"]
    assert all(path.parent == tmp_path / "clean" / "test" for path in usable["path"])
    assert usable["audio_hash"].nunique() == 3
    assert list(lost["fname"]) == ["bad.wav", "gone.wav"]
    assert "text file" in lost["reason"][0]


def test_audio_that_was_made_from_other_files_of_the_same_names_is_refused(tmp_path, clips):
    other = make_raw(tmp_path / "other", 1)
    with pytest.raises(CleanFolderError, match=rf"{tmp_path}/clean was made from other files") as error:
        with_clean_audio(other, tmp_path / "clean", SETTINGS)
    assert f"{tmp_path}/other" in str(error.value)
    assert "run preprocess.py" in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["a.wav", "bad.wav"])
def test_a_raw_file_of_another_time_is_compared_by_preprocessing(tmp_path, clips, name):
    os.utime(tmp_path / "raw" / name, ns=(1, 1))
    with pytest.raises(
        CleanFolderError, match=f"1 file in .*other times .*{name}.*copied.*run preprocess.py"
    ):
        with_clean_audio(clips, tmp_path / "clean", SETTINGS)
    clean_dataset(clips, tmp_path / "clean", SETTINGS, progress=False)
    assert len(with_clean_audio(clips, tmp_path / "clean", SETTINGS)[0]) == 3


def test_a_copied_clean_folder_is_compared_once_in_a_command(tmp_path, clips, capsys, monkeypatch):
    shutil.copytree(tmp_path / "clean", tmp_path / "copy")
    for path in (tmp_path / "copy" / "test").iterdir():
        os.utime(path, ns=(1, 1))
    first = with_clean_audio(clips, tmp_path / "copy", SETTINGS)[0]
    assert "3 files" in capsys.readouterr().err
    monkeypatch.setattr(HashKind, "of_file", lambda kind, path: pytest.fail("compared again"))
    pd.testing.assert_frame_equal(with_clean_audio(clips, tmp_path / "copy", SETTINGS)[0], first)
    assert capsys.readouterr().err == ""


def test_an_altered_clean_file_is_refused_and_a_copy_is_not(tmp_path, clips, capsys):
    path = tmp_path / "clean" / "test" / "b.wav"
    good = path.read_bytes()
    path.write_bytes(bytes(len(good)))
    with pytest.raises(CleanFolderError, match=r"1 file in .*altered .*b\.wav.*run preprocess\.py"):
        with_clean_audio(clips, tmp_path / "clean", SETTINGS)
    path.write_bytes(good)
    capsys.readouterr()
    assert len(with_clean_audio(clips, tmp_path / "clean", SETTINGS)[0]) == 3
    assert "1 file in" in (said := capsys.readouterr().err)
    assert "preprocess.py" in said
    clean_dataset(clips, tmp_path / "clean", SETTINGS, progress=False)
    with_clean_audio(clips, tmp_path / "clean", SETTINGS)
    assert capsys.readouterr().err == ""


def test_a_copied_folder_of_an_older_version_is_compared_by_its_own_hashes(tmp_path, clips):
    with_older_hashes(tmp_path / "clean", clips, only=[*NAMES, "bad.wav"])
    for path in (tmp_path / "clean" / "test").iterdir():
        os.utime(path, ns=(1, 1))
    assert len(with_clean_audio(clips, tmp_path / "clean", SETTINGS)[0]) == 3
    path = tmp_path / "clean" / "test" / "b.wav"
    path.write_bytes(bytes(path.stat().st_size))
    with pytest.raises(CleanFolderError, match=r"1 file in .*altered .*b\.wav.*run preprocess\.py"):
        with_clean_audio(clips, tmp_path / "clean", SETTINGS)


def test_nothing_is_read_in_an_ordinary_folder(tmp_path, clips, monkeypatch):
    monkeypatch.setattr(HashKind, "of_file", None)
    with_clean_audio(clips, tmp_path / "clean", SETTINGS)


def test_shards_that_are_not_put_together_say_what_to_do(tmp_path, clips):
    """The first is finished, the second was killed, and the third is not there; later all are finished."""
    parts = tmp_path / "parts"
    for shard in ("1/3", "2/3"):
        clean_shard(clips, parts, SETTINGS, parse_shard(shard), progress=False)
    manifest = parts / "manifest-2-of-3.csv"
    manifest.write_text(manifest.read_text().splitlines(keepends=True)[0])
    match = (
        r"parts are not put together yet, and 3 of 5 clips are not cleaned yet; shards that are not finished or not "
        r"there: 2/3, 3/3: run preprocess\.py with --shard for them, then without --shard"
    )
    with pytest.raises(CleanFolderError, match=match):
        with_clean_audio(clips, parts, SETTINGS)
    for shard in ("2/3", "3/3"):
        clean_shard(clips, parts, SETTINGS, parse_shard(shard), progress=False)
    match = r"not put together yet; all shards are finished: run preprocess\.py without --shard, which puts"
    with pytest.raises(CleanFolderError, match=match):
        with_clean_audio(clips, parts, SETTINGS)
    clean_dataset(clips, parts, SETTINGS, progress=False)
    assert len(with_clean_audio(clips, parts, SETTINGS)[0]) == 3


def test_raw_files_that_are_gone_are_no_fault(tmp_path, clips):
    for name in NAMES:
        (tmp_path / "raw" / name).unlink()
    assert len(with_clean_audio(clips, tmp_path / "clean", SETTINGS)[0]) == 3


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(path.read_bytes()[:-2])])
def test_a_clean_file_that_is_lost_or_cut_is_not_cleaned(tmp_path, clips, damage):
    damage(tmp_path / "clean" / "test" / "b.wav")
    with pytest.raises(
        CleanFolderError, match=r"1 clip of test is not cleaned yet .*b\.wav.* preprocess\.py"
    ):
        with_clean_audio(clips, tmp_path / "clean", SETTINGS)


def test_new_clips_and_files_that_came_later_are_not_cleaned(tmp_path, clips):
    sf.write(tmp_path / "raw" / "gone.wav", np.zeros(800), 16_000)
    new = pd.DataFrame({"fname": ["new.wav"], "path": [tmp_path / "raw" / "new.wav"], "split": "noisy"})
    with pytest.raises(CleanFolderError, match="2 clips of test, noisy are not cleaned yet"):
        with_clean_audio(pd.concat([clips, new]), tmp_path / "clean", SETTINGS)


def test_a_clip_refused_for_its_name_is_lost_and_not_changed(tmp_path):
    names = ["a.wav", "../a.wav"]
    sf.write(tmp_path / "a.wav", np.zeros(800), 16_000)
    clips = pd.DataFrame({"fname": names, "path": tmp_path / "a.wav", "split": "test"})
    clean_dataset(clips, tmp_path / "clean", SETTINGS, progress=False)
    usable, lost = with_clean_audio(clips, tmp_path / "clean", SETTINGS)
    assert (list(usable["fname"]), list(lost["fname"])) == (["a.wav"], ["../a.wav"])


def cpu_seconds(work) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def test_25_000_clips_take_little_more_than_a_look_at_each_file(tmp_path):
    """Empty files stand for audio. The best of three counts, as others may use the cores."""
    names = [f"{i:05}.wav" for i in range(25_000)]
    for folder in ("raw", "clean/noisy"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "one").write_bytes(bytes(HEADER_BYTES))
    for name in names:
        os.link(tmp_path / "one", tmp_path / "raw" / name)
        os.link(tmp_path / "one", tmp_path / "clean/noisy" / name)
    stat = (tmp_path / "one").stat()
    facts = {"source_bytes": stat.st_size, "source_mtime_ns": stat.st_mtime_ns}
    write_rows(tmp_path / "clean", [ClipRow("noisy", name, "ok", **facts) for name in names])
    write_settings(tmp_path / "clean", SETTINGS)
    paths = [tmp_path / "raw" / name for name in names]
    clips = pd.DataFrame({"fname": names, "path": paths, "split": "noisy"})
    a_look = min(cpu_seconds(lambda: [path.stat() for path in paths]) for _ in range(3))
    found = []
    seconds = [
        cpu_seconds(lambda: found.append(with_clean_audio(clips, tmp_path / "clean", SETTINGS)))
        for _ in range(3)
    ]
    usable, _ = found[0]
    assert min(seconds) < 50 * a_look  # 0.6 s, and 20 times, where it was written
    assert len(usable) == 25_000


def test_the_first_clean_folder_that_fits_is_used(tmp_path, clips, capsys):
    slow = CleaningSettings(rate_hz=8_000)
    clean_dataset(clips, tmp_path / "slow", slow, progress=False)
    folders = [tmp_path / "nowhere", tmp_path / "clean", tmp_path / "slow"]
    with clean_audio(clips, folders, slow, 1) as (usable, lost):
        assert {path.parent for path in usable["path"]} == {tmp_path / "slow" / "test"}
        assert len(lost) == 2
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("fault", ["settings", "files", "lost", "none"])
def test_audio_is_cleaned_for_the_moment_where_no_folder_fits(tmp_path, clips, fault, capsys):
    settings, folder = SETTINGS, tmp_path / "clean"
    if fault == "settings":
        settings = CleaningSettings(rate_hz=8_000)
    elif fault == "files":
        clips = make_raw(tmp_path / "other", 1)
    elif fault == "lost":
        (folder / "test" / "a.wav").unlink()
    else:
        folder = tmp_path / "nowhere"
    with clean_audio(clips, [folder], settings, 1) as (usable, lost):
        assert (len(usable), len(lost)) == (3, 2)
        assert all(path.is_file() and tmp_path not in path.parents for path in usable["path"])
        assert sf.info(usable["path"][0]).samplerate == settings.rate_hz
    assert not usable["path"][0].exists()
    printed = capsys.readouterr().err.splitlines()
    assert printed[-1].startswith("cleaning 5 clips ")
    assert len(printed) == (1 if fault == "none" else 2)
