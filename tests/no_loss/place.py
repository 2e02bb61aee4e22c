"""Files that people would miss, in one folder."""

import hashlib
import os
import shutil
import stat
from pathlib import Path

MINE = ("mine.csv", "mine.png", "mine.npz", "mine.txt", "mine.html", "mine.yaml")


SWEEP = (
    "method: grid\nmetric: {name: loss, goal: minimize}\nparameters: {seed: {values: [1, 2]}}\nrun_cap: 1\n"
)


class Place:
    """Files that people would miss: recordings, a data set, its clean audio, runs, and files of their own.

    `links` has a link to each of them with any ending that an option may ask for.
    """

    def __init__(self, folder: Path, tiny, run: Path) -> None:
        self.folder, self.precious, self.links = folder, folder / "precious", folder / "links"
        self.root, self.clean, self.run = (self.precious / name for name in ("raw", "clean", "run"))
        shutil.copytree(tiny.root, self.root)
        shutil.copytree(tiny.clean, self.clean)
        for name in ("run", "other_run"):
            shutil.copytree(run, self.precious / name)
        self.recordings = self.precious / "recordings"
        self.recordings.mkdir()
        clips = sorted((self.root / "test").glob("*.wav"))
        for name, clip in zip(("a.wav", "b.wav"), clips, strict=False):
            shutil.copy(clip, self.recordings / name)
        for name in MINE:
            (self.recordings / name).write_text(f"my own {name}")
        self.config = folder / "config.yaml"
        text = Path(tiny.write_config(folder)).read_text()
        self.config.write_text(
            text.replace(str(tiny.root), str(self.root)).replace(str(tiny.clean), str(self.clean))
        )
        self.sweep = folder / "sweep.yaml"
        self.sweep.write_text(SWEEP)

    @property
    def protected(self) -> dict[str, Path]:
        return {
            "input": self.recordings / "a.wav",
            "another recording": self.recordings / "b.wav",
            **{name: self.recordings / name for name in MINE},
            "sample submission": self.root / "sample_submission.csv",
            "labels": self.root / "train_curated.csv",
            "raw clip": next((self.root / "train_noisy").glob("*.wav")),
            "clean clip": next((self.clean / "noisy").glob("*.wav")),
            "manifest": self.clean / "manifest.csv",
            "cleaning settings": self.clean / "cleaning.json",
            **{
                f"run's {name}": self.run / name
                for name in ("config.yaml", "model.keras", "run.json", "curves.png")
            },
            "another run's report": self.precious / "other_run" / "report.html",
        }

    def link(self, target: Path, name: str) -> Path:
        """A fresh link to a file, under a name that an option takes."""
        shutil.rmtree(self.links, ignore_errors=True)
        (self.links / name).parent.mkdir(parents=True)
        (self.links / name).symlink_to(target)
        return self.links / name

    def state(self) -> dict[str, tuple]:
        """All that is there: names, kinds, contents, times."""
        found = {}
        for path in sorted([self.precious, *self.precious.rglob("*")]):
            facts = path.lstat()
            content = (
                hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else os.path.islink(path)
            )
            times = (facts.st_mtime_ns, facts.st_ino) if path.is_file() else ()
            found[str(path)] = (stat.S_IFMT(facts.st_mode), content, *times)
        return found
