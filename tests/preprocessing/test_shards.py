"""Shards of a data set in one folder: together they are what one command makes."""

from contextlib import ExitStack
from pathlib import Path

import pytest

from foundation.errors import UserError
from foundation.locks import BusyError, locked
from foundation.shards import Shard, parse_shard
from preprocessing.clean import clean_dataset, clean_shard
from preprocessing.folder import CleanFolderError, reading
from preprocessing.manifest import read_rows
from preprocessing.settings import CleaningSettings
from preprocessing.shards import in_shard, join_shard

SETTINGS = CleaningSettings()
TIMES = ["clean_mtime_ns"]
N = 10


@pytest.fixture
def clips(write, table, sound):
    """Of them one is bad."""
    paths = [write(f"{i}.wav", sound[i:]) for i in range(N - 2)]
    paths[3].write_text("bad")
    return table({"curated": paths, "test": [write("t.wav", sound), write("u.wav", -sound)]})


def clean(clips, folder, shard=None, **options):
    if shard is None:
        return clean_dataset(clips, folder, SETTINGS, progress=False, **options)
    return clean_shard(clips, folder, SETTINGS, parse_shard(shard), progress=False, **options)


def files(folder: Path) -> dict[str, bytes]:
    """All but what tells times and what is empty."""
    paths = [path for path in folder.rglob("*") if path.is_file() and path.name != "manifest.csv"]
    return {
        str(path.relative_to(folder)): path.read_bytes() for path in paths if not path.name.startswith(".")
    }


def timeless(folder: Path) -> list[str]:
    """The lines of the manifest without the times of clean files, the last column."""
    return [line.rpartition(",")[0] for line in (folder / "manifest.csv").read_text().splitlines()]


def test_shards_share_out_all_and_differ_by_one_at_most():
    parts = [Shard(number, 4).of(range(10)) for number in range(1, 5)]
    assert sorted(item for part in parts for item in part) == list(range(10))
    assert [len(part) for part in parts] == [3, 3, 2, 2]


@pytest.mark.parametrize("text", ["0/4", "5/4", "1", "a/b", "1/0", "-1/4"])
def test_what_is_no_shard_is_one_line(text):
    with pytest.raises(UserError, match="expected a shard i/n, such as 3/16"):
        parse_shard(text)


def test_the_order_of_the_table_does_not_matter(clips):
    mixed = clips.sample(frac=1, random_state=3)
    assert in_shard(mixed, Shard(2, 3)).equals(in_shard(clips, Shard(2, 3)))


def test_shards_are_together_what_one_command_makes(tmp_path, clips, cleaned):
    clean(clips, tmp_path / "one")
    cleaned.clear()
    for shard in ("2/3", "1/3", "3/3"):
        clean(clips, tmp_path / "three", shard)
        assert not (tmp_path / "three/manifest.csv").exists()
    assert sorted(cleaned) == sorted(clips["fname"])
    cleaned.clear()
    clean(clips, tmp_path / "three")
    assert cleaned == ["3.wav"], "a refused clip is tried again"
    assert files(tmp_path / "three") == files(tmp_path / "one")
    assert timeless(tmp_path / "three") == timeless(tmp_path / "one")
    assert not list((tmp_path / "three").glob("*-of-*")) + list((tmp_path / "three").glob(".shard*"))


def test_a_shard_resumes_and_a_missing_one_is_named(tmp_path, clips, cleaned, capsys):
    clean(clips, tmp_path / "clean", "1/3")
    part = tmp_path / "clean/manifest-1-of-3.csv"
    part.write_bytes(part.read_bytes()[:-20])  # killed while it wrote the last row
    cleaned.clear()
    clean(clips, tmp_path / "clean", "1/3")
    assert cleaned == ["3.wav", "u.wav"], "the bad one again, and the one without a row"
    clean(clips, tmp_path / "clean", "3/3")
    cleaned.clear()
    capsys.readouterr()
    manifest = clean(clips, tmp_path / "clean")
    assert (
        capsys.readouterr().err
        == "shards that are not finished: 2/3 (3 of its 3 clips); cleaning these clips here\n"
    )
    assert set(in_shard(clips, Shard(2, 3))["fname"]) <= set(cleaned)
    assert len(manifest) == N


def test_other_shards_count_what_is_done(tmp_path, clips, cleaned):
    clean(clips, tmp_path / "clean", "1/2")
    cleaned.clear()
    clean(clips, tmp_path / "clean", "1/1")
    assert len(cleaned) == N / 2


