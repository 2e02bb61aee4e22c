"""Transfer: the layers of a run in a network for another task, with a head of its own; and what is refused."""

import json
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest

import preprocess
import train
from foundation.files import content_hash
from models.settings import ModelError
from tagging.config.load import load_config
from tagging.config.schema import Config
from tagging.frontend.parts.standardize import standardize_of
from tagging.inference.build import TaggerModel, build_tagger
from tagging.inference.transfer import transfer_source
from tagging.pipeline.pieces import FeatureSequences, audio_windows
from tagging.runs.run import INFO, MODEL, RunError, read_run
from tagging.tagger.network import saved_network
from tagging.training.start import _weights_hash
from tests.tagger_helpers import untrained_run

pytestmark = pytest.mark.usefixtures("eagerly")

BANDS = 6
YAML = """
dataset: {layout: fused, root: ROOT, exclude: []}
clean_dir: FOLDER/clean
run_dir: FOLDER/runs
cleaning: {features: {name: stored, transpose: true}}
sequence: {max_steps: 8}
frontend: {standardize: true}
model: {name: rnn, rnn_units: 4, rnn_layers: 1, units: [5], input_norm: false}
stages: {train: {sources: [train], epochs: 1}}
"""


def config_of(folder: Path, *overrides: str, root: Path | str = "data") -> Config:
    (folder / "c.yaml").write_text(YAML.replace("FOLDER", str(folder)).replace("ROOT", str(root)))
    return load_config(folder / "c.yaml", overrides)


def pieces() -> FeatureSequences:
    return FeatureSequences(BANDS, 8)


@pytest.fixture
def genre(tmp_path) -> Path:
    """A run of four genres whose front end has statistics of its own."""
    path = untrained_run(tmp_path / "genre", config_of(tmp_path), tuple("abcd"), "multiclass", pieces())
    model = read_run(path).load_model()
    standardize_of(model.get_layer("frontend")).set_statistics(np.arange(BANDS), np.full(BANDS, 3.0))
    model.save(path / MODEL)
    info = json.loads((path / INFO).read_text())
    (path / INFO).write_text(json.dumps({**info, "model_hash": content_hash(path / MODEL)}))
    return path


def mood(tmp_path: Path, genre: Path, *overrides: str, n_outputs: int = 3) -> TaggerModel:
    keras.utils.set_random_seed(9)
    return build_tagger(config_of(tmp_path, f"model.weights={genre}", *overrides), pieces(), n_outputs, None)


def same(a: keras.Layer, b: keras.Layer) -> bool:
    return all(np.array_equal(x, y) for x, y in zip(a.get_weights(), b.get_weights(), strict=True))


@pytest.mark.parametrize("n_outputs", [3, 4])
def test_all_layers_but_the_last_are_taken_and_so_is_the_front_end(tmp_path, genre, n_outputs):
    made, trained = mood(tmp_path, genre, n_outputs=n_outputs), read_run(genre).load_model()
    theirs = trained.get_layer("network")
    assert made.taken_layers == ("rnn_1", "head_dense_1")
    assert made.new_layers == ("head_logits",)
    assert made.is_measured
    assert same(made.frontend, trained.get_layer("frontend"))
    assert made.frontend.get_weights()[0].max() == BANDS - 1
    for name in ("rnn_1", "head_dense_1"):
        assert same(made.network.get_layer(name), theirs.get_layer(name))
    if n_outputs == 4:
        assert not same(made.network.get_layer("head_logits"), theirs.get_layer("head_logits"))


def test_each_number_can_have_a_head_of_its_own(tmp_path, genre):
    made = mood(tmp_path, genre, "model.output_units=[7]")
    assert {name.split("_dense")[0] for name in made.new_layers} == {f"head_output_{k}" for k in (1, 2, 3)}
    assert made.network.output_shape == (None, 3)
    assert made.network.get_layer("head_output_2_dense_1").kernel.shape == (5, 7)
    x = np.random.default_rng(0).normal(size=(2, 8, BANDS)).astype("f")
    before = np.asarray(made.whole(x))
    layer = made.network.get_layer("head_output_2")
    layer.set_weights([weight + 1 for weight in layer.get_weights()])
    changed = np.abs(np.asarray(made.whole(x)) - before).max(axis=0)
    assert (changed > 1e-3).tolist() == [False, True, False]


def test_a_multitask_run_is_saved_read_and_embeds_what_its_outputs_share(tmp_path):
    config = config_of(tmp_path, "model.output_units=[7]")
    run = read_run(untrained_run(tmp_path / "run", config, tuple("abc"), "regression", pieces()))
    x = np.random.default_rng(0).normal(size=(2, 8, BANDS)).astype("f")
    logits, features = saved_network(run).step(x)
    np.testing.assert_allclose(logits, run.load_model()(x), atol=1e-5)
    assert features.shape == (2, 5)


def test_a_smaller_head_is_new_where_it_does_not_fit(tmp_path, genre):
    assert mood(tmp_path, genre, "model.units=[6]").new_layers == ("head_dense_1", "head_logits")
    assert mood(tmp_path, genre, "model.units=[]").new_layers == ("head_logits",)


