"""The commands that plot, as a user types them."""

import pandas as pd
import pytest

import preprocess
import train
from tagging import __main__ as tagging_main
from tagging.datasets import read_dataset
from tagging.plots import distributions


def test_plots_shows_the_hold_out_of_training(tiny, trained, tmp_path, monkeypatch):
    from tagging.plots import dataset as figures

    split = pd.read_csv(trained.parent / "runs" / "curated" / "split.csv")
    split["part"] = split["part"].map({"train": "validation", "validation": "train"})
    split.to_csv(tmp_path / "own.csv", index=False)
    shares = []
    monkeypatch.setattr(
        figures.distributions, "label_shares", lambda classes, ways, path: shares.append(ways)
    )
    config = tiny.config(tmp_path, f"split.file={tmp_path / 'own.csv'}")
    figures._label_shares(config, read_dataset(config.dataset), tmp_path / "a.png")
    train_side, validation_side = shares[0]["as trained"]
    assert (len(train_side), len(validation_side)) == tuple(
        split["part"].value_counts()[["train", "validation"]]
    )


def test_plots_are_written(tiny, trained, tmp_path, capsys):
    config = ["--config", str(trained)]
    assert train.main([*config, "--stage", "noisy", "--show-batch", str(tmp_path / "batch.png")]) == 0
    assert tagging_main.main(["plots", *config, "--out", str(tmp_path)]) == 0
    runs = [str(trained.parent / "runs" / stage) for stage in ("noisy", "curated")]
    assert tagging_main.main(["curves", *runs, "--out", str(tmp_path / "learning_curves.png")]) == 0
    assert preprocess.main([*config, "--preview", "2", f"clean_dir={tmp_path / 'c'}"]) == 0
    names = {
        "batch",
        "waveforms",
        "log_mel",
        "classes",
        "label_histograms",
        "label_shares",
        "learning_curves",
    }
    assert {p.stem for p in tmp_path.glob("*.png")} == names
    assert len(list((tmp_path / "c_preview").glob("*.png"))) == 2
    assert all(p.stat().st_size > 5000 for p in tmp_path.glob("*.png"))


def test_plots_of_merged_labels_show_them_before_too(tiny, tmp_path, monkeypatch):
    draw, drawn = distributions.label_histograms, []
    monkeypatch.setattr(
        distributions, "label_histograms", lambda dataset, path: drawn.append(dataset) or draw(dataset, path)
    )
    config = ["--config", str(tiny.write_config(tmp_path)), "dataset.layout=csv", f"dataset.root={tiny.root}"]
    table = pd.read_csv(tiny.root / "train_curated.csv").rename(columns={"fname": "path"})
    table.assign(path="train_curated/" + table["path"]).to_csv(tmp_path / "clips.csv", index=False)
    first, second = sorted(set(",".join(table["labels"]).split(",")))[:2]
    config += [f"dataset.table={tmp_path / 'clips.csv'}", f"dataset.merge={{{first}: {second}}}"]
    out = tmp_path / "figures"
    assert tagging_main.main(["plots", *config, "split.test_share=0.25", "--out", str(out)]) == 0
    names = {path.stem for path in out.iterdir()}
    assert {"label_histograms", "label_histograms_before", "classes"} <= names
    after, before = drawn
    assert set(before.classes) - set(after.classes) == {first}
    shares = [(dataset.clips["split"] == "test").mean() for dataset in drawn]
    assert shares == pytest.approx([0.25, 0.25], abs=0.03), "the test clips that are drawn are in both"
