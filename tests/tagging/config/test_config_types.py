"""Keys and types of settings: what is wrong is said in the words of those who write them."""

from pathlib import Path

import pytest

from tagging.config.load import ConfigError, load_config, save_config
from tagging.config.schema import Config


@pytest.fixture
def path(tmp_path) -> Path:
    (tmp_path / "c.yaml").write_text("stages: {noisy: {sources: [noisy]}, curated: {init: previous}}")
    return tmp_path / "c.yaml"


@pytest.mark.parametrize(
    ("override", "message"),
    [
        (
            "model.units=256",
            "model.units: expected a list of whole numbers such as [256] or null, received 256",
        ),
        ("model.units=wide", 'model.units: expected a list of whole numbers or null, received "wide"'),
        ("model.units={a: 1}", 'model.units: expected a list of whole numbers or null, received {"a": 1}'),
        ("model.units.a=1", 'model.units: expected a list of whole numbers or null, received {"a": 1}'),
        ("model.units=[8, [8]]", "model.units[1]: expected a whole number, received [8]"),
        ("stages.noisy.sources=noisy", 'expected a list of texts such as [noisy], received "noisy"'),
        ("dataset.drop=001", 'dataset.drop: expected a list of texts such as [001], received "001"'),
        ("seed=abc", 'seed: expected a whole number, received "abc"'),
        ("seed=1.5", "seed: expected a whole number, received 1.5"),
        ("seed=true", "seed: expected a whole number, received true"),
        ("seed=[1]", "seed: expected a whole number, received [1]"),
        ("seed=", "seed: expected a whole number, received null"),
        ("seed=???", 'seed: expected a whole number, received "???"'),
        ("train.learning_rate=fast", 'train.learning_rate: expected a number, received "fast"'),
        ("deterministic=3", "deterministic: expected true or false, received 3"),
        ("deterministic=maybe", 'deterministic: expected true or false, received "maybe"'),
        ("model.batch_norm=0", "model.batch_norm: expected true or false or null, received 0"),
        ("model.head=dens", 'model.head: expected one of dense, conv, published or null, received "dens"'),
        ("train.jit_compile=off", "expected one of auto, on, off (in quotes: YAML reads"),
        (
            "run_dir=no",
            "run_dir: expected text (in quotes: YAML reads yes, no, on and off as true and false)",
        ),
        ("model=yamnet", "model: expected a mapping of keys to values, such as model.name, received"),
        (
            "train.loss=bce",
            "train.loss: expected a mapping of keys to values, such as train.loss.name, received",
        ),
        ("stages=noisy", 'stages: expected a mapping of names to settings, received "noisy"'),
        (
            "stages.noisy=3",
            "stages.noisy: expected a mapping of keys to values, such as stages.noisy.epochs,",
        ),
        ("dataset.merge=[a]", 'dataset.merge: expected a mapping of names to texts, received ["a"]'),
        ("dataset.merge={a: [b]}", 'dataset.merge.a: expected text, received ["b"]'),
        ("train.source_weights.noisy=low", 'train.source_weights.noisy: expected a number, received "low"'),
        ("cleaning.curated=[3]", "cleaning.curated[0]: expected a mapping of keys to values"),
        ("cleaning.curated=[{maxs: 3}]", "no such setting. Did you mean: 'cleaning.curated[0].max_s'?"),
    ],
)
def test_a_value_of_another_type_is_refused_with_what_is_expected(path, override, message):
    with pytest.raises(ConfigError) as error:
        load_config(path, [override])
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("trian.epochs=3", "trian: no such setting. Did you mean: 'train'?"),
        ("train.epoch=3", "train.epoch: no such setting. Did you mean: 'train.epochs'?"),
        (
            "stages.noisy.loss.nam=3",
            "stages.noisy.loss.nam: no such setting. Did you mean: 'stages.noisy.loss.name'?",
        ),
        ("learning_rate=3", "learning_rate: no such setting. Did you mean: 'train.learning_rate'?"),
        ("train.alpha=3", "train.alpha: no such setting. Did you mean: 'train.augment.mixup.alpha'?"),
        ("epochs=3", "Did you mean: 'train.epochs' or 'train.step.epochs'?"),
        ("split.x=3", "split.x: no such setting. Expected one of validation_share, file"),
        ("1=2", "1: no such setting"),
    ],
)
def test_an_unknown_key_is_refused_with_the_nearest(path, override, message):
    with pytest.raises(ConfigError) as error:
        load_config(path, [override])
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_is_named(path):
    path.write_text("model: {units: 256}\nstages: {noisy: {}}")
    with pytest.raises(ConfigError, match=r"c\.yaml: model\.units: expected a list"):
        load_config(path)


def test_what_fits_is_taken_as_it_was(path, monkeypatch):
    monkeypatch.setenv("SEED", "7")
    numbers = ["seed=${oc.env:SEED}", "train.learning_rate=1", "model.filters=[8, 16]", "run_dir=3"]
    others = ["model.units=", "train.jit_compile='off'", "stages.noisy=", "train.class_weights={rock: 2}"]
    config = load_config(path, [*numbers, *others])
    assert (config.seed, config.train.learning_rate, config.model.units) == (7, 1.0, None)
    assert (config.run_dir, config.model.filters, config.train.jit_compile) == ("3", (8, 16), "off")
    assert config.stages["noisy"].sources == ("noisy",)
    assert isinstance(config, Config)


def test_labels_are_text_though_they_look_like_numbers(path):
    path.write_text(
        "dataset: {layout: csv, drop: [001, 0o7, 1e3, 12:30, no, 'it''s', !!str 07], merge: {010: 08, a: 1.50}}\n"
        "train: {class_weights: {007: 2}}\nstages: {noisy: {sources: [001]}}\n"
    )
    config = load_config(path)
    assert config.dataset.drop == ("001", "0o7", "1e3", "12:30", "no", "it's", "07")
    assert config.dataset.merge == {"010": "08", "a": "1.50"}
    assert config.train.class_weights == {"007": 2}
    assert config.stages["noisy"].sources == ("001",)


@pytest.mark.parametrize(
    ("override", "value"),
    [
        ("dataset.drop=[001]", ("001",)),
        ("dataset.drop=[1_000, 0x1f, 2019-01-01, yes]", ("1_000", "0x1f", "2019-01-01", "yes")),
        ("dataset.merge={001: 010}", {"001": "010"}),
        ("dataset.merge.001=010", {"001": "010"}),
        (r"dataset.merge.a\.b=no", {"a.b": "no"}),
        ("dataset.root=010", "010"),
    ],
)
def test_labels_are_text_on_the_command_line(path, override, value):
    dataset = load_config(path, [override]).dataset
    assert getattr(dataset, override.split("=")[0].split(".")[1]) == value


def test_a_label_in_a_saved_config_comes_back(path, tmp_path):
    config = load_config(path, ["dataset.drop=[001, 010, yes, 1e3]"])
    save_config(config, tmp_path / "saved.yaml")
    assert load_config(tmp_path / "saved.yaml") == config
