"""What the shards of a prediction leave next to its output, until a command without a shard puts them together."""

import re
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from foundation.claims import claimed, maker, remove_output
from foundation.files import atomic_file
from foundation.shards import Shard, shard_of_name
from foundation.streams import is_stream
from submissions.ensemble import SubmissionError

Arrays = Mapping[str, np.ndarray]
"""By their names; `identity` of them is a text that tells what they were made of."""

IDENTITY = "identity"
_OF_OUT = "the shard of --out"
_NAME = re.compile(r".*\.shard-(\d+-of-\d+)\.npz")


@dataclass(frozen=True)
class Shards:
    """The shards of an output that are there.

    Attributes:
        out: the output.
        count: into how many parts its work was shared out; 1 where there are none.
        found: shard number -> key, such as the number of a run -> arrays.
    """

    out: Path
    count: int = 1
    found: Mapping[int, Mapping[str, Arrays]] = field(default_factory=dict)

    @property
    def every(self) -> list[Shard]:
        """All shards, also those that are not there."""
        return [Shard(number, self.count) for number in range(1, self.count + 1)]

    def has(self, shard: Shard, key: str, identity: str) -> bool:
        """Whether a shard has arrays of this identity under a key."""
        arrays = self.found.get(shard.number, {}).get(key)
        return shard.count == self.count and arrays is not None and str(arrays.get(IDENTITY)) == identity

    def take(self, shard: Shard, key: str, identity: str) -> Arrays | None:
        """What a shard has under a key; None: it is not there.

        Raises:
            SubmissionError: it was made of something else.
        """
        if shard.number not in self.found:
            return None
        if not self.has(shard, key, identity):
            raise SubmissionError(
                f"{shard_file(self.out, shard)} was made of other runs, clips or settings, or with other --jobs: "
                f"repeat --shard {shard} with the options of this command, or remove the file"
            )
        return self.found[shard.number][key]

    def tell_missing(self) -> None:
        """A line on stderr where there are shards, and some are not there."""
        if missing := [str(shard) for shard in self.every if self.found and shard.number not in self.found]:
            print(
                f"shards that are not there: {', '.join(missing)}; predicting their part here",
                file=sys.stderr,
            )


def shard_file(out: Path, shard: Shard) -> Path:
    """Where a shard leaves its part."""
    return out.with_name(f"{out.stem}.shard-{shard.name}.npz")


def read_shards(out: Path, shard: Shard | None = None) -> Shards:
    """Those that are there; for the command of a `shard` this one alone, if it is.

    Raises:
        SubmissionError: shards out of different numbers of them, or a damaged file.
    """
    paths = {} if is_stream(out) else {shard_of_name(name): path for name, path in _files(out)}
    counts = sorted({each.count for each in ([*paths, shard] if shard else paths)})
    if len(counts) > 1:
        raise SubmissionError(
            f"expected shards i/n of one n next to {out}, received {' and '.join(map(str, counts))}: use one n, or "
            "remove the others"
        )
    found = {each.number: _read(path) for each, path in paths.items() if shard in (None, each)}
    return Shards(out, counts[0] if counts else 1, found)


def write_shard(command: str, out: Path, shard: Shard, arrays: Mapping[str, Arrays]) -> None:
    """Write the part of a shard, key -> arrays, and say where it is."""
    path = shard_file(out, shard)
    flat: dict[str, Any] = {f"{key}/{name}": array for key in arrays for name, array in arrays[key].items()}
    with claimed(command, {_OF_OUT: path}), atomic_file(path, "wb") as file:
        np.savez(file, **flat)
    print(f"{path}: shard {shard}; once all are there, the same command without --shard puts them together")


def remove_shards(command: str, out: Path) -> None:
    """Remove the parts, once the output is there."""
    for _, path in [] if is_stream(out) else _files(out):
        remove_output(path, maker(command, _OF_OUT))


def _files(out: Path) -> list[tuple[str, Path]]:
    """Names of shards, and their files."""
    paths = sorted(out.parent.glob("*.shard-*-of-*.npz")) if out.parent.is_dir() else []
    found = (
        (_NAME.fullmatch(path.name), path) for path in paths if path.name.startswith(f"{out.stem}.shard-")
    )
    return [(match[1], path) for match, path in found if match]


def _read(path: Path) -> dict[str, dict[str, np.ndarray]]:
    arrays: dict[str, dict[str, np.ndarray]] = {}
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as whole:
            for name in whole.files:
                key, inner = name.split("/")
                arrays.setdefault(key, {})[inner] = whole[name]
    except (ValueError, KeyError, EOFError, TypeError, AttributeError, zipfile.BadZipFile) as error:
        raise SubmissionError(
            f"expected the part of a shard, received {path} ({error}): remove it"
        ) from error
    return arrays
