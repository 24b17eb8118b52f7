"""What the services share: replies, the log's entries and reading of parameters."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from werkzeug import Request, Response

Item = dict[str, Any]


@dataclass
class Seen:
    """One request that reached the server, in order of arrival.

    `path` has the query, as sent; `headers` have names in lower case; `at` is in seconds of the
    monotonic clock; `status` is 0 until the reply is made, and where there is none.
    """

    service: str
    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    at: float
    status: int = 0

    @property
    def token(self) -> str | None:
        """The bearer token that was sent, if any."""
        kind, _, value = self.headers.get("authorization", "").partition(" ")
        return value if kind.lower() == "bearer" and value else None


def bearer(request: Request) -> str | None:
    """The bearer token of a request, None without one."""
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    return value if kind.lower() == "bearer" and value else None


def json_reply(
    body: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """A JSON reply, in UTF-8 as the services send it."""
    return Response(
        json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(),
        status=status,
        headers=dict(headers or {}),
        content_type="application/json; charset=utf-8",
    )


def hub_error(status: int, message: str, code: str | None = None) -> Response:
    """An error as the Hub words it: in the body and in the headers that its client reads."""
    headers = {"X-Error-Message": message.splitlines()[0][:200]}
    if code is not None:
        headers["X-Error-Code"] = code
    return json_reply({"error": message}, status, headers)


def whole(text: str | None, default: int) -> int | None:
    """A whole number from a query; `default` where there is none, None where it is no number."""
    if text is None:
        return default
    try:
        return int(text)
    except ValueError:
        return None
