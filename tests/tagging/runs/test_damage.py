"""Files of a run that are damaged, swapped or replaced meanwhile: one line that names the file."""

import json
import shutil

import numpy as np
import pytest

from foundation.files import content_hash
from tagging.runs.folds import read_folds, stage_of_folds, write_folds
from tagging.runs.model_hash import model_hash
from tagging.runs.run import RunError, read_run


@pytest.fixture
def run(noisy, tmp_path):
    """A copy of a finished run."""
    return shutil.copytree(noisy[1], tmp_path / "run")


def refusal(action) -> str:
    with pytest.raises(ValueError, match=r".") as error:
        action()
    assert "\n" not in str(error.value)
    return str(error.value)


def edit(path, change) -> None:
    info = json.loads((path / "run.json").read_text())
    change(info)
    (path / "run.json").write_text(json.dumps(info))


@pytest.mark.parametrize("text", ["", "{", "epoch,loss\n", "epoch,loss\n1,\x00\n", "\x00\x01"])
def test_a_damaged_history_is_named(run, text):
    (run / "history.csv").write_text(text)
    assert "history.csv: expected" in refusal(read_run(run).history)


def test_a_model_that_is_not_a_whole_file_is_named(run):
    model = run / "model.keras"
    model.write_bytes(model.read_bytes()[:1000])
    assert f"{model} cannot be read (not a whole .keras file)" in refusal(read_run(run).load_model)


def test_the_model_of_another_run_with_as_many_classes_is_refused(run):
    model = read_run(run).load_model()
    model.get_layer("network").set_weights([0 * w for w in model.get_layer("network").get_weights()])
    model.save(run / "model.keras")
    message = refusal(read_run(run).load_model)
    assert message.startswith(f"{run / 'model.keras'} does not belong to this run: ")


def test_a_run_of_older_code_knows_no_hash_of_its_model_and_is_trusted(run):
    edit(run, lambda info: info.pop("model_hash"))
    model = read_run(run).load_model()
    model.save(run / "model.keras")
    assert read_run(run).load_model().output_shape == model.output_shape


def test_a_model_of_more_classes_than_an_older_run_is_refused(run):
    edit(run, lambda info: (info.pop("model_hash"), info.pop("train_mean"), info["identity"].pop("classes")))
    edit(run, lambda info: info["classes"].pop())
    message = refusal(read_run(run).load_model)
    assert message.startswith(f"{run / 'model.keras'} does not belong to this run: ")


def test_a_model_is_read_for_its_hash_once(run, monkeypatch):
    read = []
    monkeypatch.setattr(
        "tagging.runs.model_hash.content_hash", lambda path: read.append(path) or content_hash(path)
    )
    for _ in range(2):
        read_run(run).load_model()
    assert read == [run / "model.keras"]


def test_a_model_that_cannot_be_read_has_no_hash_and_is_tried_again(tmp_path, monkeypatch):
    path = tmp_path / "model.keras"
    path.write_bytes(b"weights")
    with monkeypatch.context() as patched:
        patched.setattr("tagging.runs.model_hash.content_hash", lambda path: "")
        with pytest.raises(OSError, match=r"model\.keras cannot be read"):
            model_hash(path)
    assert model_hash(path) == content_hash(path)


def test_classes_in_another_order_are_refused(run):
    edit(run, lambda info: info["classes"].reverse())
    assert "run.json: expected the classes that were trained" in refusal(lambda: read_run(run))


def test_a_config_of_another_run_is_refused(run):
    text = (run / "config.yaml").read_text()
    (run / "config.yaml").write_text(text.replace("n_mels: 16", "n_mels: 20"))
    assert "n_mels: 20" in (run / "config.yaml").read_text()
    message = refusal(lambda: read_run(run))
    assert "config.yaml does not belong to this run" in message
    assert "(frontend.n_mels: 16 -> 20)" in message


def test_what_a_prediction_may_change_is_no_damage(run):
    assert read_run(run, ["window.hop_s=0.1"]).config.window.hop_s == 0.1


def test_a_run_that_is_replaced_while_it_is_read_is_no_mixture(run):
    read = read_run(run)
    edit(run, lambda info: info.update(finished="2999"))
    with pytest.raises(
        RunError, match="was replaced by another run while it was read; run the command again"
    ):
        read.load_model()


@pytest.mark.parametrize("content", [b"", b"null", b"3", b"[]", b"{}", b'{"a": "\xe9"}'])
def test_a_run_json_that_is_no_mapping_in_utf8_is_named(run, content):
    (run / "run.json").write_bytes(content)
    assert refusal(lambda: read_run(run)).startswith(f"{run / 'run.json'}: expected ")


@pytest.mark.parametrize(
    ("key", "values"),
    [
        ("classes", [None, "abc", [], [1, 2], 3]),
        ("task", [None, "zz", [], 1]),
        ("identity", [None, [], "x"]),
        ("validation", ["x", 3, []]),
        ("finished", [None, 2026]),
        ("floor_db", ["x", float("nan"), [], True]),
        ("train_mean", [None, [0.1], "x", ["a"]]),
        ("versions", [None, "3.11"]),
        ("seconds", [None, "x", float("inf"), 10**400]),
        ("best_epoch", [None, "1"]),
    ],
)
def test_a_value_of_run_json_that_cannot_be_right_is_named(run, key, values):
    for value in values:
        edit(run, lambda info, value=value: info.update({key: value}))
        message = refusal(lambda: read_run(run))
        assert message.startswith(f"{run / 'run.json'}: expected {key} ")


def test_folds_of_names_that_are_no_file_names_everywhere_are_read_back(tmp_path):
    names = ["x/a:00.wav", "x/b\\0.wav"]
    write_folds(tmp_path, names, np.array([2, 1]))
    assert read_folds(tmp_path).to_dict() == dict(zip(names, [2, 1], strict=True))


def test_folds_without_a_stage_are_named(tmp_path):
    write_folds(tmp_path, ["a.wav", "b.wav"], np.array([2, 1]))
    missing = f"{tmp_path / 'fold-1' / 'noisy'}, {tmp_path / 'fold-2' / 'noisy'}"
    message = refusal(lambda: stage_of_folds(tmp_path, "noisy"))
    assert f"but {missing} are not finished; train.py --folds 2 resumes it" in message


@pytest.mark.parametrize("text", ["", "\n\n", "fname,fold\n", "fname,fold\na.wav,x\n"])
def test_a_damaged_table_of_folds_is_not_to_be_downloaded(tmp_path, text):
    (tmp_path / "folds.csv").write_text(text)
    message = refusal(lambda: read_folds(tmp_path))
    assert message.startswith(f"{tmp_path / 'folds.csv'}: expected ")
    assert message.endswith("; restore it, or train with --force")
