"""The server: all four services on one port of 127.0.0.1, with a log and faults on demand."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from pytest_httpserver.httpserver import HTTPServerBase
from werkzeug import Request, Response

from tests.fake.faults import Faults
from tests.fake.hub import FakeHub
from tests.fake.modelscope import FakeModelScope
from tests.fake.openrouter import FakeOpenRouter
from tests.fake.replies import Seen
from tests.fake.tracked import FakeTrackedModels

PREFIXES = {
    "/hf": "hub",
    "/openrouter/api/v1": "openrouter",
    "/modelscope": "modelscope",
    "/tracked": "tracked",
    "/cdn": "cdn",
}


class FakeServices:
    """All four services: fill `hub`, `openrouter`, `modelscope`, `tracked`, then `with fake:`.

    `log` has every request in order of arrival. `before` are called with each request before it
    is answered, so that a test can change the state between two pages. `errors` are exceptions
    of the fake itself, which answers 500 to them: `stop` raises the first.
    """

    def __init__(self, port: int = 0) -> None:
        self.hub = FakeHub()
        self.openrouter = FakeOpenRouter()
        self.modelscope = FakeModelScope()
        self.tracked = FakeTrackedModels()
        self.faults = Faults()
        self.log: list[Seen] = []
        self.before: list[Callable[[Seen], None]] = []
        self.errors: list[Exception] = []
        self.lock = threading.RLock()
        self._server = _Server(self, port)

    # --- addresses -------------------------------------------------------------------------

    @property
    def base_url(self) -> str:
        """The server's address, without a slash at the end."""
        return f"http://127.0.0.1:{self._server.port}"

    @property
    def hf_endpoint(self) -> str:
        """For HF_ENDPOINT."""
        return f"{self.base_url}/hf"

    @property
    def openrouter_base_url(self) -> str:
        """For OPENROUTER_BASE_URL."""
        return f"{self.base_url}/openrouter/api/v1"

    @property
    def modelscope_endpoint(self) -> str:
        """For MODELSCOPE_ENDPOINT."""
        return f"{self.base_url}/modelscope"

    @property
    def tracked_models_url(self) -> str:
        """For TRACKED_MODELS_URL."""
        return f"{self.base_url}/tracked"

    def environment(self) -> dict[str, str]:
        """The variables with which Hubtide reads from here."""
        return {
            "HF_ENDPOINT": self.hf_endpoint,
            "OPENROUTER_BASE_URL": self.openrouter_base_url,
            "MODELSCOPE_ENDPOINT": self.modelscope_endpoint,
            "TRACKED_MODELS_URL": self.tracked_models_url,
            "HUBTIDE_TODAY": str(self.hub.day),
            "OPENROUTER_API_KEY": self.openrouter.key,
        }

    # --- life ------------------------------------------------------------------------------

    def start(self) -> None:
        """Starts to listen; raises OSError where the port is taken."""
        self._server.start()
        self.hub.url = self.hf_endpoint
        # Another name of the same address is another origin, as the Hub's file store is.
        self.hub.datasets.cdn_url = f"http://localhost:{self._server.port}/cdn"

    def stop(self) -> None:
        """Ends replies that hang, stops listening, and raises the first error of the fake."""
        self.faults.release()
        self._server.stop()
        if self.errors:
            raise self.errors[0]

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    # --- requests --------------------------------------------------------------------------

    def seen(self, service: str | None = None, match: str = "") -> list[Seen]:
        """The log's requests of a service whose path or query contains `match`."""
        return [
            entry
            for entry in list(self.log)
            if (service is None or entry.service == service) and match in entry.path
        ]

    def answer(self, request: Request) -> Response:
        """Logs a request and makes the reply, or what a fault makes of it."""
        service, path = _service_of(request.path)
        seen = Seen(
            service,
            request.method,
            request.environ.get("REQUEST_URI", request.full_path),
            {name.lower(): value for name, value in request.headers.items()},
            request.get_data(),
            time.monotonic(),
        )
        self.log.append(seen)
        for hook in self.before:
            hook(seen)

        def respond() -> Response:
            with self.lock:
                return self._respond(request, service, path)

        reply = self.faults.apply(seen, request, respond)
        seen.status = reply.status_code
        return reply

    def _respond(self, request: Request, service: str, path: str) -> Response:
        handlers: dict[str, Callable[[Request, str], Response]] = {
            "hub": self.hub.handle,
            "openrouter": self.openrouter.handle,
            "modelscope": self.modelscope.handle,
            "tracked": self.tracked.handle,
            "cdn": self.hub.datasets.handle_cdn,
        }
        handler = handlers.get(service)
        if handler is None:
            return Response("No service has this path", 404, content_type="text/plain")
        return handler(request, f"/cdn{path}" if service == "cdn" else path)


def _service_of(path: str) -> tuple[str, str]:
    """The service of a path, and the path below its prefix."""
    for prefix, service in PREFIXES.items():
        if path == prefix or path.startswith(f"{prefix}/"):
            return service, path[len(prefix) :] or "/"
    return "", path


class _Server(HTTPServerBase):
    """The threads and the socket; what is answered is up to `FakeServices`."""

    def __init__(self, services: FakeServices, port: int) -> None:
        super().__init__("127.0.0.1", port, threaded=True)
        self._services = services

    def thread_target(self) -> None:
        assert self.server is not None
        # The default looks for a stop twice a second, which each test would wait for.
        self.server.serve_forever(poll_interval=0.02)

    def dispatch(self, request: Request) -> Response:
        try:
            return self._services.answer(request)
        except ConnectionError:
            raise  # a fault that drops the connection
        except Exception as error:
            self._services.errors.append(error)
            return Response(f"error of the fake: {error!r}", 500, content_type="text/plain")

    def application(self, request: Request) -> Response:
        # The base class keeps every request and reply; the log of FakeServices is enough.
        return self.dispatch(request)
