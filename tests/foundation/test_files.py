"""Files that appear whole: what a killed process left half written goes with the next attempt."""

import os
import subprocess
import sys

from foundation.claims import claimed
from foundation.files import write_atomic
from foundation.ledger import LEDGER
from foundation.parts import part_of

KILLED = """
import os, pathlib, sys
from foundation.files import atomic_file
with atomic_file(pathlib.Path(sys.argv[1]), "wb") as file:
    file.write(b"half")
    file.flush()
    os._exit(9)
"""


def test_what_a_kill_left_half_written_is_removed_by_the_next_one(tmp_path):
    for name in ("a.csv", "b.csv"):
        subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / name)], check=False)  # noqa: S603
    assert len(list(tmp_path.iterdir())) == 2
    write_atomic(tmp_path / "a.csv", b"whole")
    left = {path.name for path in tmp_path.iterdir() if path.name.startswith(".part-")}
    assert (tmp_path / "a.csv").read_bytes() == b"whole"
    assert len(left) == 1  # that of b.csv


def test_so_is_what_a_kill_left_of_the_record_of_outputs(tmp_path):
    part = part_of(tmp_path / LEDGER)
    dead = part.with_name(part.name.replace(str(os.getpid()), "999999999"))
    dead.write_text("{")
    with claimed("test", {"--out": tmp_path / "a.csv"}):
        write_atomic(tmp_path / "a.csv", b"whole")
    assert sorted(path.name for path in tmp_path.iterdir()) == [LEDGER, "a.csv"]
