"""Datasets of the Hub as repositories of commits: their log, their files and downloads."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

from werkzeug import Request, Response
from werkzeug.http import parse_range_header

from tests.fake.replies import Item, bearer, hub_error, json_reply, whole

CHUNK = 1 << 16


@dataclass(frozen=True)
class Blob:
    """A file's content: bytes, or a file on disk that is read when it is asked for."""

    content: bytes | Path
    size: int
    sha256: str

    @classmethod
    def of(cls, content: bytes | Path) -> Blob:
        """Takes the size and hash of a content."""
        data = content if isinstance(content, bytes) else content.read_bytes()
        return cls(content, len(data), hashlib.sha256(data).hexdigest())

    def part(self, start: int, stop: int) -> Iterator[bytes]:
        """The bytes from `start` to before `stop`, in pieces."""
        if isinstance(self.content, bytes):
            yield self.content[start:stop]
            return
        with self.content.open("rb") as file:
            file.seek(start)
            while start < stop and (piece := file.read(min(CHUNK, stop - start))):
                start += len(piece)
                yield piece


@dataclass(frozen=True)
class Commit:
    """One commit; `files` are all files after it, `touched` the paths that it changed."""

    sha: str
    time: datetime
    title: str
    files: dict[str, Blob]
    touched: frozenset[str]

    @property
    def date(self) -> str:
        """The time in the Hub's form."""
        return f"{self.time.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000Z"


@dataclass
class FakeDataset:
    """A dataset repository; `commits` in order, oldest first, the last one is `main`."""

    repo_id: str
    commits: list[Commit] = field(default_factory=list)

    def commit(
        self, time: datetime, files: Mapping[str, bytes | Path], title: str = "Update"
    ) -> str:
        """Adds a commit that writes `files`, and returns its hash. A time without zone is UTC."""
        moment = time if time.tzinfo is not None else time.replace(tzinfo=UTC)
        before = self.commits[-1].files if self.commits else {}
        written = {path: Blob.of(content) for path, content in files.items()}
        text = f"{self.repo_id} {len(self.commits)} {moment} {title}"
        sha = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
        self.commits.append(Commit(sha, moment, title, {**before, **written}, frozenset(written)))
        return sha

    def add_snapshot(
        self,
        time: datetime,
        content: bytes | Path,
        title: str = "Update models.parquet",
        path: str = "models.parquet",
    ) -> str:
        """Adds a commit that writes a snapshot file, and returns its hash."""
        return self.commit(time, {path: content}, title)

    def find(self, revision: str) -> Commit | None:
        """The commit of a branch name or hash (the first seven digits do)."""
        if revision in ("main", "refs/heads/main", "HEAD"):
            return self.commits[-1] if self.commits else None
        if len(revision) < 7:
            return None
        return next((commit for commit in self.commits if commit.sha.startswith(revision)), None)

    def up_to(self, commit: Commit) -> list[Commit]:
        """The history of a commit, newest first."""
        return self.commits[: self.commits.index(commit) + 1][::-1]

    def last_change(self, commit: Commit, path: str) -> Commit:
        """The commit that last wrote a file, as of a commit."""
        return next(past for past in self.up_to(commit) if path in past.touched)


_API = re.compile(r"/api/datasets/(?P<repo>[^/]+/[^/]+)(?:/(?P<what>[a-z-]+)/(?P<rev>.+))?")
_FILE = re.compile(r"/datasets/(?P<repo>[^/]+/[^/]+)/resolve/(?P<rev>[^/]+)/(?P<path>.+)")
_CDN = re.compile(r"/cdn/(?P<repo>[^/]+/[^/]+)/(?P<sha256>[0-9a-f]{64})")


