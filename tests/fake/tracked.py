"""The tracked-models repository as raw files over HTTP."""

from __future__ import annotations

from dataclasses import dataclass, field

from werkzeug import Request, Response


@dataclass
class FakeTrackedModels:
    """Raw files by path; anything else is 404."""

    files: dict[str, str] = field(default_factory=dict)

    def handle(self, request: Request, path: str) -> Response:
        """The reply to `GET /<path>`."""
        text = self.files.get(path.strip("/"))
        if text is None:
            return Response("404: Not Found", 404, content_type="text/plain; charset=utf-8")
        return Response(text.encode(), content_type="text/plain; charset=utf-8")
