"""A folder of static files, as `export --to page` makes it."""

import mimetypes
from pathlib import Path

from starlette.staticfiles import StaticFiles

from tagging.serve.errors import ServeError

INDEX = "index.html"
_TYPES = {  # whatever the system's own table says
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".json": "application/json",
    ".wasm": "application/wasm",
    ".onnx": "application/octet-stream",
    ".tflite": "application/octet-stream",
}


class Page(StaticFiles):
    """Files of a folder and of those in it; links that lead out are not followed.

    Args:
        folder: with an `index.html`, which is shown for the folder itself.

    Raises:
        ServeError: there is none.
    """

    def __init__(self, folder: Path) -> None:
        check_page(folder)
        for ending, kind in _TYPES.items():
            mimetypes.add_type(kind, ending)
        super().__init__(directory=folder, html=True)


def check_page(folder: Path) -> None:
    """Raises ServeError for a folder that is not a page."""
    if not (folder / INDEX).is_file():
        raise ServeError(f"--page: expected a folder with {INDEX}, received {folder}")
