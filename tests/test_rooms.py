"""Every module has a room."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]


def modules(folder: str) -> set[str]:
    return {path.stem for path in (ROOT / folder).glob("*.py")}


def test_nothing_is_loose_and_every_room_is_in_the_contract():
    assert modules("tagging") == {"__init__", "__main__"}
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    (layers,) = (each["layers"] for each in contracts["contracts"] if each["type"] == "layers")
    rooms = {f"tagging.{path.parent.name}" for path in ROOT.glob("tagging/*/__init__.py")}
    assert {part for layer in layers for part in layer.split(" | ")} >= rooms
    assert "ignore_imports" not in str(contracts)
    assert "exclude_type_checking_imports" not in contracts
