"""Sweep files, and trainings that take no time."""

from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import yaml

from tagging.runs.place import work_dir

BASE = {
    "method": "random",
    "metric": {"name": "val_lwlrap", "goal": "maximize"},
    "run_cap": 4,
    "parameters": {"train.learning_rate": {"min": 1e-4, "max": 1e-1, "distribution": "log_uniform_values"}},
}


def write_sweep(folder: Path, **changes) -> Path:
    (folder / "s.yaml").write_text(yaml.safe_dump({**BASE, **changes}))
    return folder / "s.yaml"


class FakeTraining:
    """Leaves what a sweep reads of a run, in no time; `score` says what an epoch of a config gets."""

    def __init__(self, score) -> None:
        self.score, self.trained = score, []

    def train(self, config, name, *, jobs, watch=None):
        self.trained.append((Path(config.run_dir).name, name))
        final = Path(config.run_dir) / name
        work, rows = work_dir(final), []
        (work / "backup").mkdir(parents=True, exist_ok=True)
        (work / "stage.json").write_text('{"seed": 0, "stage": {}, "train_clips": ""}')
        for epoch in range(1, config.stages[name].epochs + 1):
            value = float(self.score(config, epoch))
            rows.append(
                {"epoch": epoch, "loss": 1.0, "val_lwlrap": value, "learning_rate": 0.1, "seconds": 2.0}
            )
            pd.DataFrame(rows).to_csv(work / "history.csv", index=False)
            if watch:
                watch(rows[-1])
        (work / "run.json").write_text('{"classes": [], "finished": "", "identity": {}}')
        return work.rename(final)

    @staticmethod
    def read(path):
        history = pd.read_csv(path / "history.csv")
        kept = int(history["epoch"][history["val_lwlrap"].fillna(0).argmax()])
        return SimpleNamespace(info={"best_epoch": kept}, history=lambda: history)


def rising(config, epoch):
    return config.train.learning_rate + epoch / 100
