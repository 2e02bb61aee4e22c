"""What keeps a service from starting."""

from foundation.errors import UserError


class ServeError(UserError):
    """Packages, an address, a folder or runs that cannot be used; the message is one line for the user."""