def test_a_run_that_gives_no_hidden_layer_is_refused(tmp_path):
    """An mlp is all head: statistics alone are nothing to begin with."""
    network = ("model={name: mlp, units: [5], rnn_units: null, rnn_layers: null}", "sequence.max_steps=1")
    one_step = FeatureSequences(BANDS, 1, fixed=True)
    path = untrained_run(
        tmp_path / "genre", config_of(tmp_path, *network), tuple("abcd"), "multiclass", one_step
    )
    given = (*network, f"model.weights={path}")
    made = build_tagger(config_of(tmp_path, *given), one_step, 3, None)
    assert made.new_layers == ("head_logits",)
    with pytest.raises(
        RunError, match=r"model\.weights: expected .* of a hidden layer .*genre, received .*model\.units"
    ):
        build_tagger(config_of(tmp_path, *given, "model.units=[6]"), one_step, 3, None)


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (
            ["model.rnn_units=5"],
            "expected a layer rnn_1 of this form in .*genre, received another; set model",
        ),
        (["model.rnn_layers=2"], "expected a layer rnn_2 of this form in .*genre, received none"),
        (["frontend.standardize=false"], r"made with other settings \(frontend.standardize: True -> False\)"),
        (["cleaning.features.bands=[0,6]"], r"cleaning.features.bands: None -> \[0, 6\]"),
    ],
)
def test_networks_and_images_that_differ_are_refused(tmp_path, genre, overrides, words):
    with pytest.raises(RunError, match=f"^model.weights: .*{words}"):
        mood(tmp_path, genre, *overrides)


def test_features_of_another_width_are_refused(tmp_path, genre):
    config = config_of(tmp_path, f"model.weights={genre}")
    with pytest.raises(
        RunError, match=r"expected a layer frontend of this form in .*genre, received another"
    ):
        build_tagger(config, FeatureSequences(BANDS + 1, 8), 3, None)


def test_a_folder_that_is_not_a_run_and_a_path_that_is_not_there(tmp_path):
    with pytest.raises(RunError, match=r"model\.weights: expected a finished run in"):
        mood(tmp_path, tmp_path)
    with pytest.raises(
        ModelError, match="rnn has no pretrained weights, expected none or the folder of a run"
    ):
        mood(tmp_path, tmp_path / "none")
    assert transfer_source(config_of(tmp_path)) is None


def test_a_network_for_audio_keeps_the_conv_blocks_of_its_head(tiny, tmp_path):
    config = tiny.config(tmp_path)
    path = untrained_run(tmp_path / "run", config, tuple("abcd"))
    windows = audio_windows(config.window, config.cleaning.rate_hz)
    made = build_tagger(replace(config, model=replace(config.model, weights=str(path))), windows, 2, None)
    assert made.new_layers == ("head_logits",)
    theirs = read_run(path).load_model().get_layer("network")
    assert same(made.network.get_layer("head_conv_64"), theirs.get_layer("head_conv_64"))


def test_the_contents_of_the_run_are_part_of_what_a_stage_is_made_of(tmp_path, genre):
    model = config_of(tmp_path, f"model.weights={genre}").model
    before = _weights_hash(model)
    assert before
    with (genre / "model.keras").open("ab") as file:
        file.write(b"x")
    assert _weights_hash(model) != before


def test_moods_are_trained_from_a_genre_run(tmp_path, genre, capsys):
    """From raw features to the run; the figures of each number are printed, and nothing is measured again."""
    rng = np.random.default_rng(0)
    (tmp_path / "mood" / "train").mkdir(parents=True)
    rows = ["Id,valence,energy"]
    for clip in range(10):
        np.save(
            tmp_path / "mood" / "train" / f"{clip}.fused.full.npy", rng.normal(size=(BANDS, 7)).astype("f")
        )
        rows.append(f"{clip},{clip / 10},{1 - clip / 10}")
    (tmp_path / "mood" / "train_labels.txt").write_text("\n".join(rows))
    config_of(tmp_path, root=tmp_path / "mood")
    given = ["--config", str(tmp_path / "c.yaml"), "--jobs", "1"]
    assert preprocess.main(given) == 0
    capsys.readouterr()
    assert train.main([*given, f"model.weights={genre}"]) == 0
    printed = capsys.readouterr().out
    assert f"rnn from weights: {genre}" in printed
    assert f"weights of {genre}: 'rnn_1', 'head_dense_1'; new layers: 'head_logits'\n" in printed
    table = pd.read_csv(tmp_path / "runs" / "train" / "per_class.csv")
    lines = [line.split() for line in printed.splitlines()]
    assert ["label", "clips", "mse", "mae", "r2", "spearman"] in lines
    for row in table.itertuples():
        assert f"{row.spearman:.4f}" in next(line for line in lines if line[:1] == [row.label])
    made = read_run(tmp_path / "runs" / "train").load_model()
    assert same(made.get_layer("frontend"), read_run(genre).load_model().get_layer("frontend"))
    assert train.main([*given, f"model.weights={tmp_path / 'runs' / 'train'}", "--force"]) == 2
    assert "would be lost, and stage train builds on it" in capsys.readouterr().err
    info = json.loads((tmp_path / "runs" / "train" / "run.json").read_text())
    assert info["identity"]["weights_hash"] == _weights_hash(
        config_of(tmp_path, f"model.weights={genre}").model
    )
