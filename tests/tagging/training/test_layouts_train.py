"""Every layout, kind of feature and network together in some pair: cleaned, trained for an epoch, predicted."""

import json
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
import soundfile as sf

import predict
import preprocess
import train
from tagging.__main__ import main as tagging
from tagging.runs.run import read_run
from tagging.training.train import train_stage  # noqa: F401  TensorFlow is there for `plain_runs`

RATE_HZ = 8000
YAML = """
clean_dir: {folder}/clean
run_dir: {folder}/runs
split: {{validation_share: 0.34}}
dataset: {dataset}
cleaning: {cleaning}
{more}
train: {{batch_size: 8, learning_rate: 5e-3}}
stages: {{train: {{sources: [train], epochs: 1}}}}
"""
AUDIO = "{rate_hz: 8000, remove_silence: false}"


def tone(label: int, clip: int) -> np.ndarray:
    """0.6 s and more of a tone whose pitch tells the label."""
    rng = np.random.default_rng([label, clip])
    t = np.arange(round((0.6 + 0.05 * clip) * RATE_HZ)) / RATE_HZ
    return 0.3 * np.sin(2 * np.pi * (300 + 900 * label) * t) + 0.01 * rng.normal(size=len(t))


def sequence(label: int, clip: int, bands: int = 140) -> np.ndarray:
    """5 steps and more of noise around a level that tells the label, (steps, bands)."""
    return np.random.default_rng([label, clip]).normal(3.0 * label, 1.0, (5 + clip % 4, bands)).astype("f")


def folders(root: Path) -> str:
    for label, name in enumerate(("low", "high")):
        (root / name).mkdir(parents=True)
        for clip in range(6):
            sf.write(root / name / f"{name}.{clip:05d}.wav", tone(label, clip), RATE_HZ)
    lists = {"train": range(4), "test": range(4, 6)}
    for part, clips in lists.items():
        rows = [f"{name}/{name}.{clip:05d}.wav" for name in ("low", "high") for clip in clips]
        (root / f"{part}.txt").write_text("\n".join(rows))
    return f"{{layout: folders, root: {root}, lists: {{train: {root}/train.txt, test: {root}/test.txt}}}}"


def csv(root: Path) -> str:
    (root / "a").mkdir(parents=True)
    rows = ["path,labels,split"]
    for clip in range(10):
        label = clip % 2
        sf.write(root / "a" / f"{clip}.wav", tone(label, clip), RATE_HZ)
        rows.append(f"a/{clip}.wav,{('low', 'high')[label]},{'test' if clip > 7 else 'train'}")
    (root / "clips.csv").write_text("\n".join(rows))
    return f"{{layout: csv, root: {root}}}"


def csv_numbers(root: Path) -> str:
    csv(root)
    table = pd.read_csv(root / "clips.csv").drop(columns="labels")
    table.assign(pitch=np.arange(10) % 2).to_csv(root / "clips.csv", index=False)
    return f"{{layout: csv, root: {root}, targets: [pitch]}}"


def fma(root: Path) -> str:
    (root / "fma_metadata").mkdir(parents=True)
    (root / "fma_small" / "000").mkdir(parents=True)
    lines = [",set,set,track", ",split,subset,genre_top", "track_id,,,"]
    for clip in range(1, 11):
        genre, part = (
            ("Rock", "Pop")[clip % 2],
            "training" if clip < 7 else "validation" if clip < 9 else "test",
        )
        sf.write(root / "fma_small" / "000" / f"{clip:06d}.mp3", tone(clip % 2, clip), RATE_HZ)
        lines.append(f"{clip},{part},small,{genre}")
    (root / "fma_metadata" / "tracks.csv").write_text("\n".join(lines))
    return f"{{layout: fma, root: {root}, subset: small}}"


def fma_features(root: Path) -> str:
    root.mkdir()
    with h5py.File(root / "fma_mel_features.h5", "w") as file:
        for number, part in enumerate(("train", "val", "test")):
            labels = [clip % 2 for clip in range(8)]
            x = [
                np.resize(sequence(label, 10 * number + clip), (12, 140)) for clip, label in enumerate(labels)
            ]
            file[f"{part}/X"], file[f"{part}/y"] = np.stack(x), [("Rock", "Pop")[label] for label in labels]
    return f"{{layout: fma_features, root: {root}}}"


def fused(root: Path, header: str = "Id,Genre", values: tuple = ("Rock", "Pop")) -> str:
    for part, clips in {"train": range(8), "test": range(8, 12)}.items():
        (root / part).mkdir(parents=True)
        rows = [f"{clip},{values[clip % 2]}" for clip in clips]
        (root / f"{part}_labels.txt").write_text("\n".join([header, *rows]))
        for clip in clips:
            np.save(root / part / f"{clip}.fused.full.npy", sequence(clip % 2, clip).T)
    return f"{{layout: fused, root: {root}}}"


def moods(root: Path) -> str:
    return fused(root, "Id,valence,energy", ("0.1,0.9", "0.8,0.2"))


