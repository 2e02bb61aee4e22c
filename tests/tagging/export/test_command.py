"""`python -m tagging export`, and the script that it writes, in a process without TensorFlow."""

import json
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import soundfile

from models.mn import make_mn
from tagging.export import comparison, registry
from tagging.export.registry import FORMATS
from tagging.tagger.tagger import Tagger
from tests.export_helpers import export, refusal
from tests.tag_command_helpers import tone, unusable

WITHOUT_TENSORFLOW = """
import runpy, sys
for name in ("tensorflow", "keras", "tagging", "preprocessing", "scipy", "pandas"):
    sys.modules[name] = None
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.fixture
def sounds(tmp_path) -> list[Path]:
    """A stereo file with a pause at another rate, a short one, one of opposite channels, and silence."""
    folder = tmp_path / "sounds"
    folder.mkdir()
    pause = np.concatenate([tone("low", 1.0, 1, 22_050), np.zeros(60_000), tone("high", 2.0, 2, 22_050)])
    low = tone("low", 2.0, 4, 16_000)
    waves = {
        "pause": (np.stack([pause, 0.5 * pause], axis=1), 22_050),
        "short": (tone("middle", 0.2, 3), 8_000),
        "opposite": (np.stack([low, -low], axis=1), 16_000),
        "silent": (np.zeros(8_000), 8_000),
    }
    for name, (wave, rate_hz) in waves.items():
        soundfile.write(folder / f"{name}.flac", wave, rate_hz)
    return sorted(folder.iterdir())


def tags_of_script(script: Path, *arguments: object) -> list[dict]:
    command = [sys.executable, "-c", WITHOUT_TENSORFLOW, str(script), "--json", *map(str, arguments)]
    found = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert found.returncode == 0, found.stderr
    return json.loads(found.stdout)


@pytest.mark.parametrize("to", ["litert", pytest.param("onnx", marks=pytest.mark.slow)])
def test_the_script_tags_as_the_run(noisy, sounds, tmp_path, capsys, to):
    out = tmp_path / "out"
    assert export(noisy[1], "--to", to, "--out", out) == 0
    text = capsys.readouterr().out
    assert "largest difference of scores" in text
    assert "operators that are not built in  none" in text
    assert "  verdict                          passed: scores differ by at most " in text
    assert text.endswith(f"next: python {out / 'tag_standalone.py'} clip.wav\n")
    parity = json.loads((out / "parity.json").read_text())
    assert parity["own_clips"]["clips"] > 5
    assert parity["largest_difference"]["scores"] <= parity["allowed_difference_of_scores"] == 1e-4
    assert parity["metric"]["name"] == "lwlrap"
    assert abs(parity["metric"]["run"] - parity["metric"]["export"]) < 1e-6
    assert (out / "labels.txt").read_text().split() == list(Tagger.load(noisy[1]).names)
    assert "license:" in (out / "model_card.md").read_text()
    found = tags_of_script(out / "tag_standalone.py", "--top", 99, *sounds)
    tagger = Tagger.load(noisy[1])
    for entry, sound in zip(found, sounds, strict=True):
        expected = tagger(sound)
        scores = {tag["label"]: tag["score"] for tag in entry["tags"]}
        assert list(scores) == [label for label, _ in expected.top(99)]
        np.testing.assert_allclose(list(scores.values()), [score for _, score in expected.top(99)], atol=1e-5)


@pytest.mark.slow
def test_a_savedmodel_has_its_facts_and_a_script(noisy, sounds, tmp_path):
    assert export(noisy[1], "--to", "savedmodel", "--out", tmp_path) == 0
    command = [sys.executable, str(tmp_path / "tag_standalone.py"), "--json", str(sounds[0])]
    found = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    (entry,) = json.loads(found.stdout)
    assert entry["tags"][0]["label"] == Tagger.load(noisy[1])(sounds[0]).top(1)[0][0]


@pytest.mark.slow
def test_the_published_network_needs_no_run(tmp_path, capsys):
    keras.utils.set_random_seed(1)
    make_mn(0.4).save_weights(tmp_path / "mn.weights.h5")
    assert (
        export("audioset", "--weights", tmp_path / "mn.weights.h5", "--to", "litert", "--out", tmp_path / "o")
        == 0
    )
    assert len((tmp_path / "o" / "labels.txt").read_text().splitlines()) == 527
    assert "it has no clips of its own" in capsys.readouterr().out


def test_a_file_that_differs_is_not_written(noisy, tmp_path, capsys, monkeypatch):
    by_export = comparison._by_export

    def wrong(*arguments):
        found = by_export(*arguments)
        return comparison.Outputs(found.scores + 2e-4, found.logits)

    monkeypatch.setattr(comparison, "_by_export", wrong)
    line = refusal(capsys, noisy[1], "--to", "savedmodel", "--out", tmp_path / "out")
    assert "differ from the run's by 0.0002" in line
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("to", ["litert", "onnx"])
def test_a_package_that_lacks_is_named_with_its_command(noisy, tmp_path, capsys, monkeypatch, to):
    monkeypatch.setattr(registry, "find_spec", lambda name: None)
    packages = " ".join(FORMATS[to].packages.values())
    line = refusal(capsys, noisy[1], "--to", to, "--out", tmp_path / "out")
    assert line.endswith(f"pip install {packages}")


@pytest.mark.parametrize("given", [[], ["--to", "onx", "--out", "out"]])
def test_formats_are_named_with_what_they_are_for(tmp_path, capsys, given):
    line = refusal(capsys, tmp_path, *given)
    assert all(f"{form.name} ({form.purpose})" in line for form in FORMATS.values())
    assert line.endswith("received onx. Did you mean: 'onnx'?" if given else "received none")
    assert ("--out: a folder for the file" in line) is not bool(given)


def test_an_output_that_is_missing_or_a_file_is_refused(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(
        "tagging.cli.backend.quiet_tensorflow", lambda _: pytest.fail("TensorFlow was loaded")
    )
    file = unusable(tmp_path)
    assert "expected --out: a folder for the file" in refusal(capsys, tmp_path, "--to", "onnx")
    line = refusal(capsys, tmp_path, "--to", "onnx", "--out", file)
    assert line.endswith(f"--out: expected a folder, received {file}, which is a file")


def test_what_is_not_a_run_is_refused(tmp_path, capsys):
    assert "expected a finished run" in refusal(
        capsys, tmp_path, "--to", "savedmodel", "--out", tmp_path / "out"
    )
