"""Labels merged, dropped and counted after any reader, and the task asked of them."""

from dataclasses import replace

import pandas as pd
import pytest

from tagging.datasets.relabel import relabelled
from tagging.datasets.settings import DatasetSettings
from tagging.datasets.table import Dataset, DatasetError

CLASSES = ("Blues", "Chiptune", "Electronic", "Indie-Rock", "Psych-Rock", "Rock")
ROWS = [
    ("a", "train", ("Blues",)),
    ("b", "train", ("Chiptune",)),
    ("c", "train", ("Electronic",)),
    ("d", "train", ("Rock",)),
    ("e", "train", ("Psych-Rock",)),
    ("f", "train", ("Indie-Rock",)),
    ("x", "test", ("Indie-Rock",)),
    ("y", "test", ()),
    ("z", "test", ("Rock",)),
]


def dataset(rows=ROWS, classes=CLASSES, task="multiclass", **parts):
    clips = pd.DataFrame(rows, columns=["fname", "split", "labels"]).assign(group="", path="")
    return replace(Dataset("any", clips, classes, task, {}, None), **parts)


def change(data=None, **settings):
    return relabelled(data or dataset(), DatasetSettings(layout="csv", **settings))


def labels(data):
    return dict(zip(data.clips["fname"], data.clips["labels"], strict=True))


def message(data=None, **settings):
    with pytest.raises(DatasetError) as error:
        change(data, **settings)
    text = str(error.value)
    assert "\n" not in text
    return text


def test_without_settings_nothing_changes(capsys):
    data = dataset()
    same = change(data)
    assert (same.classes, same.task) == (data.classes, data.task)
    pd.testing.assert_frame_equal(same.clips, data.clips)
    assert capsys.readouterr().err == ""


def test_merged_labels_keep_the_classes_sorted():
    data = change(merge={"Chiptune": "Electronic", "Psych-Rock": "Rock", "Blues": "Soul"})
    assert data.classes == ("Electronic", "Indie-Rock", "Rock", "Soul")
    assert labels(data) | {"a": ("Soul",), "b": ("Electronic",), "e": ("Rock",)} == labels(data)
    assert len(data.clips) == len(ROWS)


def test_merged_labels_in_an_order_of_the_data_sets_own():
    data = dataset(classes=("Rock", "Electronic", "Blues", "Psych-Rock", "Indie-Rock", "Chiptune"))
    assert change(data, merge={"Electronic": "Chiptune"}).classes == (
        "Rock",
        "Blues",
        "Psych-Rock",
        "Indie-Rock",
        "Chiptune",
    )
    assert change(data, merge={"Electronic": "A", "Chiptune": "A"}).classes[:3] == ("Rock", "A", "Blues")


def test_a_label_merged_into_itself_stays():
    assert change(merge={"Rock": "Rock", "Psych-Rock": "Rock"}, drop=["Blues"]).classes[-1] == "Rock"


def test_labels_that_meet_in_one_clip_become_one():
    data = dataset([("a", "train", ("Rock", "Blues", "Psych-Rock"))], task="multilabel")
    assert labels(change(data, merge={"Rock": "Psych-Rock"})) == {"a": ("Psych-Rock", "Blues")}


def test_clips_without_a_label_leave_but_unknown_answers_stay(capsys):
    data = change(dataset(usage={"x": "Public", "z": "Private"}), drop=["Indie-Rock"])
    assert data.classes == ("Blues", "Chiptune", "Electronic", "Psych-Rock", "Rock")
    assert list(data.clips["fname"]) == ["a", "b", "c", "d", "e", "y", "z"]
    assert list(data.clips.index) == list(range(7))
    assert data.usage == {"z": "Private"}
    assert "1 label ('Indie-Rock') and 2 clips " in capsys.readouterr().err


def test_a_clip_with_another_label_stays():
    data = dataset([("a", "train", ("Rock", "Blues")), ("b", "train", ("Blues",))], task="multilabel")
    assert labels(change(data, drop=["Blues"])) == {"a": ("Rock",)}


