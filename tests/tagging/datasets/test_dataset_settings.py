"""Settings of a data set: what they refuse before anything is read, and how a config file writes them."""

import pytest

from tagging.config.load import ConfigError, load_config
from tagging.datasets.settings import KEYS, LAYOUTS, DatasetSettings

VALUES = {
    "subset": "small",
    "lists": {"train": "a"},
    "group_pattern": "(a)",
    "targets": ("a",),
    "table": "a.csv",
    "features": "mfccs",
}


@pytest.mark.parametrize("key", VALUES)
def test_a_key_that_a_layout_does_not_read_is_refused(key):
    for layout in LAYOUTS:
        if key in KEYS[layout]:
            assert getattr(DatasetSettings(layout=layout, **{key: VALUES[key]}), key) == VALUES[key]
        else:
            with pytest.raises(
                ValueError, match=rf"^dataset\.{key}: expected dataset\.layout .*received {layout}"
            ):
                DatasetSettings(layout=layout, **{key: VALUES[key]})


def test_the_keys_of_the_layouts_are_settings():
    assert {key for keys in KEYS.values() for key in keys} == set(VALUES)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"min_clips": -1}, "min_clips: expected at least 0, received -1"),
        ({"merge": {"a": "b", "b": "c"}}, "received 'b', which is merged itself"),
        ({"merge": {"a": "b"}, "drop": ["a"]}, "received 'a', which is merged"),
        ({"lists": {"test": "a"}}, "expected dataset.lists of train"),
        ({"lists": {"train": "a", "valid": "b"}}, "received train, valid"),
        ({"group_pattern": "(a"}, "to be a regular expression"),
        ({"group_pattern": "a"}, "with a group in brackets, received 'a'"),
        (
            {"layout": "csv", "targets": []},
            "expected dataset.targets with each column once, or null, received",
        ),
        ({"layout": "csv", "targets": ["a", "a"]}, "each column once"),
    ],
)
def test_mistakes(settings, expected):
    with pytest.raises(ValueError, match="expected") as error:
        DatasetSettings(**{"layout": "folders", **settings})
    assert expected in str(error.value)
    assert "\n" not in str(error.value)


def test_a_config_file_and_the_command_line_can_say_all_of_it(tmp_path):
    (tmp_path / "c.yaml").write_text(
        "dataset: {layout: folders, merge: {Psych-Rock: Rock, 'Post Rock': Rock}, drop: [Old-Time], min_clips: 3,\n"
        "  group_pattern: '^(\\d)-', task: multilabel, lists: {train: a.txt}}\nstages: {train: {}}\n"
    )
    read = load_config(tmp_path / "c.yaml", ["dataset.merge.Punk=Metal", "dataset.lists.test=b.txt"]).dataset
    assert read.merge == {"Psych-Rock": "Rock", "Post Rock": "Rock", "Punk": "Metal"}
    assert read.lists == {"train": "a.txt", "test": "b.txt"}
    assert (read.drop, read.min_clips, read.group_pattern, read.task) == (
        ("Old-Time",),
        3,
        r"^(\d)-",
        "multilabel",
    )
    with pytest.raises(ConfigError, match=r"dataset\.subset: expected dataset\.layout fma"):
        load_config(tmp_path / "c.yaml", ["dataset.subset=small"])
    with pytest.raises(ConfigError, match=r"dataset\.subset.*tiny"):
        load_config(tmp_path / "c.yaml", ["dataset.layout=fma", "dataset.subset=tiny"])
