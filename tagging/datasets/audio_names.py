"""Which files of a folder may be audio: told by their names, as a folder may hold many."""

import re
from pathlib import PurePath

_NO_AUDIO = re.compile(
    r"\.(asd|bmp|cfg|csv|cue|db|docx?|gif|gz|h5|hdf5|heic|html?|ini|ipynb|jams|jpe?g|js|json|lab|log|m3u8?|md|md5|mf|midi?|"
    r"nfo|np[yz]|pdf|pkl|png|py|rst|rtf|sh|svg|tar|textgrid|tiff?|toml|tsv|txt|webp|xlsx?|xml|ya?ml|zip)"
)


def is_hidden(name: str) -> bool:
    """Whether a name, or a part of a path, begins with a dot."""
    return any(part.startswith(".") for part in name.split("/"))


def may_be_audio(name: str) -> bool:
    """Not hidden, and with an ending that is not known to be something else; the rest is left to the decoder."""
    suffix = PurePath(name).suffix.lower()
    return bool(suffix) and not _NO_AUDIO.fullmatch(suffix) and not is_hidden(name)
