"""Keras's JAX backend: images, training, resuming, validation and prediction, in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from submissions.writer import read_scores
from tagging.inference.windows import inference_step, pieces_of, predict_files
from tagging.runs.run import SCORES, read_run
from tagging.training.data import stage_data
from tagging.training.train import train_stage
from tests.device_helpers import AUGMENTS, frontend_for, made, write_sounds
from tests.training_helpers import AUGMENTED, assert_same_training, history

pytest.importorskip("jax", reason="needs jax: pip install -r requirements-jax.txt")
pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
IMAGES = """
import sys
from pathlib import Path
import numpy as np
from tests.device_helpers import AUGMENTS, frontend_for, made, write_sounds

sounds = write_sounds(Path(sys.argv[1]))
for key, value in AUGMENTS.items():
    batches = made({key: value}, on_device=True, **sounds, frontend=frontend_for(key), batch_size=5)
    parts = [np.concatenate(each) for each in zip(*batches)]
    np.savez(Path(sys.argv[1], key), *parts)
"""
WHOLE_AND_CUT = """
import sys
import train
from tagging.config.load import load_config
from tagging.training import train as stages
from tests.training_helpers import train_until_power_cut

stages.describe = lambda folder: None
whole, cut, *overrides = sys.argv[1:]
assert train.main(["--config", whole, "--stage", "noisy", "--jobs", "2", *overrides]) == 0
train_until_power_cut(load_config(cut, overrides))
"""
RESUMED_AND_USED = """
import sys
import predict, train

cut, out, *overrides = sys.argv[1:]
assert train.main(["--config", cut, "--stage", "noisy", "--jobs", "2", *overrides]) == 0
assert predict.main(["--config", cut, "--out", out]) == 0
"""


def jax(*words: object) -> str:
    """What Python prints with this backend."""
    environment = {**os.environ, "KERAS_BACKEND": "jax", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, *map(str, words)]
    done = subprocess.run(  # noqa: S603
        command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_each_augmentation_makes_the_images_of_tensorflow(tmp_path):
    sounds = write_sounds(tmp_path)
    jax("-c", IMAGES, tmp_path)
    for key, value in AUGMENTS.items():
        batches = made({key: value}, on_device=False, **sounds, frontend=frontend_for(key), batch_size=5)
        found = np.load(tmp_path / f"{key}.npz").values()
        for a, b in zip(found, (np.concatenate(each) for each in zip(*batches, strict=True)), strict=True):
            assert a.dtype == b.dtype
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=0.02, err_msg=key)


def test_learns_what_tensorflow_learns_from_the_same_weights(tiny, tmp_path, noisy):
    same = (f"stages.curated.init={noisy[1]}", "model.dropout=0", *AUGMENTED)
    for name in ("tensorflow", "jax"):
        (tmp_path / name).mkdir()
    expected = train_stage(tiny.config(tmp_path / "tensorflow", *same), "curated", jobs=2)
    config = tiny.write_config(tmp_path / "jax")
    jax("train.py", "--config", config, "--jobs", 2, "--stage", "curated", *same)
    found = tmp_path / "jax" / "runs" / "curated"
    pd.testing.assert_frame_equal(history(found), history(expected), rtol=2e-3)


def test_a_run_is_resumed_exactly_and_read_by_tensorflow(tiny, tmp_path):
    for name in ("whole", "cut"):
        (tmp_path / name).mkdir()
    whole, cut = (tiny.write_config(tmp_path / name) for name in ("whole", "cut"))
    settings = ("train.epochs=3", "train.ema_momentum=0.9")
    by_jax, by_tensorflow = tmp_path / "jax.csv", tmp_path / "tensorflow.csv"
    jax("-c", WHOLE_AND_CUT, whole, cut, *settings)
    assert "resuming after epoch 1" in jax("-c", RESUMED_AND_USED, cut, by_jax, *settings)
    found, expected = (tmp_path / name / "runs" / "noisy" for name in ("cut", "whole"))
    assert_same_training(found, expected)
    run = read_run(found)
    assert run.info["versions"]["jax"]
    validation = stage_data(run.config, run.config.stage("noisy")).validation
    step, pieces = inference_step(run.load_model()), pieces_of(run.config, validation)
    logits = predict_files(step, list(validation["path"]), pieces, jobs=1, activation=run.kind.activation)
    np.testing.assert_allclose(read_scores(found / SCORES).logits, logits, atol=1e-3)
    import predict

    assert predict.main(["--config", str(cut), "--out", str(by_tensorflow)]) == 0
    a, b = (pd.read_csv(path, index_col="fname") for path in (by_jax, by_tensorflow))
    pd.testing.assert_frame_equal(a, b, atol=1e-4)


def test_images_on_the_host_are_refused_in_one_line(tiny, tmp_path):
    config = tiny.write_config(tmp_path)
    with pytest.raises(AssertionError, match=r"pipeline\.device=host: expected Keras's backend tensorflow"):
        jax("train.py", "--config", config, "pipeline.device=host")
