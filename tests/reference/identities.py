"""Which model a name means, by docs/method.md, Terms: model, size, region, family, day 0."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from tests.reference.hubs import (
    ALIASES,
    BUCKETS,
    FAMILIES,
    FLOOR,
    ORGANIZATIONS,
    Hub,
    Name,
    Record,
    parents_of,
)

Key = tuple[str, str]


@dataclass
class Model:
    """One repository, whatever it was called."""

    key: Key
    model_id: str = ""
    hub_oid: str | None = None
    # The newest metadata, and all of it by day.
    latest: Record | None = None
    metadata: dict[date, Record] = field(default_factory=dict)
    # Its state on each complete read day: the record, or nothing when it was absent.
    reads: dict[date, Record] = field(default_factory=dict)
    created_on: date | None = None
    released_on: date | None = None
    day_zero: date | None = None
    # What a list or a seed may call it, case-folded: today's name, then those it had last of all.
    listed_as: list[str] = field(default_factory=list)

    @property
    def org(self) -> str:
        """Its organisation today."""
        return self.model_id.split("/")[0]

    @property
    def region(self) -> str:
        """Docs/method.md, Region."""
        return ORGANIZATIONS.get(self.org, ("unknown", False))[0]

    @property
    def family(self) -> str:
        """The first matching pattern of the organisation, `none` without one."""
        name = self.model_id.split("/")[-1]
        for _, org, prefix, family in sorted(FAMILIES):
            if org == self.org and name.startswith(prefix):
                return family
        return "none"

    @property
    def bucket(self) -> str:
        """Docs/method.md, Size bucket; the latest size holds."""
        return bucket_of(self._size_read or self._size_named(r"-(\d+)B"))

    @property
    def active_bucket(self) -> str:
        """By active parameters: as the name states, else of a model without experts all of them."""
        stated = self._size_named(r"-A(\d+)B")
        is_dense = self.latest is not None and "mixtral" not in self.latest.tags
        return bucket_of(stated or (self._size_read if is_dense else None))

    @property
    def _size_read(self) -> int | None:
        return self.latest.parameters_total if self.latest else None

    def _size_named(self, pattern: str) -> int | None:
        found = re.search(f"{pattern}(-|$)", self.model_id.split("@")[0], re.IGNORECASE)
        return int(found[1]) * 10**9 if found else None

    @property
    def is_tracked(self) -> bool:
        """Docs/method.md, Tracked model: every record here is a text model by its tag."""
        return (
            ORGANIZATIONS.get(self.org, ("unknown", False))[1]
            and self.latest is not None
            and self.released_on is not None
            and self.released_on > date(2022, 11, 30)
        )


class Identities:
    """The models of a hub."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.models: dict[Key, Model] = {}
        # Who held a case-folded name from which day on; docs/method.md, Model.
        self._tenures: dict[str, dict[str, date]] = {}
        self._spelled: dict[Key, tuple[tuple[bool, date], str]] = {}
        self._rows: dict[tuple[Key, date], list[Record]] = {}
        # Since when a record has said what it says on a day: metadata is stored on change, and the
        # names in it are those of the day on which it was stored.
        self.said_since: dict[tuple[Name, date], date] = {}
        self._said: dict[Name, tuple[Record, date]] = {}
        for day, records in sorted(hub.reads.items()):
            for record in records:
                self._hold(record.name, day)
        # A name known only as somebody's parent was held all along.
        for name in {name for records in hub.reads.values() for name in _parents(records)}:
            self._hold(name, date.min)
        for day, records in sorted(hub.reads.items()):
            self._read(day, records)
        self._name()
        self._list()
        self._choose()
        self._date()

    def _hold(self, name: Name, since: date) -> None:
        if name.hub_oid is not None:
            folded = canonical(name.model_id).lower()
            self._tenures.setdefault(folded, {}).setdefault(name.hub_oid, since)

    def key_of(self, name: Name, day: date) -> Key:
        """The `_id`, else who held the name on that day, else the alias seed, else the name."""
        if name.hub_oid is not None:
            return ("oid", name.hub_oid)
        folded = name.model_id.lower()
        for candidate in (folded, canonical(name.model_id).lower()):
            held = self._tenures.get(candidate, {})
            if held:
                before = [(since, oid) for oid, since in held.items() if since <= day]
                return (
                    "oid",
                    max(before)[1] if before else min((s, o) for o, s in held.items())[1],
                )
        return ("name", canonical(name.model_id).lower())

    def model(self, name: Name, day: date) -> Model:
        """The model that a name means on a day."""
        key = self.key_of(name, day)
        return self.models.setdefault(key, Model(key, hub_oid=key[1] if key[0] == "oid" else None))

    def by_name(self) -> dict[str, Model]:
        """All models by today's name."""
        return {model.model_id: model for model in self.models.values()}

    def _read(self, day: date, records: tuple[Record, ...]) -> None:
        for record in records:
            model = self.model(record.name, day)
            self._rows.setdefault((model.key, day), []).append(record)
            self._spell(model, not record.is_rejected, day, record.name.model_id)
            if record.is_rejected:
                continue
            words = replace(record, downloads_30d=None, downloads_all_time=None)
            if record.name not in self._said or self._said[record.name][0] != words:
                self._said[record.name] = (words, day)
            self.said_since[record.name, day] = self._said[record.name][1]
            for parent in parents_of(record):
                self._spell(self.model(parent, day), False, day, parent.model_id)

    def _spell(self, model: Model, is_own: bool, day: date, model_id: str) -> None:
        """Its own record names it better than a child does; the newest counts."""
        rank = (is_own, day)
        if model.key not in self._spelled or self._spelled[model.key][0] <= rank:
            self._spelled[model.key] = (rank, canonical(model_id))

    def _name(self) -> None:
        """Today's names; of two models under one the one seen last keeps it."""
        holders: dict[str, list[Model]] = {}
        for key, (_, model_id) in self._spelled.items():
            self.models[key].model_id = model_id
            holders.setdefault(model_id.lower(), []).append(self.models[key])
        for models in holders.values():
            models.sort(key=lambda model: self._spelled[model.key][0])
            for model in models[:-1]:
                model.model_id += f"@{model.hub_oid}"

    def _list(self) -> None:
        """A name that no model has today means the one that had it last."""
        for model in self.models.values():
            model.listed_as = [model.model_id.lower()]
        today = {model.model_id.lower() for model in self.models.values()}
        for folded, held in self._tenures.items():
            if folded not in today:
                last = min(
                    held, key=lambda oid: (-held[oid].toordinal(), self._of_oid(oid).model_id)
                )
                self._of_oid(last).listed_as.append(folded)

    def _of_oid(self, hub_oid: str) -> Model:
        return self.models["oid", hub_oid]

    def _choose(self) -> None:
        """Of two names of one model in one read: the readable one, then the one of today."""
        for (key, day), records in sorted(self._rows.items(), key=lambda item: item[0][1]):
            model = self.models[key]
            record = min(
                records,
                key=lambda record: (
                    record.is_rejected,
                    record.name.model_id != model.model_id,
                    record.name.model_id,
                ),
            )
            model.reads[day] = record
            if not record.is_rejected:
                model.latest = record
                model.metadata[day] = record

    def _date(self) -> None:
        """Docs/method.md, Day 0."""
        for model in self.models.values():
            created = model.latest.created_at if model.latest else None
            if created is not None and created > FLOOR:
                model.created_on = created.date()
            corrections = {
                canonical(name).lower(): day for name, day in self.hub.corrections.items()
            }
            corrected = next(
                (corrections[name] for name in model.listed_as if name in corrections), None
            )
            model.released_on = corrected or (
                FLOOR.date() if created == FLOOR else model.created_on
            )
            model.day_zero = model.created_on
            if model.created_on is not None and corrected is not None:
                model.day_zero = corrected if corrected >= model.created_on else None


def bucket_of(size: int | None) -> str:
    """The bucket that a size lies in."""
    if size is None:
        return "unknown"
    for bucket, (low, high) in BUCKETS.items():
        if low is not None and low <= size and (high is None or size < high):
            return bucket
    raise AssertionError(size)


def canonical(model_id: str) -> str:
    """The name after the alias seed (whose spelling of the organisation wins)."""
    org, _, name = model_id.partition("/")
    folded = {alias.lower(): today for alias, today in ALIASES.items()}
    return f"{folded[org.lower()]}/{name}" if org.lower() in folded else model_id


def _parents(records: tuple[Record, ...]) -> list[Name]:
    return [name for record in records if not record.is_rejected for name in parents_of(record)]


def days(first: date, last: date) -> list[date]:
    """Every day from one to another."""
    return [first + timedelta(number) for number in range((last - first).days + 1)]
