"""README, docs and the headers of configs: links resolve, files that they name exist, lines are short."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "tests" / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
CONFIGS = sorted((ROOT / "configs").rglob("*.yaml"))
LINK = re.compile(r"\]\((?!https?://)([^)#\s]*)(#[^)\s]*)?\)")
NAMED = re.compile(
    r"(?<![\w/.-])(?:benchmarks|configs|foundation|models|preprocessing|submissions|tagging|tests)/[\w/.*-]*[\w*]"
)
GENERATED = "config.md"


@pytest.fixture(params=[*PAGES, *CONFIGS], ids=lambda page: page.name)
def page(request):
    return request.param


def anchors(text):
    """Anchors of the headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_links_resolve(page):
    for path, anchor in LINK.findall(page.read_text()):
        target = page.parent / path if path else page
        assert target.exists(), f"{page.name}: {path}"
        assert not anchor or anchor[1:] in anchors(target.read_text()), f"{page.name}: {path}{anchor}"


def test_files_named_in_the_text_exist(page):
    """A name with capitals stands for several files: `configs/esc10/NAME.yaml`; extending.md names files to add."""
    if page.name == "extending.md":
        return
    for path in filter(str.islower, NAMED.findall(page.read_text())):
        assert any(ROOT.glob(path)), f"{page.name}: {path}"


def test_lines_are_short():
    for path in (path for path in (*PAGES, *CONFIGS) if path.name != GENERATED):
        assert [line for line in path.read_text().splitlines() if len(line) > 120] == [], path


def test_readme_is_short_and_has_its_two_commands():
    text = (ROOT / "README.md").read_text()
    assert len(text.splitlines()) <= 110
    for name in ("demo", "test"):
        assert re.search(rf"<!-- {name} command -->\n```sh\npython3 -m venv", text)


@pytest.mark.parametrize(("index", "pages"), [("index.md", "*.md"), ("studies.md", "studies/*.md")])
def test_every_page_is_in_the_index(index, pages):
    docs = ROOT / "docs"
    names = {str(path.relative_to(docs)) for path in docs.glob(pages)} - {index}
    assert names <= {link for link, _ in LINK.findall((docs / index).read_text())}
