"""What the command line of `tag` refuses before anything is loaded: in one line, with exit code 2."""

from argparse import ArgumentParser
from pathlib import Path

import pytest

from tagging.tagger import arguments, options
from tests.tag_command_helpers import refused, tag


def line_of_parser(capsys, *arguments: object) -> str:
    """The one line of a command whose options cannot be read."""
    with pytest.raises(SystemExit, match=r"^2$"):
        tag(*arguments)
    (line,) = capsys.readouterr().err.splitlines()
    return line


@pytest.fixture(autouse=True)
def nothing_is_loaded(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        "tagging.cli.backend.quiet_tensorflow", lambda *_, **__: pytest.fail("TensorFlow was loaded")
    )


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--hop-s", "0", "argument --hop-s: expected a number above 0, received 0"),
        ("--threshold", "1.5", "expected a number of at least 0 and at most 1, received 1.5"),
        ("--max-gap-s", "-1", "expected a number of at least 0, received -1"),
        ("--window-s", "nan", "expected a number above 0, received nan"),
        ("--window-s", "x", "expected a number above 0, received x"),
        ("--top", "x", "expected a whole number of at least 1, received x"),
        ("--top", "0", "expected a whole number of at least 1, received 0"),
        ("--format", "xml", "invalid choice: 'xml'"),
    ],
)
def test_values_that_are_none_are_refused(option, value, words, capsys):
    assert words in line_of_parser(capsys, "a.wav", "--run", ".", "--timeline", option, value)


def test_what_is_not_known_or_lacks_is_refused(capsys):
    assert "--loud" in line_of_parser(capsys, "a.wav", "--run", ".", "--loud")


@pytest.mark.parametrize(
    ("option", "value", "ending"),
    [
        ("--plot", "p.jpg", ".png"),
        ("--plot", "p", ".png"),
        ("--plot", "/dev/null", ".png"),
        ("--labels", "l.csv", ".txt"),
        ("--embeddings", "e.txt", ".npz"),
    ],
)
def test_a_file_is_named_as_what_it_is(option, value, ending, capsys):
    line = refused(capsys, "a.wav", "--run", ".", "--timeline", option, value)
    assert line.endswith(f"{option}: expected a name that ends in {ending}, received {value}")


def test_a_run_is_a_folder(capsys):
    Path("model.keras").write_text("a model")
    line = refused(capsys, "a.wav", "--run", "model.keras")
    assert line.endswith("--run: expected a run folder, received the file model.keras")


@pytest.mark.parametrize(
    ("given", "chosen"),
    [
        ([], "table"),
        (["--out", "t.csv"], "csv"),
        (["--out", "T.JSON"], "json"),
        (["--out", "t.jsonl"], "jsonl"),
        (["--out", "t.txt"], "table"),
        (["--out", "t.csv", "--format", "table"], "table"),
    ],
)
def test_the_format_is_that_of_the_name_of_the_output(given, chosen):
    parser = ArgumentParser()
    arguments.add_arguments(parser)
    args = parser.parse_args([__file__, *given])
    options.check(args)
    assert args.format == chosen


def test_without_files_it_says_where_they_go(capsys):
    assert refused(capsys).endswith("expected audio files or folders, received none; give them after tag")
    assert refused(capsys, "--run", ".").endswith("give them before --run")
