"""Serves the page's files, with a policy that lets them load nothing from elsewhere."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from mlops.serving.nouns import Reply

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
}
POLICY = (
    b"default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; "
    b"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = (
    (b"content-security-policy", POLICY),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-cache"),
)


@cache
def content(name: str) -> bytes:
    """The bytes of one of the page's files."""
    return (Path(__file__).parent / name).read_bytes()


def file(name: str) -> Reply:
    """One of the page's files, as it is sent.

    >>> file("page.css").content_type
    'text/css; charset=utf-8'
    """
    return Reply(200, content(name), TYPES[Path(name).suffix], headers=HEADERS)
