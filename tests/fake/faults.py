"""Faults on demand: what an unwell service, network or record does to a reply.

Each method of `Faults` sets one and returns it. `times` is how many matching requests it meets
(None: all, until `remove` or `clear`), `skip` how many it lets through first; `service`, `match`
(part of path and query) and `method` say which requests match. Breaks (status, malformed,
redirect, drop, cut, hang, pour) take turns in the order in which they were set: one a request.
Edits (replace, empty, loop) all act on a proper reply, in the order in which they were set.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import unquote

from werkzeug import Request, Response

from tests.fake.modelscope import failure
from tests.fake.replies import Seen, json_reply

Respond = Callable[[], Response]
Effect = Callable[[Request, Respond], Response]
Edit = Callable[[Any], Any]


@dataclass(eq=False)
class Fault:
    """One fault; `hits` counts the requests that it met."""

    name: str
    effect: Effect
    is_edit: bool
    service: str | None
    match: str
    method: str | None
    times: int | None
    skip: int
    hits: int = 0
    _owner: list[Fault] = field(default_factory=list)

    def takes(self, seen: Seen) -> bool:
        """Whether it acts on this request; counts it."""
        if self.times is not None and self.hits >= self.times:
            return False
        if not self._matches(seen):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        self.hits += 1
        return True

    def _matches(self, seen: Seen) -> bool:
        return (
            self.service in (None, seen.service)
            and self.method in (None, seen.method)
            and (self.match in seen.path or self.match in unquote(seen.path))
        )

    def remove(self) -> None:
        """Ends it."""
        if self in self._owner:
            self._owner.remove(self)


class Faults:
    """All faults that are set."""

    def __init__(self) -> None:
        self.active: list[Fault] = []
        self._lock = threading.Lock()
        self._released = threading.Event()

    # --- breaks ----------------------------------------------------------------------------

    def status(
        self,
        code: int,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | str | None = None,
        **which: Any,
    ) -> Fault:
        """Answers with a status, a JSON error by default, and no look at the service."""

        def effect(request: Request, respond: Respond) -> Response:
            if body is None:
                return json_reply({"error": f"fault {code}"}, code, headers)
            return Response(body, code, headers=dict(headers or {}))

        return self._add(f"status {code}", effect, **which)

    def rate_limited(self, seconds: int, *, style: str = "ratelimit", **which: Any) -> Fault:
        """429 that says when to come back: style `ratelimit`, `retry-after` or `http-date`."""
        if style == "ratelimit":
            headers = {
                "RateLimit": f'"api";r=0;t={seconds}',
                "RateLimit-Policy": '"fixed window";"api";q=500;w=300',
            }
        elif style == "retry-after":
            headers = {"Retry-After": str(seconds)}
        elif style == "http-date":
            moment = datetime.now(UTC) + timedelta(seconds=seconds)
            headers = {"Retry-After": format_datetime(moment, usegmt=True)}
        else:
            raise ValueError(f"no such style: {style}")
        return self.status(429, headers=headers, **which)

    def malformed(
        self,
        body: bytes = b'[{"_id":"65',
        *,
        status: int = 200,
        content_type: str = "application/json; charset=utf-8",
        **which: Any,
    ) -> Fault:
        """Answers with these bytes, of the right length."""
        return self._add(
            "malformed",
            lambda request, respond: Response(body, status, content_type=content_type),
            **which,
        )

    def redirect(self, url: str, *, code: int = 307, **which: Any) -> Fault:
        """Sends the client elsewhere."""
        return self._add(
            "redirect",
            lambda request, respond: Response("", code, headers={"Location": url}),
            **which,
        )

    def success_false(
        self, code: str = "InternalError", message: str = "internal error", **which: Any
    ) -> Fault:
        """ModelScope's failure with HTTP 200."""
        return self._add(
            "success_false",
            lambda request, respond: failure(code, message),
            **{"service": "modelscope", **which},
        )

    def drop(self, **which: Any) -> Fault:
        """Closes the connection before any reply."""

        def effect(request: Request, respond: Respond) -> Response:
            request.environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            raise ConnectionResetError("fault: drop")

        return self._add("drop", effect, **which)

    def cut(self, after: int | None = None, **which: Any) -> Fault:
        """Closes the connection after so many bytes of the body (by default half of them)."""

        def effect(request: Request, respond: Respond) -> Response:
            reply, body = _read(respond())
            kept = len(body) // 2 if after is None else after
            return _raw(reply, len(body), iter([body[:kept]]))

        return self._add("cut", effect, **which)

    def hang(self, seconds: float, *, after: int | None = None, **which: Any) -> Fault:
        """Waits before the reply, or with `after` in its body after so many bytes."""

        def effect(request: Request, respond: Respond) -> Response:
            if after is None:
                self._released.wait(seconds)
                return respond()
            reply, body = _read(respond())

            def pieces() -> Iterator[bytes]:
                yield body[:after]
                self._released.wait(seconds)
                yield body[after:]

            return _raw(reply, len(body), pieces())

        return self._add("hang", effect, **which)

    def pour(
        self,
        piece: bytes,
        *,
        every: float = 0,
        first: bytes = b"",
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        **which: Any,
    ) -> Fault:
        """Sends `first`, then `piece` again and again, `every` so many seconds: it never ends."""

        def effect(request: Request, respond: Respond) -> Response:
            released = self._released

            def pieces() -> Iterator[bytes]:
                yield first or piece
                while not released.wait(every):
                    yield piece

            return Response(pieces(), status, headers=dict(headers or {}), direct_passthrough=True)

        return self._add("pour", effect, **which)

    # --- edits -----------------------------------------------------------------------------

    def replace(self, edit: Edit, **which: Any) -> Fault:
        """Puts `edit(json)` in place of the reply's JSON; headers such as Link stay."""

        def effect(request: Request, respond: Respond) -> Response:
            reply, body = _read(respond())
            reply.set_data(json.dumps(edit(json.loads(body)), ensure_ascii=False).encode())
            return reply

        return self._add("replace", effect, is_edit=True, **which)

    def empty(self, **which: Any) -> Fault:
        """Empties a list: no items, no next page, the envelope stays."""

        def effect(request: Request, respond: Respond) -> Response:
            reply, body = _read(respond())
            reply.headers.pop("Link", None)
            content = _emptied(json.loads(body)) if reply.is_json else ""
            reply.set_data(json.dumps(content).encode() if reply.is_json else b"")
            return reply

        return self._add("empty", effect, is_edit=True, **which)

    def loop(self, to: str | None = None, **which: Any) -> Fault:
        """Makes the next page the same page again (or the address `to`): it never ends."""

        def effect(request: Request, respond: Respond) -> Response:
            reply = respond()
            reply.headers["Link"] = f'<{to or request.url}>; rel="next"'
            return reply

        return self._add("loop", effect, is_edit=True, **which)

    # --- use -------------------------------------------------------------------------------

    def clear(self) -> None:
        """Ends all faults, and replies that hang."""
        self.active.clear()
        self.release()
        self._released = threading.Event()

    def release(self) -> None:
        """Lets replies that hang go on."""
        self._released.set()

    def apply(self, seen: Seen, request: Request, respond: Respond) -> Response:
        """The reply to a request, with the faults that are due."""
        with self._lock:
            broken = next((f for f in self.active if not f.is_edit and f.takes(seen)), None)
        if broken is None:
            return self._edited(seen, request, respond)
        return broken.effect(request, lambda: self._edited(seen, request, respond))

    def _edited(self, seen: Seen, request: Request, respond: Respond) -> Response:
        reply = respond()
        if reply.status_code != 200:
            return reply
        with self._lock:
            edits = [fault for fault in self.active if fault.is_edit and fault.takes(seen)]
        for fault in edits:
            reply = _apply(fault, request, reply)
        return reply

    def _add(
        self,
        name: str,
        effect: Effect,
        *,
        is_edit: bool = False,
        service: str | None = None,
        match: str = "",
        method: str | None = None,
        times: int | None = 1,
        skip: int = 0,
    ) -> Fault:
        fault = Fault(name, effect, is_edit, service, match, method, times, skip)
        fault._owner = self.active
        self.active.append(fault)
        return fault


def _apply(fault: Fault, request: Request, reply: Response) -> Response:
    return fault.effect(request, lambda: reply)


def _read(reply: Response) -> tuple[Response, bytes]:
    """A reply whose body is read, and the body."""
    reply.direct_passthrough = False
    return reply, reply.get_data()


def _raw(reply: Response, length: int, pieces: Iterator[bytes]) -> Response:
    """A reply that announces `length` bytes and sends these pieces."""
    headers = reply.headers.copy()
    headers["Content-Length"] = str(length)
    return Response(pieces, reply.status_code, headers=headers, direct_passthrough=True)


def _emptied(content: Any) -> Any:
    """The JSON of a list without its items, whatever the envelope."""
    if isinstance(content, list):
        return []
    if isinstance(content, dict):
        data = content.get("data")
        if isinstance(data, list):
            return {**content, "data": []}
        if isinstance(data, dict):
            return {**content, "data": {**data, "models": [], "total_count": 0}}
    return content
