"""How faults are planted and judged; that the tests catch them takes minutes, see benchmarks/planted_faults.py."""

import pytest

from benchmarks import forked_tests, planted_faults
from benchmarks.faults import Fault, FaultError, nearest_tests, places, planted, read_faults
from benchmarks.planted_faults import BROKEN, CAUGHT, FAULTS, SURVIVED, main, read_journal

FAULT = Fault("wrong sign", "return a - b", "return b - a", ("test_minus.py",))
CODE = "def minus(a, b):\n    return a - b\n"
TEST = "from rooms.minus import minus\n\n\ndef test_minus():\n    assert minus({}) == {}\n"


@pytest.fixture
def code(tmp_path):
    """A checkout of one function, whose test is too weak unless it is written anew."""
    root = tmp_path / "checkout"
    for file, text in {
        "rooms/minus.py": CODE,
        "tests/rooms/test_minus.py": TEST.format("1, 1", 0),
        "tests/test_whole.py": TEST.format("2, 2", 0),
        "benchmarks/other.py": CODE,
        ".venv/lib/minus.py": CODE,
        "pyproject.toml": '[tool.pytest.ini_options]\npythonpath = ["."]\ntestpaths = ["tests"]\n',
    }.items():
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_text(text)
    return root


@pytest.fixture(autouse=True)
def nothing_heavy(monkeypatch):
    """The little tests of these checkouts need no TensorFlow."""
    monkeypatch.setattr(forked_tests, "PRELOAD", ("pytest",))


def test_a_fault_is_planted_in_the_product_alone_and_taken_out_again(code):
    assert places(code, FAULT) == [code / "rooms/minus.py"]
    with planted(code, FAULT) as file:
        assert file.read_text() == CODE.replace("a - b", "b - a")
    assert file.read_text() == CODE


@pytest.mark.parametrize("text", ["", CODE + CODE], ids=["nowhere", "twice"])
def test_a_line_has_to_stand_there_just_once(code, text):
    (code / "rooms/minus.py").write_text(text)
    with pytest.raises(FaultError, match="wrong sign"), planted(code, FAULT):
        pass
    assert (code / "rooms/minus.py").read_text() == text


def test_nearest_tests_are_found_by_the_end_of_their_path(code):
    assert nearest_tests(code, FAULT) == ["tests/rooms/test_minus.py"]
    assert nearest_tests(code, Fault("", "", "", ("rooms/test_minus.py", "inus.py"))) == [
        "tests/rooms/test_minus.py"
    ]


def test_no_bytecode_is_left_that_could_pass_for_that_of_another_version(code):
    assert forked_tests.run_pytest(code, ["tests/rooms"], 60)[0] == 0
    assert not [*code.rglob("__pycache__")]


def test_the_list_of_faults_is_in_order():
    assert len(read_faults(FAULTS)) >= 45


def test_faults_are_tried_once_and_what_survived_on_the_whole_suite(code, tmp_path, monkeypatch, capsys):
    journal = tmp_path / "journal.csv"
    monkeypatch.setattr("benchmarks.planted_faults.read_faults", lambda _path: [FAULT])
    command = ["--checkout", str(code), "--journal", str(journal)]
    assert main([*command, "--nearest-only"]) == 1
    assert read_journal(journal)["wrong sign"][1:3] == (SURVIVED, "test_minus.py")
    (code / "tests/test_whole.py").write_text(TEST.format("3, 1", 2))
    assert main(command) == 0
    assert read_journal(journal)["wrong sign"][1:4] == (
        CAUGHT,
        "whole suite",
        "tests/test_whole.py::test_minus",
    )
    (code / "tests/test_whole.py").write_text("")  # what is known is not tried again
    assert main(command) == 0
    assert capsys.readouterr().out.endswith("caught 1 of 1\n")


def test_a_test_that_fails_anyway_catches_nothing(code, tmp_path, monkeypatch, capsys):
    (code / "tests/rooms/test_minus.py").write_text(TEST.format("2, 2", 7))
    monkeypatch.setattr("benchmarks.planted_faults.read_faults", lambda _path: [FAULT])
    assert main(["--checkout", str(code), "--journal", str(tmp_path / "j.csv")]) == 1
    assert "do not pass: tests/rooms/test_minus.py::test_minus" in capsys.readouterr().out


def test_code_that_cannot_be_imported_is_no_catch(code, tmp_path, monkeypatch):
    broken = Fault("no code", "return a - b", "return (", ("test_minus.py",))
    monkeypatch.setattr("benchmarks.planted_faults.read_faults", lambda _path: [broken])
    assert main(["--checkout", str(code), "--journal", str(tmp_path / "j.csv"), "--only", "no code"]) == 1
    assert read_journal(tmp_path / "j.csv")["no code"].result == BROKEN


def test_the_copy_has_the_code_and_not_what_was_made(tmp_path):
    for name in ("tagging/runs/run.py", "runs/demo/model.keras", "data/a.wav", ".git/x"):
        (tmp_path / "old" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "old" / name).touch()
    copy = planted_faults._copied(tmp_path / "old", tmp_path / "new")
    assert [path.name for path in copy.rglob("*") if path.is_file()] == ["run.py"]
