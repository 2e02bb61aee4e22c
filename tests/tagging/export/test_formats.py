"""Each format against the runs that it was made from: front ends, networks, tasks, ensembles, options."""

import json
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

from models.settings import ModelSettings
from submissions.settings import EnsembleSettings
from tagging.__main__ import main
from tagging.evaluation.calibration import Calibration, write_calibration
from tagging.export.errors import ExportError
from tagging.export.formats.parts.tflite_metadata import parsed
from tagging.export.registry import FORMATS
from tagging.frontend.settings import FRONTENDS
from tagging.pipeline.settings import WindowSettings
from tests.export_helpers import run_on_features
from tests.tagging.export.conftest import CLASSES

QUICK = {("litert", "log_mel"), ("onnx", "mn_log_mel"), ("savedmodel", "mfcc")}
MODELS = [to for to in FORMATS if to != "page"]  # which contains the ONNX model
PAIRS = [(to, frontend) for to in MODELS for frontend in FRONTENDS]
NETWORKS = ("mlp", "cnn1d", "cnn2d", "cnn_rnn", "rnn", "vgg_cnn")


def marked(pairs: list, quick: set) -> list:
    return [pair if pair in quick else pytest.param(*pair, marks=pytest.mark.slow) for pair in pairs]


@pytest.mark.parametrize(("to", "frontend"), marked(PAIRS, QUICK))
def test_every_front_end_exports(make_run, certified, to, frontend):
    if frontend == "tfio_log_mel":
        pytest.importorskip("tensorflow_io")
    found = certified(to, make_run(frontend))
    found.check()
    assert found.all.scores < 1e-5
    assert found.not_built_in == ()
    assert set(found.awkward) >= {"silence", "full scale, square", "short (0.1 s)"}


@pytest.mark.slow
@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("to", MODELS)
def test_every_network_exports(make_run, certified, to, network):
    certified(to, make_run(model=ModelSettings(network)), fixed=True).check()


def test_recurrent_networks_need_a_fixed_batch_in_litert(make_run, certified):
    with pytest.raises(ExportError, match="with --fixed only: add it"):
        certified("litert", make_run(model=ModelSettings("rnn", rnn_units=4)))


@pytest.mark.parametrize("task", ["multiclass", "regression"])
def test_other_tasks(make_run, certified, task):
    certified("litert", make_run(task=task)).check()


@pytest.mark.parametrize("method", ["mean", "geometric"])
def test_an_ensemble_is_one_file_with_each_runs_temperature(make_run, certified, method):
    ensemble = EnsembleSettings(method=method, weights=(1.0, 3.0))
    runs = [make_run(name=f"run{seed}", seed=seed, ensemble=ensemble) for seed in (1, 2)]
    for run, temperature in zip(runs, (0.01, 0.05), strict=True):
        write_calibration(run, Calibration(CLASSES, temperature, (0.5, 0.4, 0.3)))
    found = certified("litert", *runs)
    found.check()
    assert found.all.scores < 1e-5


@pytest.mark.parametrize("precision", ["float16", "int8"])
def test_quantised_weights_are_small_and_the_front_end_keeps_its_own(
    make_run, certified, tmp_path, precision
):
    run = make_run(model=ModelSettings("cnn2d", filters=(64, 64, 64), units=(32,)))
    plain, found = certified("litert", run), certified("litert", run, precision=precision)
    found.check()
    assert found.tolerance is None
    assert found.size_bytes < (0.6 if precision == "float16" else 0.45) * plain.size_bytes
    assert 1e-7 < found.all.scores < 0.02
    model = parsed((tmp_path / "model.tflite").read_bytes())
    kinds = {tensor.type for tensor in model.subgraphs[0].tensors if b"frontend" in tensor.name}
    assert schema.TensorType.FLOAT32 in kinds
    assert not kinds & {schema.TensorType.FLOAT16, schema.TensorType.INT8}


@pytest.mark.parametrize("precision", ["float16", "int8"])
def test_other_formats_have_no_quantised_weights(tmp_path, capsys, precision):
    arguments = ["export", str(tmp_path), "--to", "onnx", "--out", str(tmp_path), "--quantize", precision]
    assert main(arguments) == 2
    assert f"has no weights of {precision}: expected float32" in capsys.readouterr().err


def test_runs_with_other_windows_are_not_one_file(make_run, certified):
    other = make_run(name="other", window=WindowSettings(window_s=2.0, hop_s=1.0))
    with pytest.raises(ExportError, match="same cleaning and windows"):
        certified("litert", make_run(), other)


def test_another_window_and_a_fixed_batch(make_run, certified, tmp_path):
    certified("litert", make_run(), window_s=1.5, fixed=True).check()
    (details,) = Interpreter(str(tmp_path / "model.tflite")).get_input_details()
    assert details["shape_signature"].tolist() == [1, 12_000]
    assert facts(tmp_path)["inputs"]["hop_samples"] == 6_000


def facts(folder) -> dict:
    with zipfile.ZipFile(folder / "model.tflite") as files:
        return json.loads(files.read("audio_tagging.json"))


def test_a_tflite_file_says_what_it_is(make_run, certified, tmp_path):
    run = make_run()
    write_calibration(run, Calibration(CLASSES, 2.0, (0.5, 0.4, 0.3)))
    certified("litert", run)
    about = facts(tmp_path)
    assert (about["labels"], about["inputs"]["rate_hz"]) == (list(CLASSES), 8_000)
    np.testing.assert_allclose(about["thresholds"], (0.5, 0.4, 0.3))
    assert about["scoring"]["temperatures"] == [2.0]
    with zipfile.ZipFile(tmp_path / "model.tflite") as files:
        assert files.read("labels.txt").decode() == "high\nlow\nmiddle\n"
    model = parsed((tmp_path / "model.tflite").read_bytes())
    (entry,) = (each for each in model.metadata if each.name == b"TFLITE_METADATA")
    content = bytes(model.buffers[entry.buffer].data)
    assert content[4:8] == b"M001"
    assert b"labels.txt" in content
    assert schema.BuiltinOperator.CUSTOM not in [code.builtinCode for code in model.operatorCodes]


@pytest.mark.parametrize(("network", "fixed"), [("cnn1d", True), ("cnn1d", False), ("rnn", False)])
@pytest.mark.parametrize("to", ["litert", pytest.param("onnx", marks=pytest.mark.slow)])
def test_of_features_that_are_computed_offline_the_network_alone(make_run, certified, to, network, fixed):
    run = run_on_features(make_run, network, fixed=fixed)
    found = certified(to, run, fixed=True)
    found.check()
    assert set(found.awkward) == {"zeros", "ones", "noise", "large"} | (set() if fixed else {"short"})
    assert found.ms_per_second is None


def test_silence_has_no_scores_and_a_level_may_be_silence(make_run, certified, monkeypatch):
    from tagging.export import graph

    monkeypatch.setattr(graph, "floor_of", lambda runs: -60.0)
    found = certified("litert", make_run())
    found.check()
    assert found.awkward["faint noise"].scores == 0.0


def test_a_file_that_differs_is_refused(make_run, certified):
    found = certified("savedmodel", make_run())
    with pytest.raises(ExportError, match=r"differ from the run's by 0.001, more than 0.0001, on silence"):
        replace(found, awkward={"silence": replace(found.all, scores=1e-3)}).check()
    with pytest.raises(ExportError, match="not finite"):
        replace(found, awkward={"silence": replace(found.all, logits=np.nan)}).check()
    with pytest.raises(ExportError, match="received FlexRFFT"):
        replace(found, not_built_in=("FlexRFFT",)).check()
