"""Files and folders of a command line that are not there: one line, before TensorFlow is imported."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import predict
import train
from foundation.inputs import existing, is_missing
from tagging import __main__

ROOT = Path(__file__).parents[2]
RUN = "expected a run folder, received nowhere: no such file or folder; train.py makes one"
COMMANDS = [
    ("predict.py", ["--runs", "nowhere"], RUN),
    ("predict.py", ["--audio", "nowhere"], "expected a file or folder of audio, received nowhere"),
    (
        "predict.py",
        ["--audio", "no*"],
        "received no*: no such file or folder, and no file has a name of this pattern",
    ),
    ("report", ["nowhere"], RUN),
    ("compare", ["nowhere"], RUN),
    ("compare", ["--test", "nowhere"], "expected scores of predict.py, received nowhere"),
    ("curves", ["nowhere"], RUN),
    ("export", ["nowhere", "--to", "onnx", "--out", "out"], RUN),
    ("export", ["--weights", "nowhere", "--to", "onnx", "--out", "out"], "expected the weights file of"),
    (
        "export",
        ["--runtime", "nowhere", "--to", "page", "--out", "out"],
        "the npm package of onnxruntime-web",
    ),
    ("serve", ["nowhere"], RUN),
    ("serve", ["--page", "nowhere"], "expected a folder with an index.html, received nowhere"),
    ("sweep", ["--sweep", "nowhere"], "expected a sweep file, received nowhere"),
    ("tag", ["a.wav", "--run", "nowhere"], RUN),
    ("tag", ["*.wav"], "received *.wav: no such file or folder, and no file has a name of this pattern"),
    ("tag", ["nowhere", "none.wav"], "expected audio files or folders, received nowhere, none.wav: no such"),
]
IMPORTED = """
import json, sys
from tests.tagging.test_missing_inputs import code_of
codes = [code_of(*given) for given in json.loads(sys.argv[1])]
print(json.dumps([codes, sorted(sys.modules.keys() & {"tensorflow", "keras", "pandas", "numpy"})]))
"""


def code_of(name: str, arguments: list[str]) -> int | str | None:
    scripts = {"predict.py": predict.main, "train.py": train.main}
    try:
        if name in scripts:
            return scripts[name](arguments)
        return __main__.main([name, *arguments])
    except SystemExit as end:
        return end.code


def imported(given: list[tuple[str, list[str]]]) -> list[str]:
    """The heavy modules that commands import until they are refused, in a process of their own."""
    command = [sys.executable, "-c", IMPORTED, json.dumps(given)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603
    codes, loaded = json.loads(done.stdout)
    assert codes == [2] * len(given)
    return loaded


@pytest.mark.parametrize(("name", "arguments", "words"), COMMANDS)
def test_a_missing_file_or_folder_is_one_line(tmp_path, monkeypatch, capsys, name, arguments, words):
    monkeypatch.chdir(tmp_path)
    assert code_of(name, arguments) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert words in line


@pytest.mark.slow
def test_nothing_heavy_is_imported_to_find_that_it_is_missing():
    assert imported([(name, arguments) for name, arguments, _ in COMMANDS]) == []


@pytest.mark.slow
def test_training_finds_that_a_folder_of_clips_is_missing_without_tensorflow(tiny, tmp_path):
    config = tiny.write_config(tmp_path)
    settings = ([f"clean_dir={tmp_path}/no"], [f"clean_dir={tmp_path}", f"dataset.root={tmp_path}/no"])
    given = [("train.py", ["--config", str(config), *each]) for each in settings]
    assert imported(given) == ["numpy", "pandas"]
    assert imported([("doctor", ["--config", "nowhere"])]) == []


def test_names_links_and_home_are_known(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "run").mkdir()
    (tmp_path / "dangling").symlink_to("nothing")
    assert existing("a run")("~/run") == tmp_path / "run"
    assert existing("a run", names=["audioset"])("audioset") == Path("audioset")
    assert is_missing(tmp_path / "dangling")
    assert is_missing(tmp_path / "none" / "run")
    assert not is_missing(Path("a\0b")), "whoever opens it has the reason"
