"""What all commands share: options that cannot be read are one line."""

import argparse
import json
import os
import signal
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import preprocess
import train
from foundation.errors import UserError
from tagging import __main__, cli
from tagging.__main__ import COMMANDS
from tagging.cli import backend, running

ROOT = Path(__file__).parents[2]


def refusal(capsys, parser: argparse.ArgumentParser, *arguments: str) -> str:
    with pytest.raises(SystemExit, match=r"^2$"):
        running.run(lambda args: 0, parser, arguments, interrupted="")
    (line,) = capsys.readouterr().err.splitlines()
    return line


def test_options_that_cannot_be_read_are_one_line(capsys):
    parser = cli.make_parser("Does nothing.")
    parser.prog = "nothing.py"
    assert refusal(capsys, parser, "--loud", "3") == (
        "nothing.py: error: unrecognized arguments: --loud (settings are written as key=value, "
        "such as train.epochs=5); --help lists the options"
    )
    assert "arguments: --confg=x (did you mean --config?); --help" in refusal(capsys, parser, "--confg=x")
    assert "--jobs: expected a whole number of at least 1, received two" in refusal(
        capsys, parser, "--jobs", "two"
    )


@pytest.mark.parametrize(("command", "meant"), [("doctr", " (did you mean doctor?)"), ("sing", "")])
def test_a_command_that_is_not_known(capsys, command, meant):
    with pytest.raises(SystemExit, match=r"^2$"):
        __main__.main([command])
    (line,) = capsys.readouterr().err.splitlines()
    assert f"expected a command first, received {command!r}{meant}; --help" in line


@pytest.mark.parametrize("command", [*COMMANDS, "sing"])
def test_every_command_says_what_it_lacks_in_one_line(capsys, command):
    with pytest.raises(SystemExit, match=r"^2$"):
        __main__.main([command, "--nothing=x"])
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("python -m tagging")
    assert line.endswith("; --help lists the options")


def test_help_has_a_line_for_every_command(capsys):
    assert COMMANDS == (
        "bench",
        "compare",
        "curves",
        "doctor",
        "export",
        "plots",
        "report",
        "serve",
        "sweep",
        "tag",
    )
    with pytest.raises(SystemExit, match=r"^0$"):
        __main__.main(["--help"])
    text = " ".join(capsys.readouterr().out.split())
    for command in COMMANDS:
        line = __main__.help_line(import_module(f"tagging.commands.{command}"))
        assert line.endswith(".")
        assert f" {command} {line}" in text


@pytest.mark.parametrize(
    ("script", "meaning"),
    [(train, "some files were refused"), (preprocess, "a split or a label is left without usable clips")],
)
def test_help_ends_with_what_the_exit_codes_mean(capsys, script, meaning):
    with pytest.raises(SystemExit, match=r"^0$"):
        script.main(["--help"])
    *_, last = capsys.readouterr().out.splitlines()
    assert last.startswith(f"exit codes: 0 done; 1 done, but {meaning}")


@pytest.mark.parametrize("arguments", [[], ["key=value", "tag"], ["--", "curves", "run"]])
def test_nothing_but_the_name_of_a_command_comes_first(arguments):
    with pytest.raises(SystemExit, match=r"^2$"):
        __main__.main(arguments)


@pytest.mark.parametrize("command", [preprocess.main, train.main, ["plots", "--out", "x.png"], ["doctor"]])
def test_another_folder_without_its_config_is_refused(tmp_path, capsys, command):
    root = tmp_path / "mine"
    for _ in ("absent", "there"):
        arguments = [f"dataset.root={root}", f"clean_dir={tmp_path}/clean", f"run_dir={tmp_path}/runs"]
        if isinstance(command, list):
            assert __main__.main([*command, *arguments]) == 2
        else:
            assert command(arguments) == 2
        assert "add --config configs/own/pretrained.yaml" in capsys.readouterr().err
        assert not list(tmp_path.rglob("*.wav"))
        (root / "dog").mkdir(parents=True, exist_ok=True)


def test_demo_data_elsewhere_and_another_layout_need_no_config(tmp_path):
    (tmp_path / cli.DEMO_MARK).touch()
    assert cli.chosen_config(None, [f"dataset.root={tmp_path}"]) == cli.DEFAULT_CONFIG
    assert cli.chosen_config(None, ["dataset.root=/x", "dataset.layout=folders"]) == cli.DEFAULT_CONFIG
    assert cli.chosen_config(cli.OWN_CONFIG, ["dataset.root=/x"]) == cli.OWN_CONFIG


