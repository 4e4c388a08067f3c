"""Records in, predictions out: the protocol of ``/predict``, the page and OpenAPI.

``{"rows": [{"age": 41, "city": "Bern"}]}`` is answered by ``{"predictions": [...], ...}``.
"""

from __future__ import annotations

from mlops.serving.nouns import Answers, Reply, Stamp
from mlops.serving.prepared import NO_NUMBER, Prepared, encode, numbers
from mlops.serving.refusal import Refusal
from mlops.serving.strictness import Read

KEY = "rows"


def read(prepared: Prepared, headers: dict[bytes, bytes], body: bytes) -> Read:
    """The rows of a request.

    Raises
    ------
    Refusal
    """
    return prepared.decoders.records(body, KEY)


def write(prepared: Prepared, read: Read, answers: Answers, stamp: Stamp) -> Reply:
    """The answer: predictions, for classes the probabilities, version, request id, warnings."""
    opening, closing = prepared.made.get("plain") or _frame(prepared)
    values, has_gap = numbers(answers.values)
    warnings = (*read.warnings, NO_NUMBER) if has_gap else read.warnings
    parts = [b'{"predictions":', values]
    if answers.probabilities is not None:
        parts += [opening, encode(answers.probabilities)]
    parts += [closing, stamp.request_id.encode(), b'","warnings":', encode(warnings), b"}"]
    return Reply(200, b"".join(parts))


def _frame(prepared: Prepared) -> tuple[bytes, bytes]:
    served = prepared.served
    classes = b',"classes":' + encode(list(served.schema.classes)) + b',"probabilities":'
    about = encode({"model": served.model, "version": served.version})[1:-1]
    made = prepared.made["plain"] = (classes, b"," + about + b',"request_id":"')
    return made


def refuse(refusal: Refusal, request_id: str, version: int | None) -> Reply:
    """What is wrong: the first problem, and all of them in ``problems``."""
    problems = [
        {
            "code": each.code,
            "path": each.path,
            "message": each.says,
            "accepted": each.accepted,
            "closest": each.closest,
        }
        for each in refusal.wrong
    ]
    told = {"error": {**problems[0], "problems": problems}, "request_id": request_id}
    return Reply(refusal.status, encode({**told, "version": version}), code=refusal.code)
