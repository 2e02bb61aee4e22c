"""Text of strangers: on a terminal, and in CSV."""

SHOWN = 300  # characters
BYTES_KEPT = "surrogateescape"  # bytes of a name that are not UTF-8 survive the round trip
CSV_LINE_END = "\r\0\n"  # for writers of CSV, who quote only the characters of their line end; see `csv_text`


def shown(text: str, most: int = SHOWN) -> str:
    """Text of one line that a terminal shows as it is: what cannot be printed is spelt out, as `\\x1b`.

    Bytes that are not UTF-8 are, too, as `\\xe9`; of a long text, beginning and end are shown.
    """
    half = most // 2
    if len(text) > most:
        text = f"{text[:half]}...{text[-half:]}"
    return "".join(letter if letter.isprintable() else _spelt(letter) for letter in text)


def shown_lines(text: str) -> str:
    """The same for a message of several lines."""
    return "\n".join(shown(line, 10 * SHOWN) for line in text.split("\n"))


def csv_text(text: str) -> str:
    """CSV with ordinary line ends, out of one that was written with CSV_LINE_END: names may hold carriage returns."""
    return text.replace(CSV_LINE_END, "\n")


def csv_bytes(text: str) -> bytes:
    """The same as UTF-8; bytes of names that are not are spelt out, as `\\xe9`."""
    return csv_text(text).encode(errors=BYTES_KEPT).decode("utf-8", "backslashreplace").encode()


def _spelt(letter: str) -> str:
    if "\udc80" <= letter <= "\udcff":  # a byte, as file names have them
        return f"\\x{ord(letter) - 0xDC00:02x}"
    return letter.encode("unicode_escape").decode()
