"""What is wrong with something to tag."""

from foundation.errors import UserError


class TaggerError(UserError):
    """Something that cannot be tagged as asked; the message is one line for the user."""
