"""What a service accepts. Imports nothing heavy."""

import argparse
from dataclasses import dataclass

MB = 1_000_000


@dataclass(frozen=True)
class Limits:
    """What a client may ask for.

    Attributes:
        upload_bytes: of the body of a request.
        audio_s: seconds of each file.
        files: of a request.
        timeout_s: seconds in which an upload has to arrive, and in which it has to be tagged.
        requests: uploads at once, those that wait included.
    """

    upload_bytes: int
    audio_s: float
    files: int
    timeout_s: float
    requests: int

    @classmethod
    def of(cls, args: argparse.Namespace) -> "Limits":
        """Those of the command line."""
        return cls(
            round(args.max_mb * MB), args.max_audio_s, args.max_files, args.timeout_s, args.max_requests
        )
