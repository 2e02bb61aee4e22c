"""Plug-ins are files, and their constants are read without running them."""

import pytest

from foundation.plugins import functions, literal, plugin_names


def test_names_are_those_of_the_files(tmp_path):
    for name in ("b.py", "a.py", "__init__.py", "_own.py", "registry.py", "notes.md"):
        (tmp_path / name).touch()
    (tmp_path / "parts").mkdir()
    assert plugin_names(tmp_path, {"registry"}) == ("a", "b")


def test_a_literal_is_read_without_running_the_module(tmp_path):
    file = tmp_path / "heavy.py"
    file.write_text('raise SystemExit\nKEYS = ("a", 1)\nIS: bool = True\nBARE: int\nMADE = len("a")\n')
    assert literal(file, "KEYS") == ("a", 1)
    assert literal(file, "IS") is True
    assert literal(file, "OTHER", 7) == 7
    with pytest.raises(ValueError, match="expected MADE to be a literal"):
        literal(file, "MADE")


def test_functions_are_those_of_the_module_itself(tmp_path):
    (tmp_path / "a.py").write_text(
        "import nothing_such\ndef f():\n    def g(): ...\nclass A:\n    def h(self): ...\n"
    )
    assert functions(tmp_path / "a.py") == {"f"}
