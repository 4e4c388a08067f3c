"""Refusals as other servers tell them: an error text, with our own code, path and accepted."""

from __future__ import annotations

from typing import Any

from mlops.serving.nouns import Reply
from mlops.serving.prepared import encode
from mlops.serving.refusal import Refusal


def status_of(refusal: Refusal) -> int:
    """Their status: what is wrong in a row is 400 with them."""
    return 400 if refusal.status == 422 else refusal.status


def parts(refusal: Refusal, request_id: str, version: int | None) -> dict[str, Any]:
    """What is told beside the error itself: of the first problem."""
    first = refusal.wrong[0]
    return {
        "code": first.code,
        "path": first.path,
        "accepted": first.accepted,
        "request_id": request_id,
        "version": version,
    }


def as_error(refusal: Refusal, request_id: str, version: int | None) -> Reply:
    """``{"error": "…"}``, as KServe and TensorFlow Serving have it."""
    told = {"error": str(refusal), **parts(refusal, request_id, version)}
    return Reply(status_of(refusal), encode(told), code=refusal.code)
