"""The FSD50K reader, on a tiny tree in the published layout."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tagging.datasets import read_dataset
from tagging.datasets.settings import DatasetSettings, SplitSettings
from tagging.datasets.splits import hold_out
from tagging.datasets.table import DatasetError

CONFIG = Path(__file__).parents[3] / "configs" / "fsd50k" / "simple_cnn.yaml"
TRUTH = "FSD50K.ground_truth"
INFO = "FSD50K.metadata/dev_clips_info_FSD50K.json"
VOCABULARY = "0,Guitar,/m/0342h\n1,Music,/m/04rlf\n2,Bark,/m/05tny_\n"
DEV = """fname,labels,mids,split
64760,"Guitar,Music","/m/0342h,/m/04rlf",train
16399,Bark,/m/05tny_,val
345111,"Guitar,Music","/m/0342h,/m/04rlf",val
7,Bark,/m/05tny_,train
"""
EVAL = """fname,labels,mids
99,"Music,Bark","/m/04rlf,/m/05tny_"
"""
UPLOADERS = {"64760": "ann", "16399": "bob", "345111": "cy", "7": "bob"}


@pytest.fixture
def root(tmp_path):
    for folder, names in (("FSD50K.dev_audio", UPLOADERS), ("FSD50K.eval_audio", ["99"])):
        (tmp_path / folder).mkdir()
        for name in names:
            (tmp_path / folder / f"{name}.wav").touch()
    (tmp_path / TRUTH).mkdir()
    for name, text in (("dev", DEV), ("eval", EVAL), ("vocabulary", VOCABULARY)):
        (tmp_path / TRUTH / f"{name}.csv").write_text(text)
    (tmp_path / "FSD50K.metadata").mkdir()
    write_info(tmp_path, UPLOADERS)
    return tmp_path


def write_info(root, uploaders):
    infos = {fname: {"title": "x", "uploader": name} for fname, name in uploaders.items()}
    (root / INFO).write_text(json.dumps(infos))


def read(root, **settings):
    return read_dataset(DatasetSettings(layout="fsd50k", root=str(root), **settings))


def message(root):
    with pytest.raises(DatasetError) as error:
        read(root)
    return str(error.value)


def test_table(root):
    data = read(root)
    assert data.classes == ("Guitar", "Music", "Bark")
    assert (data.task, data.usage, data.sample_submission) == ("multilabel", {}, None)
    assert list(data.clips.columns) == ["fname", "path", "labels", "split", "group"]
    assert list(data.clips["fname"]) == ["64760", "16399", "345111", "7", "99"]
    assert list(data.clips["split"]) == ["curated"] * 4 + ["test"]
    assert all(path.is_file() for path in data.clips["path"])
    np.testing.assert_array_equal(
        data.targets(data.of("curated")), [[1, 1, 0], [0, 0, 1], [1, 1, 0], [0, 0, 1]]
    )
    np.testing.assert_array_equal(data.targets(data.of("test")), [[0, 1, 1]])


def test_clips_of_one_uploader_are_a_group(root):
    assert list(read(root).clips["group"]) == ["ann", "bob", "cy", "bob", ""]


def test_without_the_metadata_there_are_no_groups(root):
    (root / INFO).unlink()
    assert set(read(root).clips["group"]) == {""}


@pytest.mark.skipif(shutil.which("sed") is None, reason="the command in the config's header needs sed")
def test_the_command_of_the_configs_header_gives_the_official_hold_out(root):
    command = re.search(r"^#\s+(sed .*) PATH/(\S+) > (\S+)$", CONFIG.read_text(), re.MULTILINE)
    split = root / Path(command[3]).name
    with split.open("w") as file:
        subprocess.run(["sh", "-c", f"{command[1]} '{root / command[2]}'"], stdout=file, check=True)  # noqa: S603, S607
    data = read(root)
    curated = data.of("curated")
    held = hold_out(curated, data.targets(curated), SplitSettings(file=str(split)), seed=0)
    assert list(held) == [False, True, True, False]


def test_exclude_leaves_the_test_clips_alone(root):
    assert list(read(root, exclude=["7", "99"]).clips["fname"]) == ["64760", "16399", "345111", "99"]


@pytest.mark.parametrize("missing", [f"{TRUTH}/dev.csv", f"{TRUTH}/eval.csv", "FSD50K.eval_audio"])
def test_missing_part_shows_the_tree_and_the_source(root, missing):
    (root / missing).rename(root / "elsewhere")
    text = message(root)
    assert text.startswith(f"no FSD50K data at {root}: '{root / missing}' missing")
    assert "zenodo.org/records/4060432" in text
    assert "{root}" not in text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, "received no file"),
        ("", "received an empty file"),
        ("Guitar\nMusic\n", "expected the columns index, label, mid without a header, received 1 columns"),
        ("index,label,mid\n" + VOCABULARY, "expected numbers before the classes, received 'index'"),
        (VOCABULARY + "3,Bark,/m/05tny_\n", "expected each class once, received 'Bark' again"),
        ("0,Guitar,/m/0342h\n1,Music,/m/04rlf\n", "received 'Bark' for '16399'. Did you mean"),
    ],
)
def test_wrong_vocabulary(root, text, expected):
    (root / TRUTH / "vocabulary.csv").unlink()
    if text is not None:
        (root / TRUTH / "vocabulary.csv").write_text(text)
    assert expected in message(root)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("labels", "label", "add labels"),
        ("16399", "../16399", "expected file names without a folder, received '../16399'"),
        ("16399", "64760", "received '64760' more than once"),
        ("16399,Bark", "16399,Barc", "received 'Barc' for '16399'. Did you mean: 'Bark'?"),
        ("16399,Bark", "16399,", "expected one label or more for '16399', received an empty one"),
    ],
)
def test_wrong_ground_truth(root, old, new, expected):
    (root / TRUTH / "dev.csv").write_text(DEV.replace(old, new, 1))
    answer = message(root)
    assert answer.startswith(str(root / TRUTH / "dev.csv"))
    assert expected in answer


@pytest.mark.parametrize("text", ["{", "[]", '{"7": "bob"}', '{"7": {"title": "x"}}'])
def test_uploaders_that_cannot_be_read(root, text):
    (root / INFO).write_text(text)
    assert "expected JSON of the form {fname: {uploader: name}}" in message(root)


def test_a_clip_without_an_uploader(root):
    write_info(root, {fname: name for fname, name in UPLOADERS.items() if fname != "7"})
    assert "expected an uploader for each clip of dev.csv, received none for '7'" in message(root)
