"""The manifest survives names, kills and strangers; the fingerprint names what differs."""

import json
from dataclasses import replace

import pytest

from foundation.settings import as_dict
from preprocessing.feature_settings import FeatureSettings
from preprocessing.manifest import (
    COLUMNS,
    CleanFolderError,
    append_rows,
    check_fingerprint,
    load_settings,
    read_rows,
    to_table,
    write_rows,
    write_settings,
)
from preprocessing.rows import ClipRow
from preprocessing.settings import CleaningSettings, SilenceRule

NAMES = [
    "a b.wav",
    "qu\"o'te.wav",
    "com,ma.wav",
    "trébol 鳥.wav",
    "NA",
    "1e5",
    "line\nbreak.wav",
    "bad\udcff.wav",
]
ROWS = [
    ClipRow("curated", name, "ok", 'a, "reason"', 1.5, 1.25, 44_100, 2, 3, "ab", 9, 10**18 + 1)
    for name in NAMES
]


def test_rows_round_trip_whatever_the_name(tmp_path):
    write_rows(tmp_path, ROWS[:4])
    append_rows(tmp_path, ROWS[4:])
    assert read_rows(tmp_path) == [*sorted(ROWS[:4], key=lambda row: row.fname), *ROWS[4:]]


def test_table(tmp_path):
    write_rows(
        tmp_path,
        [ClipRow("test", "z.wav", "missing"), *ROWS[:5], ClipRow("noisy", "y.wav", "refused", "why")],
    )
    manifest = to_table(read_rows(tmp_path))
    assert tuple(manifest.columns) == COLUMNS
    assert list(manifest["split"]) == ["curated"] * 5 + ["noisy", "test"]
    assert sorted(manifest["fname"][:5]) == sorted(NAMES[:5])
    assert manifest["source_mtime_ns"][0] == 10**18 + 1  # no float has that many digits
    assert manifest["seconds_out"].dtype == float
    assert manifest["reason"][6] == ""


def test_an_empty_manifest_has_the_columns_too(tmp_path):
    write_rows(tmp_path, [])
    assert tuple(to_table(read_rows(tmp_path)).columns) == COLUMNS


def test_a_folder_made_before_there_were_features_holds_audio(tmp_path):
    write_rows(tmp_path, ROWS[:2])
    path = tmp_path / "manifest.csv"
    lines = path.read_text().splitlines()
    path.write_text("".join(",".join(line.split(",")[:-6]) + "\n" for line in lines))
    assert "steps" not in path.read_text()
    assert read_rows(tmp_path) == ROWS[:2]
    settings = as_dict(CleaningSettings())
    del settings["features"]
    (tmp_path / "cleaning.json").write_text(json.dumps(settings))
    check_fingerprint(tmp_path, CleaningSettings())
    with pytest.raises(CleanFolderError, match=r"features\.name is None there, mel"):
        check_fingerprint(tmp_path, CleaningSettings(features=FeatureSettings(name="mel")))


def test_the_last_row_of_a_clip_counts(tmp_path):
    write_rows(tmp_path, ROWS[:2])
    append_rows(tmp_path, [replace(ROWS[0], status="refused")])
    assert [row.status for row in read_rows(tmp_path)] == ["refused", "ok"]


@pytest.mark.parametrize("cut", [1, 5, 30, 70])
def test_a_torn_last_line_is_left_out(tmp_path, cut):
    write_rows(tmp_path, ROWS[:1])
    append_rows(tmp_path, ROWS[1:3])
    path = tmp_path / "manifest.csv"
    path.write_bytes(path.read_bytes()[:-cut])
    assert read_rows(tmp_path) == ROWS[:2]


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n"])
def test_a_strange_manifest_is_refused(tmp_path, text):
    (tmp_path / "manifest.csv").write_text(text)
    with pytest.raises(CleanFolderError, match="expected the columns split, fname, status"):
        read_rows(tmp_path)


def test_a_wrong_number_is_refused(tmp_path):
    write_rows(tmp_path, ROWS[:1])
    path = tmp_path / "manifest.csv"
    path.write_text(path.read_text().replace("44100", "fast"))
    with pytest.raises(CleanFolderError, match="expected a manifest row"):
        read_rows(tmp_path)


def test_a_folder_without_manifest_or_settings_is_no_clean_folder(tmp_path):
    assert read_rows(tmp_path) == []
    for read in (load_settings, lambda folder: check_fingerprint(folder, CleaningSettings())):
        with pytest.raises(CleanFolderError, match=r"run preprocess\.py first"):
            read(tmp_path)


def test_settings_round_trip(tmp_path):
    settings = CleaningSettings(rate_hz=8_000)
    write_settings(tmp_path, settings)
    assert load_settings(tmp_path) == as_dict(settings)
    check_fingerprint(tmp_path, settings)


def test_a_setting_that_is_not_known_here_is_a_difference(tmp_path):
    content = {**as_dict(CleaningSettings()), "dither": True}
    (tmp_path / "cleaning.json").write_text(json.dumps(content))
    with pytest.raises(CleanFolderError, match="dither is True there, -"):
        check_fingerprint(tmp_path, CleaningSettings())


def test_a_setting_that_did_not_exist_when_the_folder_was_made_has_its_default(tmp_path):
    content = as_dict(CleaningSettings())
    del content["min_kept_s"], content["features"]["center"], content["noisy"][0]["min_silence_ms"]
    (tmp_path / "cleaning.json").write_text(json.dumps(content))
    check_fingerprint(tmp_path, CleaningSettings())
    with pytest.raises(CleanFolderError, match=r"min_kept_s is 0\.3 there, 0\.5 was requested"):
        check_fingerprint(tmp_path, CleaningSettings(min_kept_s=0.5))


def test_the_fingerprint_names_every_key_that_differs(tmp_path):
    write_settings(tmp_path, CleaningSettings())
    noisy = [SilenceRule(max_s=5.0), SilenceRule(threshold_dbfs=-42.0)]
    with pytest.raises(CleanFolderError) as error:
        check_fingerprint(tmp_path, CleaningSettings(rate_hz=8_000, noisy=noisy))
    message = str(error.value)
    assert "\n" not in message
    assert "rate_hz is 16000 there, 8000" in message
    assert "noisy[0].max_s is None there, 5.0" in message
    assert "noisy[1].threshold_dbfs is - there, -42.0" in message
    assert "curated" not in message
    assert "--force" in message


def test_broken_settings(tmp_path):
    for text in ("{", "[]", "3"):
        (tmp_path / "cleaning.json").write_text(text)
        with pytest.raises(CleanFolderError, match="expected JSON"):
            load_settings(tmp_path)
