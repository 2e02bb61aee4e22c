"""Text of strangers: on a terminal, and in CSV."""

import re

SHOWN = 300  # characters
BYTES_KEPT = "surrogateescape"  # bytes of a name that are not UTF-8 survive the round trip
CSV_LINE_END = "\r\0\n"  # for writers of CSV, who quote only the characters of their line end; see `csv_text`
_NOT_UTF8 = re.compile("[\ud800-\udfff]")
"""What Python makes of bytes that are not UTF-8."""


def as_text(name: str) -> str:
    """A name that any file and terminal can hold: bytes that are not UTF-8 are written `%E9`."""
    return _NOT_UTF8.sub(lambda match: percent(match[0]), name)


def percent(letter: str) -> str:
    """`%E9` for the byte that a letter of a file name stands for."""
    return f"%{ord(letter) & 0xFF:02X}"


def shown(text: str, most: int = SHOWN) -> str:
    """Text of one line that a terminal shows as it is: what cannot be printed is spelt out, as `\\x1b`.

    Bytes that are not UTF-8 are, too, as in `as_text`; of a long text, beginning and end are shown.
    """
    half = most // 2
    if len(text) > most:
        text = f"{text[:half]}...{text[-half:]}"
    return spelt(as_text(text))


def spelt(text: str) -> str:
    """The text with what cannot be printed as `\\n`, `\\x1b` or `\\u202e`, as Python and YAML have it in quotes."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text
    )


def shown_lines(text: str) -> str:
    """The same for a message of several lines."""
    return "\n".join(shown(line, 10 * SHOWN) for line in text.split("\n"))


def csv_text(text: str) -> str:
    """CSV with ordinary line ends, out of one that was written with CSV_LINE_END: names may hold carriage returns."""
    return text.replace(CSV_LINE_END, "\n")


def csv_bytes(text: str) -> bytes:
    """The same as UTF-8, see `as_text`."""
    return as_text(csv_text(text)).encode()
