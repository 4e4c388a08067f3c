"""The same server with nothing behind it: `python empty_handler.py PORT ANSWER`."""

from __future__ import annotations

import sys
from pathlib import Path

import uvicorn

ANSWER = Path(sys.argv[2]).read_bytes()
HEADERS = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(ANSWER))]


async def app(scope, receive, send):
    """Read the body, send the answer."""
    while (await receive()).get("more_body"):
        continue
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": ANSWER})


uvicorn.run(
    app, port=int(sys.argv[1]), http="httptools", loop="uvloop", ws="none", lifespan="off",
    access_log=False, log_level="critical", server_header=False, date_header=False,
)  # fmt: skip
