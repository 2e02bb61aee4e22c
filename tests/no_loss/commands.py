"""Every option that names a path to write, and the commands that tests give."""

import predict
import preprocess
import train
from tagging.__main__ import main as tagging
from tests.no_loss.place import MINE


def predict_to(p, out):
    return predict.main(["--runs", str(p.run), f"dataset.root={p.root}", "--out", str(out)])


def predict_audio_to(p, out):
    return predict.main(["--runs", str(p.run), "--audio", str(p.recordings / "a.wav"), "--out", str(out)])


def tag_one(p, *options):
    return tagging(["tag", str(p.recordings / "a.wav"), "--run", str(p.run), *map(str, options)])


def data_options(p, *options):
    return [*map(str, options), "--config", str(p.config), f"run_dir={p.folder / 'new_runs'}"]


def train_noisy(p, run_dir, *options):
    argv = ["--config", str(p.config), "--stage", "noisy", f"run_dir={run_dir}", "train.epochs=1", *options]
    return train.main(argv)


def train_again(p, finished, *options):
    return train.main(["--config", str(p.config), "--stage", "noisy", f"run_dir={finished.parent}", *options])


def preprocess_to(p, clean_dir, *options):
    return preprocess.main(["--config", str(p.config), f"clean_dir={clean_dir}", "--jobs", "1", *options])


# Name of the option -> the file that it writes, and the command that writes it there.
OPTIONS = {
    "predict --out": ("x.csv", predict_to),
    "predict --audio --out": ("x.csv", predict_audio_to),
    "predict, logits": ("x.logits-1.npz", lambda p, file: predict_audio_to(p, file.with_name("x.csv"))),
    "tag --out": ("x.csv", lambda p, file: tag_one(p, "--out", file)),
    "tag --timeline --out": (
        "x.windows.csv",
        lambda p, file: tag_one(p, "--timeline", "--format", "csv", "--out", file.with_name("x.csv")),
    ),
    "tag --labels": ("x.txt", lambda p, file: tag_one(p, "--timeline", "--labels", file)),
    "tag --plot": ("x.png", lambda p, file: tag_one(p, "--timeline", "--plot", file)),
    "tag --embeddings": ("x.npz", lambda p, file: tag_one(p, "--embeddings", file)),
    "report --out": ("x.html", lambda p, file: tagging(["report", str(p.run), "--out", str(file)])),
    "report, tables": (
        "x_tables/scores.csv",
        lambda p, file: tagging(["report", str(p.run), "--out", str(file.parents[1] / "x.html")]),
    ),
    "curves --out": ("x.png", lambda p, file: tagging(["curves", str(p.run), "--out", str(file)])),
    "compare --out": (
        "runs.csv",
        lambda p, file: tagging(["compare", str(p.run), "--out", str(file.parent)]),
    ),
    "doctor --apply": (
        "x.yaml",
        lambda p, file: tagging(["doctor", *data_options(p, "--apply", file)]),
    ),
    "plots --out": (
        "label_shares.png",
        lambda p, file: tagging(["plots", *data_options(p, "--out", file.parent)]),
    ),
    "sweep --out": (
        "trials.csv",
        lambda p, file: tagging(
            ["sweep", *data_options(p, "--sweep", p.sweep, "--stage", "noisy", "--out", file.parent)]
        ),
    ),
    "train --show-batch": (
        "x.png",
        lambda p, file: train.main([*data_options(p, "--stage", "noisy", "--show-batch", file)]),
    ),
    "train --folds": (
        "folds.csv",
        lambda p, file: train.main(
            ["--folds", "2", "--config", str(p.config), f"run_dir={file.parent}", "--force"]
        ),
    ),
}


TARGETS = (
    *(
        "input",
        "another recording",
        *MINE,
        "sample submission",
        "labels",
        "raw clip",
        "clean clip",
        "manifest",
    ),
    *("cleaning settings", "run's config.yaml", "run's model.keras", "run's run.json", "run's curves.png"),
    "another run's report",
)
