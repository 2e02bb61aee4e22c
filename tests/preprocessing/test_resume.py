"""A second run does only what is missing or changed, after whatever ended the first."""

import functools
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from foundation.locks import BusyError
from preprocessing import clip, pool
from preprocessing.clean import clean_dataset
from preprocessing.folder import CleanFolderError, reading
from preprocessing.manifest import load_settings, read_rows
from preprocessing.settings import CleaningSettings, SilenceRule
from tests.preprocessing import deadly

SETTINGS = CleaningSettings()


@pytest.fixture
def clips(write, table, sound):
    return table(
        {"curated": [write(f"{i}.wav", sound[i:]) for i in range(4)], "test": [write("t.wav", sound)]}
    )


def clean(clips, tmp_path, settings=SETTINGS, **options):
    return clean_dataset(clips, tmp_path / "clean", settings, **{"jobs": 1, "progress": False, **options})


def stamps(tmp_path):
    return {path.name: path.stat().st_mtime_ns for path in (tmp_path / "clean").rglob("*.wav")}


def test_a_second_run_touches_nothing(tmp_path, clips, cleaned):
    first = clean(clips, tmp_path)
    before = stamps(tmp_path)
    cleaned.clear()
    assert clean(clips, tmp_path).equals(first)
    assert cleaned == []
    assert stamps(tmp_path) == before


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(path.read_bytes()[:-2])])
def test_a_lost_or_damaged_clean_file_is_made_again(tmp_path, clips, cleaned, damage):
    clean(clips, tmp_path)
    path = tmp_path / "clean/curated/2.wav"
    good = path.read_bytes()
    damage(path)
    cleaned.clear()
    clean(clips, tmp_path)
    assert cleaned == ["2.wav"]
    assert path.read_bytes() == good


def test_a_changed_raw_file_is_done_again(tmp_path, clips, cleaned, write, sound):
    clean(clips, tmp_path)
    write("1.wav", sound[:4_800])
    write("3.wav", -sound[3:])  # of equal size
    cleaned.clear()
    manifest = clean(clips, tmp_path)
    assert cleaned == ["1.wav", "3.wav"]
    assert manifest["seconds_out"][1] == 0.3


def test_a_raw_file_that_went_bad_takes_its_clean_file_along(tmp_path, clips):
    clean(clips, tmp_path)
    (tmp_path / "raw/0.wav").write_text("gone bad")
    assert clean(clips, tmp_path)["status"][0] == "refused"
    assert not (tmp_path / "clean/curated/0.wav").exists()


def test_refused_clips_are_tried_again(tmp_path, clips, write, sound):
    (tmp_path / "raw/0.wav").write_text("bad")
    clean(clips, tmp_path)
    write("0.wav", sound)
    assert set(clean(clips, tmp_path)["status"]) == {"ok"}


def test_finished_clips_outlive_their_raw_files(tmp_path, clips, cleaned):
    first = clean(clips, tmp_path)
    (tmp_path / "raw/0.wav").unlink()
    cleaned.clear()
    assert clean(clips, tmp_path).equals(first)
    assert cleaned == []


def test_clips_that_left_the_data_set_leave_the_folder(tmp_path, clips):
    clean(clips, tmp_path)
    stranger = tmp_path / "clean/curated/notes.txt"
    stranger.touch()
    manifest = clean(clips[2:], tmp_path)
    assert list(manifest["fname"]) == ["2.wav", "3.wav", "t.wav"]
    assert sorted(stamps(tmp_path)) == ["2.wav", "3.wav", "t.wav"]
    assert stranger.exists()


