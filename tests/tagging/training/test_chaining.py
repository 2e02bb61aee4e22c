"""Stages that start from others, and runs that are damaged or do not fit."""

import json
import re
import shutil

import keras
import numpy as np
import pytest

from tagging.runs.run import RunError, latest_run, read_run
from tagging.training.train import train_stage

pytestmark = pytest.mark.usefixtures("eagerly")

BIG = ("window.window_s=1.2", "frontend.n_mels=32")  # images of 36 x 32, which a backbone accepts


def weights(run) -> list[np.ndarray]:
    return read_run(run).load_model().get_weights()


def test_curated_starts_from_noisy_and_sees_when_that_changed(tiny, noisy, tmp_path, request):
    config = tiny.config(tmp_path, "stages.curated.learning_rate=1e-9", "stages.curated.epochs=1")
    noisy = shutil.copytree(noisy[1], tmp_path / "runs" / "noisy")
    curated = train_stage(config, "curated", jobs=2)
    kernels = [[w for w in weights(run) if w.ndim > 1] for run in (noisy, curated)]
    for a, b in zip(*kernels, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)
    assert latest_run(tmp_path / "runs").path == curated
    request.getfixturevalue("no_fit")
    train_stage(config, "noisy", jobs=2, force=True)
    assert latest_run(tmp_path / "runs").path == noisy
    assert not (tmp_path / "runs" / "noisy.old").exists()
    with pytest.raises(RunError, match=r"curated was .* older .* --stage curated --force"):
        train_stage(config, "curated", jobs=2)


def test_weights_that_do_not_fit_are_refused(tiny, noisy, tmp_path):
    _, path = noisy
    for override in ("model.units=[17]", "frontend.n_mels=20", "model.name=mobilenet_v2"):
        key, _, value = override.partition("=")
        with pytest.raises(
            RunError, match=rf"trained with other settings \({key}: .* -> {re.escape(value)}\)"
        ):
            train_stage(tiny.config(tmp_path, f"stages.curated.init={path}", override), "curated", jobs=2)
    with pytest.raises(
        RunError, match=r"stages\.curated\.init=previous: .*no such folder.*--stage noisy first.*init=none"
    ):
        train_stage(tiny.config(tmp_path), "curated", jobs=2)


def test_previous_must_have_held_out_the_same_clips(tiny, noisy, tmp_path, capsys, no_fit):
    shutil.copytree(noisy[1], tmp_path / "runs" / "noisy")
    with pytest.raises(RunError, match="other clips were held out"):
        train_stage(tiny.config(tmp_path, "split.validation_share=0.4"), "curated", jobs=2)
    other = ("split.validation_share=0.4", "train.epochs=1", f"stages.curated.init={noisy[1]}")
    train_stage(tiny.config(tmp_path, *other, f"run_dir={tmp_path / 'other'}"), "curated", jobs=2)
    assert "validation clips of this stage" in capsys.readouterr().out


def test_a_backbone_trains_in_two_stages_and_its_weights_are_asked_for_once(tiny, tmp_path):
    weights = tmp_path / "b.weights.h5"
    keras.applications.MobileNetV2(include_top=False, weights=None, input_shape=(36, 32, 3)).save_weights(
        weights
    )
    config = tiny.config(
        *(tmp_path, "model.name=mobilenet_v2", f"model.weights={weights}", "train.epochs=1", *BIG),
        *("stages.noisy.trainable=[block_16,Conv_1,head]", "stages.curated.trainable=[head]"),
    )
    first = train_stage(config, "noisy", jobs=2)
    weights.unlink()
    second = read_run(train_stage(config, "curated", jobs=2))
    backbones = [
        read_run(p).load_model().get_layer("network").get_layer("backbone") for p in (first, second.path)
    ]
    for a, b in zip(*(backbone.get_weights() for backbone in backbones), strict=True):
        np.testing.assert_array_equal(a, b)
    assert second.info["trainable_parameters"] < second.info["parameters"] / 2


def test_a_damaged_or_unfinished_run_is_refused(noisy, tmp_path):
    shutil.copytree(noisy[1], tmp_path / "run")
    (tmp_path / "run" / "run.json").write_text("{")
    with pytest.raises(RunError, match="expected JSON"):
        read_run(tmp_path / "run")
    (tmp_path / "run" / "run.json").write_text("{}")
    with pytest.raises(RunError, match="expected classes, finished"):
        read_run(tmp_path / "run")
    (tmp_path / "run" / "run.json").write_text((noisy[1] / "run.json").read_text())
    (tmp_path / "run" / "model.keras").write_bytes((noisy[1] / "model.keras").read_bytes()[:5000])
    with pytest.raises(RunError, match=r"model\.keras cannot be read .*\); train the stage again"):
        read_run(tmp_path / "run").load_model()
    info = json.loads((noisy[1] / "run.json").read_text())
    info["versions"]["keras"] = "9.9"
    (tmp_path / "run" / "run.json").write_text(json.dumps(info))
    with pytest.raises(RunError, match=r"install keras==9\.9, which saved it \(here: 3\."):
        read_run(tmp_path / "run").load_model()
    (tmp_path / "run" / "run.json").unlink()
    with pytest.raises(RunError, match=r"run\.json is missing"):
        read_run(tmp_path / "run")
    (tmp_path / "run" / "model.keras").unlink()
    with pytest.raises(RunError, match=r"run\.json, model\.keras are missing"):
        read_run(tmp_path / "run")
    with pytest.raises(RunError, match=r"run train\.py first"):
        latest_run(tmp_path)
    assert json.loads((noisy[1] / "run.json").read_text())["stage"] == "noisy"
