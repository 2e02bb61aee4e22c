"""The base class of errors that users can mend."""


class UserError(ValueError):
    """Input that cannot be used as given.

    The message is one line: what was expected, what was received, and what to do. Commands print it without a
    traceback and exit with code 2.
    """