def test_changed_settings_are_refused_until_forced(tmp_path, clips, cleaned):
    clean(clips, tmp_path)
    other = CleaningSettings(rate_hz=8_000, noisy=[SilenceRule()])
    before = stamps(tmp_path)
    with pytest.raises(CleanFolderError, match="rate_hz is 16000 there, 8000"):
        clean(clips, tmp_path, other)
    assert stamps(tmp_path) == before
    cleaned.clear()
    clean(clips[:3], tmp_path, other, force=True)
    assert cleaned == ["0.wav", "1.wav", "2.wav"]
    assert load_settings(tmp_path / "clean")["rate_hz"] == 8_000
    assert sorted(stamps(tmp_path)) == ["0.wav", "1.wav", "2.wav"]


def test_force_remakes_a_folder_with_a_broken_manifest(tmp_path, clips):
    clean(clips, tmp_path)
    (tmp_path / "clean/manifest.csv").write_text("nonsense")
    with pytest.raises(CleanFolderError, match="remake it with --force"):
        clean(clips, tmp_path)
    assert set(clean(clips, tmp_path, force=True)["status"]) == {"ok"}


def test_a_killed_run_goes_on_where_it_was(tmp_path, clips, cleaned):
    first = clean(clips, tmp_path)
    path = tmp_path / "clean/manifest.csv"
    path.write_bytes(path.read_bytes()[:-20])  # killed while it wrote the last row
    (tmp_path / "clean/curated/.part-9").touch()  # and another file
    cleaned.clear()
    times = ["clean_mtime_ns"]
    assert clean(clips, tmp_path).drop(columns=times).equals(first.drop(columns=times))
    assert cleaned == ["t.wav"]
    assert not (tmp_path / "clean/curated/.part-9").exists()


def test_ctrl_c_leaves_a_folder_in_order(tmp_path, clips, cleaned, monkeypatch):
    original = clip.clean_clip

    def interrupted(task, settings):
        if task.fname == "2.wav":
            raise KeyboardInterrupt
        return original(task, settings)

    monkeypatch.setattr(clip, "clean_clip", interrupted)
    with pytest.raises(KeyboardInterrupt):
        clean(clips, tmp_path)
    assert [row.fname for row in read_rows(tmp_path / "clean")] == ["0.wav", "1.wav"]
    monkeypatch.setattr(clip, "clean_clip", original)
    cleaned.clear()
    assert len(clean(clips, tmp_path)) == 5
    assert cleaned == ["2.wav", "3.wav", "t.wav"]


SCRIPT = """
import signal
import sys
from pathlib import Path
import pandas as pd
from preprocessing.clean import clean_dataset
from preprocessing.settings import CleaningSettings

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell that runs the tests with & has it ignored
    raw = Path(sys.argv[1])
    clips = pd.DataFrame({"fname": [f"{i}.wav" for i in range(20_000)], "path": raw, "split": "noisy"})
    try:
        clean_dataset(clips, sys.argv[2], CleaningSettings(), jobs=2, progress=False)
    except KeyboardInterrupt:
        sys.exit(130)
"""


