"""What all commands share: options that cannot be read are one line."""

import argparse

import pytest

from tagging import __main__, cli


def refusal(capsys, parser: argparse.ArgumentParser, *arguments: str) -> str:
    with pytest.raises(SystemExit, match=r"^2$"):
        cli.run(lambda args: 0, parser, arguments, interrupted="")
    (line,) = capsys.readouterr().err.splitlines()
    return line


def test_options_that_cannot_be_read_are_one_line(capsys):
    parser = cli.make_parser("Does nothing.")
    parser.prog = "nothing.py"
    assert refusal(capsys, parser, "--loud") == (
        "nothing.py: error: unrecognized arguments: --loud; --help lists the options"
    )
    assert "--jobs: expected a whole number of at least 1, received two" in refusal(
        capsys, parser, "--jobs", "two"
    )


@pytest.mark.parametrize("verb", [*__main__.VERBS, "sing"])
def test_every_verb_says_what_it_lacks_in_one_line(capsys, verb):
    with pytest.raises(SystemExit, match=r"^2$"):
        __main__.main([verb, "--nothing=x"])
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("python -m tagging")
    assert line.endswith("; --help lists the options")
