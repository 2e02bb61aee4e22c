"""What makes a run the same as another, and what a task refuses."""

import json
import re
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tagging.config.load import load_config
from tagging.datasets.table import Dataset, DatasetError
from tagging.runs.run import Run, RunError
from tagging.training.clips_digest import clips_digest
from tagging.training.data import StageData, _check_numbers
from tagging.training.stage import Stage
from tagging.training.start import _images, check_same, check_start, check_teacher, identity

YAML = "stages: {train: {sources: [train]}}"


def data(**changed) -> StageData:
    """Two clips with numbers to predict."""
    clips = pd.DataFrame(
        {
            "fname": ["a", "b"],
            "split": "train",
            "audio_hash": "x",
            "labels": [()] * 2,
            "values": [(0.1,), (0.2,)],
        }
    )
    clips = clips.assign(**changed.pop("clips", {}))
    given = {"task": "regression", "classes": ("valence",), **changed}
    dataset = Dataset("d", clips, given["classes"], given["task"], {}, None)
    backgrounds = given.get("backgrounds", clips[:0])
    none, no = clips[:0], np.zeros(2, bool)
    return StageData(dataset, clips, np.zeros((2, 1)), none, none, backgrounds, clips, no, None, ())


@pytest.fixture
def stage(tmp_path):
    (tmp_path / "c.yaml").write_text(YAML)
    return lambda *overrides: Stage.of(load_config(tmp_path / "c.yaml", overrides), "train")


@pytest.mark.parametrize(
    "changed",
    [
        {"clips": {"values": [(0.1,), (0.3,)]}},
        {"classes": ("energy",)},
        {"task": "multilabel"},
        {
            "backgrounds": pd.DataFrame(
                {"fname": ["n"], "split": "noisy", "audio_hash": "y", "labels": [("x",)]}
            )
        },
    ],
)
def test_a_run_on_other_answers_is_another_run(stage, changed):
    one, again, other = (identity(stage(), d, None, []) for d in (data(), data(), data(**changed)))
    assert one == again
    assert one != other


@pytest.mark.parametrize(
    "override",
    ["model.activation=elu", "model.pool_size=3", "cleaning.features.name=stored", "frontend.n_mels=20"],
)
def test_weights_of_another_network_or_of_other_features_do_not_fit(stage, override):
    old, new = (identity(stage(*o), data(), None, []) for o in ((), (override,)))
    assert _images(old) != _images(new)
    free = identity(stage("model.dropout=0.1", "train.epochs=3"), data(), None, [])
    assert _images(old) == _images(free)


def test_a_key_that_did_not_exist_when_a_run_began_counts_as_its_default(stage):
    new = identity(stage(), data(), None, [])
    old = json.loads(json.dumps(new))
    del old["deterministic"], old["sequence"], old["model"]["pool_size"], old["stage"]["loss"]["q"]
    del old["cleaning"]["curated"][0]["keep_silence_ms"]
    check_same(old, new, Path("run"), "train")
    asked = ["model.pool_size=3", "stages.train.loss.q=0.5", "seed=1"]
    with pytest.raises(RunError, match=r"model\.pool_size: None -> 3; stages\.train\.loss\.q: 0\.3 -> 0\.5"):
        check_same(old, identity(stage(*asked), data(), None, []), Path("run"), "train")


def test_other_clips_are_said_in_words(stage):
    new = identity(stage(), data(), None, [])
    old = {**new, "train_clips": "28b66ab8fc3d0ea4", "validation_clips": "991bb7bf6e4d2d7d"}
    with pytest.raises(RunError, match=r"\(other clips to train on.*; other clips are held out[^0-9]*\)"):
        check_same(old, new, Path("run"), "train")


def hashed(prefix: str) -> pd.DataFrame:
    """Two clips with hashes of the kind that begins so."""
    hashes = [prefix + digit * 32 for digit in "0f"]
    return pd.DataFrame(
        {"fname": ["a", "b"], "split": "train", "audio_hash": hashes, "labels": [("x",), ("x", "y")]}
    )


def test_the_digest_of_clips_tells_the_kind_of_their_hashes_and_that_of_older_ones_is_as_it_was():
    assert clips_digest(hashed("")) == "fe42793597ce38a0"
    assert re.fullmatch("xxh3:[0-9a-f]{16}", clips_digest(hashed("xxh3:")))
    assert clips_digest(hashed("xxh3:")[:0]) == "none"


