"""The closing table and its lists, by hand arithmetic."""

from preprocessing.manifest import to_table
from preprocessing.rows import ClipRow
from preprocessing.summary import closing_table, duplicates, left_empty, problems

MANIFEST = to_table(
    [
        ClipRow("curated", "a.wav", "ok", "", 3_600.0, 1_800.0, 44_100, 1, 3, "same"),
        ClipRow(
            "test", "b.wav", "ok", "heard 1.000 of 2.000 s: truncated", 1_800.0, 1_800.0, 44_100, 1, 0, "same"
        ),
        ClipRow(
            "noisy", "c.wav", "kept_whole", "only 0.000 s would remain", 1_800.0, 1_800.0, 8_000, 2, 2, "own"
        ),
        ClipRow("noisy", "d.wav", "refused", "expected audio, received an empty file (0 bytes)"),
        ClipRow("noisy", "e.wav", "missing", "No such file or directory: 'e.wav'"),
        ClipRow("noisy", "f.wav", "ok", "", 0.0, 0.0, 8_000, 1, 0, "twin"),
        ClipRow("noisy", "g.wav", "ok", "", 0.0, 0.0, 8_000, 1, 0, "twin"),
    ]
)


def test_closing_table():
    lines = [
        line.split(maxsplit=1) for line in closing_table(MANIFEST).replace("hours ", "hours_").splitlines()
    ]
    table = {name: value for name, value in lines if name not in ("share", "kept")}
    assert table["clips"] == "7"
    assert table["hours_in"] == "2.000"
    assert table["hours_out"] == "1.500"
    assert "share removed  25.0%" in closing_table(MANIFEST)
    assert "kept whole     1" in closing_table(MANIFEST)
    assert (table["refused"], table["missing"], table["truncated"]) == ("1", "1", "1")
    assert table["clipped"] == "2 clips, 5 samples"
    assert table["duplicates"] == "4 clips of 2 recordings, 1 of them in two splits"


def test_a_table_of_nothing_but_refusals():
    text = closing_table(MANIFEST[MANIFEST["status"] == "refused"])
    assert "hours in       0.000" in text
    assert "share removed  0.0%" in text


def test_a_sample_more_is_not_less_than_nothing_removed():
    longer = MANIFEST.assign(seconds_out=MANIFEST["seconds_in"] + 1e-4)
    assert "share removed  0.0%" in closing_table(longer)


def test_a_folder_of_features_tells_their_shape():
    facts = {
        "seconds_in": 3_600.0,
        "seconds_out": 3_600.0,
        "rate_in_hz": 8_000,
        "audio_hash": "x",
        "bands": 140,
    }
    rows = [ClipRow("train", f"{n}.wav", "ok", steps=n, **facts) for n in (68, 20, 70)]
    made = closing_table(to_table([*rows, ClipRow("train", "bad.wav", "refused", "why")]))
    assert "hours out      3.000" in made
    assert "steps          158, 20 to 70 per clip, median 68" in made
    assert "bands          140\n" in made
    assert "clipped        0 clips" in made


def test_a_folder_of_stored_features_tells_nothing_of_audio():
    rows = [ClipRow("train", f"{n}.npy", "ok", steps=20, bands=n, audio_hash=f"{n}") for n in (13, 13, 14)]
    table = closing_table(to_table(rows))
    assert "bands          13 in 2, 14 in 1\n" in table
    assert not {"hours", "clipped", "truncated", "kept"} & set(table.split())


def test_splits_and_labels_without_a_usable_clip():
    labels = {"a.wav": ("Bark",), "b.wav": ("Rain",), "d.wav": ("Rain",), "e.wav": ("Rain", "Bark")}
    clips = MANIFEST[["split", "fname"]].assign(labels=[labels.get(name, ()) for name in MANIFEST["fname"]])
    assert left_empty(MANIFEST, clips) == ["label Rain"]  # only a test clip has it
    less = MANIFEST.assign(status=MANIFEST["status"].where(MANIFEST["split"] != "noisy", "refused"))
    assert left_empty(less, clips) == ["split noisy", "label Rain"]
    assert left_empty(MANIFEST, clips.assign(labels=[()] * 7)) == []


def test_a_hold_out_of_the_data_sets_own_is_a_part_of_its_own():
    rows = [ClipRow("train", "a", "refused", "bad"), ClipRow("train", "b", "ok")]
    manifest = to_table(rows)
    clips = manifest[["split", "fname"]].assign(labels=[("Bark",), ("Rain",)], validates=[False, True])
    assert left_empty(manifest, clips) == ["split train (training clips)", "label Bark"]
    clips["validates"] = [True, False]
    assert left_empty(manifest, clips) == ["split train (validation clips)"]


def test_duplicates_stand_together_and_refused_clips_are_none():
    same = duplicates(MANIFEST)
    assert list(same["fname"]) == ["a.wav", "b.wav", "f.wav", "g.wav"]
    assert list(same["audio_hash"]) == ["same", "same", "twin", "twin"]


def test_problems_are_listed_with_their_reasons():
    assert problems(MANIFEST, "clean") == (
        "refused: noisy/d.wav: expected audio, received an empty file (0 bytes)\n"
        "missing: noisy/e.wav: No such file or directory: 'e.wav'\n"
        "2 of 7 clips cannot be used; clean/manifest.csv lists them all"
    )
    assert problems(MANIFEST[:1], "clean") == ""


def test_many_problems_are_cut_and_counted():
    rows = to_table([ClipRow("noisy", f"{i:02d}.wav", "refused", "bad") for i in range(25)])
    lines = problems(rows, "clean").splitlines()
    assert len(lines) == 21
    assert lines[19].startswith("refused: noisy/19.wav")
    assert lines[20] == "25 of 25 clips cannot be used; clean/manifest.csv lists them all"
