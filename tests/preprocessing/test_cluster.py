"""Clips cleaned by a Dask cluster: the same rows and files as by processes, whoever dies meanwhile."""

import os
import signal
import threading
import time
from contextlib import nullcontext

import pytest

from foundation.cluster import ClusterError, WorkerKilled
from foundation.parallel import ParallelSettings
from foundation.parts import part_of
from preprocessing import pool
from preprocessing.clean import clean_dataset
from preprocessing.manifest import read_rows
from preprocessing.rows import ClipRow
from preprocessing.settings import CleaningSettings
from tests.clusters import pids, two_workers

TIMES = ["clean_mtime_ns"]


@pytest.fixture(scope="module")
def cluster():
    with two_workers() as cluster:
        yield cluster


@pytest.fixture
def dask(cluster):
    return ParallelSettings("dask", cluster.scheduler_address)


def clean(clips, folder, **options):
    return clean_dataset(clips, folder, CleaningSettings(), progress=False, **options)


@pytest.fixture
def clips(write, table, sound):
    """Of them one is bad, and one is missing."""
    paths = [write(f"{i}.wav", sound[i:]) for i in range(40)]
    paths[7].write_text("bad")
    paths[9].unlink()
    return table({"curated": paths})


def test_rows_and_files_are_those_of_processes(tmp_path, clips, dask, monkeypatch):
    monkeypatch.chdir(tmp_path)  # workers are elsewhere
    clips["path"] = [path.relative_to(tmp_path) for path in clips["path"]]
    expected, found = clean(clips, "one"), clean(clips, "two", parallel=dask)
    assert found.drop(columns=TIMES).equals(expected.drop(columns=TIMES))
    assert set(found["status"]) == {"ok", "refused", "missing"}
    for path in (tmp_path / "one").rglob("*.wav"):
        assert (tmp_path / "two" / path.relative_to(tmp_path / "one")).read_bytes() == path.read_bytes()
    assert not list(tmp_path.rglob(".part-*"))


def test_a_killed_worker_loses_nothing(tmp_path, write, table, sound, cluster, dask):
    path = write("a.wav", sound)
    clips = table({"curated": [path] * 600}).assign(fname=[f"{i}.wav" for i in range(600)])
    killed, victim = [], pids(cluster)[0]

    def kill() -> None:
        while len(read_rows(tmp_path / "clean")) < 50:
            time.sleep(0.01)
        killed.append(len(read_rows(tmp_path / "clean")))
        os.kill(victim, signal.SIGKILL)

    thread = threading.Thread(target=kill, daemon=True)
    thread.start()
    manifest = clean(clips, tmp_path / "clean", parallel=dask)
    thread.join()
    assert 50 <= killed[0] < 600
    assert set(manifest["status"]) == {"ok"}
    assert sorted(manifest["fname"]) == sorted(clips["fname"])
    lines = (tmp_path / "clean/manifest.csv").read_text().splitlines()
    assert len(lines) == 601, "each clip once"


def test_a_clip_that_workers_die_of_is_refused_and_the_others_are_cleaned(tmp_path, clips, monkeypatch):
    class Deadly:
        """As `Cluster`, in this process; a killed worker leaves a file half written."""

        def done(self, work, items, ahead):
            for item in items:
                deadly = [task for task in item.tasks if task.fname == "5.wav"]
                for task in deadly:
                    part = part_of(task.target, swept=True)
                    part.with_name(part.name.replace(str(os.getpid()), "999999999")).touch()
                yield item, WorkerKilled() if deadly else work(item)

    monkeypatch.setattr(pool, "opened", lambda address: nullcontext(Deadly()))
    found = clean(clips, tmp_path / "clean", parallel=ParallelSettings("dask")).set_index("fname")
    assert len(found) == 40
    assert "killed twice" in found["reason"]["5.wav"]
    assert set(found["status"].drop(["5.wav", "7.wav", "9.wav"])) == {"ok"}
    assert not list((tmp_path / "clean").rglob(".part-*"))


def test_a_worker_that_does_not_see_the_raw_clips_is_one_line(tmp_path, clips, monkeypatch):
    class Blind:
        def done(self, work, items, ahead):
            for item in items:
                yield item, [ClipRow(task.split, task.fname, "missing") for task in item.tasks]

    monkeypatch.setattr(pool, "opened", lambda address: nullcontext(Blind()))
    with pytest.raises(ClusterError, match=r"does not see .*0\.wav, which is there on this machine"):
        clean(clips, tmp_path / "clean", parallel=ParallelSettings("dask"))
