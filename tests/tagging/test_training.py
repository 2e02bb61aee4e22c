"""Stages: deterministic, resumable, chained; and what a run folder holds."""

import json
import os
import re

import keras
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import label_ranking_average_precision_score

from models.backbone import ModelError
from preprocessing.folder import BusyError, locked
from submissions.writer import read_scores
from tagging.datasets import read_dataset
from tagging.datasets.table import DatasetError
from tagging.runs import RunError, latest_run, read_run
from tagging.training import fit as fit_module
from tagging.training.data import stage_data
from tagging.training.fit import cosine_rate
from tagging.training.networks import count_parameters, uses_xla
from tagging.training.settings import StageSettings
from tagging.training.stage import train_stage

BIG = ("window.window_s=1.2", "frontend.n_mels=32")  # images of 36 x 32, which a backbone accepts
AUGMENTED = (
    "train.augment.spec_augment.enabled=true",
    "train.augment.mixup.alpha=0.4",
    "train.schedule=cosine",
)


def history(run) -> pd.DataFrame:
    return pd.read_csv(run / "history.csv").drop(columns="seconds")


def weights(run) -> list[np.ndarray]:
    return read_run(run).load_model().get_weights()


@pytest.fixture(scope="module")
def noisy(tiny, tmp_path_factory):
    """(folder of the config, finished noisy run)."""
    folder = tmp_path_factory.mktemp("noisy")
    return folder, train_stage(tiny.config(folder), "noisy", jobs=2)


def test_a_run_holds_everything_that_made_it(tiny, noisy):
    folder, path = noisy
    run, config = read_run(path), tiny.config(folder)
    dataset = read_dataset(config.dataset)
    assert run.config == config
    assert run.classes == dataset.classes
    assert run.info["epochs"] == len(history(path)) == 2
    assert run.info["identity"]["seed"] == 3
    assert {"tensorflow", "keras", "python"} <= run.info["versions"].keys()
    assert {p.name for p in path.iterdir()} == {
        *("config.yaml", "curves.png", "history.csv", "model.keras", "per_class.csv", "run.json"),
        *("split.csv", "tensorboard", "validation_scores.npz"),
    }
    assert not path.with_name("noisy.part").exists()


def test_the_report_is_exact(tiny, noisy):
    folder, path = noisy
    dataset = read_dataset(tiny.config(folder).dataset)
    scores, split = read_scores(path / "validation_scores.npz"), pd.read_csv(path / "split.csv")
    assert sorted(scores.fnames) == sorted(split.loc[split["part"] == "validation", "fname"])
    clips = dataset.of("curated").set_index("fname").loc[scores.fnames].reset_index()
    truth = dataset.targets(clips).astype(float)
    expected = label_ranking_average_precision_score(
        truth, scores.logits.astype(float), sample_weight=truth.sum(axis=1)
    )
    info, rows = read_run(path).info, history(path)
    assert info["validation"]["lwlrap"] == pytest.approx(expected, abs=1e-9)
    assert rows["val_lwlrap"].max() == pytest.approx(expected, abs=1e-9), "the best weights are the ones kept"
    assert rows["val_lwlrap"].idxmax() + 1 == info["best_epoch"]


def test_two_trainings_are_equal_to_the_last_bit(tiny, tmp_path):
    runs = [
        train_stage(tiny.config(tmp_path, *AUGMENTED, f"run_dir={tmp_path / r}"), "noisy", jobs=2)
        for r in "ab"
    ]
    pd.testing.assert_frame_equal(history(runs[0]), history(runs[1]), check_exact=True)
    for a, b in zip(weights(runs[0]), weights(runs[1]), strict=True):
        np.testing.assert_array_equal(a, b)


class PowerCut(keras.callbacks.Callback):
    """Stops training in the middle of the second epoch (40 clips in batches of 16)."""

    def on_train_batch_end(self, batch, logs=None):
        if self.model.optimizer.iterations.numpy() == 5:
            raise KeyboardInterrupt


def train_until_power_cut(config, monkeypatch) -> None:
    callbacks = fit_module._callbacks
    with monkeypatch.context() as patch:
        patch.setattr(fit_module, "_callbacks", lambda *args: [*callbacks(*args), PowerCut()])
        with pytest.raises(KeyboardInterrupt):
            train_stage(config, "noisy", jobs=2)


