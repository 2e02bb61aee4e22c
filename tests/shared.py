"""Folders that tests share: made once, by whichever worker needs them first, and never changed by a test."""

import fcntl
import json
import shutil
from collections.abc import Callable
from pathlib import Path


class Shared:
    """Folders by name, below one that all workers see."""

    def __init__(self, root: Path) -> None:
        root.mkdir(exist_ok=True)
        self.root = root

    def __call__(self, name: str, make: Callable[[Path], object]) -> Path:
        """The folder of this name, filled by `make`; whoever comes second waits for the first.

        It is for reading: a test that writes, or calls what takes a lock there, does it in a copy.
        """
        folder, made = self.root / name, self.root / f"{name}.json"
        with (self.root / f"{name}.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not made.exists():
                shutil.rmtree(folder, ignore_errors=True)  # what is left of a `make` that failed
                folder.mkdir()
                make(folder)
                made.write_text(json.dumps(_state(folder)))
        return folder

    def changed(self) -> list[str]:
        """Files that are not as they were made."""
        changed = []
        for made in self.root.glob("*.json"):
            before, now = json.loads(made.read_text()), _state(made.with_suffix(""))
            names = sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))
            changed += [f"{made.stem}/{name}" for name in names]
        return changed


def _state(folder: Path) -> dict[str, list[int]]:
    """Size and time of every file in it."""
    stats = {path: path.stat() for path in folder.rglob("*") if path.is_file()}
    return {str(path.relative_to(folder)): [stat.st_size, stat.st_mtime_ns] for path, stat in stats.items()}
