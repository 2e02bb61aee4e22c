"""The disk gets full while a stage is trained: one line that names the file, and it resumes as if nothing had been."""

import errno
import os

import keras
import pytest

from foundation import full_disk
from tagging.training import backup
from tagging.training.train import train_stage
from tests.training_helpers import AUGMENTED, assert_same_training

FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def no_room_for(name, after):
    """A check of free space that fails for this file from the nth time on."""
    seen = []

    def check_free(path, size):
        seen.append(path.name)
        if seen[-1].startswith(name) and sum(each.startswith(name) for each in seen) > after:
            raise OSError(FULL.errno, FULL.strerror, str(path))

    return check_free


def broken(self, path, *args, **kwargs):
    """Half of a file, as `save` and `save_weights` leave it."""
    path.write_bytes(b"half")
    raise FULL


@pytest.mark.parametrize("name", ["best.weights.h5", "epoch-", "half", "model.keras"])
def test_a_stage_resumes_after_the_disk_was_full(tiny, augmented, tmp_path, monkeypatch, name):
    config = tiny.config(tmp_path, *AUGMENTED)
    with monkeypatch.context() as patch:
        if name == "half":
            patch.setattr(keras.Model, "save_weights", broken)
        elif name == "model.keras":
            patch.setattr(keras.Model, "save", broken)
        else:
            check = no_room_for(name, after=int(name == "epoch-"))
            patch.setattr(full_disk, "check_free", check)
            patch.setattr(backup, "check_free", check)
        with pytest.raises(OSError, match=r"best" if name == "half" else name) as error:
            train_stage(config, "noisy", jobs=2)
    assert "\n" not in str(error.value)
    work = tmp_path / "runs" / "noisy.part"
    assert not list(work.glob("partial*")) + list(work.glob("backup/partial"))
    assert not (work / "model.keras").exists()
    assert_same_training(train_stage(config, "noisy", jobs=2), augmented)
