"""Whole clips in shards, and on a Dask cluster: to the last byte what one command writes."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile as sf

import predict
from tests.clusters import two_workers
from tests.tag_command_helpers import RATE_HZ, refused, tag, tone
from tests.tagger_helpers import untrained_run

N = 21  # files, one of which is bad, and one cut short


@pytest.fixture(scope="module")
def run(tiny, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    config = tiny.config(folder, "window.window_s=0.5", "window.hop_s=0.25")
    return untrained_run(folder / "run", config, ("a", "b", "c"))


@pytest.fixture(scope="module")
def audio(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("audio")
    for number in range(N):
        sf.write(folder / f"{number:02}.wav", tone("high", 0.6 + 0.1 * number, number), RATE_HZ)
    (folder / "04.wav").write_bytes(b"bad" * 50)
    data = (folder / "07.wav").read_bytes()
    (folder / "07.wav").write_bytes(data[:-3_000])
    return folder


def commands(run: Path, audio: Path):
    """What is run with an output; all have one bad file."""
    embeddings = ("--embeddings", "PLACE/vectors.npz")
    return {
        "predict.csv": lambda out, *more: predict.main(
            ["--runs", str(run), "--audio", str(audio), "--out", str(out), *map(str, more)]
        ),
        "tags.jsonl": lambda out, *more: tag(
            audio,
            "--run",
            run,
            "--out",
            out,
            *(str(each).replace("PLACE", str(out.parent)) for each in embeddings),
            *more,
        ),
    }


def written(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.startswith(".")}


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize("name", ["predict.csv", "tags.jsonl"])
def test_shards_are_together_what_one_command_writes(run, audio, tmp_path, name, capsys):
    command = commands(run, audio)[name]
    assert command(tmp_path / "whole" / name) == 1
    whole, streams = written(tmp_path / "whole"), capsys.readouterr()
    for number in (3, 1):
        assert command(tmp_path / "shards" / name, "--shard", f"{number}/3") == 0
    with np.load(tmp_path / "shards" / f"{Path(name).stem}.shard-3-of-3.npz") as arrays:
        assert 0 < len(arrays["clips/usable"]) < N
    assert command(tmp_path / "shards" / name) == 1
    found, streams_of_shards = written(tmp_path / "shards"), capsys.readouterr()
    assert "shards that are not there: 2/3" in streams_of_shards.err
    assert sorted(found) == sorted(whole)
    for each in whole:
        if each != "vectors.npz":
            assert found[each] == whole[each], each
    if name == "tags.jsonl":
        ours, theirs = np.load(tmp_path / "shards/vectors.npz"), np.load(tmp_path / "whole/vectors.npz")
        np.testing.assert_array_equal(ours["embeddings"], theirs["embeddings"])
        assert "07.wav: heard" in streams.err
        assert "07.wav: heard" in streams_of_shards.err


@pytest.mark.usefixtures("eagerly")
def test_a_file_with_other_sound_is_heard_again(run, tmp_path):
    """Though it has as many bytes."""
    found = []
    for name in ("high", "low"):
        sf.write(tmp_path / "a.wav", tone(name, 0.6, 1), RATE_HZ)
        assert tag(tmp_path / "a.wav", "--run", run, "--out", tmp_path / "a.csv", "--shard", "1/1") == 0
        with np.load(tmp_path / "a.shard-1-of-1.npz") as arrays:
            found.append(arrays["clips/logits0"])
    assert (found[0] != found[1]).any()


@pytest.mark.usefixtures("eagerly")
def test_shards_of_other_files_are_one_line(run, audio, tmp_path, capsys):
    out = tmp_path / "tags.csv"
    assert tag(audio, "--run", run, "--out", out, "--shard", "1/2") == 0
    assert tag(audio / "00.wav", "--run", run, "--out", out) == 2
    assert "tags.shard-1-of-2.npz was made of other runs, clips or settings" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--shard", "1/2"), "add --out FILE"),
        (("--shard", "1/2", "--out", "a.csv", "--timeline"), "--shard applies to whole clips"),
        (("--dask", "tcp://x", "--timeline"), "--dask applies to whole clips"),
    ],
)
def test_what_cannot_be_shared_out_is_one_line(audio, capsys, options, message):
    assert message in refused(capsys, audio, *options)


@pytest.mark.slow
def test_a_cluster_writes_the_same(run, audio, tmp_path):
    with two_workers() as cluster:
        for name, command in commands(run, audio).items():
            address = cluster.scheduler_address
            dask = (
                ["--dask", address]
                if name == "tags.jsonl"
                else ["parallel.backend=dask", f"parallel.address={address}"]
            )
            assert command(tmp_path / "whole" / name) == 1
            assert command(tmp_path / "dask" / name, *dask) == 1
            assert (tmp_path / "dask" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert len(pd.read_csv(tmp_path / "dask/predict.csv")) == N - 1
