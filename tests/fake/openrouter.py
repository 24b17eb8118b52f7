"""OpenRouter: the daily rankings (with a key) and the catalogue (without)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from werkzeug import Request, Response

from tests.fake.replies import Item, bearer, json_reply

TOP = 50
MAX_DAYS = 366


def error(status: int, message: str) -> Response:
    """An error in OpenRouter's form."""
    return json_reply({"error": {"code": status, "message": message}}, status)


@dataclass
class FakeOpenRouter:
    """`rankings` is tokens by day (YYYY-MM-DD) and slug; `other` may stand among the slugs.

    Of more than 50 slugs a day, those beyond go into `other`, which comes last. `as_of` is put
    into `meta`; empty means the newest day. `catalogue` is the list of `/models`.
    """

    key: str = "fake-openrouter-key"
    rankings: dict[str, dict[str, int]] = field(default_factory=dict)
    as_of: str = ""
    catalogue: list[Item] = field(default_factory=list)

    def handle(self, request: Request, path: str) -> Response:
        """The reply to a request under the base address."""
        if path == "/models":
            return json_reply({"data": self.catalogue})
        if path == "/datasets/rankings-daily":
            return self._rankings(request)
        return error(404, "Not Found")

    def _rankings(self, request: Request) -> Response:
        if bearer(request) != self.key:
            return error(401, "No auth credentials found" if not bearer(request) else "Invalid key")
        newest = max(self.rankings, default="2025-01-01")
        try:
            end = date.fromisoformat(request.args.get("end_date", newest))
            start = date.fromisoformat(request.args.get("start_date", str(end)))
        except ValueError:
            return error(400, "start_date and end_date must be YYYY-MM-DD")
        if start > end or (end - start).days + 1 > MAX_DAYS:
            return error(400, f"The range must be 1 to {MAX_DAYS} days")
        data = [
            {"date": day, "model_permaslug": slug, "total_tokens": str(tokens)}
            for day in sorted(self.rankings)
            if str(start) <= day <= str(end)
            for slug, tokens in _rows(self.rankings[day])
        ]
        meta = {
            "as_of": self.as_of or newest,
            "start_date": str(start),
            "end_date": str(end),
            "version": "v1",
        }
        return json_reply({"data": data, "meta": meta})


def _rows(tokens: dict[str, int]) -> list[tuple[str, int]]:
    """A day's rows: at most 50 by tokens, and `other` last where there is any."""
    slugs = [(slug, count) for slug, count in tokens.items() if slug != "other"]
    slugs.sort(key=lambda row: (-row[1], row[0]))
    beyond = sum(count for _, count in slugs[TOP:])
    rows = slugs[:TOP]
    if "other" in tokens or beyond:
        rows.append(("other", tokens.get("other", 0) + beyond))
    return rows
