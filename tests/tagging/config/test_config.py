"""Defaults < YAML < key=value, and one line for every mistake."""

from pathlib import Path

import pytest

from foundation.settings import as_dict
from tagging.config.load import ConfigError, differing_keys, load_config, save_config
from tagging.datasets.settings import DatasetSettings

ROOT = Path(__file__).parents[3]

YAML = """
train: {epochs: 7, batch_size: 8}
stages:
  noisy: {sources: [noisy]}
  curated: {init: previous, epochs: 50}
"""


@pytest.fixture
def path(tmp_path) -> Path:
    (tmp_path / "c.yaml").write_text(YAML)
    return tmp_path / "c.yaml"


def test_yaml_overrides_defaults_and_the_command_line_overrides_yaml(path):
    config = load_config(
        path, ["seed=4", "model.name=resnet50", "dataset.root=/x", "clean_dir=c", "run_dir=r"]
    )
    assert (config.seed, config.model.name, config.dataset.root) == (4, "resnet50", "/x")
    assert (config.clean_dir, config.run_dir) == ("c", "r")
    assert config.window.window_s == 3.0
    assert config.train.batch_size == 8


def test_train_speaks_to_every_stage_and_a_stage_for_itself(path):
    plain = load_config(path)
    assert [plain.stages[s].epochs for s in ("noisy", "curated")] == [7, 50]
    assert [s.batch_size for s in plain.stages.values()] == [8, 8]
    later = load_config(path, ["train.epochs=2", "stages.noisy.epochs=3"])
    assert [s.epochs for s in later.stages.values()] == [3, 2]


def test_nested_settings_of_a_stage(path):
    config = load_config(
        path, ["train.augment.mixup.alpha=0.4", "stages.curated.augment.spec_augment.enabled=true"]
    )
    assert [s.augment.mixup.alpha for s in config.stages.values()] == [0.4, 0.4]
    assert [s.augment.spec_augment.enabled for s in config.stages.values()] == [False, True]


def test_a_saved_config_reads_back_the_same(path, tmp_path):
    config = load_config(path, ["train.epochs=2", "stages.noisy.trainable=[head,conv4]", "model.units=[3]"])
    save_config(config, tmp_path / "saved.yaml")
    assert load_config(tmp_path / "saved.yaml") == config


def test_differing_keys_names_leaves_with_both_values(path):
    a, b = (as_dict(load_config(path, o)) for o in ([], ["stages.noisy.epochs=3", "seed=1"]))
    assert differing_keys(a, b) == ["seed: 0 -> 1", "stages.noisy.epochs: 7 -> 3"]
    assert differing_keys(a, a) == []


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("model.nme=x", ["model.nme", "Did you mean", "name"]),
        ("trian.epochs=3", ["trian", "Did you mean", "train"]),
        ("stages.noisy.epoch=3", ["stages.noisy.epoch", "epochs"]),
        ("train.epochs=many", ["train.epochs", "many"]),
        ("train.epochs=0", ["train.epochs", "at least 1", "received 0"]),
        ("train.optimizer=adm", ["train.optimizer", "adamw"]),
        ("train=3", ["train", "mapping"]),
        ("epochs", ["key=value", "'epochs'"]),
        ("seed=-1", ["seed", "-1"]),
        ("window.window_s=0.01", ["at least 1024 samples", "160"]),
        ("train.augment.spec_augment.time_warp_frames=46", ["time_warp_frames", "92 frames", "46"]),
        (
            "train.augment.mel_jitter.fmin_range_hz=9",
            ["mel_jitter needs frontend.name=mn_log_mel", "log_mel;"],
        ),
        ("window.hop_s=0", ["window.hop_s", "above 0 s"]),
        ("frontend.channels=2", ["frontend.channels", "received 2"]),
        ("frontend.top_db=0", ["frontend.top_db"]),
        ("model.dropout=1", ["model.dropout"]),
        ("stages.noisy.init=previous", ["stages.noisy.init", "first stage"]),
        ("stages.curatd.epochs=3", ["stages.curatd", "Did you mean: 'curated'"]),
        ("seed=4294967296", ["seed", "at most 4,294,967,295", "4294967296"]),
        ("train.learning_rate=nan", ["train.learning_rate", "nan"]),
        ("window.window_s=inf", ["window.window_s", "inf"]),
        ("frontend.fmin_hz=9000", ["fmin_hz", "8000", "9000"]),
        ("frontend.fmax_hz=9000", ["fmax_hz", "8000", "9000"]),
        ("model.name=vgg", ["expected model.name out of", "vgg_cnn, yamnet", "'vgg'"]),
        ("frontend.name=stored", ["expected frontend.name out of", "log_mel, mfcc", "'stored'"]),
        (
            "train.monitor=val_f1_makro",
            ["stages.noisy.monitor", "val_lwlrap", "Did you mean: 'val_f1_macro'"],
        ),
        ("stages.curated.monitor=f1_macro", ["stages.curated.monitor", "Did you mean: 'val_f1_macro'"]),
        ("split.validation_share=20", ["split.validation_share", "20"]),
    ],
)
def test_a_mistake_ends_in_one_line_that_names_it(path, override, words):
    with pytest.raises(ConfigError) as error:
        load_config(path, [override])
    message = str(error.value)
    assert "\n" not in message
    assert all(word in message for word in words), message


