"""predict.py with several runs: what they see alike is made once, and scores are those of each run alone."""

import json
from pathlib import Path

import keras
import numpy as np
import pytest

import predict
from foundation.files import content_hash
from tagging.datasets import read_dataset
from tagging.inference import clip_windows, windows
from tagging.runs.run import INFO, MODEL
from tests.tagger_helpers import untrained_run

pytestmark = pytest.mark.usefixtures("eagerly")

RUNS = {
    "first": ["seed=0"],
    "second": ["seed=1"],
    "short": ["seed=2", "window.window_s=0.5"],
    "measured": ["seed=3", "frontend.standardize=true"],
    "measured_elsewhere": ["seed=4", "frontend.standardize=true"],
}


@pytest.fixture(scope="module")
def runs(tiny, tmp_path_factory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("runs")
    configs = {name: tiny.config(folder, *settings) for name, settings in RUNS.items()}
    classes = read_dataset(configs["first"].dataset).classes
    paths = {name: untrained_run(folder / name, config, classes) for name, config in configs.items()}
    for number, name in enumerate(("measured", "measured_elsewhere"), 1):
        _set_statistics(paths[name], number)
    return {name: str(path) for name, path in paths.items()}


def _set_statistics(run: Path, value: float) -> None:
    """Means and deviations of all bands, as if the front end had measured other clips."""
    model = keras.models.load_model(run / MODEL)
    frontend = model.get_layer("frontend")
    frontend.set_weights([np.full_like(values, value) for values in frontend.get_weights()])
    model.save(run / MODEL)
    info = json.loads((run / INFO).read_text())
    (run / INFO).write_text(json.dumps({**info, "model_hash": content_hash(run / MODEL)}))


@pytest.fixture
def passes(monkeypatch) -> list[str]:
    """What the progress bar says each time that clips are read."""
    seen, function = list[str](), windows.predict_windows

    def counted(*args, description, **options):
        seen.append(description)
        return function(*args, description=description, **options)

    for module in (clip_windows, windows):
        monkeypatch.setattr(module, "predict_windows", counted)
    return seen


def logits(out: Path, *runs: str) -> list[np.ndarray]:
    """Of each run, as `predict.py` writes them."""
    assert predict.main(["--runs", *runs, "--out", str(out)]) == 0
    files = sorted(out.parent.glob(f"{out.stem}.logits-*.npz"))
    return [np.load(file)["logits"] for file in files]


def test_clips_are_read_once_for_runs_that_see_the_same_images(runs, tmp_path, passes):
    together = logits(tmp_path / "all.csv", *runs.values())
    assert passes == [
        f"{runs['first']} and 1 more",
        *(runs[name] for name in ("short", "measured", "measured_elsewhere")),
    ]
    for number, run in enumerate(runs.values()):
        (alone,) = logits(tmp_path / f"{number}.csv", run)
        np.testing.assert_allclose(together[number], alone, rtol=0, atol=1e-6)
    assert len({array.tobytes() for array in together}) == len(runs)


def test_a_shard_computes_what_it_lacks(runs, tmp_path, passes):
    """It has one of the runs from a command before."""
    first, *others = ours = [runs[name] for name in ("first", "second", "short")]
    whole, out = logits(tmp_path / "whole.csv", *ours), tmp_path / "shards" / "a.csv"
    assert predict.main(["--runs", first, "--out", str(out), "--shard", "1/2"]) == 0
    passes.clear()
    for shard in ("1/2", "2/2"):
        assert predict.main(["--runs", *ours, "--out", str(out), "--shard", shard]) == 0
    assert passes == [
        *(f"{run}, shard 1/2" for run in others),
        f"{first} and 1 more, shard 2/2",
        f"{others[1]}, shard 2/2",
    ]
    for each, expected in zip(logits(out, *ours), whole, strict=True):
        np.testing.assert_array_equal(each, expected)
