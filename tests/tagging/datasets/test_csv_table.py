"""The reader of any CSV: one label, several, or numbers, by split and group."""

import math

import numpy as np
import pandas as pd
import pytest

from preprocessing.folder import clean_path
from tagging.datasets import read_dataset
from tagging.datasets.csv_files import write_csv
from tagging.datasets.settings import DatasetSettings, SplitSettings
from tagging.datasets.splits import hold_out
from tagging.datasets.table import DatasetError

SINGLE = "path,label\na/1.wav,Rain\nb/1.wav,Bark\nb/2.wav,Rain\n"


def read(root, table=SINGLE, **settings):
    (root / "clips.csv").write_text(table, encoding="utf-8")
    return read_dataset(DatasetSettings(layout="csv", root=str(root), **settings))


def message(root, table=SINGLE, **settings):
    with pytest.raises(DatasetError) as error:
        read(root, table, **settings)
    text = str(error.value)
    assert "\n" not in text
    return text


def test_one_label_a_clip(tmp_path):
    data = read(tmp_path)
    assert (data.classes, data.task, data.name) == (("Bark", "Rain"), "multiclass", "csv")
    assert list(data.clips.columns) == ["fname", "path", "labels", "split", "group"]
    assert list(data.clips["fname"]) == ["a/1.wav", "b/1.wav", "b/2.wav"]
    assert list(data.clips["path"]) == [tmp_path / name for name in data.clips["fname"]]
    assert list(data.clips["labels"]) == [("Rain",), ("Bark",), ("Rain",)]
    assert set(data.clips["split"]) == {"train"}
    assert set(data.clips["group"]) == {""}
    assert len({clean_path("clean", "train", name) for name in data.clips["fname"]}) == 3


@pytest.mark.parametrize(
    ("cells", "labels"),
    [
        (['"Rain,Bark"', "Bark", '" Rain , Rain"'], [("Rain", "Bark"), ("Bark",), ("Rain",)]),
        (["Rain;Bark", "Bark", '"Chink, clink"'], [("Rain", "Bark"), ("Bark",), ("Chink, clink",)]),
    ],
)
def test_several_labels_a_clip(tmp_path, cells, labels):
    rows = "".join(f"{i}.wav,{cell}\n" for i, cell in enumerate(cells))
    data = read(tmp_path, f"path,labels\n{rows}")
    assert data.task == "multilabel"
    assert list(data.clips["labels"]) == labels
    assert data.classes == tuple(sorted({label for row in labels for label in row}))


def test_a_column_that_nothing_reads_may_have_several_lines(tmp_path):
    data = read(tmp_path, 'path,label,note\n1.wav,a,"two\nlines"\n2.wav,b,\n')
    assert list(data.clips["fname"]) == ["1.wav", "2.wav"]


def test_a_label_with_a_comma_is_one_in_the_column_of_single_labels(tmp_path):
    assert read(tmp_path, 'path,label\n1.wav,"Chink, clink;"\n2.wav,b\n').classes == ("Chink, clink;", "b")


def test_splits_and_groups(tmp_path):
    table = "group,path,label,split\nx,1.wav,a,train\n,2.wav,b,\ny,3.wav,b,validation\ny,4.wav,,test\n,5.wav,a,noisy\n"
    data = read(tmp_path, table, exclude=["5.wav", "4.wav"])
    assert list(data.clips["fname"]) == ["1.wav", "2.wav", "3.wav", "4.wav"]
    assert list(data.clips["split"]) == ["train", "train", "train", "test"]
    assert list(data.clips["validates"]) == [False, False, True, False]
    assert list(data.clips["group"]) == ["x", "", "y", "y"]
    assert list(data.of("test")["labels"]) == [()]
    train = data.of("train")
    assert list(hold_out(train, data.targets(train), SplitSettings(), 0)) == [False, False, True]
    assert list(read(tmp_path, table).clips["split"])[-1] == "noisy"


def test_curated_and_noisy_are_the_two_stages_of_fsdkaggle2019(tmp_path):
    data = read(tmp_path, "path,labels,split\n1.wav,a,curated\n2.wav,b,noisy\n")
    assert data.checked == "curated"
    assert list(data.clips["split"]) == ["curated", "noisy"]


def test_numbers(tmp_path):
    table = "path,label,valence,energy,split\n1.wav,a,0.5,1,train\n2.wav,b,-1e-2,2,train\n3.wav,,,7,test\n"
    data = read(tmp_path, table, targets=["energy", "valence"])
    assert (data.classes, data.task) == (("energy", "valence"), "regression")
    np.testing.assert_array_equal(data.targets(data.of("train")), np.float32([[1, 0.5], [2, -0.01]]))
    assert list(data.clips["labels"]) == [()] * 3
    assert math.isnan(data.clips["values"][2][1])
    assert read(tmp_path, table).task == "multiclass"


