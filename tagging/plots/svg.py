"""Figures as SVG inside an HTML page, with tooltips, in the page's font and text colour."""

import io
from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree

from matplotlib import rc_context
from matplotlib.figure import Figure

# Text stays text, which the page's CSS colours; lines are readable on light and on dark paper.
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.size": 12,
    "font.sans-serif": ["DejaVu Sans"],
    "axes.edgecolor": "none",
    "axes.grid": True,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "ytick.minor.size": 0,
}
_NO_METADATA = dict.fromkeys(("Date", "Creator", "Format", "Type"))
_XLINK = "{http://www.w3.org/1999/xlink}"

svg_style = rc_context(_STYLE)
"""A decorator of functions that draw a figure for `svg`."""


def svg(figure: Figure, label: str, class_: str, tooltips: Mapping[str, Sequence[str]]) -> str:
    """A figure as an SVG element; equal figures give equal text, and nothing in it is loaded from elsewhere.

    Args:
        figure: with a transparent background in the page.
        label: says what is shown where the figure cannot be seen.
        class_: of the element, for CSS.
        tooltips: `gid` of a line with markers -> the text of each of them, in the order of its points.
    """
    written = io.StringIO()
    with rc_context({"svg.hashsalt": label}):
        figure.savefig(written, format="svg", transparent=True, metadata=_NO_METADATA)
    root = ElementTree.fromstring(written.getvalue())  # noqa: S314  matplotlib's own
    root.remove(root[0])  # CSS that would apply to all of the page
    for part in root.iter():
        part.tag = part.tag.rpartition("}")[2]  # HTML knows the namespaces
        part.attrib.pop("clip-path", None)  # it would cut dots in half at the edges
        if part.tag == "use":
            part.set("xlink:href", part.attrib.pop(f"{_XLINK}href"))
    for group in list(root.iter("g")):
        if texts := tooltips.get(group.attrib.pop("id", "")):
            for marker, text in zip(list(group.iter("use")), texts, strict=True):
                ElementTree.SubElement(marker, "title").text = text
    root.attrib = {"class": class_, "role": "img", "aria-label": label, "viewBox": root.attrib["viewBox"]}
    return ElementTree.tostring(root, encoding="unicode")
