"""What `benchmarks.old_and_new` runs on both checkouts: commands as a user types them, and the data they need.

A command is split as a shell does, then its words are filled in:

    {out}      folder of the scenario and side          {side}   folder of all scenarios of this side
    {old}      folder of all scenarios of the old side  {made}   made data, the same for both
    {jobs}     cores                                    {fsd_mini} {esc10} {weights}   as given on the command line

`copy A B` copies a folder; `cut FILE LINES SCRIPT ...` runs a script until FILE has so many lines, and then stops it
as Ctrl-C does.
"""

import io
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np

_DEMO = "--config configs/demo.yaml dataset.root={side}/demo/raw clean_dir={side}/demo/clean"
_OLD_DEMO = "--config configs/demo.yaml dataset.root={old}/demo/raw clean_dir={out}/clean"
_FSD = (
    "--config configs/fsd_mini/yamnet.yaml dataset.root={fsd_mini} clean_dir={out}/clean run_dir={out}/runs "
    "model.weights={weights} train.epochs=2"
)
_ESC10 = (
    "--config configs/esc10/cnn_gru.yaml dataset.root={esc10} clean_dir={out}/clean run_dir={out}/runs "
    "train.epochs=2"
)
_MOOD = (
    "--config configs/mood/lstm.yaml dataset.root={made}/mood clean_dir={out}/clean run_dir={out}/runs "
    "train.epochs=3"
)
_BEGUN = "train.py --jobs {jobs} --stage noisy {demo} train.epochs=8"


@dataclass(frozen=True)
class Scenario:
    """Commands in order; `{demo}` in them stands for the demo's config and folders.

    Attributes:
        after: scenarios of the same side whose folders are used.
        of_old: scenarios of the old side whose folders are used.
        data: options that have to be given.
        only_old: what is made by the old code for the new to find; nothing is compared.
    """

    name: str
    commands: tuple[str, ...]
    after: tuple[str, ...] = ()
    of_old: tuple[str, ...] = ()
    data: tuple[str, ...] = ()
    only_old: bool = False


SCENARIOS = (
    Scenario(
        "demo",
        (
            "preprocess.py --jobs {jobs} {demo}",
            "train.py --jobs {jobs} --stage noisy {demo} run_dir={out}/runs",
            "train.py --jobs {jobs} --stage curated {demo} run_dir={out}/runs",
            "predict.py --jobs {jobs} --report --out {out}/submission.csv {demo} run_dir={out}/runs",
        ),
    ),
    Scenario(
        "fsd_mini",
        (
            f"preprocess.py --jobs {{jobs}} {_FSD}",
            f"train.py --jobs {{jobs}} {_FSD}",
            f"predict.py --jobs {{jobs}} --report --out {{out}}/submission.csv {_FSD}",
        ),
        data=("fsd_mini", "weights"),
    ),
    Scenario(
        "esc10",
        (
            f"preprocess.py --jobs {{jobs}} {_ESC10}",
            f"train.py --jobs {{jobs}} {_ESC10}",
            "predict.py --jobs {jobs} --runs {out}/runs/train --audio '{esc10}/001 - Dog bark' --out {out}/dogs.csv",
        ),
        data=("esc10",),
    ),
    Scenario(
        "mood",
        (
            f"preprocess.py --jobs {{jobs}} {_MOOD}",
            f"train.py --jobs {{jobs}} {_MOOD}",
            f"predict.py --jobs {{jobs}} --report --out {{out}}/submission.csv {_MOOD}",
        ),
    ),
    Scenario(
        "folds",
        (
            "train.py --jobs {jobs} --folds 2 {demo} run_dir={out}/runs train.epochs=2",
            "predict.py --jobs {jobs} --runs {out}/runs --out {out}/submission.csv",
            "predict.py --jobs {jobs} --runs {out}/runs {side}/demo/runs/curated --out {out}/both.csv",
        ),
        after=("demo",),
    ),
    Scenario(
        "sweep",
        ("-m tagging sweep --jobs {jobs} --sweep {made}/sweep.yaml --trials 2 --out {out}/sweep {demo}",),
        after=("demo",),
    ),
    Scenario(
        "tag",
        (
            "-m tagging tag {made}/audio --jobs {jobs} --run {side}/demo/runs/curated --format csv "
            "--out {out}/clips.csv --embeddings {out}/clips.npz",
            "-m tagging tag {made}/audio/long.wav --jobs {jobs} --run {side}/demo/runs/curated --timeline "
            "--threshold 0.2 --smooth-s 0.7 --format csv --out {out}/timeline.csv --labels {out}/labels.txt",
            "-m tagging tag {made}/audio --jobs {jobs} --run {side}/demo/runs/curated --timeline --hop-s 0.5 "
            "--format json --out {out}/timeline.json --embeddings {out}/windows.npz --per-window",
            "-m tagging tag {made}/audio --jobs {jobs} --run {side}/demo/runs/curated {side}/demo/runs/noisy "
            "--top 3 --format jsonl --out {out}/both.jsonl",
            "predict.py --jobs {jobs} --runs {side}/demo/runs/curated --audio {made}/audio --out {out}/audio.csv",
        ),
        after=("demo",),
    ),
    Scenario(
        "old runs",
        (
            "predict.py --jobs {jobs} --report --runs {old}/demo/runs/curated --out {out}/demo.csv",
            "predict.py --jobs {jobs} --runs {old}/folds/runs --out {out}/folds.csv",
            "predict.py --jobs {jobs} --runs {old}/mood/runs/train --out {out}/mood.csv",
            "-m tagging tag {made}/audio --jobs {jobs} --run {old}/demo/runs/curated --timeline --format json "
            "--out {out}/timeline.json",
            "-m tagging report {old}/demo/runs/curated --out {out}/report.html",
            "-m tagging report {old}/folds/runs --out {out}/folds.html",
        ),
        of_old=("demo", "folds", "mood"),
    ),
    Scenario(
        "begun",
        (f"cut {{out}}/runs/noisy.part/history.csv 4 {_BEGUN} run_dir={{out}}/runs",),
        of_old=("demo",),
        only_old=True,
    ),
    Scenario(
        "old runs resumed",
        (
            "copy {old}/demo/clean {out}/clean",
            "copy {old}/demo/runs {out}/finished",
            "copy {old}/begun/runs {out}/runs",
            f"preprocess.py --jobs {{jobs}} {_OLD_DEMO}",
            f"train.py --jobs {{jobs}} {_OLD_DEMO} run_dir={{out}}/finished",
            f"{_BEGUN} run_dir={{out}}/runs".replace("{demo}", _OLD_DEMO),
        ),
        of_old=("demo", "begun"),
    ),
)


