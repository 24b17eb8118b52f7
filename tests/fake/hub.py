"""The Hub's API: lists and details of models, who one is, and the rate limit."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any, get_args
from urllib.parse import urlencode

from huggingface_hub.hf_api import ExpandModelProperty_T
from werkzeug import Request, Response

from tests.fake.datasets import FakeDataset, FakeDatasets
from tests.fake.ratelimit import RateLimit
from tests.fake.replies import Item, bearer, hub_error, json_reply, whole

# The names that the client itself knows; two of them are answered on the detail route only.
DETAIL_PROPERTIES = frozenset(get_args(ExpandModelProperty_T))
LIST_PROPERTIES = DETAIL_PROPERTIES - {"childrenModelCount", "usedStorage"}
DEFAULT_PROPERTIES = (
    "_id",
    "id",
    "likes",
    "downloads",
    "tags",
    "createdAt",
    "pipeline_tag",
    "library_name",
    "private",
)
HUB_STATS = "cfahlgren1/hub-stats"


@dataclass
class FakeHub:
    """The state of the fake Hub. All of it can be changed while the server runs.

    `models` are records in the API's item form with every property they have; `models_of`, where
    set, gives them by day instead, and `day` says which. `hidden` names (private, or gated and
    not shown) are in no list and answer as if they were missing. `renames` is old name to new.
    `tokens` are the valid ones; None takes any. `max_page_size` caps a page.
    """

    day: date = date(2026, 4, 2)
    models: list[Item] = field(default_factory=list)
    models_of: Callable[[date], list[Item]] | None = None
    hidden: set[str] = field(default_factory=set)
    renames: dict[str, str] = field(default_factory=dict)
    tokens: set[str] | None = field(default_factory=lambda: {"hf_fake_token"})
    max_page_size: int = 1000
    rate_limit: RateLimit = field(default_factory=RateLimit)
    datasets: FakeDatasets = field(default_factory=FakeDatasets)
    url: str = ""

    @property
    def hub_stats(self) -> FakeDataset:
        """The dataset of snapshots; made when first asked for."""
        return self.datasets.get_or_make(HUB_STATS)

    @property
    def add_snapshot(self) -> Callable[..., str]:
        """`FakeDataset.add_snapshot` of the dataset of snapshots."""
        return self.hub_stats.add_snapshot

    def records(self) -> list[Item]:
        """The models that the Hub shows on `day`."""
        shown = self.models_of(self.day) if self.models_of is not None else self.models
        return [item for item in shown if str(item.get("id")) not in self.hidden]

    # --- routes --------------------------------------------------------------------------

    def handle(self, request: Request, path: str) -> Response:
        """The reply to a request; under `/api/` it counts against the rate limit."""
        if not path.startswith("/api/"):
            return self.datasets.handle(request, path, self.url) or hub_error(404, "Not Found")
        token = bearer(request)
        known = token if token is not None and self.is_valid(token) else None
        allowed, headers = self.rate_limit.take(known)
        if not allowed:
            reply = json_reply({"error": "We had to rate limit you."}, 429)
        elif token is not None and known is None:
            reply = hub_error(401, "Invalid credentials in Authorization header")
        else:
            reply = self._api(request, path)
        reply.headers.extend(headers)
        return reply

    def is_valid(self, token: str) -> bool:
        """Whether a token is accepted."""
        return self.tokens is None or token in self.tokens

    def _api(self, request: Request, path: str) -> Response:
        if path == "/api/models":
            return self._list(request)
        if path.startswith("/api/models/"):
            return self._detail(request, path.removeprefix("/api/models/"))
        if path.startswith("/api/datasets/"):
            return self.datasets.handle(request, path, self.url) or hub_error(404, "Not Found")
        if path == "/api/whoami-v2":
            return self._whoami(request)
        # /api/agent-harnesses among them: the client asks for it before its first call.
        return hub_error(404, "Sorry, we can't find the page you are looking for.")

    def _whoami(self, request: Request) -> Response:
        if bearer(request) is None:
            return hub_error(401, "Invalid username or password.")
        access = {"displayName": "fake", "role": "read"}
        return json_reply(
            {
                "type": "user",
                "id": "000000000000000000000001",
                "name": "fake-user",
                "fullname": "Fake User",
                "isPro": False,
                "orgs": [],
                "auth": {"type": "access_token", "accessToken": access},
            }
        )

    def _detail(self, request: Request, name: str) -> Response:
        name = name.split("/revision/")[0]
        if name in self.renames:
            query = request.query_string.decode()
            target = f"{self.url}/api/models/{self.renames[name]}" + (f"?{query}" if query else "")
            return Response("", 307, headers={"Location": target})
        item = next((item for item in self.records() if item.get("id") == name), None)
        if item is None:
            if bearer(request) is not None:
                return hub_error(404, "Repository not found", "RepoNotFound")
            # Missing, private and gated repositories cannot be told apart without a token.
            return hub_error(401, "Invalid username or password.")
        wanted = _expand(request)
        if not wanted:
            return json_reply({"modelId": name, "siblings": [], **item})
        if not DETAIL_PROPERTIES.issuperset(wanted):
            return _bad_expand(wanted, DETAIL_PROPERTIES)
        return json_reply(_pick(item, ["_id", "id", *wanted]))

    def _list(self, request: Request) -> Response:
        wanted = _expand(request)
        if not LIST_PROPERTIES.issuperset(wanted):
            return _bad_expand(wanted, LIST_PROPERTIES)
        limit = whole(request.args.get("limit"), self.max_page_size)
        if limit is None or limit < 1:
            return hub_error(400, '"limit" must be a positive number')
        found = [item for item in self.records() if _matches(item, request)]
        sort = request.args.get("sort", "_id")
        found.sort(key=lambda item: str(item.get("_id")))
        found.sort(key=lambda item: _rank(item.get(sort)), reverse=True)
        cursor = request.args.get("cursor")
        if cursor is not None:
            place = decode_cursor(cursor)
            if place is None:
                return hub_error(400, "Invalid cursor")
            found = [item for item in found if _is_after(item, sort, place)]
        size = min(limit, self.max_page_size)
        page = found[:size]
        reply = json_reply([_shape(item, wanted) for item in page])
        if len(found) > size:
            query = [(key, value) for key, value in request.args.items(multi=True)]
            query = [pair for pair in query if pair[0] != "cursor"]
            query.append(("cursor", encode_cursor(page[-1].get(sort), page[-1].get("_id"))))
            reply.headers["Link"] = f'<{self.url}/api/models?{urlencode(query)}>; rel="next"'
        return reply


# --- one list request ----------------------------------------------------------------------


def encode_cursor(value: object, oid: object) -> str:
    """The place after one item: a keyset on the sorted property and `_id`."""
    return base64.urlsafe_b64encode(json.dumps([value, oid]).encode()).decode()


def decode_cursor(cursor: str) -> tuple[Any, Any] | None:
    """The place that a cursor names; None where it is not one."""
    try:
        value, oid = json.loads(base64.urlsafe_b64decode(cursor))
    except ValueError:
        return None
    return value, oid


def _rank(value: object) -> tuple[int, float, str]:
    """An order over whatever a property holds, hostile values included."""
    if value is None:
        return 0, 0.0, ""
    if isinstance(value, int | float):
        return 1, float(value), ""
    return 2, 0.0, str(value)


def _is_after(item: Item, sort: str, place: tuple[Any, Any]) -> bool:
    mine, last = _rank(item.get(sort)), _rank(place[0])
    return mine < last or (mine == last and str(item.get("_id")) > str(place[1]))


def _matches(item: Item, request: Request) -> bool:
    """Whether an item is in the list that a request asks for: author, tags, task, search."""
    arguments = request.args
    name = str(item.get("id"))
    author = arguments.get("author")
    if author is not None and name.split("/")[0] != author:
        return False
    tags = item.get("tags")
    if not isinstance(tags, list):
        tags = []
    task, search = arguments.get("pipeline_tag"), arguments.get("search")
    return (
        all(tag in tags for tag in arguments.getlist("filter"))
        and (task is None or item.get("pipeline_tag") == task)
        and (search is None or search.lower() in name.lower())
    )


def _expand(request: Request) -> list[str]:
    return request.args.getlist("expand") + request.args.getlist("expand[]")


def _bad_expand(wanted: list[str], valid: frozenset[str]) -> Response:
    place = next(number for number, name in enumerate(wanted) if name not in valid)
    return hub_error(400, f'"expand[{place}]" must be one of [{", ".join(sorted(valid))}]')


def _pick(item: Item, names: list[str]) -> Item:
    return {name: item[name] for name in names if name in item}


def _shape(item: Item, wanted: list[str]) -> Item:
    if wanted:
        return _pick(item, ["_id", "id", *wanted])
    return {**_pick(item, list(DEFAULT_PROPERTIES)), "modelId": item.get("id")}