def test_two_shards_at_a_time(tmp_path, clips):
    with ExitStack() as other:
        join_shard(clips, tmp_path / "clean", SETTINGS, Shard(1, 2), other)
        (tmp_path / "clean/curated").mkdir()
        (tmp_path / "clean/curated/.part-1").touch()  # the other is writing it
        assert len(clean(clips, tmp_path / "clean", "2/2")) == N / 2
        assert (tmp_path / "clean/curated/.part-1").exists()
        with pytest.raises(BusyError, match="another process is cleaning shard 1/2 into"):
            clean(clips, tmp_path / "clean", "1/2")
        with pytest.raises(BusyError, match="another process is cleaning shard 1/2 into"):
            clean(clips, tmp_path / "clean", "1/4")
        with pytest.raises(BusyError, match="another process is cleaning into"):
            clean(clips, tmp_path / "clean")
    assert len(clean(clips, tmp_path / "clean")) == N
    with locked(tmp_path / "clean/.lock", "cleaning"), pytest.raises(BusyError, match="is cleaning into"):
        clean(clips, tmp_path / "clean", "1/2")


def test_changed_clips_are_replaced_unless_they_are_read(tmp_path, clips, write, sound):
    clean(clips, tmp_path / "clean")
    write("0.wav", sound[:-4_800])
    with reading(tmp_path / "clean"), pytest.raises(BusyError, match="is reading"):
        clean(clips, tmp_path / "clean", "1/2")
    assert set(clean(clips, tmp_path / "clean", "1/2")["status"]) == {"ok"}
    clean(clips, tmp_path / "clean")
    rows = {row.fname: row for row in read_rows(tmp_path / "clean")}
    assert rows["0.wav"].seconds_in == pytest.approx(1.7)


def test_clips_that_left_go_with_the_last_command(tmp_path, clips):
    clean(clips, tmp_path / "clean", "1/1")
    clean(clips[1:], tmp_path / "clean", "1/2")
    assert (tmp_path / "clean/curated/0.wav").exists()
    clean(clips[1:], tmp_path / "clean")
    assert not (tmp_path / "clean/curated/0.wav").exists()


def test_clips_that_come_and_leave_between_shards(tmp_path, clips, cleaned):
    """Then others change their shard: they stay finished, and those that left go with the last command."""
    clean(clips[1:], tmp_path / "one")
    for some in (clips[:-1], clips[1:]):
        cleaned.clear()
        for shard in ("1/2", "2/2"):
            assert list(clean(some, tmp_path / "two", shard).query("status != 'ok'")["fname"]) in (
                [],
                ["3.wav"],
            )
    assert sorted(cleaned) == ["3.wav", "u.wav"], "a bad one, and a new one"
    clean(clips[1:], tmp_path / "two")
    assert files(tmp_path / "two") == files(tmp_path / "one")
    assert timeless(tmp_path / "two") == timeless(tmp_path / "one")


def test_a_clip_that_was_being_made_may_change_its_shard(tmp_path, clips, monkeypatch):
    """A kill leaves its clean file without a row; Ctrl-C keeps the rows of clips that are other shards' now."""

    def interrupt(*args) -> None:
        raise KeyboardInterrupt

    clean(clips[:4], tmp_path / "clean", "2/2")
    for some in (clips, clips[1:]):
        with monkeypatch.context() as patch:
            patch.setattr("preprocessing.work.append_rows", interrupt)
            with pytest.raises(KeyboardInterrupt):
                clean(some, tmp_path / "clean", "2/2")
    for shard in ("1/2", "2/2"):
        assert set(clean(clips[1:], tmp_path / "clean", shard).query("fname != '3.wav'")["status"]) == {"ok"}


def test_other_settings_and_other_clips_are_refused(tmp_path, clips):
    clean(clips, tmp_path / "clean", "1/2")
    with pytest.raises(CleanFolderError, match="rate_hz is 16000 there, 8000"):
        clean_shard(clips, tmp_path / "clean", CleaningSettings(rate_hz=8_000), Shard(2, 2))
    with pytest.raises(CleanFolderError, match="would be lost, none of which is in this data set"):
        clean(clips.assign(fname="x" + clips["fname"]), tmp_path / "clean", "2/2")
    assert len(clean(clips, tmp_path / "clean", force=True)) == N
    assert not list((tmp_path / "clean").glob("*-of-*"))


def test_a_folder_with_other_files_is_refused(tmp_path, clips):
    (tmp_path / "clean").mkdir()
    (tmp_path / "clean/notes.txt").write_text("mine")
    with pytest.raises(CleanFolderError, match="holds other files"):
        clean(clips, tmp_path / "clean", "1/2")
    assert [path.name for path in (tmp_path / "clean").iterdir()] == ["notes.txt"]
