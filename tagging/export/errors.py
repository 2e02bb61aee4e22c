"""What can be wrong with an export."""

from foundation.errors import UserError


class ExportError(UserError):
    """A run that cannot be exported as asked; the message is one line for the user."""
