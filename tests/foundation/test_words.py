"""Numbers in one-line messages."""

from foundation.words import counted


def test_one_is_singular_and_all_else_plural():
    assert [counted(n, "clip") for n in (0, 1, 2)] == ["0 clips", "1 clip", "2 clips"]
    assert [counted(n, "class has", "classes have") for n in (1, 2)] == ["1 class has", "2 classes have"]
