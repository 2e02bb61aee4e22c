"""Runs a script that kills itself (SIGKILL) just before its Nth file operation under a folder.

    python -m benchmarks.killed_at N FOLDER COUNT_FILE SCRIPT_OR_-m ARGUMENTS...

With N = 0 it runs to the end. COUNT_FILE gets the number of operations in either case. Operations are those that Python
audits: opening to write, renaming, removing, making and removing folders, truncating.
"""

import atexit
import os
import runpy
import signal
import sys
from pathlib import Path
from typing import Any

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_OPERATIONS = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "os.link", "os.symlink")


class Killer:
    """An audit hook that counts operations, and ends the process before one of them.

    Args:
        number: of the operation, from 1; 0: none.
        folder: only what happens in it counts.
    """

    def __init__(self, number: int, folder: Path) -> None:
        self.number, self.folder, self.count = number, str(folder.resolve()), 0

    def __call__(self, event: str, given: tuple[Any, ...]) -> None:
        if not self._is_operation(event, given):
            return
        self.count += 1
        if self.count == self.number:
            os.kill(os.getpid(), signal.SIGKILL)

    def _is_operation(self, event: str, given: tuple[Any, ...]) -> bool:
        if event == "open":
            return bool(given[2] & _WRITES) and self._is_inside(given[0])
        return event in _OPERATIONS and any(self._is_inside(each) for each in given[:2])

    def _is_inside(self, path: Any) -> bool:
        if not isinstance(path, str | bytes | os.PathLike):
            return False
        return os.path.abspath(os.fsdecode(path)).startswith(self.folder)


def main() -> None:
    number, folder, count_file, script, *arguments = sys.argv[1:]
    killer = Killer(int(number), Path(folder))
    atexit.register(lambda: Path(count_file).write_text(str(killer.count), encoding="utf-8"))
    sys.addaudithook(killer)
    if script == "-m":
        sys.argv = arguments
        runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)
    else:
        sys.argv = [script, *arguments]
        runpy.run_path(script, run_name="__main__")


if __name__ == "__main__":
    main()
