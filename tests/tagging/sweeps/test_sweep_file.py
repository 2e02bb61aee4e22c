"""Sweep files: W&B's form, what is drawn from them, and one line for every mistake."""

import re
import shlex
import sys
from functools import reduce
from pathlib import Path
from types import SimpleNamespace

import optuna
import pytest
from omegaconf import OmegaConf

from models.registry import build_network
from tagging import __main__ as tagging_main
from tagging.cli import backend
from tagging.config.load import ConfigError, load_config
from tagging.config.schema import Config
from tagging.sweeps.file import SweepError, read_sweep
from tagging.sweeps.job import open_job
from tagging.sweeps.names import USUAL
from tagging.sweeps.parameters import Choices, Range, read_parameter

ROOT = Path(__file__).parents[3]
HEAD = "method: random\nmetric: {name: val_loss, goal: minimize}\nrun_cap: 3\n"
FILE = (
    HEAD
    + """
program: train.py
command: ["${env}", python, "${program}", "${args}"]
names: {lr: train.learning_rate}
early_terminate: {type: hyperband, min_iter: 2, eta: 2}
parameters:
  lr: {values: [1e-4, 3e-4]}
  seed: {min: 1, max: 5}
  train: {parameters: {epochs: {value: 20}, optimizer: {values: [adam, sgd]}}}
  model.units: {values: [[16], [8, 8], []]}
"""
)


@pytest.fixture
def write(tmp_path):
    def write(text: str) -> Path:
        (tmp_path / "s.yaml").write_text(text)
        return tmp_path / "s.yaml"

    return write


def test_a_file_of_wandb_is_read(write):
    sweep = read_sweep(write(FILE))
    assert (sweep.method, sweep.metric, sweep.goal, sweep.run_cap) == ("random", "val_loss", "minimize", 3)
    assert sweep.parameters == {
        "train.learning_rate": Choices((1e-4, 3e-4)),
        "seed": Range(1, 5),
        "train.optimizer": Choices(("adam", "sgd")),
        "model.units": Choices(([16], [8, 8], [])),
    }
    assert sweep.constants == {"train.epochs": 20}
    assert (sweep.early_terminate.type, sweep.early_terminate.min_iter) == ("hyperband", 2)


STUDY_E = """\
program: main.py

method: random
metric:
  name: val_accuracy
  goal: maximize

parameters:
  epochs:
    value: 20

  batch_size:
    values: [16, 32, 64]

  learning_rate:
    values: [1e-4, 3e-4, 5e-4, 7e-4, 1e-3]

  hidden_dim:
    values: [64, 128, 256]

  dropout:
    values: [0.2, 0.3, 0.5]

  num_layers:
    values: [1, 2]
"""
ADDED_LATER = ["train.weight_decay=null", "train.schedule=constant", "train.patience=0"]


def test_the_sweep_file_of_study_e_is_read_as_it_is_and_gives_the_sweep_that_ships(write, tmp_path):
    config = ROOT / "configs" / "fma" / "cnn_gru.yaml"
    theirs = open_job(config, write(STUDY_E), ADDED_LATER, trials=20, out=tmp_path / "theirs")
    ours = open_job(config, ROOT / "configs" / "sweeps" / "e_random.yaml", out=tmp_path / "ours")
    assert theirs.n_trials == ours.n_trials
    for mine, other in zip(ours.sweep.samples(), theirs.sweep.samples(), strict=True):
        a, b = ours.config(0, mine), theirs.config(0, other)
        assert (a.model, a.train, a.stages) == (b.model, b.train, b.stages)


def test_a_name_of_the_file_goes_before_a_usual_one(write):
    text = HEAD + "names: {dropout: model.rnn_dropout}\nparameters: {dropout: {values: [0.1, 0.2]}}"
    assert list(read_sweep(write(text)).parameters) == ["model.rnn_dropout"]


@pytest.mark.parametrize("key", USUAL.values())
def test_usual_names_mean_keys_of_the_config(key):
    reduce(getattr, key.split("."), Config())


def test_every_value_and_bound_is_among_the_samples(write):
    seen = [list(sample.values()) for sample in read_sweep(write(FILE)).samples()]
    assert seen == [
        [1e-4, 1, "adam", [16]],
        [3e-4, 1, "adam", [16]],
        [1e-4, 5, "adam", [16]],
        [1e-4, 1, "sgd", [16]],
        [1e-4, 1, "adam", [8, 8]],
        [1e-4, 1, "adam", []],
    ]


