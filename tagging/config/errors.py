"""What is wrong with a config, for the user."""

from __future__ import annotations

from foundation.errors import UserError


class ConfigError(UserError):
    """A config that cannot be used; the message is one line for the user."""