def words_of(command: str) -> str:
    """The command with the demo's config and folders written out."""
    return command.replace("{demo}", _DEMO)


def make_data(folder: Path) -> None:
    """Fill `folder` with data that both sides use: moods, audio and a sweep file; what is there is kept."""
    if (folder / "sweep.yaml").is_file():
        return
    rng = np.random.default_rng(0)
    _make_moods(folder / "mood", rng)
    (folder / "audio").mkdir(parents=True)
    for name, seconds in (("short.wav", 1.3), ("middle.wav", 4.0), ("long.wav", 14.0)):
        (folder / "audio" / name).write_bytes(_wav(_sounds(seconds, rng)))
    (folder / "sweep.yaml").write_text(_SWEEP)


_SWEEP = """\
method: bayes
metric: {name: val_lwlrap, goal: maximize}
run_cap: 2
parameters:
  train.learning_rate: {min: 0.0003, max: 0.01, distribution: log_uniform_values}
  model.dropout: {values: [0.0, 0.2, 0.4]}
  stages.noisy.epochs: {value: 2}
  stages.curated.epochs: {value: 3}
"""


def _make_moods(folder: Path, rng: np.random.Generator) -> None:
    """Sequences (140, steps) of several lengths whose first bands carry the three numbers to predict."""
    for split, count in (("train", 48), ("test", 12)):
        (folder / split).mkdir(parents=True)
        lines = ["Id,valence,energy,danceability"]
        for number in range(count):
            values = rng.uniform(0, 1, 3).round(4)
            array = rng.normal(0, 1, (140, int(rng.integers(20, 60)))).astype(np.float32)
            array[:3] += 3 * values[:, None].astype(np.float32)
            np.save(folder / split / f"{split}{number}.fused.full.npy", array)
            lines.append(f"{split}{number}," + ",".join(map(str, values)))
        (folder / f"{split}_labels.txt").write_text("\n".join(lines) + "\n")


def _sounds(seconds: float, rng: np.random.Generator) -> np.ndarray:
    """Tones, noise and pauses, each a second or two long, int16 at 22,050 Hz."""
    parts, left = [], int(seconds * 22_050)
    while left > 0:
        t = np.arange(min(left, int(rng.integers(15_000, 40_000)))) / 22_050
        tone = np.sin(2 * np.pi * rng.uniform(200, 3000) * t * (1 + 0.2 * rng.uniform() * t))
        sound = (tone, rng.normal(0, 0.3, len(t)), np.zeros(len(t)))[int(rng.integers(3))]
        parts.append(rng.uniform(0.1, 0.9) * sound)
        left -= len(t)
    return (np.clip(np.concatenate(parts), -1, 1) * 32_000).astype("<i2")


def _wav(samples: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setparams((1, 2, 22_050, len(samples), "NONE", ""))
        file.writeframes(samples.tobytes())
    return buffer.getvalue()