def test_an_interrupted_training_goes_on_as_if_it_had_not_stopped(tiny, tmp_path, monkeypatch, capsys):
    whole = tiny.config(tmp_path, *AUGMENTED, "train.epochs=3", f"run_dir={tmp_path / 'whole'}")
    stopped = tiny.config(tmp_path, *AUGMENTED, "train.epochs=3", f"run_dir={tmp_path / 'stopped'}")
    expected = train_stage(whole, "noisy", jobs=2)
    train_until_power_cut(stopped, monkeypatch)
    assert not (tmp_path / "stopped" / "noisy").exists(), "an unfinished run is no run"
    resumed = train_stage(stopped, "noisy", jobs=2)
    assert "going on after epoch 1" in capsys.readouterr().out
    pd.testing.assert_frame_equal(history(resumed), history(expected), check_exact=True)
    for a, b in zip(weights(resumed), weights(expected), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_begun_stage_does_not_go_on_with_other_settings(tiny, tmp_path, monkeypatch):
    train_until_power_cut(tiny.config(tmp_path), monkeypatch)
    with pytest.raises(RunError, match=r"noisy\.part .*stages\.noisy\.batch_size: 16 -> 8.*--force"):
        train_stage(tiny.config(tmp_path, "train.batch_size=8"), "noisy", jobs=2)
    train_stage(tiny.config(tmp_path, "train.batch_size=8"), "noisy", jobs=2, force=True)


def test_a_stage_that_failed_before_its_first_epoch_leaves_nothing_in_the_way(tiny, tmp_path):
    with pytest.raises(ModelError, match="no such file"):
        train_stage(
            tiny.config(tmp_path, "model.name=mobilenet_v2", "model.weights=none.h5", *BIG), "noisy", jobs=2
        )
    assert train_stage(tiny.config(tmp_path, "train.epochs=1"), "noisy", jobs=2).is_dir()


def test_a_finished_stage_is_left_alone_or_refused_under_other_settings(tiny, noisy, capsys):
    folder, path = noisy
    before = (path / "run.json").read_text()
    assert train_stage(tiny.config(folder), "noisy", jobs=2) == path
    assert "is finished" in capsys.readouterr().out
    with pytest.raises(RunError, match=r"seed: 3 -> 4.*--force"):
        train_stage(tiny.config(folder, "seed=4"), "noisy", jobs=2)
    assert (path / "run.json").read_text() == before


def test_curated_starts_from_noisy_and_sees_when_that_changed(tiny, tmp_path):
    config = tiny.config(tmp_path, "stages.curated.learning_rate=1e-9", "train.epochs=1")
    noisy = train_stage(config, "noisy", jobs=2)
    curated = train_stage(config, "curated", jobs=2)
    kernels = [[w for w in weights(run) if w.ndim > 1] for run in (noisy, curated)]
    for a, b in zip(*kernels, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)
    assert latest_run(tmp_path / "runs").path == curated
    train_stage(config, "noisy", jobs=2, force=True)
    assert latest_run(tmp_path / "runs").path == noisy
    assert not (tmp_path / "runs" / "noisy.old").exists()
    with pytest.raises(RunError, match=r"curated was built on an older run; --stage curated --force"):
        train_stage(config, "curated", jobs=2)


def test_both_stages_are_judged_by_the_same_clips(tiny, noisy):
    folder, _ = noisy
    config = tiny.config(folder)
    a, b = (
        stage_data(config, StageSettings(sources=sources)) for sources in (["noisy"], ["curated", "noisy"])
    )
    assert list(a.validation["fname"]) == list(b.validation["fname"])
    assert set(a.train["split"]) == {"noisy"}
    assert set(b.train["split"]) == {"curated", "noisy"}
    curated = set(b.train.loc[b.train["split"] == "curated", "fname"])
    assert curated.isdisjoint(b.validation["fname"])
    assert len(curated) + len(b.validation) == len(b.checked)


def test_a_split_file_of_a_run_gives_the_same_hold_out(tiny, noisy):
    folder, path = noisy
    drawn = stage_data(tiny.config(folder), StageSettings(sources=["noisy"]))
    given = stage_data(
        tiny.config(folder, f"split.file={path / 'split.csv'}", "seed=9"), StageSettings(sources=["noisy"])
    )
    np.testing.assert_array_equal(drawn.is_validation, given.is_validation)


def test_without_a_hold_out_all_clips_train_and_the_last_epoch_is_kept(tiny, tmp_path):
    config = tiny.config(tmp_path, "split.validation_share=0", "stages.curated.init=none", "train.epochs=1")
    run = read_run(train_stage(config, "curated", jobs=2))
    assert run.info["train_clips"] == 48
    assert run.info["validation"] is None
    assert run.info["best_epoch"] == 1


def test_clips_without_clean_audio_are_named_and_left_out(tiny, tmp_path):
    import shutil

    shutil.copytree(tiny.clean, tmp_path / "clean")
    manifest = pd.read_csv(tmp_path / "clean" / "manifest.csv", dtype=str, keep_default_na=False)
    bad = manifest.index[manifest["split"] == "noisy"][0]
    manifest.loc[bad, ["status", "reason"]] = ["refused", "expected sound, received silence"]
    manifest.to_csv(tmp_path / "clean" / "manifest.csv", index=False)
    data = stage_data(
        tiny.config(tmp_path, f"clean_dir={tmp_path / 'clean'}"), StageSettings(sources=["noisy"])
    )
    assert len(data.train) == 39
    assert manifest.loc[bad, "fname"] in data.notes[0]
    assert "received silence" in data.notes[0]


def test_early_stopping_waits_as_long_as_told(tiny, tmp_path):
    config = tiny.config(tmp_path, "train.epochs=20", "train.patience=1", "stages.noisy.learning_rate=1e-9")
    run = train_stage(config, "noisy", jobs=2)
    rows, best = history(run), read_run(run).info["best_epoch"]
    assert len(rows) == best + 1 < 20


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "sgd", "rmsprop", "adagrad"])
def test_every_optimiser_trains(tiny, tmp_path, optimizer):
    options = ("train.epochs=1", f"train.optimizer={optimizer}", "stages.curated.init=none")
    run = train_stage(tiny.config(tmp_path, *options), "curated", jobs=2)
    assert np.isfinite(history(run)["loss"]).all()