def test_a_point_in_time_cannot_be_warped_over_all_of_an_odd_number_of_frames(path):
    settings = ["window.window_s=2.95", "train.augment.spec_augment.time_warp_frames="]
    load_config(path, [settings[0], settings[1] + "44"])
    with pytest.raises(ConfigError, match="expected under 45 for images of 91 frames, received 45"):
        load_config(path, [settings[0], settings[1] + "45"])


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("train.augment.noise.probability=0.5", r"stages\.noisy\.augment: .* no waveforms"),
        (
            "stages.curated.augment.crop.min_time_share=0.5",
            r"stages\.curated\.augment\.crop.*sequence\.fixed=true",
        ),
        ("frontend.name=mfcc", r"frontend\.name: features"),
        ("frontend.n_mels=64", r"frontend\.n_mels: features"),
        ("window.hop_s=0.5", r"window\.\*: features"),
    ],
)
def test_features_refuse_what_only_audio_or_images_of_one_length_can_have(path, override, message):
    stored = ["cleaning.features.name=stored"]
    assert load_config(path, stored).sequence.max_steps == 2048
    if "crop" in override:
        load_config(path, [*stored, override, "sequence.fixed=true"])
    with pytest.raises(ConfigError, match=message):
        load_config(path, [*stored, override])


@pytest.mark.parametrize("features", ["cleaning.features.name=mel", "frontend.name=mfcc"])
@pytest.mark.parametrize("fill", ["train.augment.spec_augment.enabled=true", "train.augment.mixup.alpha=0.4"])
def test_masks_over_decibels_are_refused_unless_standardised(path, features, fill):
    with pytest.raises(ConfigError, match="fill in 0, which is loud in decibels"):
        load_config(path, [features, fill])
    load_config(path, [features, fill, "frontend.standardize=true"])


@pytest.mark.parametrize(
    ("override", "message"),
    [
        (
            "train.monitor=val_lwlrap",
            r"stages\.noisy\.monitor: expected one of val_loss, val_accuracy.*val_lwlrap",
        ),
        ("train.loss.name=bce", r"train\.loss\.name: expected one of cross_entropy, lq for multiclass"),
        ("stages.curated.loss.lsep_weight=1", "lsep_weight .* does nothing for multiclass"),
    ],
)
def test_metrics_and_losses_of_another_task_are_refused_where_the_task_is_known(path, override, message):
    load_config(path, [override])
    with pytest.raises(ConfigError, match=message):
        load_config(path, [override, "dataset.task=multiclass"])


def test_sequences_without_features_are_refused(path):
    with pytest.raises(ConfigError, match=r"sequence\.\* is for features"):
        load_config(path, ["sequence.max_steps=5"])


def test_patience_without_validation_clips_is_refused(path):
    with pytest.raises(ConfigError, match=r"patience=3 needs validation clips"):
        load_config(path, ["split.validation_share=0", "train.patience=3"])
    assert load_config(path, ["split.validation_share=0"]).split.validation_share == 0


@pytest.mark.parametrize("text", ["- a\n- b\n", "a: [1\n", "seed: {}\n", "", "12", "stages: {'a b': {}}"])
def test_a_bad_file_ends_in_one_line(tmp_path, text):
    (tmp_path / "bad.yaml").write_text(text)
    with pytest.raises(ConfigError) as error:
        load_config(tmp_path / "bad.yaml")
    assert "\n" not in str(error.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match="no such file"):
        load_config(tmp_path / "none.yaml")


CONFIGS = sorted(set(ROOT.glob("configs/**/*.yaml")) - set(ROOT.glob("configs/sweeps/*")))


@pytest.mark.parametrize("config", CONFIGS, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_every_config_that_ships_is_valid(config):
    assert load_config(config).stages


def test_a_tilde_is_the_home_folder_in_every_path(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    (tmp_path / "c.yaml").write_text(
        "dataset: {layout: csv, root: ~/own, table: ~/own.csv, exclude: [~kept.wav]}\nclean_dir: ~/clean\n"
        "run_dir: ~/runs\nsplit: {file: ~/split.csv}\nmodel: {weights: ~/w.h5}\n"
        "stages: {a: {init: ~/runs/b, sources: [train], selection: {model: ~/runs/c, others: [~/runs/d]}}}\n"
    )
    config = load_config(tmp_path / "c.yaml")
    dataset, stage = config.dataset, config.stages["a"]
    assert (dataset.root, dataset.table, dataset.exclude) == (
        "/home/me/own",
        "/home/me/own.csv",
        ("~kept.wav",),
    )
    assert (config.clean_dir, config.run_dir) == ("/home/me/clean", "/home/me/runs")
    assert (config.split.file, config.model.weights) == ("/home/me/split.csv", "/home/me/w.h5")
    assert (stage.init, stage.selection.model) == ("/home/me/runs/b", "/home/me/runs/c")
    assert stage.selection.others == ("/home/me/runs/d",)
    lists = DatasetSettings(layout="folders", lists={"train": "~/train.txt"}).lists
    assert lists == {"train": "/home/me/train.txt"}