@dataclass
class FakeDatasets:
    """All datasets by name. `private` ones answer as if they were missing.

    Downloads are redirected to another origin, as the Hub does (`cdn_url`; set by the server);
    with `is_redirecting` false the Hub itself sends the file.
    """

    repos: dict[str, FakeDataset] = field(default_factory=dict)
    private: set[str] = field(default_factory=set)
    commits_per_page: int = 50
    is_redirecting: bool = True
    cdn_url: str = ""

    def get_or_make(self, repo_id: str) -> FakeDataset:
        """The dataset of a name."""
        return self.repos.setdefault(repo_id, FakeDataset(repo_id))

    def handle(self, request: Request, path: str, url: str) -> Response | None:
        """The reply to a request for datasets, None where no route has this path."""
        if match := _API.fullmatch(path):
            repo = self._visible(match["repo"])
            if repo is None:
                return _not_found(request)
            commit = repo.find(match["rev"] or "main")
            if commit is None:
                return hub_error(404, f"Invalid rev id: {match['rev']}", "RevisionNotFound")
            return self._api(request, repo, commit, match, url)
        if match := _FILE.fullmatch(path):
            return self._resolve(request, match)
        return None

    def _visible(self, repo_id: str) -> FakeDataset | None:
        return None if repo_id in self.private else self.repos.get(repo_id)

    def _api(
        self, request: Request, repo: FakeDataset, commit: Commit, match: re.Match[str], url: str
    ) -> Response | None:
        what = match["what"]
        if what == "commits":
            return self._commits(request, repo.up_to(commit), f"{url}{match[0]}")
        if what == "paths-info" and request.method == "POST":
            paths = [path for path in request.form.getlist("paths") if path in commit.files]
            expand = request.form.get("expand", "").lower() == "true"
            return json_reply([_file_info(repo, commit, path, expand) for path in paths])
        if what == "tree":
            expand = request.args.get("expand", "").lower() == "true"
            return json_reply([_file_info(repo, commit, path, expand) for path in commit.files])
        if what in (None, "revision"):
            return json_reply(_dataset_info(repo, commit))
        return None

    def _commits(self, request: Request, commits: list[Commit], url: str) -> Response:
        page = whole(request.args.get("p"), 0)
        if page is None or page < 0:
            return hub_error(400, '"p" must be a number')
        start = page * self.commits_per_page
        shown = commits[start : start + self.commits_per_page]
        reply = json_reply(
            [
                {
                    "id": commit.sha,
                    "title": commit.title,
                    "message": "",
                    "authors": [{"user": "fake-bot"}],
                    "date": commit.date,
                }
                for commit in shown
            ]
        )
        reply.headers["X-Total-Count"] = str(len(commits))
        if start + len(shown) < len(commits):
            query = [pair for pair in request.args.items(multi=True) if pair[0] != "p"]
            link = f"{url}?{urlencode([*query, ('p', str(page + 1))])}"
            reply.headers["Link"] = f'<{link}>; rel="next"'
        return reply

    def _resolve(self, request: Request, match: re.Match[str]) -> Response:
        repo = self._visible(match["repo"])
        if repo is None:
            return _not_found(request)
        commit = repo.find(match["rev"])
        if commit is None:
            return hub_error(404, f"Invalid rev id: {match['rev']}", "RevisionNotFound")
        headers = {"X-Repo-Commit": commit.sha}
        blob = commit.files.get(match["path"])
        if blob is None:
            reply = hub_error(404, "Entry not found", "EntryNotFound")
            reply.headers.extend(headers)
            return reply
        headers |= {"X-Linked-Size": str(blob.size), "X-Linked-ETag": f'"{blob.sha256}"'}
        if self.is_redirecting:
            headers["Location"] = f"{self.cdn_url}/{repo.repo_id}/{blob.sha256}"
            return Response("Found", 302, headers=headers, content_type="text/plain")
        reply = file_reply(request, blob)
        reply.headers.extend(headers)
        return reply

    def handle_cdn(self, request: Request, path: str) -> Response:
        """The reply of the store behind the Hub, where files are by their hash."""
        match = _CDN.fullmatch(path)
        repo = self.repos.get(match["repo"]) if match else None
        if match and repo:
            for commit in reversed(repo.commits):
                for blob in commit.files.values():
                    if blob.sha256 == match["sha256"]:
                        return file_reply(request, blob)
        return Response("Not Found", 404, content_type="text/plain")


def _not_found(request: Request) -> Response:
    if bearer(request) is not None:
        return hub_error(404, "Repository not found", "RepoNotFound")
    return hub_error(401, "Invalid username or password.")


def _file_info(repo: FakeDataset, commit: Commit, path: str, expand: bool) -> Item:
    """A file as `paths-info` and `tree` give it; all files are large ones (LFS)."""
    blob = commit.files[path]
    pointer = hashlib.sha1(blob.sha256.encode(), usedforsecurity=False).hexdigest()
    info: Item = {
        "type": "file",
        "oid": pointer,
        "size": blob.size,
        "lfs": {"oid": blob.sha256, "size": blob.size, "pointerSize": 134},
        "path": path,
    }
    if expand:
        last = repo.last_change(commit, path)
        info["lastCommit"] = {"id": last.sha, "title": last.title, "date": last.date}
        scan = {"status": "unscanned"}
        info["securityFileStatus"] = {**scan, "avScan": scan, "pickleImportScan": scan}
    return info


def _dataset_info(repo: FakeDataset, commit: Commit) -> Item:
    oid = hashlib.md5(repo.repo_id.encode(), usedforsecurity=False).hexdigest()[:24]
    return {
        "_id": oid,
        "id": repo.repo_id,
        "author": repo.repo_id.split("/")[0],
        "sha": commit.sha,
        "lastModified": commit.date,
        "createdAt": repo.commits[0].date,
        "private": False,
        "gated": False,
        "disabled": False,
        "downloads": 0,
        "likes": 0,
        "tags": [],
        "siblings": [{"rfilename": path} for path in commit.files],
    }


def file_reply(request: Request, blob: Blob) -> Response:
    """A file or the range of it that is asked for, with its length and entity tag."""
    headers = {"ETag": f'"{blob.sha256}"', "Accept-Ranges": "bytes"}
    start, stop, status = 0, blob.size, 200
    wanted = parse_range_header(request.headers.get("Range"))
    if wanted is not None and wanted.units == "bytes":
        bounds = wanted.range_for_length(blob.size)
        if bounds is None:
            headers["Content-Range"] = f"bytes */{blob.size}"
            return Response("", 416, headers=headers)
        start, stop = bounds
        status = 206
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{blob.size}"
    headers["Content-Length"] = str(stop - start)
    return Response(
        blob.part(start, stop),
        status,
        headers=headers,
        content_type="application/octet-stream",
        direct_passthrough=True,
    )
