"""The hashes of a manifest, of two kinds; how a hash begins tells its kind.

New folders have XXH3-128. Those of older versions have BLAKE2b, and keep it for clips that come later: the same audio
has the same hash only within one kind. Both find what has changed; neither is there to stop a forger.

Source: xxHash's specification, https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import xxhash

from foundation.digests import Digest, new_digest
from foundation.files import content_hash


@dataclass(frozen=True)
class HashKind:
    """A kind of hash, of 16 bytes.

    Attributes:
        name: for people.
        prefix: what its hashes begin with; 32 hexadecimal digits follow.
        new: makes a digest to update.
    """

    name: str
    prefix: str
    new: Callable[[], Digest]

    def text(self, digest: Digest) -> str:
        """The hash that a manifest has."""
        return self.prefix + digest.hexdigest()

    def of_file(self, path: Path) -> str:
        """The hash of a file; "" where it is not a regular file, or cannot be read."""
        found = content_hash(path, self.new)
        return found and self.prefix + found


BLAKE2B = HashKind("BLAKE2b", "", new_digest)
XXH3 = HashKind("XXH3-128", "xxh3:", xxhash.xxh3_128)


def kind_of(text: str) -> HashKind:
    """The kind of a hash."""
    return XXH3 if text.startswith(XXH3.prefix) else BLAKE2B


def kind_of_all(texts: Iterable[str]) -> HashKind:
    """The kind of hashes, and of those that join them: BLAKE2b if any of them is; "" is not a hash."""
    return BLAKE2B if any(text and kind_of(text) is BLAKE2B for text in texts) else XXH3


def mixture(texts: Iterable[str]) -> str:
    """How many hashes are of which kind, where there are two, which cannot be compared; else ""."""
    counts = Counter(kind_of(text).name for text in texts if text)
    return " and ".join(f"{counts[name]} {name}" for name in sorted(counts)) if len(counts) > 1 else ""
