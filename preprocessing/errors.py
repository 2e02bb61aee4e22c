"""What is wrong with a sound."""

from foundation.errors import UserError


class DecodeError(UserError):
    """Audio, or features, that cannot be used."""


def one_line(error: Exception) -> str:
    """What a library raised for a strange file, as a reason."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]
