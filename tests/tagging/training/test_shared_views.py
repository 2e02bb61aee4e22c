"""`pipeline.views_dir`: runs that differ only in their heads share what the frozen backbone makes."""

from pathlib import Path

import keras
import pytest

from foundation.locks import BusyError, locked
from tagging.training import views as views_module
from tagging.training.data import stage_data
from tagging.training.shared_views import views_folder
from tagging.training.stage import Stage
from tagging.training.stage_run import StageRun
from tagging.training.train import train_stage
from tests.training_helpers import assert_same_training

NETWORK = (
    *("model.name=mn", "model.width=0.1", "frontend.n_mels=128", "stages.noisy.trainable=[head]"),
    *("train.epochs=2", "stages.noisy.views=2"),
)


@pytest.fixture
def made_dir(tmp_path):
    """A folder of this name."""

    def made(name: str) -> Path:
        (tmp_path / name).mkdir(exist_ok=True)
        return tmp_path / name

    return made


@pytest.fixture
def folder_of(tiny, made_dir, tmp_path):
    """The folder of the views for some settings, with a frozen backbone of one layer."""

    def folder(*overrides: str, weight: float = 2.0) -> Path:
        shared = tmp_path / "shared"
        config = tiny.config(made_dir("run"), *NETWORK, f"pipeline.views_dir={shared}", *overrides)
        stage = Stage.of(config, "noisy")
        run = StageRun(stage, stage_data(config, stage.settings), 1)
        image = keras.Input((4,))
        layer = keras.layers.Dense(1, kernel_initializer=keras.initializers.Constant(weight))
        frozen = keras.Model(image, layer(image))
        with views_folder(run, run.batches(keras.layers.Identity()), frozen) as found:
            return found.relative_to(shared)

    return folder


@pytest.mark.parametrize(
    "override",
    [
        *("model.units=[7]", "model.dropout=0.5", "train.learning_rate=0.5", "train.epochs=9"),
        *("stages.noisy.views=1", "train.ema_momentum=0.9"),
    ],
)
def test_what_concerns_the_head_alone_changes_nothing(folder_of, override):
    assert folder_of(override) == folder_of()


@pytest.mark.parametrize(
    "override",
    [
        *("seed=2", "train.batch_size=3", "window.window_s=1.3", "frontend.n_mels=40", "model.pool=max"),
        *("train.augment.mixup.alpha=0.4", "pipeline.device=device"),
        "stages.noisy.sources=[noisy,curated]",
    ],
)
def test_what_shapes_the_views_has_a_folder_of_its_own(folder_of, override):
    assert folder_of(override) != folder_of()


def test_other_weights_of_the_backbone_are_another_folder(folder_of):
    assert folder_of(weight=3.0) != folder_of()


def test_others_wait_as_long_as_views_are_made(folder_of, tmp_path, monkeypatch, capsys):
    """The lock is held inside of the block, and free after it; who waits says so."""
    found = tmp_path / "shared" / folder_of()
    with locked(found / ".lock", ""):
        monkeypatch.setattr(
            "foundation.locks.sleep", lambda seconds: (_ for _ in ()).throw(BusyError("held"))
        )
        with pytest.raises(BusyError, match="held"):
            folder_of()
    assert (
        capsys.readouterr().out == f"waiting for another process, which makes the same features in {found}\n"
    )


@pytest.mark.slow  # three trainings of a network with many layers
def test_a_second_head_is_trained_on_the_views_of_the_first(tiny, made_dir, tmp_path, monkeypatch, capsys):
    made, write = [], views_module._write
    monkeypatch.setattr(
        views_module, "_write", lambda path, *args: (made.append(path.name), write(path, *args))
    )

    def trained(name: str, *overrides: str) -> Path:
        return train_stage(tiny.config(made_dir(name), *NETWORK, *overrides), "noisy", jobs=1)

    own = trained("own")
    shared = f"pipeline.views_dir={tmp_path / 'shared'}"
    first, second = trained("first", shared, "train.learning_rate=0.1"), trained("second", shared)
    assert capsys.readouterr().out.count("views of 2 epochs are in") == 1
    assert made == 2 * ["view-00000.npy", "view-00001.npy"]
    assert_same_training(second, own)
    assert len(list((tmp_path / "shared").glob("*/view-*.npy"))) == 2
    assert not (first / "features").exists()
