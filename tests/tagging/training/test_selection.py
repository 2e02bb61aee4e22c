"""Self-training: which noisy clips a model lets in, and under which labels."""

import numpy as np
import pandas as pd
import pytest

from submissions.writer import read_scores
from tagging.config.load import ConfigError
from tagging.config.selection import SelectionSettings
from tagging.config.stage import StageSettings
from tagging.runs.run import RunError, read_run
from tagging.training.data import stage_data
from tagging.training.selection import label_confidence, select_clips
from tagging.training.train import train_stage

pytestmark = pytest.mark.usefixtures("eagerly")

GIVEN = np.array([[1, 0, 0], [1, 1, 0], [0, 0, 0]], "f")
PROBABILITIES = np.array([[0.9, 0.8, 0.1], [0.7, 0.2, 0.9], [0.9, 0.9, 0.9]], "f")
SELECTED = StageSettings(sources=["curated", "selected"])


@pytest.fixture(scope="module")
def teacher(trained):
    return read_run(trained.parent / "runs" / "curated")


@pytest.fixture(scope="module")
def middle(tiny, teacher, tmp_path_factory) -> float:
    """A probability that about half of the noisy clips reach."""
    folder = tmp_path_factory.mktemp("middle")
    data = stage_data(tiny.config(folder), SELECTED)
    select_clips(data, SelectionSettings(min_probability=0.0), [teacher], folder, 2)
    return float(pd.read_csv(folder / "selected.csv")["confidence"].median())


def test_given_labels_are_as_sure_as_the_least_likely_of_them():
    found = label_confidence(GIVEN, PROBABILITIES, SelectionSettings(labels="given"))
    np.testing.assert_allclose(found, [0.9, 0.2, 0.0])


def test_a_models_own_labels_are_as_sure_as_the_most_likely_class():
    found = label_confidence(GIVEN, PROBABILITIES, SelectionSettings(labels="model"))
    np.testing.assert_allclose(found, [0.9, 0.9, 0.9])


def confidence_of(teacher, folder):
    """Probabilities of the noisy clips by name, out of the scores that were written."""
    scores = read_scores(folder / "selection_scores.npz")
    return dict(zip(scores.fnames, 1 / (1 + np.exp(-scores.logits.astype(np.float64))), strict=True))


def test_confirmed_clips_come_in_with_their_own_labels(tiny, teacher, middle, tmp_path):
    data = stage_data(tiny.config(tmp_path), SELECTED)
    chosen = select_clips(data, SelectionSettings(min_probability=middle), [teacher], tmp_path, 2)
    probability = confidence_of(teacher, tmp_path)
    for old, row in enumerate(data.train.itertuples()):
        where = np.flatnonzero((chosen.train["fname"] == row.fname) & (chosen.train["split"] == row.split))
        confirmed = row.split == "curated" or probability[row.fname][data.targets[old] > 0].min() >= middle
        assert len(where) == confirmed
        if confirmed:
            np.testing.assert_array_equal(chosen.targets[where[0]], data.targets[old])
    counts = chosen.train["split"].value_counts()
    assert counts["curated"] == (data.train["split"] == "curated").sum()
    assert 0 < counts["selected"] < (data.train["split"] == "selected").sum()


def test_a_model_can_label_from_scratch(tiny, teacher, tmp_path):
    data = stage_data(tiny.config(tmp_path), SELECTED)
    settings = SelectionSettings(labels="model", min_probability=0.0)
    chosen = select_clips(data, settings, [teacher], tmp_path, 2)
    probability = confidence_of(teacher, tmp_path)
    assert len(chosen.train) == len(data.train)
    for new, row in enumerate(chosen.train.itertuples()):
        wanted = data.targets[new] if row.split == "curated" else probability[row.fname]
        np.testing.assert_allclose(chosen.targets[new], wanted, atol=1e-6)


def test_several_teachers_decide_by_their_mean_probability(tiny, trained, teacher, tmp_path):
    data, other = stage_data(tiny.config(tmp_path), SELECTED), read_run(trained.parent / "runs" / "noisy")
    settings = SelectionSettings(labels="model", min_probability=0.0)
    found = []
    for name, teachers in {"one": [teacher], "other": [other], "both": [teacher, other]}.items():
        (tmp_path / name).mkdir()
        found.append(select_clips(data, settings, teachers, tmp_path / name, 2).targets)
    one, two, both = found
    assert np.abs(one - two).max() > 0.01
    np.testing.assert_allclose(both, (one + two) / 2, atol=1e-6)


