"""The Hub's fixed window of requests, with the headers that announce it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class RateLimit:
    """Requests a window of `window` seconds: `anonymous` without a token, `authenticated` with.

    Each token has a window of its own. `clock` can be replaced, so that no test has to wait.
    """

    anonymous: int = 500
    authenticated: int = 1000
    window: int = 300
    clock: Callable[[], float] = time.monotonic
    _windows: dict[str, tuple[float, int]] = field(default_factory=dict)

    def take(self, token: str | None) -> tuple[bool, dict[str, str]]:
        """Counts one request: whether it is within the quota, and the reply's headers."""
        quota = self.anonymous if token is None else self.authenticated
        now = self.clock()
        start, used = self._windows.get(token or "", (now, 0))
        if now - start >= self.window:
            start, used = now, 0
        allowed = used < quota
        used += allowed
        self._windows[token or ""] = start, used
        return allowed, self.headers(quota - used, math.ceil(start + self.window - now), quota)

    def headers(self, remaining: int, seconds: int, quota: int) -> dict[str, str]:
        """The two headers, as the Hub writes them."""
        return {
            "RateLimit": f'"api";r={remaining};t={seconds}',
            "RateLimit-Policy": f'"fixed window";"api";q={quota};w={self.window}',
        }

    def reset(self) -> None:
        """Forgets what was used."""
        self._windows.clear()