@pytest.mark.parametrize("error", [UserError("expected x, received y"), OSError("disk full")])
def test_errors_of_the_user_are_one_line_and_a_traceback_on_request(capsys, monkeypatch, error):
    parser = cli.make_parser("Fails.")
    parser.prog = "fails.py"

    def fail(args: argparse.Namespace) -> int:
        raise error

    assert running.run(fail, parser, [], interrupted="") == 2
    assert capsys.readouterr().err == f"fails.py: error: {error}\n"
    monkeypatch.setenv("TAGGING_DEBUG", "1")
    assert running.run(fail, parser, [], interrupted="") == 2
    lines = capsys.readouterr().err.splitlines()
    assert (lines[0], lines[-1]) == ("Traceback (most recent call last):", f"fails.py: error: {error}")


def test_a_fault_of_the_program_is_raised():
    def fail(args: argparse.Namespace) -> int:
        raise ValueError("a bug")

    with pytest.raises(ValueError, match="a bug"):
        running.run(fail, cli.make_parser("Fails."), [], interrupted="")


def test_sigterm_ends_a_command_as_ctrl_c_does(capsys):
    closed = []

    def work(args: argparse.Namespace) -> int:
        try:
            signal.raise_signal(signal.SIGTERM)
        finally:
            closed.append(True)
        return 0

    before = signal.getsignal(signal.SIGTERM)
    parser = cli.make_parser("Waits.")
    assert running.run(work, parser, [], interrupted="rerun the same command") == 143
    assert closed == [True]
    assert capsys.readouterr().err == "interrupted; rerun the same command\n"
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_tilde_is_the_home_folder_in_every_path_option(monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    parser = cli.make_parser("Reads paths.")
    parser.add_argument("--runs", type=Path, nargs="+")
    seen: list[argparse.Namespace] = []
    arguments = ["--config=~/c.yaml", "--runs", "~/a", "b", "--", "seed=~/1"]
    running.run(lambda args: seen.append(args) or 0, parser, arguments, interrupted="")
    assert (seen[0].config, seen[0].runs) == (Path("/home/me/c.yaml"), [Path("/home/me/a"), Path("b")])
    assert seen[0].overrides == ["seed=~/1"]


@pytest.mark.parametrize(
    ("jobs", "apart", "threads"),
    [(2, False, []), (1, False, [(1, 1)]), (2, True, [(1, -1)]), (1, True, [(1, -1)])],
)
def test_tensorflow_gets_the_cores_that_it_may_use(monkeypatch, jobs, apart, threads):
    limits = []
    monkeypatch.setattr(backend, "available_cores", lambda: 2)
    monkeypatch.setattr(backend, "_limit_threads", lambda _, *found: limits.append(found))
    backend.quiet_tensorflow(jobs, calls_apart=apart)
    assert limits == threads


@pytest.mark.parametrize(("given", "expected"), [({}, {1}), ({"OPENBLAS_NUM_THREADS": "2"}, {2})])
def test_a_blas_keeps_to_one_thread_in_commands_unless_the_user_says_so(given, expected):
    """Its threads spin after each product: they would take the cores from the command's own."""
    program = (
        "import argparse, sys\nfrom tagging.cli import running\ndef command(_):\n"
        "    import numpy\n    from threadpoolctl import threadpool_info\n"
        "    print([blas['num_threads'] for blas in threadpool_info() if blas['user_api'] == 'blas'])\n    return 0\n"
        "sys.exit(running.run(command, argparse.ArgumentParser(), [], interrupted=''))"
    )
    others = {key: value for key, value in os.environ.items() if not key.endswith("_NUM_THREADS")}
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=others | given,
        capture_output=True,
        text=True,
        check=True,
    )
    threads = {min(number, cli.available_cores()) for number in expected}
    assert set(json.loads(done.stdout)) <= threads  # none, where NumPy has no BLAS that can be asked


def test_the_library_loads_without_notices_and_with_the_threads_as_they_were():
    program = (
        "from tagging import Tagger\nimport tensorflow as tf\ntf.zeros(1)\n"
        "print(Tagger.__name__, tf.config.threading.get_intra_op_parallelism_threads())"
    )
    environment = {key: value for key, value in os.environ.items() if key != "TF_CPP_MIN_LOG_LEVEL"}
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("Tagger 0\n", "")
