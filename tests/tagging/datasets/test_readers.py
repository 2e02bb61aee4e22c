"""What every reader promises, on the smallest tree that each accepts."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from tagging.datasets import read_dataset
from tagging.datasets.layouts.demo import make_demo
from tagging.datasets.settings import LAYOUTS, DatasetSettings
from tagging.datasets.table import COLUMNS, DatasetError
from tagging.evaluation.task_kinds import KINDS

OPTIONAL = {"row": "i", "key": "O", "validates": "b", "values": "O"}
MOODS = {"train": ["0.1", "0.2"], "test": [""]}


def write(root, texts):
    for name, text in texts.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def demo(root):
    make_demo(root / "demo", n_curated=12, n_noisy=12, n_test=12)
    return {"root": str(root / "demo")}


def fsdkaggle2019(root):
    clips, audio = {"train_curated": "a", "train_noisy": "b", "test": "c"}, "fname,labels\n{}.wav,Bark\n"
    write(root, {f"{part}/{name}.wav": "" for part, name in clips.items()})
    write(root, {f"{part}.csv": audio.format(name) for part, name in clips.items()})
    write(root, {"sample_submission.csv": "fname,Bark,Rain\nc.wav,0,0\n"})


def fsdkaggle2018(root):
    write(root, {"audio_train/a.wav": "", "audio_test/b.wav": ""})
    write(
        root,
        {
            "train.csv": "fname,label,manually_verified\na.wav,Bark,1\n",
            "sample_submission.csv": "fname\nb.wav\n",
        },
    )


def fsd50k(root):
    truth = "FSD50K.ground_truth"
    write(
        root,
        {
            "FSD50K.dev_audio/1.wav": "",
            "FSD50K.eval_audio/2.wav": "",
            f"{truth}/vocabulary.csv": "0,Bark,/m/0\n",
        },
    )
    write(root, {f"{truth}/dev.csv": "fname,labels\n1,Bark\n", f"{truth}/eval.csv": "fname,labels\n2,Bark\n"})


def esc10(root):
    write(root, {"001 - Dog bark/1-1-A.ogg": "", "002 - Rain/2-2-A.ogg": ""})


def folders(root):
    write(root, {"genres/rock/1.wav": "", "genres/pop/1.wav": "", "genres/pop/2.wav": ""})
    write(root, {"train.txt": "rock/1.wav\npop/1.wav", "validation.txt": "pop/2.wav"})
    return {"lists": {part: str(root / f"{part}.txt") for part in ("train", "validation")}}


def fma(root):
    header = ",set,set,track\n,split,subset,genre_top\ntrack_id,,,\n"
    rows = "2,training,small,Rock\n3,validation,small,Pop\n4,test,small,Pop\n"
    write(root, {"fma_metadata/tracks.csv": header + rows, "fma_small/000/000002.mp3": ""})


def fma_features(root):
    with h5py.File(root / "fma_mel_features.h5", "w") as file:
        for part in ("train", "val", "test"):
            file[f"{part}/X"], file[f"{part}/y"] = np.zeros((2, 3, 4)), ["Rock", "Pop"]


def fused(root):
    for part, values in MOODS.items():
        lines = "".join(f"{part}{i},{value}\n" for i, value in enumerate(values))
        write(root, {f"{part}_labels.txt": f"Id,valence\n{lines}", f"{part}/{part}0.fused.full.npy": ""})


def arrays(root):
    for part in ("train", "val", "test"):
        (root / part).mkdir()
        np.save(root / part / "X.npy", np.zeros((2, 26)))
        np.save(root / part / "labels.npy", np.array(["pop", "rock"]))


def csv(root):
    write(
        root, {"clips.csv": "path,labels,split\na/1.wav,Bark;Rain,\nb/1.wav,Bark,validation\nc/1.wav,,test\n"}
    )


MAKERS = {
    make.__name__: make
    for make in (
        demo,
        fsdkaggle2019,
        fsdkaggle2018,
        fsd50k,
        esc10,
        folders,
        fma,
        fma_features,
        fused,
        arrays,
        csv,
    )
}


def test_every_reader_is_here():
    assert set(MAKERS) == set(LAYOUTS)


@pytest.fixture(params=sorted(LAYOUTS))
def data(request, tmp_path):
    settings = {"layout": request.param, "root": str(tmp_path), **(MAKERS[request.param](tmp_path) or {})}
    return read_dataset(DatasetSettings(**settings)), tmp_path


def test_the_table_has_the_columns_of_the_contract(data):
    dataset, _ = data
    assert dataset.name in LAYOUTS
    assert list(dataset.clips.columns[:5]) == list(COLUMNS)
    assert set(dataset.clips.columns[5:]) <= set(OPTIONAL)
    for column in dataset.clips.columns[5:]:
        assert dataset.clips[column].to_numpy().dtype.kind == OPTIONAL[column], column
    assert list(dataset.clips.index) == list(range(len(dataset.clips)))
    assert not dataset.clips.duplicated(["split", "fname"]).any()


def test_splits_are_those_of_the_contract(data):
    dataset, _ = data
    splits = set(dataset.clips["split"])
    assert splits <= {"train", "test"} or splits <= {"curated", "noisy", "test"}
    assert len(dataset.of(dataset.checked))
    if "validates" in dataset.clips:
        assert set(dataset.clips["split"][dataset.clips["validates"]]) == {"train"}


def test_classes_cover_the_labels_and_targets_follow(data):
    dataset, _ = data
    assert dataset.task in KINDS
    assert len(set(dataset.classes)) == len(dataset.classes)
    assert all(
        isinstance(labels, tuple) and set(labels) <= set(dataset.classes)
        for labels in dataset.clips["labels"]
    )
    assert dataset.targets(dataset.clips).shape == (len(dataset.clips), len(dataset.classes))
    trains = dataset.clips["split"] != "test"
    assert dataset.answered(dataset.clips[trains]).all()
    if dataset.task == "multiclass":
        assert (dataset.clips["labels"][trains].map(len) == 1).all()


def test_no_path_leaves_the_root(data):
    dataset, root = data
    assert all(isinstance(path, Path) and path.is_relative_to(root) for path in dataset.clips["path"])


@pytest.mark.parametrize("layout", sorted(set(LAYOUTS) - {"demo"}))
def test_no_data_is_told_with_the_tree_that_is_expected(layout, tmp_path):
    with pytest.raises(DatasetError) as error:
        read_dataset(DatasetSettings(layout=layout, root=str(tmp_path / "nowhere")))
    assert f"Expected:\n    {tmp_path / 'nowhere'}/" in str(error.value)
    assert "{root}" not in str(error.value)


@pytest.mark.parametrize("layout", sorted(set(LAYOUTS) - {"demo"}))
def test_every_layout_has_a_page_that_the_settings_name(layout):
    docs = Path(__file__).parents[3] / "docs"
    assert (docs / f"{layout}.md").is_file()
    assert f"`{layout}`" in (docs / "config.md").read_text()