def test_dropping_speaks_of_merged_names():
    assert "Heavy" not in change(merge={"Rock": "Heavy"}, drop=["Heavy"]).classes


def test_rare_labels_are_counted_after_merging_over_clips_that_train():
    merge = {"Psych-Rock": "Rock", "Chiptune": "Electronic"}
    data = change(merge=merge, min_clips=2)
    assert data.classes == ("Electronic", "Rock")
    assert list(data.clips["fname"]) == ["b", "c", "d", "e", "y", "z"]
    held = dataset().clips.assign(validates=[name == "e" for name in dataset().clips["fname"]])
    assert change(dataset(clips=held), merge=merge, min_clips=1).classes[-1] == "Rock"
    assert "received 'Electronic'; keep more" in message(dataset(clips=held), merge=merge, min_clips=2)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (
            {"merge": {"Psych-Rok": "Rock"}},
            "dataset.merge: expected labels of the data set, received 'Psych-Rok'",
        ),
        (
            {"drop": ["Indie"]},
            "dataset.drop: expected labels of the data set, received 'Indie'. Did you mean: 'Indie-R",
        ),
        ({"min_clips": 9}, "expected at least 2 labels after dataset.merge"),
        ({"task": "regression"}, "which has labels, received regression"),
    ],
)
def test_mistakes(settings, expected):
    assert expected in message(**settings)


def test_multilabel_may_be_asked_of_single_labels():
    assert change(task="multilabel").task == "multilabel"


def test_multiclass_needs_just_one_label_a_clip():
    rows = [("a", "train", ("Rock", "Blues")), ("b", "train", ("Blues",)), ("c", "train", ("Rock",))]
    data = dataset(rows, task="multilabel")
    assert "received none or several for 'a'; set dataset.task=multilabel" in message(data, task="multiclass")
    assert change(data, task="multiclass", drop=["Chiptune"], merge={"Blues": "Rock"}).task == "multiclass"
    data = dataset([*rows[1:], ("d", "train", ())], task="multilabel")
    assert "for 'd'" in message(data, task="multiclass")


def test_a_sample_submission_must_still_fit(tmp_path):
    data = dataset(sample_submission=tmp_path / "sample_submission.csv", task="multilabel")
    for settings in ({"merge": {"Blues": "Rock"}}, {"drop": ["Blues"]}, {"min_clips": 2}):
        assert "expected the classes of the sample submission" in message(data, **settings)
    assert change(data, min_clips=1, drop=[], merge={"Blues": "Blues"}).classes == CLASSES


def test_numbers_have_no_labels_to_change():
    data = dataset(task="regression")
    assert change(data, task="regression") is data
    assert "dataset.drop" in message(data, drop=["Blues"])
    assert "dataset.min_clips" in message(data, min_clips=2)
    assert "received multiclass" in message(data, task="multiclass")


@pytest.mark.parametrize("name", ["fname", "start_s", "label", "score"])
def test_a_class_called_as_a_column_of_the_outputs_is_refused_before_a_training(name):
    data = dataset([("a", "train", (name,)), ("b", "train", ("Rock",))], (name, "Rock"))
    text = message(data)
    assert f"received '{name}'; rename it with dataset.merge={{NAME: OTHER NAME}}" in text
    assert change(data, merge={name: "other"}).classes == ("other", "Rock")
    several = change(replace(data, task="multilabel")) if name in ("label", "score") else None
    assert several is None or several.classes == (name, "Rock")
    assert "rename the column" in message(dataset([], ("fname",), "regression"))


def test_classes_that_look_the_same_are_refused():
    names = ("M\u00f6we", "Mo\u0308we")
    data = dataset(
        [("a", "train", names[:1]), ("b", "train", names[1:]), ("c", "train", ("Rock",))], (*names, "Rock")
    )
    assert r"received 'M\xf6we', 'Mo\u0308we' (composed and decomposed" in message(data)
    assert change(data, merge={names[1]: names[0]}).classes == (names[0], "Rock")
