"""The one hash of contents: BLAKE2b of 16 bytes."""

import hashlib
import sys
from typing import IO

from foundation.workers import check_wanted

DIGEST_BYTES = 16
_BLOCK_BYTES = 2**20


def digest_of(file: IO[bytes], n_bytes: int | None = None) -> bytes:
    """BLAKE2b, 16 bytes, of the next `n_bytes` of an open file, or of all to its end."""
    digest, left = new_digest(), sys.maxsize if n_bytes is None else n_bytes
    while left > 0 and (block := file.read(min(left, _BLOCK_BYTES))):
        check_wanted()
        digest.update(block)
        left -= len(block)
    return digest.digest()


def new_digest() -> "hashlib.blake2b":
    """For contents that come piece by piece; `digest_of` of the whole is the same."""
    return hashlib.blake2b(digest_size=DIGEST_BYTES)