def test_weights_that_do_not_fit_are_refused(tiny, noisy, tmp_path):
    _, path = noisy
    for override in ("model.units=[17]", "frontend.n_mels=20", "model.name=mobilenet_v2"):
        key, _, value = override.partition("=")
        with pytest.raises(
            RunError, match=rf"trained with other settings \({key}: .* -> {re.escape(value)}\)"
        ):
            train_stage(tiny.config(tmp_path, f"stages.curated.init={path}", override), "curated", jobs=2)
    with pytest.raises(RunError, match=r"stages\.curated\.init=previous: .*no such folder.*init=none"):
        train_stage(tiny.config(tmp_path), "curated", jobs=2)


def test_previous_must_have_held_out_the_same_clips(tiny, noisy, capsys):
    folder, path = noisy
    with pytest.raises(RunError, match="other clips were held out"):
        train_stage(tiny.config(folder, "split.validation_share=0.4"), "curated", jobs=2)
    other = ("split.validation_share=0.4", "train.epochs=1", f"stages.curated.init={path}")
    train_stage(tiny.config(folder, *other, f"run_dir={folder / 'other'}"), "curated", jobs=2)
    assert "may have learnt from the validation clips" in capsys.readouterr().out


def test_pretrained_weights_are_not_asked_for_where_a_run_brings_them(tiny, tmp_path):
    backbone = keras.applications.MobileNetV2(include_top=False, weights=None, input_shape=(36, 32, 3))
    backbone.save_weights(tmp_path / "b.weights.h5")
    options = (
        "model.name=mobilenet_v2",
        f"model.weights={tmp_path / 'b.weights.h5'}",
        "train.epochs=1",
        *BIG,
    )
    config = tiny.config(tmp_path, *options)
    train_stage(config, "noisy", jobs=2)
    (tmp_path / "b.weights.h5").unlink()
    assert train_stage(config, "curated", jobs=2).is_dir()


def test_a_diverged_training_says_so(tiny, tmp_path):
    config = tiny.config(
        tmp_path, "train.learning_rate=1e30", "stages.noisy.learning_rate=1e30", "train.optimizer=sgd"
    )
    with pytest.raises(RunError, match=r"training diverged: the loss of epoch \d is nan; lower"):
        train_stage(config, "noisy", jobs=2)


def test_a_kill_while_a_run_gets_its_name_loses_nothing(tiny, tmp_path, monkeypatch):
    config = tiny.config(tmp_path, "train.epochs=1")
    final = train_stage(config, "noisy", jobs=2)
    first, replace = (final / "run.json").read_text(), os.replace
    for survived in range(2):  # killed after none, and after one, of the two renames
        renames = []

        def killed_after(source, target, survived=survived, renames=renames):
            if str(target).endswith(("noisy", "noisy.old")) and len(renames) == survived:
                raise KeyboardInterrupt
            renames.append(target) if str(target).endswith(("noisy", "noisy.old")) else None
            replace(source, target)

        with monkeypatch.context() as patch:
            patch.setattr("tagging.runs.os.replace", killed_after)
            with pytest.raises(KeyboardInterrupt):
                train_stage(config, "noisy", jobs=2, force=True)
        assert train_stage(config, "noisy", jobs=2) == final, "it is whole: no epoch is done again"
        assert (final / "run.json").read_text() != first
        assert {p.name for p in final.parent.iterdir()} == {"noisy", ".noisy.lock"}


