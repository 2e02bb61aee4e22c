"""A data set from raw to clean: what is written, what is refused."""

import subprocess
import sys
import wave
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
import soundfile as sf

from preprocessing.clean import clean_dataset
from preprocessing.clip import clean_clip
from preprocessing.folder import CleanFolderError, clean_path
from preprocessing.manifest import read_rows, to_table, write_settings
from preprocessing.plan import ClipTask
from preprocessing.settings import CleaningSettings
from preprocessing.wav import wav_bytes

SETTINGS = CleaningSettings()


def clean(clips, tmp_path, **options):
    options = {"jobs": 1, "progress": False, **options}
    return clean_dataset(clips, tmp_path / "clean", options.pop("settings", SETTINGS), **options)


def by_name(manifest):
    return {row.fname: row for row in manifest.itertuples()}


def files(tmp_path):
    return sorted(str(path.relative_to(tmp_path / "clean")) for path in (tmp_path / "clean").rglob("[!.]*.*"))


def test_wav_header_is_44_bytes_and_samples_start_there(sound):
    pcm = np.rint(sound * 32768).astype(np.int16)
    data = wav_bytes(pcm, 16_000)
    assert data[36:40] == b"data"
    np.testing.assert_array_equal(np.frombuffer(data, "<i2", offset=44), pcm)


def test_a_folder_is_not_searched_for_every_clip(tmp_path, write, table, sound):
    """That would take longer, the more clips it holds."""
    clips = table({"curated": [write(f"{i}.wav", sound) for i in range(4)]})
    with mock.patch.object(Path, "glob", autospec=True, side_effect=Path.glob) as searched:
        clean(clips, tmp_path)
    assert {call.args[0] for call in searched.mock_calls} == {tmp_path / "clean"}


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_data_set_is_cleaned_and_the_manifest_says_how(tmp_path, write, table, sound, jobs, capfd):
    stereo = np.stack([sound, sound], axis=1)
    curated = [
        write("long.wav", stereo),
        write("with ö, 'x'.wav", sound[:8_000]),
        write("quiet.wav", 0 * sound),
    ]
    many = [write(f"n{i:02d}.flac", sound * (1 - i / 40)) for i in range(20)]
    manifest = clean(table({"curated": curated, "noisy": many}), tmp_path, jobs=jobs)
    rows = by_name(manifest)
    assert capfd.readouterr().err == ""
    assert (rows["long.wav"].status, rows["long.wav"].channels) == ("ok", 2)
    assert (rows["long.wav"].seconds_in, rows["long.wav"].seconds_out) == (2.0, 1.2)
    assert rows["quiet.wav"].status == "kept_whole"
    assert rows["n00.flac"].seconds_out == 1.2
    for row in manifest.itertuples():
        with wave.open(str(clean_path(tmp_path / "clean", row.split, row.fname))) as file:
            assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 16_000)
            assert file.getnframes() == round(row.seconds_out * 16_000)
    assert to_table(read_rows(tmp_path / "clean")).equals(manifest)
    assert len(files(tmp_path)) == 23 + 3


@pytest.mark.slow
def test_processes_and_one_process_write_the_same(tmp_path, write, table, sound):
    clips = table({"test": [write(f"{i}.wav", sound[i:], 44_100) for i in range(12)]})
    one = clean_dataset(clips, tmp_path / "one", SETTINGS, jobs=1, progress=False)
    two = clean_dataset(clips, tmp_path / "two", SETTINGS, jobs=2, progress=False)
    assert one.drop(columns="clean_mtime_ns").equals(two.drop(columns="clean_mtime_ns"))
    for name in clips["fname"]:
        assert (
            clean_path(tmp_path / "one", "test", name).read_bytes()
            == (tmp_path / "two/test" / name).read_bytes()
        )


def test_noisy_clips_have_their_own_rules(tmp_path, write, table, sound):
    path = write("a.wav", sound)
    settings = CleaningSettings(
        noisy=CleaningSettings().curated[-1:]
    )  # 1,000 ms of silence are needed, 200 kept
    rows = clean(table({"curated": [path], "noisy": [path]}), tmp_path, settings=settings)
    assert list(rows["seconds_out"]) == [1.2, 1.4]


def test_bad_clips_become_rows_and_the_rest_goes_on(tmp_path, write, table, sound):
    raw = tmp_path / "raw"
    good = write("good.wav", sound)
    write("nan.wav", np.full(100, np.nan), subtype="FLOAT")
    write("zero.wav", sound[:0])
    write("tiny.wav", sound[1:2], 96_000)
    (raw / "empty.wav").touch()
    (raw / "text.wav").write_text("not found")
    (raw / "folder.wav").mkdir()
    cut = write("cut.wav", sound)
    cut.write_bytes(cut.read_bytes()[:16_044])
    bad = {
        name: "refused" for name in ("nan.wav", "zero.wav", "tiny.wav", "empty.wav", "text.wav", "folder.wav")
    }
    clips = table({"curated": [good, cut, raw / "gone.wav", *(raw / name for name in bad)]})
    clips.loc[len(clips)] = ["../up.wav", good, "curated"]
    rows = by_name(clean(clips, tmp_path))
    assert {name: rows[name].status for name in bad} == bad
    assert rows["gone.wav"].status == "missing"
    assert "No such file" in rows["gone.wav"].reason
    assert (rows["../up.wav"].status, rows["cut.wav"].status, rows["good.wav"].status) == (
        "refused",
        "ok",
        "ok",
    )
    assert "inside the data set" in rows["../up.wav"].reason
    assert rows["cut.wav"].reason == "heard 0.500 of 2.000 s: truncated"
    assert all(row.reason and "\n" not in row.reason for name, row in rows.items() if name != "good.wav")
    assert files(tmp_path) == [
        "cleaning.json",
        "curated/cut.wav",
        "curated/good.wav",
        "made.json",
        "manifest.csv",
    ]
    assert not (tmp_path / "up.wav").exists()