def test_a_grid_has_all_combinations_in_order(write):
    text = (
        HEAD.replace("random", "grid")
        + "parameters: {seed: {values: [1, 2]}, model.dropout: {values: [0.1, 0.2]}}"
    )
    points = [(point["seed"], point["model.dropout"]) for point in read_sweep(write(text)).grid()]
    assert points == [(1, 0.1), (1, 0.2), (2, 0.1), (2, 0.2)]


@pytest.mark.parametrize("value", ["relu", "1e-3", "on", 1e-05, 3, True, None, [16, 32], [], {"a": [1.5]}])
def test_a_value_arrives_in_the_config_as_it_stands_in_the_file(write, value):
    sweep = read_sweep(write(FILE))
    text = [each for each in sweep.overrides({"x": value}) if each.startswith("x=")]
    assert OmegaConf.to_container(OmegaConf.from_dotlist(text))["x"] == value


@pytest.mark.parametrize(
    ("entry", "kind", "log"),
    [
        ({"min": 2, "max": 64}, int, False),
        ({"min": 2, "max": 64, "distribution": "log_uniform_values"}, int, True),
        ({"min": 0.0, "max": 1}, float, False),
        ({"min": 1e-4, "max": 1e-1, "distribution": "log_uniform_values"}, float, True),
        ({"min": 1, "max": 9, "distribution": "int_uniform"}, int, False),
    ],
)
def test_ranges_are_drawn_within_bounds_as_their_bounds_are_written(entry, kind, log):
    parameter = read_parameter(entry)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    drawn = [parameter.suggest(study.ask(), "x") for _ in range(200)]
    assert {type(value) for value in drawn} == {kind}
    assert entry["min"] <= min(drawn) <= max(drawn) <= entry["max"]
    middle = (entry["min"] * entry["max"]) ** 0.5 if log else (entry["min"] + entry["max"]) / 2
    assert 0.35 < sum(value < middle for value in drawn) / 200 < 0.65


def test_q_is_the_distance_of_the_values():
    parameter = read_parameter({"min": 0.1, "max": 0.5, "distribution": "q_uniform", "q": 0.2})
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    drawn = {round(parameter.suggest(study.ask(), "x"), 9) for _ in range(50)}
    assert drawn == {0.1, 0.3, 0.5}


IN_STAGES = "stages.noisy.epochs: {value: 1}, stages.curated.epochs: {values: [1, 2]}"
BAD = [
    (
        "method: evolve\nmetric: {name: a, goal: minimize}\nparameters: {seed: {values: [1, 2]}}",
        "method",
        "evolve",
    ),
    ("metod: grid", "method, metric", "metod"),
    ("- a", "the file", "mapping"),
    ("a: [1", "s.yaml", "begun in line 1"),
    ("method: grid\nmetric:\n\tname: a", "line 3", "received a tab; indent by spaces"),
    (HEAD.replace("minimize", "min") + "parameters: {seed: {values: [1, 2]}}", "goal", "min"),
    (HEAD.replace("3", "0") + "parameters: {seed: {values: [1, 2]}}", "run_cap", "received 0"),
    (HEAD + "parameters: {seed: {value: 1}}", "more than one value", "none"),
    (HEAD + "parameters: {seed: {values: 1}}", "parameters.seed", "received 1"),
    (HEAD + "parameters: {seed: {values: [1, 1]}}", "parameters.seed", "no two"),
    (HEAD + "parameters: {seed: {values: [1, 2], min: 3}}", "parameters.seed", "alone"),
    (HEAD + "parameters: {seed: {min: 3}}", "parameters.seed", "numbers"),
    (HEAD + "parameters: {seed: {min: 3, max: 1}}", "parameters.seed", "min < max"),
    (HEAD + "parameters: {seed: {min: 0, max: 1, distribution: normal}}", "log_uniform_values", "normal"),
    (
        HEAD + "parameters: {seed: {min: 0, max: 1, distribution: log_uniform_values}}",
        "above 0",
        "received 0",
    ),
    (HEAD + "parameters: {seed: {min: 0, max: 5, distribution: q_uniform, q: 2}}", "q above 0", "q: 2"),
    (HEAD + "parameters: {seed: {min: 0.5, max: 2.5, distribution: int_uniform}}", "whole numbers", "0.5"),
    (HEAD + "parameters: {seed: {vals: [1, 2]}}", "parameters.seed", "vals"),
    (HEAD + "also: val_loss\nparameters: {seed: {values: [1, 2]}}", "also: [...]", "received val_loss"),
    (
        HEAD + "also: [val_loss]\nparameters: {seed: {values: [1, 2]}}",
        "other than val_loss",
        "received ['val_loss']",
    ),
    (HEAD + "also: [loss, loss]\nparameters: {seed: {values: [1, 2]}}", "each once", "['loss', 'loss']"),
    (HEAD + "names: {lr: train.epochs}\nparameters: {seed: {values: [1, 2]}}", "names", "lr"),
    (
        HEAD + "names: {a: seed}\nparameters: {seed: {values: [1, 2]}, a: {values: [1, 2]}}",
        "parameters.a",
        "twice",
    ),
    (HEAD + "early_terminate: {type: asha}\nparameters: {seed: {values: [1, 2]}}", "early_terminate", "asha"),
    (
        HEAD + "early_terminate: {eta: 1}\nparameters: {seed: {values: [1, 2]}}",
        "early_terminate.eta",
        "received 1",
    ),
    (HEAD.replace("random", "grid") + "parameters: {seed: {min: 1, max: 2}}", "parameters.seed", "grid"),
]


