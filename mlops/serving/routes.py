"""Which address asks for what: one table, read once for each server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

GET, POST = "GET", "POST"
JSON = (b"application/json",)
# TensorFlow Serving looks at no type, and its documents ask with curl's own.
ANY_JSON = (*JSON, b"application/x-www-form-urlencoded", b"text/plain")
_TENSORFLOW = {"method": POST, "is_asking": True, "content_types": ANY_JSON}


@dataclass(frozen=True)
class Route:
    """What an address asks for.

    Parameters
    ----------
    name : str
        For metrics, and what is done: a key of :data:`mlops.serving.answer.PROTOCOLS` where rows
        are answered, else of :data:`mlops.serving.shown.PAGES` or the app's own.
    method : str
    protocol : str
        In whose words a refusal is told.
    is_asking : bool
        Whether rows are answered.
    is_open : bool
        Whether it needs no token: what a prober or a browser asks first.
    content_types : tuple of bytes
        Accepted; empty for a body of no type.
    called : str
        The version or label in the address; empty for whichever is chosen.
    """

    name: str
    method: str = GET
    protocol: str = "predict"
    is_asking: bool = False
    is_open: bool = False
    content_types: tuple[bytes, ...] = JSON
    called: str = ""


FIXED = {
    "/": Route("page", is_open=True),
    "/page.css": Route("page_css", is_open=True),
    "/page.js": Route("page_js", is_open=True),
    "/openapi.json": Route("openapi"),
    "/live": Route("live", is_open=True),
    "/ready": Route("ready", is_open=True),
    "/metrics": Route("metrics"),
    "/predict": Route("predict", POST, is_asking=True),
    "/feedback": Route("feedback", POST),
    "/admin/status": Route("admin_status"),
    "/admin/traffic": Route("admin_traffic", POST),
    "/admin/reload": Route("admin_reload", POST),
    "/invocations": Route(
        "invocations", POST, "invocations", is_asking=True, content_types=(*JSON, b"text/csv")
    ),
    "/ping": Route("ping", protocol="invocations", is_open=True),
    "/health": Route("ping", protocol="invocations", is_open=True),
    "/version": Route("version", protocol="invocations", is_open=True),
    "/v2": Route("v2_server", protocol="v2"),
    "/v2/health/live": Route("v2_live", protocol="v2", is_open=True),
    "/v2/health/ready": Route("v2_ready", protocol="v2", is_open=True),
}
V2: dict[str, dict[str, Any]] = {
    "": {"name": "v2_model"},
    "ready": {"name": "v2_model_ready"},
    "infer": {
        "name": "v2",
        "method": POST,
        "is_asking": True,
        "content_types": (*JSON, b"application/octet-stream"),
    },
}
TENSORFLOW: dict[str, dict[str, Any]] = {
    "": {"name": "tf_status"},
    "/metadata": {"name": "tf_metadata"},
    ":predict": {"name": "tf_predict", **_TENSORFLOW},
    ":classify": {"name": "tf_classify", **_TENSORFLOW},
    ":regress": {"name": "tf_regress", **_TENSORFLOW},
}


class Routes:
    """The table of one model.

    Parameters
    ----------
    model : str
        Its name stands in the addresses of KServe and TensorFlow Serving.

    Examples
    --------
    >>> routes = Routes("houses")
    >>> routes.find("/v2/models/houses/versions/3/infer").called
    '3'
    >>> routes.find("/v1/models/houses/labels/canary:predict").name
    'tf_predict'
    >>> routes.find("/v1/models/others:predict") is None
    True
    """

    def __init__(self, model: str) -> None:
        self.v1, self.v2 = f"/v1/models/{model}", f"/v2/models/{model}"
        self.fixed = dict(FIXED)
        for end, keys in V2.items():
            self.fixed[f"{self.v2}/{end}".rstrip("/")] = Route(protocol="v2", **keys)
        for end, keys in TENSORFLOW.items():
            self.fixed[self.v1 + end] = Route(protocol="tf_predict", **keys)

    def find(self, path: str) -> Route | None:
        """What `path` asks for; None where there is nothing."""
        return self.fixed.get(path) or self._of_version(path)

    def _of_version(self, path: str) -> Route | None:
        """Addresses with a version or, in TensorFlow Serving's, a label."""
        if path.startswith(self.v2 + "/versions/"):
            called, _, end = path[len(self.v2) + 10 :].partition("/")
            keys = V2.get(end) if called.isdigit() else None
            return Route(protocol="v2", called=called, **keys) if keys else None
        if not path.startswith((self.v1 + "/versions/", self.v1 + "/labels/")):
            return None
        kind, _, rest = path[len(self.v1) + 1 :].partition("/")
        called, mark = rest, ""
        for separator in ":/":
            called, found, after = called.partition(separator)
            mark = mark or found + after
        keys = TENSORFLOW.get(mark)
        if not keys or not called or (kind == "versions" and not called.isdigit()):
            return None
        return Route(protocol="tf_predict", called=called, **keys)
