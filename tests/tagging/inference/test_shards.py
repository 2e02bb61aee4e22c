"""predict.py --shard: shards put together are, to the last byte, what one command writes."""

import shutil
from pathlib import Path

import numpy as np
import pytest

import predict
from foundation.shards import Shard
from submissions.shards import read_shards, shard_file
from tagging.datasets import read_dataset
from tagging.inference import windows
from tagging.inference.windows import joined_windows, predict_shard, predict_windows
from tagging.pipeline.clips import clips_from_files
from tagging.pipeline.pieces import AudioWindows, FeatureSequences
from tests.tagger_helpers import untrained_run

pytestmark = pytest.mark.usefixtures("eagerly")


@pytest.fixture(scope="module")
def runs(tiny, tmp_path_factory) -> list[str]:
    """Two, of windows of different lengths."""
    folder = tmp_path_factory.mktemp("runs")
    classes = read_dataset(tiny.config(folder).dataset).classes
    configs = [tiny.config(folder), tiny.config(folder, "window.window_s=0.5", "window.hop_s=0.25")]
    return [str(untrained_run(folder / str(k), config, classes)) for k, config in enumerate(configs)]


def run_predict(runs, out, *more) -> int:
    return predict.main(["--runs", *runs, "--out", str(out), *more])


def written(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.startswith(".")}


def test_shards_are_together_what_one_command_writes(runs, tmp_path, capsys):
    """The one that is missing is named, and predicted."""
    assert run_predict(runs[1:], tmp_path / "whole/a.csv") == 0
    whole, folder = written(tmp_path / "whole"), tmp_path / "shards"
    assert run_predict(runs[1:], folder / "a.csv", "--shard", "2/2") == 0
    assert "a.csv" not in written(folder)
    assert run_predict(runs[1:], folder / "a.csv") == 0
    assert "shards that are not there: 1/2; predicting their part here" in capsys.readouterr().err
    found = written(folder)
    assert sorted(found) == sorted(whole), "the parts are removed"
    for name in ("a.csv", "a.logits-1.npz", "a.per_class.csv"):
        assert found[name] == whole[name], name


def test_a_finished_shard_is_not_predicted_again(runs, tmp_path, monkeypatch):
    out = tmp_path / "a.csv"
    assert run_predict(runs[:1], out, "--shard", "2/3") == 0
    before = shard_file(out, Shard(2, 3)).read_bytes()
    monkeypatch.setattr(windows, "predict_windows", lambda *args, **more: pytest.fail("predicted again"))
    assert run_predict(runs[:1], out, "--shard", "2/3") == 0
    assert shard_file(out, Shard(2, 3)).read_bytes() == before


def test_shards_of_something_else_are_one_line(runs, tmp_path, capsys):
    out = tmp_path / "a.csv"
    assert run_predict(runs[:1], out, "--shard", "1/2") == 0
    assert run_predict(runs[1:], out) == 2
    assert "a.shard-1-of-2.npz was made of other runs, clips or settings" in capsys.readouterr().err
    assert run_predict(runs[:1], out, "window.hop_s=0.2") == 2
    for options in (["--shard", "1/3"], []):
        assert run_predict(runs[:1], out, *options) == 2
        assert "expected shards i/n of one n next to" in capsys.readouterr().err
        shutil.copy(shard_file(out, Shard(1, 2)), shard_file(out, Shard(2, 3)))
    shard_file(out, Shard(2, 3)).unlink()
    shard_file(out, Shard(1, 2)).write_bytes(b"damaged")
    assert run_predict(runs[:1], out) == 2
    assert "expected the part of a shard, received" in capsys.readouterr().err
    assert run_predict(runs[:1], out, "--shard", "2/2") == 0, "which reads its own part only"


@pytest.mark.parametrize("settings", [{}, {"short": "pad"}, {"only_first": True}])
def test_pieces_are_counted_as_they_are_cut(tmp_path, settings):
    pieces = AudioWindows(7, 3, **settings)
    for samples in range(1, 30):
        path = tmp_path / "a.wav"
        path.write_bytes(bytes(44) + bytes(2 * samples))
        _, starts = pieces.starts(pieces.read(str(path)))
        assert pieces.count(path.stat().st_size) == len(starts)


@pytest.mark.parametrize("fixed", [False, True])
def test_and_those_of_features(tmp_path, fixed):
    pieces = FeatureSequences(3, 5, fixed)
    for steps in range(1, 30):
        path = tmp_path / "a.npy"
        path.write_bytes(bytes(128) + bytes(4 * 3 * steps))
        _, starts = pieces.starts(pieces.read(str(path)))
        assert pieces.count(path.stat().st_size) == len(starts)


@pytest.mark.parametrize("count", [1, 2, 3, 7, 40])
def test_shards_of_windows_have_the_batches_of_all(tmp_path, count, monkeypatch):
    monkeypatch.setattr(windows, "BATCH", 4)
    pieces, paths, batches = AudioWindows(7, 3), [], []
    for number, samples in enumerate([30, 1, 7, 50, 8, 9]):
        paths.append(tmp_path / f"{number}.wav")
        paths[-1].write_bytes(bytes(44) + np.arange(samples, dtype=np.int16).tobytes())

    def step(inputs):
        batches.append(inputs.numpy())
        return inputs[:, :2]

    expected = predict_windows(step, clips_from_files(paths, pieces, 1), len(paths), pieces, batch_size=4)
    whole, batches[:] = list(batches), []
    shards = [predict_shard(step, paths, pieces, Shard(k, count), jobs=1) for k in range(1, count + 1)]
    for one, other in zip(joined_windows(shards), expected, strict=True):
        np.testing.assert_array_equal(one, other)
    assert [batch.tolist() for batch in batches] == [batch.tolist() for batch in whole]


@pytest.mark.parametrize(
    ("options", "message"),
    [(("--report",), "--report needs all test clips"), (("--out", "/dev/stdout"), "expected --out FILE")],
)
def test_what_a_shard_cannot_do_is_one_line(capsys, options, message):
    assert predict.main([*options, "--shard", "1/2"]) == 2
    assert message in capsys.readouterr().err


def test_without_shards_there_is_nothing_to_put_together(tmp_path):
    assert read_shards(tmp_path / "none" / "a.csv").found == {}
    assert read_shards(Path("/dev/null")).count == 1
