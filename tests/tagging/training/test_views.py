"""`views`: a head that learns from what its frozen backbone made of the first epochs."""

from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf

from tagging.config.errors import ConfigError
from tagging.config.load import load_config
from tagging.pipeline.feature_batches import FeatureBatches, view_type
from tagging.runs.contents import FEATURES
from tagging.runs.run import read_run
from tagging.training import views as views_module
from tagging.training.data import stage_data
from tagging.training.stage import Stage
from tagging.training.start import identity
from tagging.training.train import train_stage
from tagging.training.views import make_views
from tagging.training.work import open_work
from tests.training_helpers import (
    assert_same_training,
    history,
    train_until_power_cut,
    weights,
)

BACKBONE = (
    *("model.name=mobilenet_v2", "model.weights=none", "model.dropout=0", "model.units=[]"),
    *("window.window_s=1.2", "frontend.n_mels=32"),  # images of 36 x 32, which it accepts
    *(
        "stages.noisy.sources=[noisy,curated]",
        "train.source_weights={noisy: 0.5}",
        "stages.curated.sources=[noisy]",
    ),
    *("train.augment.waveform_mix.probability=0.5", "train.augment.mixup.alpha=0.4"),
    *("stages.noisy.trainable=[head]", "train.epochs=2"),
)


@pytest.fixture
def views() -> list[np.ndarray]:
    """Two views of five items of two features and three classes; each feature says which item and view it is of."""
    made = np.zeros((2, 5), view_type((2,), 3))
    made["features"] = np.arange(20).reshape(2, 5, 2)
    made["weight"] = np.arange(10).reshape(2, 5)
    return list(made)


def first_features(batches: FeatureBatches, first: int, epochs: int) -> list[list[float]]:
    """By epoch."""
    read = [batch[0].numpy()[:, 0].tolist() for batch in batches.dataset(first, epochs)]
    flat = np.concatenate(read)
    return flat.reshape(epochs - first, -1).tolist()


def test_the_first_epochs_are_the_views_and_later_ones_shuffle_them(views):
    batches = FeatureBatches(views, batch_size=2, seed=3, weighted=False)
    epochs = first_features(batches, 0, 6)
    assert batches.steps == 3
    assert epochs[:2] == [[0, 2, 4, 6, 8], [10, 12, 14, 16, 18]]
    for number, epoch in enumerate(epochs):
        assert sorted(epoch) == epochs[number % 2]
    assert epochs[2] != epochs[0]
    assert epochs[4] != epochs[2]
    assert first_features(batches, 3, 6) == epochs[3:], "whichever epoch comes first"


def test_labels_and_weights_stay_with_their_features(views):
    views[0]["labels"][:, 0] = views[0]["features"][:, 0]
    batches = FeatureBatches(views[:1], batch_size=2, seed=3, weighted=True)
    for features, labels, weight in batches.dataset(1, 3):
        np.testing.assert_array_equal(labels[:, 0], features[:, 0])
        np.testing.assert_array_equal(2 * weight, features[:, 0])


@pytest.fixture(scope="module")
def trained(tiny, tmp_path_factory):
    """A head on a view of each epoch."""
    return train_stage(
        tiny.config(tmp_path_factory.mktemp("views"), *BACKBONE, "stages.noisy.views=2"), "noisy", jobs=2
    )


