"""The examples of docs/extending.md, dropped into a copy of the program."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "extending.md").read_text()
AT_THE_END = re.compile(r"^At the end of `([\w/]+\.py)`:\n\n```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EXAMPLES = dict(re.findall(r"^`([\w/]+\.py)`:\n\n```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))

NETWORK = """
import numpy as np
from models.registry import build_network
from models.settings import ModelSettings

network = build_network(ModelSettings("linear"), (4, 3, 1), 2)
image = np.random.default_rng(0).uniform(0, 255, (5, 4, 3, 1)).astype("f")
kernel, bias = network.get_layer("head_logits").get_weights()
np.testing.assert_allclose(network(image), image[..., 0].mean(axis=1) / 255 @ kernel + bias, rtol=1e-4, atol=1e-5)
"""
LAYOUT = """
from pathlib import Path
from tagging.datasets import read_dataset
from tagging.datasets.settings import DatasetSettings
from tagging.datasets.table import COLUMNS, DatasetError

for name in ("dog-1", "dog-2", "cat-1"):
    Path(f"{name}.wav").touch()
dataset = read_dataset(DatasetSettings("prefixes", "."))
assert list(dataset.clips.columns) == list(COLUMNS)
assert list(dataset.clips["labels"]) == [("cat",), ("dog",), ("dog",)]
assert (dataset.classes, dataset.task) == (("cat", "dog"), "multiclass")
try:
    read_dataset(DatasetSettings("prefixes", "nowhere"))
except DatasetError as error:
    assert "Expected:" in str(error)
else:
    raise AssertionError
"""
AUGMENTATION = """
import sys
from tagging.config.load import load_config

config = load_config("configs/demo.yaml", ["train.augment.polarity.probability=0.5", "frontend.name=envelope"])
augment = next(iter(config.stages.values())).augment
assert "tensorflow" not in sys.modules and "keras" not in sys.modules
import numpy as np
import tensorflow as tf
from tagging.augment.batch import augment_waveforms
from tagging.augment.op import Batch

waves = np.random.default_rng(0).uniform(-1, 1, (200, 50)).astype("f")
chosen = np.arange(200) % 2 == 0
batch = Batch(tf.constant(waves), tf.zeros((200, 1)), tf.ones(200), tf.constant(chosen))
signs = augment_waveforms(batch, tf.constant([1, 2]), augment).inputs.numpy() / waves
assert set(np.unique(signs)) == {-1, 1} and (signs == signs[:, :1]).all()
assert (signs[~chosen] == 1).all() and 0.3 < (signs[chosen, 0] == -1).mean() < 0.7
"""
FRONT_END = """
import numpy as np
from tagging.frontend.registry import build_frontend
from tagging.frontend.settings import FrontendSettings

settings = FrontendSettings("envelope")
image = np.asarray(build_frontend(settings, 16_000, 1)(np.full((2, 1000), 0.5, "f")))
assert image.shape == (2, settings.frames(1000), 1, 1)
np.testing.assert_allclose(image, 0.5)
"""
LOSS = """
import numpy as np
from tagging.losses.registry import build_loss
from tagging.losses.settings import LOSSES, LossSettings

assert "focal" in LOSSES["multilabel"] and "focal" not in LOSSES["regression"]
logits = np.random.default_rng(0).normal(0, 3, (6, 4)).astype("f")
targets = (logits > 1).astype("f")
right = 1 / (1 + np.exp(np.where(targets == 1, -logits, logits)))
value = build_loss(LossSettings("focal"), "multilabel")(targets, logits)
np.testing.assert_allclose(value, (-((1 - right) ** 2) * np.log(right)).mean(axis=1), rtol=1e-4)
"""
METRIC = """
import numpy as np
from tagging.evaluation.task_kinds import KINDS, is_lower_better, validation_columns

assert "val_hamming" in validation_columns("multilabel") and is_lower_better("val_hamming")
report = KINDS["multilabel"].report(np.eye(4), np.eye(4)[::-1] - 0.5)
assert report["hamming"] == 0.5
"""
COMMAND = """
from contextlib import redirect_stdout
from io import StringIO
from tagging.__main__ import main

with redirect_stdout(StringIO()) as out:
    assert main(["count", "--config", "configs/demo.yaml", "dataset.layout=prefixes", "dataset.root=."]) == 0
assert out.getvalue().splitlines() == ["dog: 2", "cat: 1"]
"""
EXPORT = """
from pathlib import Path
from models.settings import ModelSettings
from tagging.config.load import load_config
from tagging.__main__ import main
from tagging.inference.build import build_tagger
from tagging.pipeline.pieces import audio_windows
from tagging.runs.place import finish_run, work_dir

config = load_config("configs/demo.yaml", ["model.name=linear"])
pieces = audio_windows(config.window, config.cleaning.rate_hz)
work_dir(Path("run")).mkdir()
build_tagger(config, pieces, 2, None).whole.save(work_dir(Path("run")) / "model.keras")
info = {"classes": ["a", "b"], "finished": "2026", "identity": {}, "task": "multilabel", "validation": {}}
finish_run(Path("run"), config, info)
with redirect_stdout(StringIO()) as out:
    assert main(["export", "run", "--to", "frozen_graph", "--out", "out"]) == 0
assert {"model.pb", "audio_tagging.json", "parity.json"} <= {path.name for path in Path("out").iterdir()}
"""
CHECKS = {
    "tagging/augment/ops/polarity.py": AUGMENTATION,  # the first, as it looks at what is loaded
    "models/linear.py": NETWORK,
    "tagging/datasets/layouts/prefixes.py": LAYOUT,
    "tagging/frontend/envelope.py": FRONT_END,
    "tagging/losses/focal.py": LOSS,
    "tagging/commands/count.py": COMMAND,
    "tagging/export/formats/frozen_graph.py": EXPORT,
}


def test_every_example_is_checked():
    assert set(EXAMPLES) == set(CHECKS)
    assert PAGE.count("```python") == len(EXAMPLES) + len(AT_THE_END.findall(PAGE))


@pytest.mark.slow
def test_the_examples_run(tmp_path):
    for folder in ("foundation", "models", "preprocessing", "submissions", "tagging", "configs"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for path, text in EXAMPLES.items():
        assert not (tmp_path / path).exists()
        (tmp_path / path).write_text(text)
    for path, text in AT_THE_END.findall(PAGE):
        (tmp_path / path).write_text(f"{(tmp_path / path).read_text()}\n\n{text}")
    command = [sys.executable, "-c", "\n".join([*CHECKS.values(), METRIC])]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stderr