def test_a_table_of_another_name_and_place(tmp_path):
    (tmp_path / "mine.txt").write_text(SINGLE.replace("Bark", "Meow"))
    (tmp_path / "clips.csv").write_text(SINGLE)
    settings = DatasetSettings(layout="csv", root=str(tmp_path / "audio"), table=str(tmp_path / "mine.txt"))
    data = read_dataset(settings)
    assert data.classes == ("Meow", "Rain")
    assert data.clips["path"][0] == tmp_path / "audio" / "a" / "1.wav"


def test_no_table_shows_what_is_expected(tmp_path):
    with pytest.raises(DatasetError) as error:
        read_dataset(DatasetSettings(layout="csv", root=str(tmp_path)))
    assert str(error.value).startswith(f"no table {tmp_path}/clips.csv. Expected:\n    {tmp_path}/\n")


@pytest.mark.parametrize(
    "name",
    [
        "../1.wav",
        "/etc/1.wav",
        "a/../../1.wav",
        "C:/1.wav",
        "..\\1.wav",
        "C:\\1.wav",
        "\\\\host\\1.wav",
        ".",
        "",
    ],
)
def test_a_path_never_leaves_the_root(tmp_path, name):
    assert "expected file names inside their folder" in message(tmp_path, f"path,label\n{name},a\n2.wav,b\n")


@pytest.mark.parametrize(
    ("table", "settings", "expected"),
    [
        ("file,label\n1.wav,a\n", {}, "add path"),
        ("file,tags\n1.wav,a\n", {}, "path, and label (one) or labels (several)"),
        ("file,tags\n1.wav,a\n", {}, "received file, tags; add path, or rename"),
        (
            "path,genre\n1.wav,a\n",
            {},
            "label (one) or labels (several), or else numbers that dataset.targets names",
        ),
        ("path,label,labels\n1.wav,a,b\n", {}, "received path, label, labels; correct the header"),
        ("path,label\n1.wav,a\n1.wav,b\n", {}, "or set dataset.task=multilabel if a clip may have several"),
        (
            "path,labels,split\n1.wav,a,train\n1.wav,b,test\n",
            {},
            "all rows of a clip the same split and group",
        ),
        (
            "file\n1.wav\n",
            {"targets": ["y"]},
            "expected the columns path, y (dataset.targets), received file",
        ),
        ("path;x\n1.wav;0,5\n", {"targets": ["x"]}, "received '0,5'; write decimals with a point"),
        (",\n,\n", {}, "received an empty file"),
        ('"",""\n', {}, "received blank rows"),
        ("path,label\n1.wav,a\n2.wav\n", {}, "expected a label for '2.wav', received an empty one"),
        ("path,label\n/else/1.wav,a\n", {}, "or set dataset.root to a folder above it"),
        ("path,label\n1.wav,a\n1.wav,b\n", {}, "received '1.wav' more than once"),
        ("path,label\n1.wav,a\n2.wav, \n", {}, "expected a label for '2.wav', received an empty one"),
        ("path,labels\n1.wav,a\n2.wav,a;;b\n", {}, "expected a label for '2.wav', received an empty one"),
        ("path,label\n1.wav,a\0b\n2.wav,b\n", {}, "expected classes without NUL in their names"),
        (
            'path,label\n1.wav,b\n2.wav,"a\n3.wav,b\n4.wav,a"\n5.wav,b\n',
            {},
            "expected a label of one line, received 'a' and 2 more lines; correct the quotes",
        ),
        ('path,label\n"1.wav,b\n2.wav",a\n5.wav,b\n', {}, "expected a path of one line, received '1.wav,b'"),
        ('path,x,group\n1.wav,1,"g\n2.wav,2,g"\n', {"targets": ["x"]}, "expected a group of one line"),
        ("path,labels\n1.wav,a,b\n", {}, "received a row that does not fit"),
        (
            "path,label,split\n1.wav,a,train\n2.wav,b,dev\n",
            {},
            "expected split out of train, validation, test",
        ),
        ("path,label,split\n1.wav,a,train\n2.wav,b,curated\n", {}, "received both"),
        (
            "path,label,split\n1.wav,a,validation\n2.wav,b,test\n",
            {},
            "expected clips of the split train or curated",
        ),
        ("path,x\n1.wav,1\n", {"targets": ["y"]}, "received 'y'. Did you mean: 'x'?"),
        ("path,x\n1.wav,1\n", {"targets": ["path"]}, "received 'path'"),
        ("path,x\n1.wav,one\n", {"targets": ["x"]}, "expected a finite number for '1.wav', received 'one'"),
        ("path,x\n1.wav,nan\n", {"targets": ["x"]}, "expected a finite number for '1.wav', received 'nan'"),
        ("path,x\n1.wav,-1e39\n", {"targets": ["x"]}, "expected a number of at most 3.4e+38 for '1.wav'"),
        ("path,x\n1.wav,\n", {"targets": ["x"]}, "expected a number for each target of '1.wav'"),
        (
            "path,label\n1.wav,a\n2.wav,a\n",
            {},
            "expected at least 2 labels, received 'a'; add clips of another",
        ),
    ],
)
def test_wrong_tables(tmp_path, table, settings, expected):
    assert expected in message(tmp_path, table, **settings)


