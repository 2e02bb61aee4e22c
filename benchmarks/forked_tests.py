"""pytest in processes forked from one that has imported the heavy packages: seconds are saved each time.

Only packages of others are imported before, so that every process reads the code as it is then.
"""

import multiprocessing
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

PRELOAD = (
    "pytest",
    "numpy",
    "pandas",
    "scipy.stats",
    "sklearn.model_selection",
    "librosa",
    "h5py",
    "matplotlib.pyplot",
    "omegaconf",
    "optuna",
    "tensorflow",
    "keras",
)
OPTIONS = ("-p", "no:xdist", "-p", "no:cacheprovider", "-x", "-q")
NO_END = 124  # as the command `timeout` has it


def run_pytest(root: Path, arguments: Sequence[str], timeout_s: float) -> tuple[int, str]:
    """(exit code, output) of pytest in the folder `root`, up to the first failure; 124: it did not end in time."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(PRELOAD))
    with tempfile.NamedTemporaryFile(mode="r", encoding="utf-8", errors="replace") as output:
        process = context.Process(target=_pytest, args=(root, [*OPTIONS, *arguments], output.name))
        process.start()
        process.join(timeout_s)
        if process.is_alive():
            process.kill()
            process.join()
            return NO_END, output.read()
        return process.exitcode or 0, output.read()


def _pytest(root: Path, arguments: list[str], output: str) -> None:
    """In a fork: nothing of the checkout that started it may stand in for that of `root`.

    No bytecode is written: it would pass for that of another version of the same size and second.
    """
    import pytest  # noqa: PLC0415  imported in the server

    file = os.open(output, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(file, stream)
    here = os.getcwd()
    os.chdir(root)
    sys.path[:] = [str(root), *(path for path in sys.path if path not in ("", here, str(root)))]
    for name in [name for name in sys.modules if name.partition(".")[0] == "benchmarks"]:
        del sys.modules[name]
    sys.dont_write_bytecode, os.environ["PYTHONDONTWRITEBYTECODE"] = True, "1"
    sys.argv[:] = ["pytest", *arguments]
    code = int(pytest.main(arguments))
    sys.stdout.flush()
    os._exit(code)