def test_a_fault_of_ours_becomes_a_row_too(tmp_path, write, sound, monkeypatch):
    monkeypatch.setattr("preprocessing.clip.CleanStream", lambda *args: 1 / 0)
    task = ClipTask("test", "a.wav", write("a.wav", sound), tmp_path / "clean" / "a.wav")
    row = clean_clip(task, SETTINGS)
    assert row.status == "refused"
    assert row.reason.endswith(
        "makes the program fail (ZeroDivisionError: division by zero): please report it"
    )


def test_a_clean_folder_that_cannot_be_written_stops_the_run(tmp_path, write, table, sound):
    (tmp_path / "clean").touch()
    with pytest.raises(CleanFolderError, match="cannot write the clean folder"):
        clean(table({"curated": [write("a.wav", sound)]}), tmp_path)


def test_two_names_for_one_clean_file(tmp_path, write, table, sound):
    ogg = write("a.ogg", sound)
    wav = ogg.with_name("a.ogg.wav")
    wav.write_bytes(ogg.read_bytes())
    rows = by_name(clean(table({"curated": [ogg, wav]}), tmp_path))
    assert (rows["a.ogg"].status, rows["a.ogg.wav"].status) == ("ok", "refused")
    assert "'a.ogg'" in rows["a.ogg.wav"].reason


def test_tables_and_folders_that_make_no_sense(tmp_path, write, table, sound):
    path = write("a.wav", sound)
    with pytest.raises(CleanFolderError, match=r"'a\.wav' twice"):
        clean(table({"curated": [path, path]}), tmp_path)
    with pytest.raises(CleanFolderError, match="received none"):
        clean(table({}), tmp_path)
    with pytest.raises(CleanFolderError, match="jobs: expected at least 1"):
        clean(table({"curated": [path]}), tmp_path, jobs=0)
    with pytest.raises(CleanFolderError, match="holds other files"):
        clean_dataset(table({"curated": [write("x/a.wav", sound)]}), tmp_path / "raw", SETTINGS, jobs=1)
    assert not (tmp_path / "clean").exists()


def test_raw_audio_is_never_overwritten(tmp_path, write, table, sound):
    path = write("test/a.wav", sound)
    clean_dir = tmp_path / "raw"
    write_settings(clean_dir, SETTINGS)
    before = path.read_bytes()
    with pytest.raises(CleanFolderError, match="holds the raw audio"):
        clean_dataset(table({"test": [path]}), clean_dir, SETTINGS, jobs=1, force=True)
    assert path.read_bytes() == before


def test_same_audio_has_the_same_hash_in_any_format(tmp_path, write, table, sound):
    pcm = np.rint(sound * 30_000).astype(np.int16)
    clips = table(
        {"curated": [write("a.wav", pcm), write("b.flac", pcm)], "test": [write("c.wav", pcm[:-1])]}
    )
    rows = by_name(clean(clips, tmp_path))
    assert rows["a.wav"].audio_hash == rows["b.flac"].audio_hash != rows["c.wav"].audio_hash


def test_a_terminal_shows_clips_rate_and_time_and_a_log_does_not(
    tmp_path, write, table, sound, capsys, monkeypatch
):
    clean(table({"curated": [write("a.wav", sound)]}), tmp_path, progress=True)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    (tmp_path / "clean/curated/a.wav").unlink()
    clean(table({"curated": [write("a.wav", sound)]}), tmp_path, progress=True)
    shown = capsys.readouterr().err
    assert "cleaning: 100%" in shown
    assert "1/1" in shown
    assert "clip/s" in shown


def test_clean_audio_is_at_the_rate_of_the_settings(tmp_path, write, table, sound):
    settings = CleaningSettings(rate_hz=22_050)
    clean(table({"test": [write("a.wav", sound)]}), tmp_path, settings=settings)
    assert sf.info(tmp_path / "clean/test/a.wav").samplerate == 22_050


@pytest.mark.slow
def test_cleaning_loads_neither_tensorflow_nor_what_only_some_files_need():
    code = (
        "import sys, preprocessing.clean; "
        "print({'tensorflow', 'tagging', 'pydub', 'numba', 'h5py', 'librosa.feature'} & set(sys.modules))"
    )
    root = Path(__file__).parents[2]
    shown = subprocess.check_output([sys.executable, "-c", code], cwd=root, text=True)  # noqa: S603
    assert shown.strip() == "set()"
