"""The server's own description, from the schema of the version that answers: OpenAPI 3.1."""

from __future__ import annotations

from typing import Any

from mlops.serving.calls import LONGEST_ID
from mlops.serving.cells import ACCEPTED
from mlops.serving.feedback import ID, MOST_LABELS
from mlops.serving.nouns import Input, Served
from mlops.serving.refusal import STATUS
from mlops.serving.settings import Settings
from mlops.serving.strictness import REFUSE

Json = dict[str, Any]
MOST_LISTED = 200  # categories
WRITTEN = r"[^\s\u0000-\u001f\u0085\u00a0]"  # a text of blanks alone is a missing value
TYPES: dict[str, list[str]] = {
    "number": ["number"],
    "words": ["string", "number", "boolean"],
    "date": ["string"],
}


def document(served: Served, settings: Settings, release: str, *, needs_token: bool) -> Json:
    """The description of a server.

    Parameters
    ----------
    served : Served
        The main version.
    settings : Settings
    release : str
        Of this package.
    needs_token : bool
    """
    row = _row(served, settings)
    error = _object(
        {
            "error": _problem({"problems": {"type": "array", "items": _problem({})}}),
            "request_id": {"type": "string"},
            "version": {"type": ["integer", "null"]},
        },
        ["error", "request_id", "version"],
    )
    found: Json = {
        "openapi": "3.1.0",
        "info": {
            "title": served.model,
            "version": str(served.version),
            "summary": f"Predicts {served.schema.target} ({served.schema.task}).",
            "description": _about(served, release),
        },
        "paths": {**_answering(served, settings), **_watching()},
        "components": {
            "schemas": {"Row": row, "Answer": _answer(served), "Error": error},
            "responses": {
                "Refused": _content("What is wrong, where, and what is accepted.", "Error")
            },
        },
    }
    if needs_token:
        scheme = {"type": "http", "scheme": "bearer"}
        found["components"]["securitySchemes"] = {"token": scheme}
        found["security"] = [{"token": []}]
    return found


def _about(served: Served, release: str) -> str:
    return (
        f"Version {served.version} answers by way of `{served.path}`. mlops {release}. "
        "The same model is also asked by KServe's V2 protocol (`/v2`), TensorFlow Serving's "
        f"(`/v1/models/{served.model}:predict`) and MLflow's (`/invocations`)."
    )


def _row(served: Served, settings: Settings) -> Json:
    """A row: its columns, and whether others may stand beside them."""
    inputs = served.schema.inputs
    row = _object(
        {each.name: _column(each, settings) for each in inputs},
        [each.name for each in inputs] if settings.missing == REFUSE else [],
    )
    row["additionalProperties"] = settings.extra != REFUSE
    if served.schema.example:
        row["examples"] = list(served.schema.example)
    return row


def _column(each: Input, settings: Settings) -> Json:
    may_be_null = not each.required or settings.missing != REFUSE
    types = TYPES[each.kind] + ["null"] * may_be_null
    column: Json = {"type": types[0] if len(types) == 1 else types}
    column["description"] = ACCEPTED[each.kind].capitalize()
    if each.kind == "date":
        column["anyOf"] = [{"format": "date"}, {"format": "date-time"}]
    if each.kind == "words":
        column |= {"maxLength": settings.max_text, "pattern": WRITTEN}
    if each.categories and not each.sensitive:
        column["x-categories"] = list(each.categories[:MOST_LISTED])
        if settings.unseen == REFUSE and len(each.categories) <= MOST_LISTED:
            column["enum"] = [*each.categories, *([None] if may_be_null else [])]
    return column


def _answer(served: Served) -> Json:
    """What is predicted, by whom."""
    classes = list(served.schema.classes)
    value: Json = {"enum": classes} if classes else {"type": ["number", "null"]}
    properties: Json = {
        "predictions": {"type": "array", "items": value},
        "model": {"type": "string"},
        "version": {"type": "integer"},
        "request_id": {"type": "string"},
        "warnings": {"type": "array", "items": {"type": "string"}},
    }
    required = list(properties)
    if classes:
        row = {"type": "array", "items": {"type": ["number", "null"]}}
        properties["classes"] = {"type": "array", "items": {"enum": classes}}
        properties["probabilities"] = {"type": "array", "items": row}
    return _object(properties, required)


def _problem(more: Json) -> Json:
    texts = {name: {"type": "string"} for name in ("path", "message", "accepted", "closest")}
    return _object({"code": {"enum": [*STATUS]}, **texts, **more}, ["code", *texts])


def _answering(served: Served, settings: Settings) -> Json:
    rows = {
        "type": "array",
        "items": _ref("Row"),
        "minItems": 1,
        "maxItems": settings.max_rows,
    }
    classes = list(served.schema.classes)
    label = _object(
        {
            "request_id": {"type": "string", "pattern": ID, "maxLength": LONGEST_ID},
            "row": {"type": "integer", "minimum": 0, "maximum": 2**31 - 1, "default": 0},
            "label": {"enum": classes} if classes else {"type": "number"},
        },
        ["request_id", "label"],
    )
    labels = {"type": "array", "items": label, "minItems": 1, "maxItems": MOST_LABELS}
    known = _object({"kept": {"type": "integer"}, "replaced": {"type": "integer"}}, ["kept"])
    known["additionalProperties"] = True
    example = {"rows": list(served.schema.example[:1])}
    return {
        "/predict": {
            "post": {
                "operationId": "predict",
                "summary": f"Predict {served.schema.target} for some rows.",
                "requestBody": _body(_object({"rows": rows}, ["rows"]), example),
                "responses": {"200": _content("Predictions.", "Answer"), **_refused(*ASKED)},
            }
        },
        "/feedback": {
            "post": {
                "operationId": "feedback",
                "summary": "Tell what was true of rows that were asked about earlier.",
                "requestBody": _body(_object({"labels": labels}, ["labels"])),
                "responses": {"200": _json("They are on disk.", known), **_refused(*ASKED)},
            }
        },
    }


def _watching() -> Json:
    """Health and metrics."""
    anything: Json = {"type": "object"}
    text = {"description": "Prometheus's own.", "content": {"text/plain": {}}}
    pages = {
        "/live": ("live", "This process answers.", _json("It does.", anything)),
        "/ready": ("ready", "A version is ready.", _json("It is.", anything)),
        "/metrics": ("metrics", "Numbers for Prometheus.", text),
    }
    return {
        path: {
            "get": {
                "operationId": name,
                "summary": says,
                "responses": {"200": answer, **_refused(401, 503)},
                **({} if path == "/metrics" else {"security": []}),
            }
        }
        for path, (name, says, answer) in pages.items()
    }


ASKED = (400, 401, 408, 413, 415, 422, 429, 503)


def _refused(*statuses: int) -> Json:
    return {str(status): {"$ref": "#/components/responses/Refused"} for status in statuses}


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _object(properties: Json, required: list[str]) -> Json:
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _body(schema: Json, example: Json | None = None) -> Json:
    content: Json = {"schema": schema}
    if example:
        content["example"] = example
    return {"required": True, "content": {"application/json": content}}


def _content(says: str, name: str) -> Json:
    return _json(says, _ref(name))


def _json(says: str, schema: Json) -> Json:
    return {"description": says, "content": {"application/json": {"schema": schema}}}
