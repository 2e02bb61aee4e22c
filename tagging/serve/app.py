"""The service over HTTP: its routes, and errors as JSON."""

import time
from functools import partial
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from foundation.workers import Workers
from tagging.serve.desk import Desk
from tagging.serve.page import Page
from tagging.serve.queries import read_query
from tagging.serve.service import Service
from tagging.serve.uploads import received

_ROUTES = "expected POST /tag, GET /model or GET /health"
_OFFER = """\
An HTTP service that tags audio.

POST /tag     an audio file as the body, or a form with one or more: labels and scores as JSON
              query: top=3, threshold=0.5, timeline=1
GET /model    labels, thresholds, sample rate, limits
GET /health   status

curl --data-binary @clip.wav 'ADDRESS/tag?top=3'

docs/serve.md has the details. For a page that tags in the browser:
python -m tagging export RUN --to page --out page; python -m tagging serve RUN --page page
"""


def make_app(service: Service, workers: Workers, scratch: Path, page: Path | None = None) -> Starlette:
    """The application.

    Args:
        service: what answers.
        workers: threads that tag.
        scratch: folder for uploads.
        page: folder of static files, whose `index.html` is shown at `/`; without one, a text there says what
            the service offers.
    """
    app = Starlette(
        routes=[Route("/tag", _tag, methods=["POST"]), Route("/model", _model), Route("/health", _health)],
        exception_handlers={
            HTTPException: _refused,
            ClientDisconnect: _left,
            Exception: _failed,
        },
    )
    app.state.service, app.state.scratch = service, scratch
    app.state.desk, app.state.started, app.state.served = Desk(workers, service.limits), time.monotonic(), 0
    if page:
        app.router.default = Page(page)
    else:
        app.router.routes.append(Route("/", _offer))
    return app


async def _tag(request: Request) -> Response:
    state = request.app.state
    service: Service = state.service
    pairs = request.query_params.multi_items()
    args = read_query(pairs, task=service.tagger.task, has_timeline=service.over_time is not None)
    with state.desk.place():
        async with received(request, service.limits, state.scratch) as uploads:
            text = await state.desk.do(request, partial(service.tag, args, uploads))
    state.served += 1
    return Response(text, media_type="application/json")


async def _model(request: Request) -> Response:
    return JSONResponse(request.app.state.service.about())


async def _offer(_: Request) -> Response:
    return PlainTextResponse(_OFFER)


async def _health(request: Request) -> Response:
    state = request.app.state
    return JSONResponse(
        {
            "status": "ok",
            "labels": len(state.service.tagger.names),
            "served": state.served,
            "busy": state.desk.busy,
            "uptime_s": round(time.monotonic() - state.started, 1),
        }
    )


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  for the type checker
    detail = _ROUTES if error.status_code in (404, 405) else error.detail
    return JSONResponse({"error": detail}, error.status_code, headers=error.headers)


async def _left(*_: object) -> Response:
    return JSONResponse({"error": "the client has gone away"}, 400)


async def _failed(*_: object) -> Response:
    """Whose traceback the server logs."""
    return JSONResponse({"error": "internal error: see the log of the service"}, 500)