def group_is_alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="process groups")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_workers_end_with_the_run_and_its_work_stays(tmp_path, write, sound, how):
    script, clean_dir = tmp_path / "script.py", tmp_path / "clean"
    script.write_text(SCRIPT)
    command = [sys.executable, str(script), str(write("a.wav", sound)), str(clean_dir)]
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    run = subprocess.Popen(command, start_new_session=True, stderr=subprocess.PIPE, env=env)  # noqa: S603
    deadline = time.monotonic() + 60
    while not (clean_dir / "noisy/30.wav").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    if how == signal.SIGINT:
        os.killpg(run.pid, how)  # as a terminal does: to parent and workers
    else:
        run.kill()
    shown = run.communicate(timeout=60)[1].decode()
    deadline = time.monotonic() + 60
    while group_is_alive(run.pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not group_is_alive(run.pid)
    rows = read_rows(clean_dir)
    assert 0 < len(rows) < 20_000
    assert all((clean_dir / "noisy" / row.fname).exists() for row in rows)
    if how == signal.SIGINT:
        assert run.returncode == 130
        assert shown == "", "neither a traceback nor a word from a worker"
        assert not list(clean_dir.rglob(".part-*"))


@pytest.mark.slow
def test_workers_that_cannot_begin_are_one_line(tmp_path, write, table, sound, monkeypatch):
    monkeypatch.setattr(pool, "_prepare_worker", functools.partial(os._exit))
    clips = table({"curated": [write(f"{i}.wav", sound) for i in range(9)]})
    with pytest.raises(CleanFolderError, match="a worker process died"):
        clean(clips, tmp_path, jobs=2)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_a_clip_that_kills_its_worker_is_named_and_the_rest_is_cleaned(
    tmp_path, write, table, sound, monkeypatch
):
    monkeypatch.setattr(pool, "_prepare_worker", deadly.prepare_worker)
    names = [f"{i}.wav" for i in range(30)]
    names[3], names[17], names[25] = "once.wav", "deadly1.wav", "deadly2.wav"
    manifest = clean(table({"curated": [write(name, sound) for name in names]}), tmp_path, jobs=2)
    assert sorted(manifest["fname"]) == sorted(names)
    lost = manifest[manifest["status"] != "ok"]
    assert list(lost["fname"]) == ["deadly1.wav", "deadly2.wav"]
    assert lost["reason"].str.contains("killed twice").all()
    assert sorted(stamps(tmp_path)) == sorted(set(names) - {"deadly1.wav", "deadly2.wav"})
    assert not list((tmp_path / "clean").rglob(".part-*"))


HOLDER = """
import sys
from pathlib import Path
from foundation.locks import locked

with locked(Path(sys.argv[1], ".lock"), "cleaning"):
    print("locked", flush=True)
    sys.stdin.read()
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="fcntl")
def test_a_folder_that_another_process_fills_is_refused_until_it_ends(tmp_path, clips):
    clean_dir, root = tmp_path / "clean", Path(__file__).parents[2]
    command = [sys.executable, "-c", HOLDER, str(clean_dir)]
    with subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:  # noqa: S603
        assert other.stdout.readline() == b"locked\n"
        with pytest.raises(BusyError, match=f"another process is cleaning into {clean_dir}"):
            clean(clips, tmp_path)
        assert not (clean_dir / "manifest.csv").exists()
        other.kill()
    assert len(clean(clips, tmp_path)) == 5
    assert len(clean(clips, tmp_path)) == 5


def test_clean_files_are_not_replaced_while_they_are_read(tmp_path, clips, cleaned, write, sound):
    clean(clips, tmp_path)
    write("0.wav", sound[:-100])
    with (
        reading(tmp_path / "clean"),
        pytest.raises(BusyError, match=r"another process is reading .*clean: wait"),
    ):
        clean(clips, tmp_path)
    before = stamps(tmp_path)
    with reading(tmp_path / "clean"), pytest.raises(BusyError, match="is reading"):
        clean(clips, tmp_path, force=True)
    assert stamps(tmp_path) == before
    clean(clips, tmp_path)
    assert stamps(tmp_path) != before


def test_new_clips_may_come_while_others_are_read(tmp_path, clips, cleaned):
    clean(clips[:1], tmp_path)
    with reading(tmp_path / "clean"):
        clean(clips, tmp_path)
    assert len(stamps(tmp_path)) == len(clips)


def test_an_altered_clean_file_without_its_raw_file_stays_unused(tmp_path, clips, write):
    clean(clips, tmp_path)
    altered = tmp_path / "clean/curated/1.wav"
    altered.write_bytes(altered.read_bytes()[:-2])
    clips["path"][1].unlink()
    before = altered.read_bytes()
    rows = clean(clips, tmp_path).set_index("fname")
    assert rows["status"]["1.wav"] == "missing"
    assert "its clean file was altered, and stays as it is" in rows["reason"]["1.wav"]
    rows = clean(clips, tmp_path).set_index("fname")
    assert rows["status"]["1.wav"] == "refused"
    assert "1.wav, which preprocess.py did not make: move that away" in rows["reason"]["1.wav"]
    assert altered.read_bytes() == before
