"""What is wrong with a sound."""

from foundation.errors import UserError


class DecodeError(UserError):
    """Audio, or features, that cannot be used."""
