"""Hashes of contents: BLAKE2b of 16 bytes, unless another one is asked for."""

import hashlib
import sys
from collections.abc import Callable
from typing import IO, Protocol

from foundation.workers import check_wanted

DIGEST_BYTES = 16
_BLOCK_BYTES = 2**20


class Digest(Protocol):
    """What is asked of a hash, as hashlib defines it."""

    def update(self, data: bytes | memoryview, /) -> None: ...
    def digest(self) -> bytes: ...
    def hexdigest(self) -> str: ...


def new_digest() -> Digest:
    """For contents that come piece by piece; `digest_of` of the whole is the same."""
    return hashlib.blake2b(digest_size=DIGEST_BYTES)


def digest_of(file: IO[bytes], n_bytes: int | None = None, new: Callable[[], Digest] = new_digest) -> bytes:
    """Hash, by default BLAKE2b of 16 bytes, of the next `n_bytes` of an open file, or of all to its end."""
    digest, left = new(), sys.maxsize if n_bytes is None else n_bytes
    while left > 0 and (block := file.read(min(left, _BLOCK_BYTES))):
        check_wanted()
        digest.update(block)
        left -= len(block)
    return digest.digest()