def test_a_table_of_test_clips_alone_is_for_predictions(tmp_path):
    dataset = read(tmp_path, "path,label,split\n1.wav,a,test\n2.wav,a,test\n")
    assert dataset.classes == ("a",)
    with pytest.raises(DatasetError, match="expected clips of the split train or curated to train on"):
        _ = dataset.checked


USUAL = {
    "semicolons": "path;label\na/1.wav;Rain\nb/1.wav;Bark\nb/2.wav;Rain\n",
    "tabs": SINGLE.replace(",", "\t"),
    "Excel": "sep=;\r\npath;label\r\na/1.wav;Rain\r\nb/1.wav;Bark\r\nb/2.wav;Rain\r\n",
    "a byte order mark": f"\ufeff{SINGLE}",
    "blank rows": "\n,\npath,label,,\n\na/1.wav,Rain,,\n , ,,\nb/1.wav,Bark,,\nb/2.wav,Rain,,\n,,,\n",
    "dots": SINGLE.replace("a/", "./a/").replace("b/2", "./b/./2"),
    "backslashes": SINGLE.replace("/", "\\"),
    "spaces in the header": SINGLE.replace("path,label", "path, label "),
}


@pytest.mark.parametrize("table", USUAL.values(), ids=USUAL.keys())
def test_usual_forms_of_a_table(tmp_path, table):
    clips = read(tmp_path, table).clips
    assert list(clips["fname"]) == ["a/1.wav", "b/1.wav", "b/2.wav"]
    assert list(clips["path"]) == [tmp_path / name for name in clips["fname"]]
    assert list(clips["labels"]) == [("Rain",), ("Bark",), ("Rain",)]


def test_absolute_names_under_the_root(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    table = f"path,label\n{tmp_path}/real/a/1.wav,Rain\n{tmp_path}/link/b/1.wav,Bark\n"
    assert list(read(tmp_path / "link", table).clips["fname"]) == ["a/1.wav", "b/1.wav"]
    assert "expected file names inside" in message(tmp_path / "link", table.replace("/a/", "/../a/"))


def test_semicolons_between_labels_are_not_those_of_the_table(tmp_path):
    assert list(read(tmp_path, "path,labels\n1.wav,a;b\n").clips["labels"]) == [("a", "b")]
    assert list(read(tmp_path, 'path;labels\n1.wav;"a;b"\n2.wav;c\n').clips["labels"]) == [("a", "b"), ("c",)]


@pytest.mark.parametrize(("column", "settings"), [("labels", {}), ("label", {"task": "multilabel"})])
def test_one_row_per_label(tmp_path, column, settings):
    data = read(tmp_path, f"path,{column}\n1.wav,a\n2.wav,b\n./1.wav,c\n1.wav,a\n", **settings)
    assert (data.task, data.classes) == ("multilabel", ("a", "b", "c"))
    assert dict(zip(data.clips["fname"], data.clips["labels"], strict=True)) == {
        "1.wav": ("a", "c"),
        "2.wav": ("b",),
    }


def test_a_written_table_has_its_index_if_asked_and_quotes_any_name(tmp_path):
    table = pd.DataFrame({"a\rb": [1, 2]}, pd.Index(["c\rd", "caf\udce9"], name="true"))
    write_csv(tmp_path / "t.csv", table, index=True)
    assert (tmp_path / "t.csv").read_bytes() == b'true,"a\rb"\n"c\rd",1\ncaf%E9,2\n'
    write_csv(tmp_path / "t.csv", table)
    assert (tmp_path / "t.csv").read_bytes() == b'"a\rb"\n1\n2\n'
