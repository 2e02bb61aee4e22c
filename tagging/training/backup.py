"""A backup after each epoch, to go on from where a stage was interrupted."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import keras
import numpy as np

from foundation.full_disk import check_free, writing
from tagging.runs.run import RunError
from tagging.training.history import History, weights_bytes
from tagging.training.replicas import n_devices


class Backup(keras.callbacks.Callback):
    """Keeps the whole state of training after each epoch: weights, optimiser, random states, history.

    A backup is a folder `epoch-N` that appears by renaming: one that is there is complete. Stands last, so that it
    keeps what the others did. Keras's BackupAndRestore loses the states of its random generators and is not whole
    if it is interrupted while it writes.
    """

    def __init__(self, folder: Path, history: History) -> None:
        super().__init__()
        self.folder, self.history = folder, history

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        made, partial = self.folder / f"epoch-{epoch + 1:05d}", self.folder / "partial"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        try:
            check_free(made, weights_bytes(self.model))
            with writing(made):
                self._write(partial)
                os.replace(partial, made)
        except OSError:
            shutil.rmtree(partial, ignore_errors=True)
            raise
        for older in set(self.folder.glob("epoch-*")) - {made}:
            shutil.rmtree(older)

    def _write(self, folder: Path) -> None:
        self.model.save_weights(folder / "state.weights.h5")
        generators = [keras.ops.convert_to_numpy(state).tolist() for state in random_states(self.model)]
        state = {"rows": self.history.rows, "random": generators, "devices": n_devices()}
        (folder / "state.json").write_text(json.dumps(state))


def restore(folder: Path, model: keras.Model) -> list[dict]:
    """Load the last complete backup into a compiled model; the history's rows so far, none without a backup.

    Raises:
        RunError: the backup is damaged.
    """
    backups = sorted(folder.glob("epoch-*"))
    if not backups:
        return []
    try:
        model.load_weights(backups[-1] / "state.weights.h5")
        state = json.loads((backups[-1] / "state.json").read_text())
        for variable, value in zip(random_states(model), state["random"], strict=True):
            variable.assign(np.asarray(value, variable.dtype))
        rows, begun, now = list(state["rows"]), state.get("devices", 1), n_devices()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunError(
            f"{backups[-1]}: expected the state of an interrupted training, received a damaged one "
            f"({' '.join(str(error).split())[:200]}); train.py --force retrains the stage from scratch"
        ) from error
    if begun != now:
        print(f"devices: {begun} before the interruption, {now} now, so that it does not resume exactly")
    return rows


def random_states(model: keras.Model) -> list[Any]:
    """The variables of the model's random generators (Dropout), which Keras's weight files leave out."""
    return [variable for variable in model.variables if "seed_generator_state" in variable.path]