def test_an_ensemble_is_distilled_into_a_stage(tiny, trained, teacher, tmp_path, capsys, no_fit):
    other = trained.parent / "runs" / "noisy"
    overrides = (
        "stages.curated.init=none",
        "stages.curated.epochs=1",
        "stages.curated.sources=[curated,selected]",
        f"stages.curated.selection={{model: {teacher.path}, others: [{other}], labels: model, min_probability: 0}}",
    )
    run = read_run(train_stage(tiny.config(tmp_path, *overrides), "curated", jobs=2))
    assert f"40 of 40 noisy clips were selected by {teacher.path}, {other}" in capsys.readouterr().out
    finished = [each.info["finished"] for each in (teacher, read_run(other))]
    assert run.info["identity"]["selection_finished"] == ", ".join(finished)
    missing = (*overrides, f"stages.curated.selection.others=[{tmp_path / 'none'}]")
    with pytest.raises(RunError, match=r"stages\.curated\.selection\.others=.*none: expected a run folder"):
        train_stage(tiny.config(tmp_path, *missing), "curated", jobs=2)


def test_scores_that_are_there_are_taken(tiny, teacher, middle, tmp_path):
    data = stage_data(tiny.config(tmp_path), SELECTED)
    settings = SelectionSettings(min_probability=middle)
    first = select_clips(data, settings, [teacher], tmp_path, 2)
    written = (tmp_path / "selection_scores.npz").stat().st_mtime_ns
    again = select_clips(data, settings, [teacher], tmp_path, 2)
    assert (tmp_path / "selection_scores.npz").stat().st_mtime_ns == written
    pd.testing.assert_frame_equal(first.train, again.train)


def test_none_confirmed_is_told(tiny, teacher, tmp_path):
    data = stage_data(tiny.config(tmp_path), SELECTED)
    with pytest.raises(RunError, match=r"probability of 1\.0, found none of 40; lower"):
        select_clips(data, SelectionSettings(min_probability=1.0), [teacher], tmp_path, 2)


def test_a_stage_selects_by_the_run_it_names_and_lists_what_it_kept(
    tiny, teacher, middle, tmp_path, capsys, no_fit
):
    config = tiny.config(
        tmp_path,
        "stages.curated.init=none",
        "stages.curated.epochs=1",
        "stages.curated.sources=[curated,selected]",
        f"stages.curated.selection.model={teacher.path}",
        f"stages.curated.selection.min_probability={middle}",
        "stages.curated.source_weights.selected=0.5",
    )
    run = read_run(train_stage(config, "curated", jobs=2))
    table = pd.read_csv(run.path / "selected.csv")
    assert list(table.columns) == ["fname", "kept", "confidence", "labels", "predicted"]
    kept = int(table["kept"].sum())
    assert (
        table.loc[table["kept"] == 1, "confidence"].min()
        > table.loc[table["kept"] == 0, "confidence"].max() - 1e-9
    )
    assert 0 < kept < len(table) == 40
    assert f"{kept} of 40 noisy clips were selected by {teacher.path}" in capsys.readouterr().out
    alone = len(stage_data(config, StageSettings(sources=["curated"])).train)
    assert run.info["train_clips"] == alone + kept


def test_the_teacher_is_part_of_what_a_stage_is(tiny, teacher, tmp_path):
    overrides = (
        "stages.curated.init=none",
        "stages.curated.epochs=1",
        "stages.curated.sources=[curated,selected]",
    )
    with pytest.raises(RunError, match=r"stages\.curated\.selection\.model=previous: expected a run folder"):
        train_stage(tiny.config(tmp_path, *overrides), "curated", jobs=2)


def test_selected_and_noisy_are_the_same_clips(tiny, tmp_path):
    with pytest.raises(ConfigError, match="both are the same clips"):
        tiny.config(tmp_path, "stages.noisy.sources=[noisy,selected]")