@pytest.mark.parametrize(("text", "named", "received"), BAD)
def test_a_mistake_in_the_file_ends_in_one_line_that_names_it(write, text, named, received):
    with pytest.raises(SweepError) as error:
        read_sweep(write(text))
    message = str(error.value)
    assert "\n" not in message
    assert "s.yaml" in message
    assert named in message, message
    assert received in message, message


def test_a_command_line_may_speak_to_stages_that_the_file_leaves_open(tiny, tmp_path, write):
    file = write(HEAD + "parameters: {stages.curated.epochs: {values: [1, 2]}}")
    job = open_job(tiny.write_config(tmp_path), file, ["train.epochs=3"])
    assert [job.base.stage(name).epochs for name in job.stages] == [3, 3]
    assert [job.config(1, {"stages.curated.epochs": 2}).stage(name).epochs for name in job.stages] == [3, 2]


@pytest.mark.parametrize(
    ("parameters", "given", "words"),
    [
        ("train.learning_rat: {values: [1, 2]}", [], "Did you mean: 'train.learning_rate'"),
        ("rate: {values: [1, 2]}", [], "rate: no such setting"),
        ("train.optimizer: {values: [adam, addam]}", [], "addam"),
        ("train.epochs: {min: 0, max: 3}", [], "received 0"),
        ("seed: {values: [1, 2]}", ["seed=3"], "leave it out of the command line"),
        (IN_STAGES, ["train.epochs=2"], "train.epochs: "),
        (IN_STAGES, ["train.epochs=2"], "decides that; leave it out of the command line"),
        (
            "train.epochs: {values: [1, 2]}",
            ["stages.noisy.epochs=2", "stages.curated.epochs=2"],
            "s.yaml has no effect: the command line sets it in all stages",
        ),
        ("run_dir: {values: [a, b]}", [], "--out"),
    ],
)
def test_a_key_or_value_that_the_config_does_not_take_is_an_error_before_any_training(
    tiny, tmp_path, write, parameters, given, words
):
    with pytest.raises((SweepError, ConfigError), match=re.escape(words)):
        open_job(tiny.write_config(tmp_path), write(HEAD + f"parameters: {{{parameters}}}"), given)


