"""Metadata of a `.tflite` file as MediaPipe reads it, and files inside it.

The tables are those of MediaPipe's `metadata_schema.fbs` (a FlatBuffer, https://ai.google.dev/edge/litert), of which
audio classifiers need few; their fields are known by number. MediaPipe's own writer comes with all of MediaPipe.
"""

import io
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

import flatbuffers
from ai_edge_litert import schema_py_generated as schema

_BUFFER_NAME, _IDENTIFIER, _MODEL_IDENTIFIER = "TFLITE_METADATA", b"M001", b"TFL3"
_AUDIO_PROPERTIES = 4  # number in the union ContentProperties
_AXIS_LABELS = 2  # number in the enum AssociatedFileType
_OLDEST_READER = "1.3.0"  # the first that knows audio
_EPOCH = (1980, 1, 1, 0, 0, 0)  # of files inside, so that an export is the same each time


class Tables:
    """Writes tables, each after what it refers to."""

    def __init__(self) -> None:
        self._builder = flatbuffers.Builder(1024)

    def text(self, value: str) -> int:
        """A string; where it is."""
        return self._builder.CreateString(value)

    def vector(self, places: Sequence[int]) -> int:
        """A list of tables; where it is."""
        self._builder.StartVector(4, len(places), 4)
        for place in reversed(places):
            self._builder.PrependUOffsetTRelative(place)
        return self._builder.EndVector()

    def table(self, places: Mapping[int, int], numbers: Mapping[int, tuple[str, int]] | None = None) -> int:
        """A table; where it is.

        Args:
            places: number of a field -> where its value is.
            numbers: number of a field -> type (as in names of the builder's methods) and value.
        """
        builder = self._builder
        builder.StartObject(max([*places, *(numbers or {})]) + 1)
        for field, place in places.items():
            builder.PrependUOffsetTRelativeSlot(field, place, 0)
        for field, (kind, value) in (numbers or {}).items():
            getattr(builder, f"Prepend{kind}Slot")(field, value, 0)
        return builder.EndObject()

    def finished(self, root: int) -> bytes:
        """The whole."""
        self._builder.Finish(root, file_identifier=_IDENTIFIER)
        return bytes(self._builder.Output())


def audio_metadata(
    name: str, description: str, inputs: tuple[str, int | None], outputs: Mapping[str, str], labels_file: str
) -> bytes:
    """The metadata of a model with one input and several outputs, of which the first has labels.

    Args:
        name, description: of the model.
        inputs: name of the input and its rate in Hz; None: it is not audio.
        outputs: name -> description, in the order of the model.
        labels_file: name of the file inside with a label on each line.
    """
    t = Tables()
    waveform, rate_hz = inputs
    content = {}
    if rate_hz:
        properties = t.table({}, {0: ("Uint32", rate_hz), 1: ("Uint32", 1)})
        content = {3: t.table({1: properties}, {0: ("Uint8", _AUDIO_PROPERTIES)})}
    of_input = t.table({0: t.text(waveform), **content})
    labels = t.vector([t.table({0: t.text(labels_file)}, {2: ("Int8", _AXIS_LABELS)})])
    of_outputs = [
        t.table({0: t.text(key), 1: t.text(text), **({6: labels} if not number else {})})
        for number, (key, text) in enumerate(outputs.items())
    ]
    graph = t.table({2: t.vector([of_input]), 3: t.vector(of_outputs)})
    fields = {0: t.text(name), 1: t.text(description), 3: t.vector([graph]), 7: t.text(_OLDEST_READER)}
    return t.finished(t.table(fields))


def with_metadata(model: Any, metadata: bytes, files: Mapping[str, str]) -> bytes:
    """A model with metadata, and with files behind it as a ZIP archive, which any ZIP reader finds.

    Args:
        model: `schema.ModelT`; it is changed.
        metadata: from `audio_metadata`.
        files: name -> content.
    """
    buffer, entry = schema.BufferT(), schema.MetadataT()
    buffer.data, entry.name, entry.buffer = list(metadata), _BUFFER_NAME, len(model.buffers)
    model.buffers.append(buffer)
    model.metadata = [*(model.metadata or []), entry]
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as target:
        for name, content in files.items():
            target.writestr(zipfile.ZipInfo(name, _EPOCH), content.encode())
    return packed(model) + archive.getvalue()


def parsed(content: bytes) -> Any:
    """A model as objects, `schema.ModelT`."""
    return schema.ModelT.InitFromPackedBuf(content, 0)


def packed(model: Any) -> bytes:
    """The file that a model is."""
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), file_identifier=_MODEL_IDENTIFIER)
    return bytes(builder.Output())