@pytest.fixture
def two_kinds(stage):
    """The identity of a run on a clean folder of an older version, and that of a stage on the same one made again."""
    new = identity(stage("stages.train.init=none"), data(), None, [])
    tables = ("train_clips", "validation_clips")
    old, new = ({**new, **dict.fromkeys(tables, clips_digest(hashed(kind)))} for kind in ("", "xxh3:"))
    run = Run(Path("a/run"), None, {"identity": old, "task": "regression", "classes": ["valence"]})
    return run, new


TWO_KINDS = "expected clips with BLAKE2b hashes, received XXH3-128"


def test_a_run_on_a_clean_folder_of_another_kind_of_hash_is_said_in_words(two_kinds):
    run, new = two_kinds
    with pytest.raises(RunError, match=rf"\({TWO_KINDS}[^;]*\); --stage train --force"):
        check_same(run.info["identity"], new, Path("run"), "train")


def test_so_is_a_run_to_start_from_or_to_select_by(two_kinds, capsys):
    run, new = two_kinds
    previous = {**new, "stage": {**new["stage"], "init": "previous"}}
    with pytest.raises(
        RunError, match=rf"a/run was trained with other settings \(.*{TWO_KINDS}.*train it again"
    ):
        check_start(previous, ("valence",), run, "train")
    for check in (check_start, check_teacher):
        check(new, ("valence",), run, "train")
        said = capsys.readouterr().out
        assert "a/run may have been trained on validation clips of this stage" in said
        assert TWO_KINDS in said
        assert said.count("\n") == 1


def test_a_key_that_does_not_exist_any_more_is_a_difference(stage):
    new = identity(stage(), data(), None, [])
    old = {**new, "model": {**new["model"], "gone": 1}}
    with pytest.raises(RunError, match=r"model\.gone: 1 -> absent"):
        check_same(old, new, Path("run"), "train")


def test_other_weights_under_the_same_path_are_a_difference(stage, tmp_path):
    path = tmp_path / "w.h5"
    made_of = partial(identity, stage("model.name=mobilenet_v2", f"model.weights={path}"), data(), None, [])
    gone = made_of()
    path.write_bytes(b"one")
    old = json.loads(json.dumps(made_of()))
    path.write_bytes(b"two")
    with pytest.raises(RunError, match=r"contents of model\.weights: \w{32} -> \w{32}\).*--force"):
        check_same(old, made_of(), Path("run"), "train")
    check_same(old, gone, Path("run"), "train")
    del old["weights_hash"]  # as older code stored it
    check_same(old, made_of(), Path("run"), "train")


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("train.augment.waveform_mix.probability=0.5", "turn them off"),
        ("train.augment.mixup={alpha: 0.4, labels: or}", "turn them off"),
        ("stages.train.sources=[selected]", "source selected"),
    ],
)
def test_numbers_refuse_what_is_for_labels(stage, override, words):
    settings = stage(override).settings
    with pytest.raises(DatasetError, match=words):
        _check_numbers(data().dataset, settings)
    _check_numbers(data(task="multilabel").dataset, settings)
    _check_numbers(data().dataset, stage("train.augment.mixup.alpha=0.4").settings)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"init_finished": "then"}, "trained from an older version of its init run"),
        ({"selection_finished": "then"}, r"clips selected by an older version of its selection run"),
    ],
)
def test_a_run_that_was_trained_again_is_named(stage, changed, words):
    new = identity(stage(), data(), None, [])
    with pytest.raises(RunError, match=words):
        check_same({**new, **changed}, new, Path("run"), "train")


@pytest.mark.parametrize(
    ("known", "validating", "is_named"),
    [
        ({"sources": ["noisy"]}, "some", True),
        ({"sources": ["noisy"], "noisy": "some"}, "some", False),
        ({"sources": ["train", "selected"], "noisy": "others"}, "some", True),
        ({"sources": ["train"]}, "some", False),
        ({"sources": ["train"], "init_finished": "2026-01-01"}, "some", True),
        ({"sources": ["train"], "background_clips": "all"}, "some", True),
        ({"sources": ["noisy"]}, "none", False),
    ],
)
def test_a_run_may_have_been_trained_on_the_noisy_clips_that_validate(
    stage, capsys, known, validating, is_named
):
    """Which noisy clips a run held out, and whether it knows any."""
    own = identity(stage("stages.train.init=none"), data(), None, [])
    new = {**own, "noisy_validation_clips": validating}
    old = {**own, "noisy_validation_clips": known.pop("noisy", "none")}
    old["stage"] = {**old["stage"], "sources": known.pop("sources")}
    run = Run(
        Path("a/run"), None, {"identity": {**old, **known}, "task": "regression", "classes": ["valence"]}
    )
    for check in (check_start, check_teacher):
        check(new, ("valence",), run, "train")
        said = capsys.readouterr().out
        assert ("a/run may have been trained on validation clips of this stage" in said) == is_named