def test_two_processes_do_not_train_the_same_stage(tiny, tmp_path):
    config = tiny.config(tmp_path)
    lock = tmp_path / "runs" / ".noisy.lock"
    with (
        locked(lock, "training"),
        pytest.raises(BusyError, match=r"another process is training .*runs/noisy"),
    ):
        train_stage(config, "noisy", jobs=2)


def test_a_split_that_is_not_there_is_refused_with_those_that_are(tiny, tmp_path):
    with pytest.raises(DatasetError, match=r"curated.*noisy.*test.*received \['nosy'\]"):
        train_stage(tiny.config(tmp_path, "stages.noisy.sources=[nosy]"), "noisy", jobs=2)


def test_the_cosine_schedule_in_closed_form_and_in_the_log(tiny, tmp_path):
    settings = StageSettings(learning_rate=0.4, epochs=4)
    expected = [0.4, 0.2 * (1 + 2**-0.5), 0.2, 0.2 * (1 - 2**-0.5)]
    assert [cosine_rate(settings, e) for e in range(4)] == pytest.approx(expected)
    run = train_stage(tiny.config(tmp_path, "train.schedule=cosine"), "noisy", jobs=2)
    assert history(run)["learning_rate"].tolist() == pytest.approx([3e-3, 1.5e-3])


def test_xla_is_chosen_by_device(monkeypatch):
    assert uses_xla(StageSettings(jit_compile="on"))
    assert not uses_xla(StageSettings(jit_compile="off"))
    for gpus in ([], ["one"]):
        monkeypatch.setattr("tensorflow.config.list_physical_devices", lambda kind, gpus=gpus: gpus)
        assert uses_xla(StageSettings()) == bool(gpus)


def test_mixed_precision_trains_and_gives_float32_logits(tiny, tmp_path):
    try:
        run = train_stage(
            tiny.config(tmp_path, "train.epochs=1", "train.mixed_precision=true"), "noisy", jobs=2
        )
        model = read_run(run).load_model()
    finally:
        keras.config.set_dtype_policy("float32")
    assert model.get_layer("network").get_layer("head_conv_64").compute_dtype == "float16"
    assert model.output.dtype == "float32"
    assert np.isfinite(history(run)["loss"]).all()


def test_a_backbone_trains_in_two_stages(tiny, tmp_path):
    config = tiny.config(
        *(tmp_path, "model.name=mobilenet_v2", "train.epochs=1", *BIG),
        *("stages.curated.trainable=[head]", "stages.curated.sources=[curated]"),
    )
    first = train_stage(config, "noisy", jobs=2)
    second = read_run(train_stage(config, "curated", jobs=2))
    backbones = [
        read_run(p).load_model().get_layer("network").get_layer("backbone") for p in (first, second.path)
    ]
    for a, b in zip(*(backbone.get_weights() for backbone in backbones), strict=True):
        np.testing.assert_array_equal(a, b)
    assert second.info["trainable_parameters"] < second.info["parameters"] / 2


def test_parameters_are_counted(noisy):
    network = read_run(noisy[1]).load_model().get_layer("network")
    counts = count_parameters(network)
    assert counts["parameters"] == sum(w.size for w in network.get_weights())
    assert counts["trainable_parameters"] == counts["parameters"] - 2 * (1 + 32 + 64)


def test_a_damaged_or_unfinished_run_is_refused(noisy, tmp_path):
    import shutil

    shutil.copytree(noisy[1], tmp_path / "run")
    (tmp_path / "run" / "run.json").write_text("{")
    with pytest.raises(RunError, match="expected JSON"):
        read_run(tmp_path / "run")
    (tmp_path / "run" / "run.json").write_text("{}")
    with pytest.raises(RunError, match="expected classes, finished"):
        read_run(tmp_path / "run")
    (tmp_path / "run" / "run.json").write_text((noisy[1] / "run.json").read_text())
    (tmp_path / "run" / "model.keras").write_bytes((noisy[1] / "model.keras").read_bytes()[:5000])
    with pytest.raises(RunError, match=r"model\.keras cannot be read"):
        read_run(tmp_path / "run").load_model()
    (tmp_path / "run" / "run.json").unlink()
    with pytest.raises(RunError, match=r"run\.json is not there"):
        read_run(tmp_path / "run")
    with pytest.raises(RunError, match=r"run train\.py first"):
        latest_run(tmp_path)
    assert json.loads((noisy[1] / "run.json").read_text())["stage"] == "noisy"
