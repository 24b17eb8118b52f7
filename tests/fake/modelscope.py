"""ModelScope's open API: the models of an owner."""

from __future__ import annotations

from dataclasses import dataclass, field

from werkzeug import Request, Response

from tests.fake.replies import Item, json_reply, whole

MAX_PAGE_SIZE = 50
MAX_REACH = 3000


def failure(code: str = "InternalError", message: str = "internal error") -> Response:
    """A failure as ModelScope gives it: HTTP 200, `success` false and a code in words."""
    return json_reply({"success": False, "code": code, "message": message})


@dataclass
class FakeModelScope:
    """`models` are items of the API (`id` is owner/name); `downloads` is cumulative."""

    models: list[Item] = field(default_factory=list)

    def handle(self, request: Request, path: str) -> Response:
        """The reply to a request; only the list of models is there."""
        if path != "/openapi/v1/models":
            return json_reply({"success": False, "code": "NotFound", "message": path}, 404)
        number = whole(request.args.get("page_number"), 1)
        size = whole(request.args.get("page_size"), 10)
        if number is None or size is None or number < 1 or not 1 <= size <= MAX_PAGE_SIZE:
            return failure("InvalidParameter", f"page_size must be 1 to {MAX_PAGE_SIZE}")
        if number * size > MAX_REACH:
            return failure("InvalidParameter", f"page_number * page_size exceeds {MAX_REACH}")
        owner = request.args.get("owner")
        found = [item for item in self.models if owner is None or item["id"].split("/")[0] == owner]
        if request.args.get("sort") == "downloads":
            found.sort(key=lambda item: item.get("downloads") or 0, reverse=True)
        page = found[(number - 1) * size : number * size]
        return json_reply(
            {
                "success": True,
                "data": {
                    "models": page,
                    "total_count": len(found),
                    "page_number": number,
                    "page_size": size,
                },
            }
        )
