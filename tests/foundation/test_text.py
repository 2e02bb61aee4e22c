"""Names as a terminal and as CSV have them."""

import csv
import io

import pandas as pd
import pytest

from foundation.text import BYTES_KEPT, CSV_LINE_END, csv_bytes, csv_text, shown, shown_lines

NAMES = ["Icon\r.wav", "a\nb.wav", "a\r\nb.wav", 'qu"ote.wav', "trébol 鳥.wav", "caf\udce9.wav"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("trébol 鳥.wav", "trébol 鳥.wav"),
        ("a\n\r\x1b[31m", r"a\n\r\x1b[31m"),
        ("caf\udce9", "caf%E9"),
        ("\u202egnp.wav", r"\u202egnp.wav"),
        ("abcdefghij" * 100, "abcdefghij" * 15 + "..." + "abcdefghij" * 15),
    ],
)
def test_what_a_terminal_shows(text, expected):
    assert shown(text) == expected


def test_a_message_keeps_its_lines():
    assert shown_lines("one\n  two\x07") == "one\n  two\\x07"


def test_every_name_survives_csv():
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator=CSV_LINE_END).writerows([name, "x"] for name in NAMES)
    assert list(csv.reader(io.StringIO(csv_text(buffer.getvalue()), newline=""))) == [[n, "x"] for n in NAMES]
    table = pd.DataFrame({"fname": NAMES, "score": 0.5})
    data = csv_text(table.to_csv(index=False, lineterminator=CSV_LINE_END)).encode(errors=BYTES_KEPT)
    assert list(pd.read_csv(io.BytesIO(data), encoding_errors=BYTES_KEPT)["fname"]) == NAMES
    data = csv_bytes(table.to_csv(index=False, lineterminator=CSV_LINE_END))
    assert list(pd.read_csv(io.BytesIO(data))["fname"]) == [*NAMES[:-1], "caf%E9.wav"]
