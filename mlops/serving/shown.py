"""Everything that a server shows beside predictions: health, metadata, metrics, admin."""

from __future__ import annotations

from collections.abc import Callable
from importlib import metadata
from typing import TYPE_CHECKING, Any

import msgspec

from mlops.core.errors import ENVIRONMENT, MlopsError, Problem
from mlops.serving.nouns import Reply, Served
from mlops.serving.openapi import document
from mlops.serving.page.files import file
from mlops.serving.prepared import encode
from mlops.serving.protocols import kserve, tensorflow
from mlops.serving.refusal import Refusal, Wrong, refused
from mlops.serving.unreadable import decoded

if TYPE_CHECKING:
    from mlops.serving.app import App
    from mlops.serving.calls import Call

PLAIN_TEXT = "text/plain; charset=utf-8"
Shown = Callable[["App", "Call"], Reply]
_DECODE = msgspec.json.Decoder(dict[str, Any]).decode


def release() -> str:
    """The version of this package."""
    try:
        return metadata.version("mlops")
    except metadata.PackageNotFoundError:
        return "0"


def found(app: App, call: Call) -> tuple[Served, str]:
    """The version that an address names, or the main one, with its role.

    Raises
    ------
    Refusal
        It is not served, or none is ready.
    """
    served, role = app.chosen(call)
    call.version = served.version
    return served, role


def live(app: App, call: Call) -> Reply:
    """This process answers."""
    return Reply(200, encode({"live": True}))


def ready(app: App, call: Call) -> Reply:
    """A version has been loaded, warmed up and proven."""
    if not app.state.is_ready:
        raise refused("not-ready", "No version is ready yet.", retry_s=1)
    versions = [{"version": served.version, "role": role} for served, role in app.state.serving()]
    return Reply(200, encode({"ready": True, "model": app.state.model, "versions": versions}))


def ping(app: App, call: Call) -> Reply:
    """MLflow's clients ask for this until it is there."""
    ready(app, call)
    return Reply(200, b"\n", PLAIN_TEXT)


def version(app: App, call: Call) -> Reply:
    """MLflow's ``/version``: ours."""
    return Reply(200, release().encode(), PLAIN_TEXT)


def metrics(app: App, call: Call) -> Reply:
    """For Prometheus."""
    from mlops.serving.exposition import exposition  # not before somebody asks

    counts = app.metrics.everywhere()
    accept = call.headers.get(b"accept", b"").decode("latin-1")
    text, content_type = exposition(counts, app.state.serving(), accept)
    return Reply(200, text, content_type)


async def admin(app: App, call: Call) -> Reply:
    """Status, traffic and reload, by the supervisor.

    Raises
    ------
    Refusal
        In the five parts of the supervisor's own.
    """
    verb = call.route.name.removeprefix("admin_")
    payload: dict[str, Any] = {}
    if call.route.method == "POST":
        body = await call.body(app.admission, app.settings.max_bytes)
        payload = decoded(body, _DECODE) if body.strip() else {}
    try:
        return Reply(200, encode(await app.state.admin(verb, payload)))
    except MlopsError as error:
        raise Refusal(*map(_told, error.problems)) from None


def _told(each: Problem) -> Wrong:
    code = "unavailable" if each.exit_code == ENVIRONMENT else "not-accepted"
    return Wrong(code, f"{each.says} Found: {each.found}.", each.where, each.accepted, each.closest)


def openapi(app: App, call: Call) -> Reply:
    """The description of this server."""
    served, _ = found(app, call)
    told = document(served, app.settings, release(), needs_token=app.auth.is_asked)
    return Reply(200, encode(told))


def page(app: App, call: Call) -> Reply:
    """The try-it page."""
    return file("page.html")


def page_css(app: App, call: Call) -> Reply:
    """Its looks."""
    return file("page.css")


def page_js(app: App, call: Call) -> Reply:
    """What it does."""
    return file("page.js")


def v2_server(app: App, call: Call) -> Reply:
    """KServe's server metadata."""
    told = {"name": "mlops", "version": release(), "extensions": ["binary_tensor_data"]}
    return Reply(200, encode(told))


def v2_live(app: App, call: Call) -> Reply:
    """KServe's health."""
    return Reply(200, encode({"live": True}))


def v2_ready(app: App, call: Call) -> Reply:
    """KServe's readiness."""
    ready(app, call)
    return Reply(200, encode({"ready": True}))


def v2_model_ready(app: App, call: Call) -> Reply:
    """KServe's readiness of one version."""
    served, _ = found(app, call)
    return Reply(200, encode({"name": served.model, "ready": True}))


def v2_model(app: App, call: Call) -> Reply:
    """KServe's metadata of one version."""
    served, _ = found(app, call)
    return Reply(200, encode(kserve.metadata(served, _versions(app))))


def tf_status(app: App, call: Call) -> Reply:
    """TensorFlow Serving's status of the versions."""
    served, _ = found(app, call)
    versions = [served.version] if call.route.called else _versions(app)
    return Reply(200, encode(tensorflow.status(versions)))


def tf_metadata(app: App, call: Call) -> Reply:
    """TensorFlow Serving's signatures of one version."""
    return Reply(200, encode(tensorflow.metadata(found(app, call)[0])))


def _versions(app: App) -> list[int]:
    return [served.version for served, _ in app.state.serving()]


PAGES: dict[str, Shown] = {
    each.__name__: each
    for each in (
        *(live, ready, ping, version, metrics, openapi, page, page_css, page_js),
        *(v2_server, v2_live, v2_ready, v2_model, v2_model_ready, tf_status, tf_metadata),
    )
}
