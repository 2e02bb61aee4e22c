"""Files that appear whole: what a killed process left half written goes with the next attempt."""

import subprocess
import sys

from foundation.files import write_atomic

KILLED = """
import os, pathlib, sys
from foundation.files import atomic_file
with atomic_file(pathlib.Path(sys.argv[1]), "wb") as file:
    file.write(b"half")
    file.flush()
    os._exit(9)
"""

KILLED_IN_RECORD = """
import os, pathlib, sys
from foundation.claims import claimed
from foundation.files import write_atomic
path = pathlib.Path(sys.argv[1])
with claimed("test", {"--out": path}):
    if sys.argv[2] == "killed":
        os.replace = lambda *given: os._exit(9)
    write_atomic(path, b"whole")
"""


def test_what_a_kill_left_of_the_record_of_outputs_is_removed_by_the_next_one(tmp_path):
    for how in ("killed", "killed", "whole"):
        words = [sys.executable, "-c", KILLED_IN_RECORD, str(tmp_path / "a.csv"), how]
        subprocess.run(words, check=False)  # noqa: S603
    assert {path.name for path in tmp_path.iterdir()} == {"a.csv", ".audio-tagging.json"}


def test_what_a_kill_left_half_written_is_removed_by_the_next_one(tmp_path):
    for name in ("a.csv", "b.csv"):
        subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / name)], check=False)  # noqa: S603
    assert len(list(tmp_path.iterdir())) == 2
    write_atomic(tmp_path / "a.csv", b"whole")
    left = {path.name for path in tmp_path.iterdir() if path.name.startswith(".part-")}
    assert (tmp_path / "a.csv").read_bytes() == b"whole"
    assert len(left) == 1  # that of b.csv
