"""The files of a request, streamed into a folder that is removed with the request."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from tagging.serve.limits import MB, Limits
from tagging.tagger.arguments import STDIN

_FORM = "multipart/form-data"
_BUFFER_BYTES = 2**20  # so much is written at once
_MOST_FIELDS = 8  # of a form, which has none


class Upload(NamedTuple):
    """A file as it came: what the client calls it, which is never part of a path, and where it is."""

    name: str
    path: Path


@asynccontextmanager
async def received(request: Request, limits: Limits, scratch: Path) -> AsyncIterator[list[Upload]]:
    """The files of a form, or the body as one file.

    Args:
        request: whose body is read.
        limits: of its size, of the number of files and of the time.
        scratch: where their folder is made.

    Raises:
        HTTPException: 400 a form that is none, 408 too slow, 413 too large, 422 no file, 507 no room on the disk.
        ClientDisconnect: the client has gone away.
    """
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > limits.upload_bytes:
        raise _too_large(limits)
    with tempfile.TemporaryDirectory(dir=scratch, ignore_cleanup_errors=True) as folder:
        limited = Request(request.scope, _Limited(request, limits))
        is_form = request.headers.get("content-type", "").lower().startswith(_FORM)
        try:
            async with asyncio.timeout(limits.timeout_s):
                uploads = await (_form if is_form else _body)(limited, limits, Path(folder))
        except TimeoutError:
            raise HTTPException(408, f"expected the upload within {limits.timeout_s:g} s") from None
        except OSError as error:
            raise HTTPException(507, f"the upload cannot be stored: {error.strerror}") from error
        yield uploads


class _Limited:
    """Receives the messages of a request up to a number of bytes."""

    def __init__(self, request: Request, limits: Limits) -> None:
        self._request, self._limits, self._received = request, limits, 0

    async def __call__(self) -> Any:
        message = await self._request.receive()
        self._received += len(message.get("body", b""))
        if self._received > self._limits.upload_bytes:
            raise _too_large(self._limits)
        return message


def _too_large(limits: Limits) -> HTTPException:
    return HTTPException(413, f"expected an upload of at most {limits.upload_bytes / MB:g} MB, received more")


async def _body(request: Request, _: Limits, folder: Path) -> list[Upload]:
    path, held = folder / "0", bytearray()
    with path.open("wb") as file:
        async for chunk in request.stream():
            held += chunk
            if len(held) >= _BUFFER_BYTES:
                await asyncio.to_thread(file.write, held)
                held = bytearray()
        await asyncio.to_thread(file.write, held)
    return [Upload(str(STDIN), path)]


async def _form(request: Request, limits: Limits, folder: Path) -> list[Upload]:
    async with request.form(max_files=limits.files, max_fields=_MOST_FIELDS) as form:
        for field in (name for name, value in form.multi_items() if isinstance(value, str)):
            raise HTTPException(
                400, f"expected files, received the field {field[:40]!r}: options belong in the query"
            )
        files = [value for _, value in form.multi_items() if isinstance(value, UploadFile)]
        if not files:
            raise HTTPException(422, "expected at least one audio file in the form, received none")
        uploads = [Upload(file.filename or "", folder / str(number)) for number, file in enumerate(files)]
        for file, upload in zip(files, uploads, strict=True):
            await asyncio.to_thread(_copy, file.file, upload.path)
    return uploads


def _copy(source: IO[bytes], path: Path) -> None:
    with path.open("wb") as target:
        shutil.copyfileobj(source, target, _BUFFER_BYTES)
