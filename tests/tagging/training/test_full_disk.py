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


def make_full(patch, name):
    """No room for the first file of this name, for a later backup, or for more than half of a file."""
    if name == "half":
        patch.setattr(keras.Model, "save_weights", broken)
    elif name == "model.keras":
        patch.setattr(keras.Model, "save", broken)
    else:
        check = no_room_for(name, after=int(name == "epoch-"))
        patch.setattr(full_disk, "check_free", check)
        patch.setattr(backup, "check_free", check)


def test_a_stage_resumes_each_time_after_the_disk_was_full(tiny, augmented, tmp_path, monkeypatch):
    """Twice in the first epoch, in the second, and at the end."""
    config, work = tiny.config(tmp_path, *AUGMENTED), tmp_path / "runs" / "noisy.part"
    for name in ("best.weights.h5", "half", "epoch-", "model.keras"):
        with monkeypatch.context() as patch:
            make_full(patch, name)
            with pytest.raises(OSError, match=r"best" if name == "half" else name) as error:
                train_stage(config, "noisy", jobs=2)
        assert "\n" not in str(error.value)
        assert not list(work.glob("partial*")) + list(work.glob("backup/partial"))
        assert not (work / "model.keras").exists()
    assert_same_training(train_stage(config, "noisy", jobs=2), augmented)
