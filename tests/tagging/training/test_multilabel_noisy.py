"""configs/own/multilabel_noisy.yaml on a small tree: from table to predictions."""

import csv
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

import predict
import preprocess
import train

CONFIG = Path(__file__).parents[3] / "configs" / "own" / "multilabel_noisy.yaml"
SMALL = (
    "window.window_s=1 window.hop_s=1 model.filters=[4,8] model.units=[8] train.epochs=1 train.batch_size=8"
)
LABELS = ("Robin", "Wren", "Robin;Wren")


@pytest.fixture
def arguments(tmp_path) -> list[str]:
    rng = np.random.default_rng(0)
    rows = ["path;labels;split"]
    for split, n in (("curated", 15), ("noisy", 9), ("test", 2)):
        (tmp_path / "own" / split).mkdir(parents=True)
        for clip in range(n):
            sf.write(tmp_path / "own" / split / f"{clip}.wav", 0.1 * rng.normal(size=16_000), 16_000)
            rows += [f"{split}/{clip}.wav;{label};{split}" for label in LABELS[clip % 3].split(";")]
    (tmp_path / "own" / "clips.csv").write_text("\n".join(rows))
    places = [f"dataset.root={tmp_path}/own", f"clean_dir={tmp_path}/clean", f"run_dir={tmp_path}/runs"]
    return ["--config", str(CONFIG), "--jobs", "1", *places]


@pytest.mark.usefixtures("eagerly")
def test_a_table_of_curated_and_noisy_clips(arguments, tmp_path, capsys):
    assert preprocess.main(arguments) == 0
    assert train.main([*arguments, *SMALL.split()]) == 0
    *lines, last = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"train\.py took 0:\d\d:\d\d \(h:mm:ss\) in all, start-up and reports included", last)
    assert sum(bool(re.fullmatch(r" +epochs  1, best 1, in \d+ s", line)) for line in lines) == 2
    out = tmp_path / "submission.csv"
    assert predict.main(["--runs", f"{tmp_path}/runs/curated", "--jobs", "1", "--out", str(out)]) == 0
    with out.open(newline="") as file:
        header, *rows = csv.reader(file)
    assert (header, [row[0] for row in rows]) == (["fname", "Robin", "Wren"], ["test/0.wav", "test/1.wav"])
    table = tmp_path / "own" / "clips.csv"
    table.write_text("\n".join(line for line in table.read_text().splitlines() if "test" not in line))
    capsys.readouterr()
    assert predict.main(["--runs", f"{tmp_path}/runs/curated", "--jobs", "1", "--out", str(out)]) == 2
    assert "has no test clips: train.py --folds 5 scores each clip" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("stages.noisy.sources=[train]", "stages.noisy.sources: expected splits out of curated, noisy, test"),
        ("stages.noisy.sources=[train]", "received train; set stages.noisy.sources=[curated]"),
    ],
)
def test_a_split_that_the_table_has_not_is_named_with_its_key(arguments, capsys, override, expected):
    assert train.main([*arguments, override]) == 2
    assert expected in capsys.readouterr().err


def test_without_noisy_clips_the_error_says_how_to_train(arguments, tmp_path, capsys):
    table = tmp_path / "own" / "clips.csv"
    table.write_text("\n".join(line for line in table.read_text().splitlines() if "noisy" not in line))
    assert train.main(arguments) == 2
    said = capsys.readouterr().err
    assert f"{tmp_path}/own has no noisy clips (split noisy)" in said
    assert "--stage curated stages.curated.init=none" in said