def test_a_view_for_each_epoch_is_training_as_ever(tiny, trained, tmp_path):
    plain = train_stage(tiny.config(tmp_path, *BACKBONE), "noisy", jobs=2)
    ours, theirs = history(trained), history(plain)
    assert list(ours) == list(theirs)
    np.testing.assert_allclose(ours, theirs, rtol=1e-4)
    for a, b in zip(weights(trained), weights(plain), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


def test_nothing_of_the_views_stays_in_the_run(trained):
    assert not (trained / FEATURES).exists()
    info = read_run(trained).info
    assert info["parameters"] > info["trainable_parameters"] > 0


def made(monkeypatch) -> list[str]:
    """The names of the views that are made from now on."""
    names, write = [], views_module._write
    monkeypatch.setattr(
        views_module, "_write", lambda path, *args: (names.append(path.name), write(path, *args))
    )
    return names


@pytest.mark.parametrize("step", [2, 8])  # of five batches per epoch
def test_an_interrupted_stage_resumes_with_the_views_it_has(tiny, trained, tmp_path, monkeypatch, step):
    config = tiny.config(tmp_path, *BACKBONE, "stages.noisy.views=2")
    train_until_power_cut(config, step)
    names = made(monkeypatch)
    assert_same_training(train_stage(config, "noisy", jobs=2), trained)
    assert names == []


def test_views_of_other_settings_are_made_again(tiny, tmp_path):
    """Nothing has been learned from them, so that nothing is lost."""

    def has_features(seed: int, *, force: bool = False) -> bool:
        config = tiny.config(tmp_path, *BACKBONE, "stages.noisy.views=2", f"seed={seed}")
        stage = Stage.of(config, "noisy")
        open_work(stage, identity(stage, stage_data(config, stage.settings), None, []), force)
        folder = stage.work / FEATURES
        found = folder.is_dir()
        folder.mkdir(exist_ok=True)
        (folder / "view-00000.npy").write_bytes(b"features")
        return found

    assert [has_features(1), has_features(1), has_features(2)] == [False, True, False]
    assert not has_features(2, force=True)


def numbered(first: int, epochs: int):
    """Batches of 3 and 2 images, which say which epoch and item they are of."""
    for epoch in range(first, epochs):
        for items in (range(3), range(3, 5)):
            images = np.array([[10.0 * epoch + item] for item in items], np.float32)
            yield tf.constant(images), tf.zeros((len(items), 2)), tf.ones(len(items))


@pytest.fixture
def views_in(tmp_path):
    """Makes the first `n` views in a folder."""
    batches = SimpleNamespace(
        items=5, steps=2, targets=np.zeros((5, 2)), dataset=numbered, finished=lambda data: data
    )
    image = keras.Input((1,))
    frozen = keras.Model(image, keras.layers.Rescaling(2.0)(image))
    return lambda n: make_views(tmp_path / "features", n, batches, frozen)


def zeroed(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[:150] + bytes(8) + data[158:])


DAMAGE = {
    "zeros": zeroed,
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-40]),
    "empty": lambda path: path.write_bytes(b""),
    "longer": lambda path: path.write_bytes(path.read_bytes() + b"x"),
    "gone": Path.unlink,
}


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("number", [0, 1])
def test_a_damaged_view_is_made_again_and_the_others_are_kept(
    views_in, tmp_path, monkeypatch, damage, number
):
    expected = [view.copy() for view in views_in(3)]
    np.testing.assert_array_equal(expected[1]["features"][:, 0], [20, 22, 24, 26, 28])
    DAMAGE[damage](tmp_path / "features" / f"view-0000{number}.npy")
    names = made(monkeypatch)
    for view, wanted in zip(views_in(3), expected, strict=True):
        np.testing.assert_array_equal(view, wanted)
    assert names == [f"view-0000{number}.npy"]


def test_a_full_disk_is_one_line_and_leaves_no_half_view(views_in, tmp_path, monkeypatch):
    monkeypatch.setattr("foundation.full_disk.shutil.disk_usage", lambda path: SimpleNamespace(free=100))
    with pytest.raises(OSError, match=r"No space left on device.*view-00000\.npy"):
        views_in(1)
    assert list((tmp_path / "features").iterdir()) == []


def test_there_are_no_more_views_than_epochs(tiny, tmp_path, monkeypatch):
    names = made(monkeypatch)
    train_stage(tiny.config(tmp_path, *BACKBONE, "stages.noisy.views=9", "train.epochs=1"), "noisy", jobs=2)
    assert names == ["view-00000.npy"]


@pytest.mark.parametrize("override", ["trainable=[all]", "trainable=[head,layer14]", "overfit_batches=1"])
def test_views_of_what_changes_are_refused(tmp_path, override):
    (tmp_path / "c.yaml").write_text("stages: {noisy: {sources: [noisy], trainable: [head], views: 2}}")
    with pytest.raises(ConfigError, match="expected views=null unless"):
        load_config(tmp_path / "c.yaml", [f"stages.noisy.{override}"])
