"""What is wrong with a sound."""

from foundation.errors import UserError


class DecodeError(UserError):
    """Audio, or features, that cannot be used."""


class NoSoundError(DecodeError):
    """A file without any sound in it."""


def strange(error: Exception) -> str:
    """What an unexpected error of the program says about a file, as a reason."""
    what = " ".join(f"{type(error).__name__}: {error}".split())[:200]
    return f"expected audio that can be used, this file makes the program fail ({what}): please report it"
