"""Errors of the extraction. Each message is one line: source, partition, row, what to do next.

Messages never hold a full path (only names relative to the import folder or to the landing)
and never a secret.
"""

from __future__ import annotations

import contextlib
import errno
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from extract.loading import LoadResult


# The folders of an absolute path; none of a relative one, as dbt names its files, or of a URL.
_FOLDERS = re.compile(r"(?<![\w./-])(/[^/\s'\"]+)+/")


def without_folders(text: str) -> str:
    """A library's message with the names of files, and without where they lie on this machine."""
    return _FOLDERS.sub("", text)


class HubtideError(Exception):
    """Base of all errors that a command shows as one line."""


class ImportFolderError(HubtideError):
    """The import folder, a file name in it, or its manifest.csv cannot be understood."""


class LandingError(HubtideError):
    """A landed file is missing, or is not what its manifest says."""


class PartitionBusyError(HubtideError):
    """Another process is fetching from the same source into this home."""


class SourceError(HubtideError):
    """A live source could not be read. What had landed before is kept."""


class UnavailableError(SourceError):
    """The network or the service failed, several times over."""


class RateLimitedError(SourceError):
    """The service asks for a longer wait than is allowed."""


class RequestLimitError(SourceError):
    """The user's own limit of requests is used up."""


class RefusedError(SourceError):
    """The service refused the request, or would have it sent somewhere else."""


class UnreadableReplyError(SourceError):
    """The service answered, and what it said makes no sense."""


class NothingListedError(SourceError):
    """A listing is empty, and always was: the name is not there."""


class UnrecoverableError(SourceError):
    """The day is over, and the source only knows what is now."""


class NotYetError(SourceError):
    """The day has not begun at the source."""


# What the same request may well give later, so that it is worth trying again by itself. The rest (a
# refusal, a broken reply, a limit of the user's own) stays the same until somebody changes it.
TRANSIENT = (UnavailableError, RateLimitedError, PartitionBusyError)


class WarehouseLockedError(HubtideError):
    """Another process has the warehouse's file open (docs/operations.md, One writer)."""


class MixedKindsError(HubtideError):
    """Synthetic rows would meet real ones in one warehouse or one landing."""


class ContractError(HubtideError):
    """A partition as a whole breaks the contract at the door; nothing of it was loaded.

    `rows_read` and `rows_rejected` are the counts reached, for the ledger.
    """

    def __init__(self, message: str, rows_read: int = 0, rows_rejected: int = 0) -> None:
        super().__init__(message)
        self.rows_read = rows_read
        self.rows_rejected = rows_rejected


class LoadFailedError(HubtideError):
    """One or more partitions failed. The others were loaded; `results` has all of them."""

    def __init__(self, message: str, results: list[LoadResult]) -> None:
        super().__init__(message)
        self.results = results


_REMEDIES = {
    errno.ENOSPC: "make room",
    errno.EDQUOT: "make room",
    errno.EACCES: "let this user write there",
    errno.EPERM: "let this user write there",
    errno.EROFS: "let this user write there",
}


@contextlib.contextmanager
def disk_errors(label: str, name: str, kept: str = "what has landed") -> Iterator[None]:
    """Turn an OSError of writing `name` into a HubtideError of one line without a path."""
    try:
        yield
    except OSError as error:
        remedy = _REMEDIES.get(error.errno or 0, "see what stands there")
        raise HubtideError(
            f"{label}: {name} cannot be written ({error.strerror or type(error).__name__}); "
            f"{remedy} and run this again: {kept} is kept"
        ) from None