@pytest.mark.parametrize(
    ("name", "given", "words"),
    [
        (
            "val_f1_makro",
            [],
            "metric.name: expected one of loss, lwlrap, accuracy, mse, val_loss, val_lwlrap,",
        ),
        ("val_f1_makro", [], "received val_f1_makro. Did you mean: 'val_f1_macro'?"),
        ("lwlrp", [], "Did you mean: 'lwlrap'?"),
        (
            "val_lwlrap",
            ["dataset.task=multiclass"],
            "expected one of loss, accuracy, val_loss, val_accuracy,",
        ),
        (
            "val_lwlrap",
            ["split.validation_share=0"],
            "expected one of loss, lwlrap, accuracy, mse, received val_lw",
        ),
    ],
)
def test_a_metric_that_no_history_will_have_is_an_error_before_any_training(
    tiny, tmp_path, write, name, given, words
):
    text = HEAD.replace("val_loss", name) + "parameters: {seed: {values: [1, 2]}}"
    with pytest.raises(SweepError, match=re.escape(words)):
        open_job(tiny.write_config(tmp_path), write(text), given)


@pytest.mark.parametrize(
    ("name", "given", "words"),
    [
        ("test_f1_makro", [], "Did you mean: 'test_f1_macro'?"),
        ("test_f1_macro", ["dataset.task=multilabel"], "also: expected one of loss, lwlrap, val_loss,"),
        (
            "val_accuracy",
            ["split.validation_share=0"],
            "expected one of loss, lwlrap, accuracy, mse, test_loss,",
        ),
    ],
)
def test_so_is_a_further_metric(tiny, tmp_path, write, name, given, words):
    text = (
        HEAD.replace("val_loss", "loss")
        + f"also: [test_loss, {name}]\nparameters: {{seed: {{values: [1, 2]}}}}"
    )
    with pytest.raises(SweepError, match=re.escape(words)):
        open_job(tiny.write_config(tmp_path), write(text), given)


def test_the_number_of_trials_is_that_of_the_command_the_file_or_the_grid(tiny, tmp_path, write):
    config = tiny.write_config(tmp_path)
    text = HEAD + "parameters: {seed: {values: [1, 2]}, model.dropout: {values: [0.1, 0.2]}}"
    assert open_job(config, write(text), out=tmp_path / "a").n_trials == 3
    assert open_job(config, write(text), out=tmp_path / "a", trials=9).n_trials == 9
    grid = text.replace("random", "grid")
    assert open_job(config, write(grid), out=tmp_path / "b").n_trials == 3
    assert open_job(config, write(grid.replace("run_cap: 3", "")), out=tmp_path / "b").n_trials == 4
    with pytest.raises(SweepError, match=r"run_cap .*--trials"):
        open_job(config, write(text.replace("run_cap: 3", "")), out=tmp_path / "c")


def test_batch_norm_of_study_c_stands_before_a_real_activation():
    folder = ROOT / "configs"
    sweep = read_sweep(folder / "sweeps" / "c_batch_norm.yaml")
    assert sweep.parameters == {"model.batch_norm": Choices((False, True))}
    config = load_config(folder / "genre4" / "cnn.yaml", sweep.overrides({"model.batch_norm": True}))
    names = [layer.name for layer in build_network(config.model, (21, 128, 1), 4).layers]
    blocks = [names[names.index(f"block{n}_conv") : names.index(f"block{n}_pool")] for n in (1, 2, 3, 4)]
    assert blocks == [[f"block{n}_conv", f"block{n}_norm", f"block{n}_activation"] for n in (1, 2, 3, 4)]
    assert config.model.activation == "relu"


@pytest.mark.parametrize(
    "file", sorted((ROOT / "configs" / "sweeps").glob("*.yaml")), ids=lambda path: path.stem
)
def test_every_sweep_that_ships_fits_the_config_that_its_header_names(file, tmp_path, monkeypatch):
    """The header's commands, up to the first trial."""
    monkeypatch.chdir(ROOT)
    jobs = []
    worker = SimpleNamespace(run_sweep=lambda job: jobs.append(job) or 0)
    monkeypatch.setitem(sys.modules, "tagging.sweeps.worker", worker)
    monkeypatch.setattr(backend, "quiet_tensorflow", lambda jobs: None)
    header = re.sub(r"\\\n#\s+", "", file.read_text())  # a command may go on in the next line
    commands = re.findall(r"^#   python -m tagging (sweep .*)$", header, re.MULTILINE)
    for number, command in enumerate(commands):
        arguments = shlex.split(command)
        assert arguments[arguments.index("--sweep") + 1] == str(file.relative_to(ROOT))
        assert tagging_main.main([*arguments, "--out", str(tmp_path / str(number))]) == 0
    assert commands
    assert all(job.n_trials > 1 for job in jobs)
