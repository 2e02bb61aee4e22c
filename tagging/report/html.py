"""HTML that is escaped unless it was made here: names of classes and files are not to be trusted."""

import base64
import math
from collections.abc import Iterable, Sequence
from html import escape

_VOID = ("meta", "link", "img")
NOTHING = "\N{EN DASH}"


class Html(str):
    """Text that is HTML already; any other text becomes it by `element`."""

    __slots__ = ()


def element(name: str, /, *children: object, **attributes: object) -> Html:
    """`<name attribute="value">children</name>`; `class_` is written `class`, `http_equiv` `http-equiv`.

    Children and values are escaped, but for children that are `Html`.
    """
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"' for key, value in attributes.items()
    )
    start = f"<{name}{given}>"
    return Html(start if name in _VOID else f"{start}{join(children)}</{name}>")


def join(children: Iterable[object]) -> Html:
    """Children one after the other, escaped unless they are `Html`."""
    return Html("".join(each if isinstance(each, Html) else escape(str(each)) for each in children))


def table(head: Sequence[object], rows: Iterable[Sequence[object]], class_: str = "") -> Html:
    """A table that scrolls sideways on a narrow page; columns of numbers stand to the right."""
    cells = [list(row) for row in rows]
    numeric = [bool(cells) and all(_is_number(row[k]) for row in cells) for k in range(len(head))]
    heads = join(_cell("th", title, right) for title, right in zip(head, numeric, strict=True))
    body = join(
        element("tr", *(_cell("td", value, right) for value, right in zip(row, numeric, strict=True)))
        for row in cells
    )
    whole = element("table", element("thead", element("tr", heads)), element("tbody", body), class_=class_)
    return element("div", whole, class_="scroll")


def folded(title: str, *children: object) -> Html:
    """Children that show when the title is clicked."""
    return element("details", element("summary", title), *children)


def section(name: str, title: str, *children: object) -> Html:
    """A part of the page under a heading, which `#name` leads to."""
    return element("section", element("h2", title), *children, id=name)


def paragraph(*children: object) -> Html:
    """A paragraph of small print."""
    return element("p", *children, class_="note")


def data_uri(kind: str, data: bytes) -> str:
    """A file inside the page, e.g. of kind `image/png`."""
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def number(value: float | None, digits: int = 4) -> str:
    """A figure in so many decimals, large ones in fewer; a dash where there is none."""
    if value is None or math.isnan(value):
        return NOTHING
    return f"{value:.{digits}f}" if abs(value) < 1e4 else f"{value:.4g}"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) or value is None


def _cell(name: str, value: object, right: bool) -> Html:
    if isinstance(value, bool | str) or not isinstance(value, int | float | None):
        shown = value
    else:
        shown = f"{value:,}" if isinstance(value, int) else number(value)
    return element(name, shown, class_="n") if right else element(name, shown)