def arrays(root: Path) -> str:
    for number, part in enumerate(("train", "val", "test")):
        (root / part).mkdir(parents=True)
        labels = np.arange(8) % 2
        x = [
            np.resize(sequence(label, 20 * number + clip, 24), (21, 24)) for clip, label in enumerate(labels)
        ]
        np.save(root / part / "X.npy", np.stack(x))
        np.save(root / part / "labels.npy", np.array(["pop", "rock"])[labels])
    return f"{{layout: arrays, root: {root}}}"


STANDARD = "frontend: {standardize: true}"
STORED = "{features: {name: stored}}"
FUSED = "{features: {name: stored, transpose: true, bands: [0, 128]}}"
RNN = "model: {name: rnn, rnn_units: 4, rnn_layers: 1}"
CASES = {
    "perceptron on samples": (
        folders,
        AUDIO,
        "window: {window_s: 0.5, hop_s: 0.5}\nfrontend: {name: waveform, normalize: peak}\n"
        "model: {name: mlp, units: [8]}",
    ),
    "beats and an LSTM": (
        folders,
        "{rate_hz: 8000, remove_silence: false, features: {name: beat_mel, n_mels: 16, n_fft: 512}}",
        f"{STANDARD}\n{RNN}",
    ),
    "several labels, 1-D convolutions": (
        csv,
        AUDIO,
        "window: {window_s: 0.5}\nfrontend: {name: mfcc, n_fft: 256, hop_length: 128, n_mels: 20, standardize: true}\n"
        "model: {name: cnn1d, filters: [4], units: [4]}",
    ),
    "numbers by a small CNN": (
        csv_numbers,
        AUDIO,
        "window: {window_s: 0.5}\nfrontend: {n_fft: 256, hop_length: 128, n_mels: 16}\nmodel: {name: simple_cnn}",
    ),
    "official parts": (
        fma,
        AUDIO,
        "window: {window_s: 0.5}\nfrontend: {n_fft: 256, hop_length: 128, n_mels: 16}\n"
        "model: {name: vgg_cnn, filters: [4, 4]}",
    ),
    "rows of HDF5, convolutions and GRU": (
        fma_features,
        STORED,
        f"{STANDARD}\nmodel: {{name: cnn_rnn, filters: [4], rnn_units: 4, rnn_layers: 1}}",
    ),
    "genres and an LSTM": (fused, FUSED, f"sequence: {{max_steps: 6}}\n{STANDARD}\n{RNN}"),
    "moods and an LSTM": (moods, FUSED, f"{STANDARD}\n{RNN}"),
    "images and 2-D convolutions": (
        arrays,
        STORED,
        f"sequence: {{max_steps: 21, fixed: true}}\n{STANDARD}\nmodel: {{name: cnn2d, filters: [4, 4], units: [8]}}",
    ),
}

REPORTED = ("beats and an LSTM", "genres and an LSTM", "moods and an LSTM")
"""Those with a report, which shows features in other ways than audio."""


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize("case", CASES)
def test_from_raw_data_to_predictions(case, tmp_path, capsys, request):
    make, cleaning, more = CASES[case]
    if case in REPORTED:
        request.getfixturevalue("full_runs")
    config = tmp_path / "config.yaml"
    dataset = make(tmp_path / "data")
    config.write_text(YAML.format(folder=tmp_path, dataset=dataset, cleaning=cleaning, more=more))
    assert tagging(["doctor", "--config", str(config), "--jobs", "1"]) == 0
    assert preprocess.main(["--config", str(config), "--jobs", "1"]) == 0
    assert tagging(["doctor", "--config", str(config), "--jobs", "1"]) == 0
    assert train.main(["--config", str(config)]) == 0
    assert (tmp_path / "runs" / "train" / "report.html").exists() == (case in REPORTED)
    out = tmp_path / "out.csv"
    assert predict.main(["--config", str(config), "--out", str(out)]) == 0
    printed, run = capsys.readouterr().out, read_run(tmp_path / "runs" / "train")
    metric, columns = {
        "multiclass": ("accuracy", ["fname", "label", "score", *run.classes]),
        "multilabel": ("LWLRAP", ["fname", *run.classes]),
        "regression": ("MSE", ["fname", *run.classes]),
    }[run.task]
    assert f"all  {metric}" in printed
    table = pd.read_csv(out)
    assert list(table) == columns
    assert len(table) >= 2
    assert np.isfinite(table[list(run.classes)].to_numpy()).all()
    whole, member = json.loads((tmp_path / "out.scores.json").read_text()).values()
    assert f"{metric} {whole['all'][run.kind.metric.key]:.4f}" in printed
    assert f"loss  {whole['all']['loss']:.4f}" in printed
    assert member[0]["scores"]["loss"] == whole["all"]["loss"]
    assert member[0]["finished"] == [run.info["finished"]]
    assert len(pd.read_csv(tmp_path / "out.per_class.csv")) == len(run.classes)
    if run.task == "multiclass":
        np.testing.assert_allclose(table[list(run.classes)].sum(axis=1), 1.0, rtol=1e-5)
        assert (tmp_path / "out.confusion.png").stat().st_size > 1000
        assert all(f"\n{average:<8} " in printed for average in ("macro", "micro", "weighted"))
        assert (run.path / "confusion.csv").is_file()
