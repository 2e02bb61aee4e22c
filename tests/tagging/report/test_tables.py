import numpy as np
import pandas as pd

from tagging.report.markdown import markdown, write_csv_and_markdown

TABLE = pd.DataFrame({"run": ["a|b", "c"], "score": [0.123456, np.nan], "n": [37844, 2]})


def test_markdown_is_a_table_with_four_digits():
    assert markdown(TABLE) == (
        "| run | score | n |\n| --- | ---: | ---: |\n| a\\|b | 0.1235 | 37844 |\n| c |  | 2 |\n"
    )


def test_both_files_hold_the_table(tmp_path):
    csv, md = write_csv_and_markdown(TABLE, tmp_path / "new" / "runs.v1")
    assert (csv.name, md.name) == ("runs.v1.csv", "runs.v1.md")
    pd.testing.assert_frame_equal(pd.read_csv(csv), TABLE)
    assert md.read_text() == markdown(TABLE)
