"""Random small Hubs, and how the loader would store them.

A hub here is the dense truth: every record of every complete read. `write` stores it sparsely by
docs/method.md, Readings; that the loader does the same is proved by tests/extract.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import duckdb
from hypothesis import strategies as st

# Rules that are variables, set so that small hubs reach them.
VARIABLES = {
    "reference_models": 3,
    "reference_min_models": 2,
    "derivative_age_days": 10,
    "max_gap_days": 7,
    "trailing_max_days": 28,
    "derivative_min_downloads": 5,
    "present_age_max_days": 40,
    "deflator_min_age_days": 3,
    "deflator_min_models": 2,
}
HORIZONS = (2, 3, 7, 14, 30)

# org: (region, is_tracked). `nobody` has no row: region unknown, not tracked.
ORGANIZATIONS = {
    "Acme": ("us", True),
    "Beta": ("china", True),
    "gamma": ("unknown", True),
    "zed": ("eu", False),
}
# Former names of organisations.
ALIASES = {"OldBeta": "Beta"}
# (priority, org, prefix of the name, family)
FAMILIES = ((1, "Acme", "m", "Alpha"), (2, "Beta", "m1", "Beth"))
# Repositories of one release, by folded name (seed release_overrides): the even ones and the odd.
RELEASES = {
    f"{org.lower()}/m{number}": f"{org}/r{number % 2}"
    for org in ("Acme", "Beta")
    for number in range(1, 9)
}
# bucket: (least parameters, least parameters of the next bucket)
BUCKETS: dict[str, tuple[int | None, int | None]] = {
    "<1B": (0, 10**9),
    "1-5B": (10**9, 5 * 10**9),
    "250B+": (5 * 10**9, None),
    "unknown": (None, None),
}
FLOOR = datetime(2022, 3, 2, 23, 29, 4)  # noqa: DTZ001 the column is UTC without a zone
FIRST_DAYS = (date(2025, 3, 1), date(2025, 3, 2), date(2025, 3, 28), date(2025, 12, 31))


@dataclass(frozen=True)
class Name:
    """A repository as a source names it."""

    hub_oid: str | None
    model_id: str


@dataclass(frozen=True)
class Record:
    """One repository in one complete read."""

    name: Name
    downloads_all_time: int | None = None
    downloads_30d: int | None = None
    created_at: datetime | None = None
    parameters_total: int | None = None
    tags: tuple[str, ...] = ()
    base_relation: str | None = None
    base_models: tuple[Name, ...] | None = None
    is_rejected: bool = False


@dataclass(frozen=True)
class Hub:
    """What was read, and what a person decided (`corrections`, by a name of then or today)."""

    reads: dict[date, tuple[Record, ...]]
    corrections: dict[str, date]

    @property
    def first(self) -> date:
        """The first complete read day."""
        return min(self.reads)

    @property
    def as_of(self) -> date:
        """The last complete read day."""
        return max(self.reads)


@dataclass(frozen=True)
class Base:
    """A parent as drawn: a repository's number, a name alone, or an `_id` that is not read."""

    repository: int | None = None
    dangling: str | None = None
    not_loaded: str | None = None


@dataclass(frozen=True)
class Repository:
    """A repository as drawn; days are counted from the first read day."""

    number: int
    org: str
    created: int | None
    is_floored: bool
    hour: int
    listed: int
    ended: int | None
    away: tuple[tuple[int, int], ...]
    rejected: tuple[int, ...]
    start: int
    rate: int
    jumps: tuple[tuple[int, int], ...]
    counters: str
    parameters: int | None
    # What its name says of its size, and whether its tags speak of experts.
    ending: str
    has_experts: bool
    renamed: int | None
    rename: str
    takes_name_of: int | None
    lingers: int
    bases: tuple[Base, ...]
    relation: str | None
    basis: str

    @property
    def hub_oid(self) -> str:
        """The Hub's `_id`."""
        return f"id{self.number:02}"

    def name_on(self, day: int, repositories: list[Repository]) -> str:
        """The name that it has on a day."""
        org = self.org
        name = f"m{self.number}{self.ending}"
        if self.takes_name_of is not None and self.takes_name_of < self.number:
            return repositories[self.takes_name_of].name_on(0, repositories)
        if self.rename == "alias":
            org = "Beta" if self.renamed is not None and day >= self.renamed else "OldBeta"
        elif self.renamed is not None and day >= self.renamed:
            if self.rename == "case":
                return f"{org}/{name}".swapcase()
            name += "-new"
        return f"{org}/{name}"

    def counter_on(self, day: int) -> int:
        """The all-time counter at the end of a day, falls included."""
        total = self.start + self.rate * max(day - self.listed, 0)
        return max(total + sum(size for at, size in self.jumps if at <= day), 0)

    def is_listed(self, day: int) -> bool:
        """True when the Hub lists it that day."""
        if day < self.listed or (self.ended is not None and day >= self.ended):
            return False
        return not any(start <= day < start + length for start, length in self.away)


def _record(repository: Repository, day: int, start: date, everyone: list[Repository]) -> Record:
    created = None
    if repository.is_floored:
        created = FLOOR
    elif repository.created is not None:
        at = start + timedelta(repository.created)
        created = datetime(at.year, at.month, at.day, repository.hour)  # noqa: DTZ001
    counter: int | None = repository.counter_on(day)
    before = repository.counter_on(day - 30)
    month: int | None = max(repository.counter_on(day) - before, 0)
    if repository.counters == "trailing" or (repository.counters == "gaps" and day % 5 < 3):
        counter = None
    elif repository.counters == "yes":
        month = None
    bases = [_base(base, day, everyone) for base in repository.bases]
    tags = ["t", "mixtral"] if repository.has_experts else ["t"]
    if repository.basis != "base_models":
        for base in bases:
            tags.append(f"base_model:{base.model_id}")
            if repository.relation is not None:
                tags.append(f"base_model:{repository.relation}:{base.model_id}")
    return Record(
        Name(repository.hub_oid, repository.name_on(day, everyone)),
        counter,
        month,
        created,
        repository.parameters,
        tuple(sorted(set(tags))),
        repository.relation if repository.basis != "tags" and bases else None,
        tuple(bases) if repository.basis != "tags" and bases else None,
        day in repository.rejected,
    )


def _base(base: Base, day: int, everyone: list[Repository]) -> Name:
    if base.repository is not None:
        parent = everyone[base.repository % len(everyone)]
        return Name(parent.hub_oid, parent.name_on(day, everyone))
    if base.not_loaded is not None:
        return Name(f"far-{base.not_loaded}", f"far/{base.not_loaded}")
    return Name(None, f"nobody/{base.dangling}")


def _former(repository: Repository, day: int, record: Record) -> list[Record]:
    """A second record under the organisation's former name, for a while after the rename."""
    if repository.rename != "alias" or repository.renamed is None:
        return []
    if not repository.renamed <= day < repository.renamed + repository.lingers:
        return []
    counter = None if day % 7 == 0 else repository.counter_on(day // 2)
    name = Name(None, f"OldBeta/m{repository.number}{repository.ending}")
    return [replace(record, name=name, downloads_all_time=counter, is_rejected=day % 5 == 0)]


def _reads(
    repositories: list[Repository], days: list[int], start: date, oids_from: int
) -> dict[date, tuple[Record, ...]]:
    reads = {}
    for day in days:
        records: list[Record] = []
        taken: set[str] = set()
        for repository in repositories:
            record = _record(repository, day, start, repositories)
            if not repository.is_listed(day) or _folded(record.name.model_id) in taken:
                continue
            taken.add(_folded(record.name.model_id))
            if day < oids_from:
                record = replace(record, name=Name(None, record.name.model_id))
                records += _former(repository, day, record)
            records.append(record)
        reads[start + timedelta(day)] = tuple(records)
    return reads


bases = st.one_of(
    st.builds(Base, repository=st.integers(0, 11)),
    st.builds(Base, repository=st.integers(0, 11)),
    st.builds(Base, dangling=st.sampled_from(["x", "y"])),
    st.builds(Base, not_loaded=st.sampled_from(["p", "q"])),
)


def _folded(model_id: str) -> str:
    """The name without its organisation: here no two organisations share one."""
    return model_id.split("/")[1].lower()


def repositories(number: int, length: int) -> st.SearchStrategy[Repository]:
    """One repository of a hub of `length` days."""
    day = st.integers(0, length)
    created = st.integers(-9, length)

    def build(created: int, late: int, knows: str, **values: object) -> Repository:
        return Repository(
            number=number,
            created=None if knows == "unknown" else created + (late if knows == "after" else 0),
            is_floored=knows == "floored",
            listed=created + late,
            **values,  # type: ignore[arg-type]
        )

    return st.builds(
        build,
        created=created,
        late=st.sampled_from([0, 0, 0, 1, 6, 7, 8, 12]),
        knows=st.sampled_from(["yes"] * 9 + ["unknown", "floored", "after"]),
        org=st.sampled_from(["Acme", "Acme", "Beta", "Beta", "gamma", "zed", "nobody"]),
        hour=st.sampled_from([0, 11, 23]),
        ended=st.one_of(st.none(), st.none(), day),
        away=st.lists(st.tuples(day, st.integers(1, 9)), max_size=2).map(tuple),
        rejected=st.lists(day, max_size=2).map(tuple),
        start=st.sampled_from([0, 0, 1, 50]),
        rate=st.sampled_from([0, 1, 1, 2, 7]),
        jumps=st.lists(
            st.tuples(day, st.sampled_from([1, 5, 100, 2**33, -1, -5, -60, -(2**33)])), max_size=4
        ).map(tuple),
        counters=st.sampled_from(["yes"] * 7 + ["both", "trailing", "gaps"]),
        parameters=st.sampled_from([10**8, 10**8, 10**9 - 1, 10**9, 2 * 10**9, 5 * 10**9, None]),
        ending=st.sampled_from([""] * 7 + ["-A1B", "-8B", "-8B-A1B"]),
        has_experts=st.sampled_from([False, False, True]),
        renamed=st.one_of(st.none(), day),
        rename=st.sampled_from(["name", "name", "case", "alias"]),
        takes_name_of=st.one_of(st.none(), st.none(), st.none(), st.integers(0, 3)),
        lingers=st.sampled_from([0, 0, 3, 20]),
        bases=st.lists(bases, max_size=3).map(tuple),
        relation=st.sampled_from(["finetune", "adapter", "quantized", "merge", None]),
        basis=st.sampled_from(["base_models", "base_models", "tags", "both"]),
    )


def _lasting(repository: Repository, length: int) -> Repository:
    """Read from its creation on: before the hub's first month, or a launch of a few sizes after."""
    created = -4 - repository.number // 2
    if repository.number % 2:
        created = length // 3 + repository.listed % (length // 2)
        repository = replace(repository, parameters=10**8 if repository.parameters else None)
    jumps = tuple((at, max(min(size, 100), -5)) for at, size in repository.jumps)
    return replace(
        repository,
        created=created,
        listed=created,
        is_floored=False,
        ended=None,
        rejected=(),
        rate=repository.rate or 3,
        jumps=jumps,
    )


@st.composite
def hubs(draw: st.DrawFn, is_long: bool = False) -> Hub:
    """A hub: repositories over some weeks, with days that were not read.

    A long one lasts for some months and has models that are known all along: growth of the Hub.
    """
    length = draw(st.integers(90, 130) if is_long else st.integers(5, 60))
    start = draw(st.sampled_from(FIRST_DAYS))
    count = draw(st.integers(7, 12) if is_long else st.integers(2, 10))
    drawn = [draw(repositories(number, length)) for number in range(count)]
    if is_long:
        drawn = [_lasting(repository, length) for repository in drawn]
    skipped = draw(st.sets(st.integers(1, length), max_size=length // 2))
    outage = draw(st.integers(1, length))
    skipped |= set(range(outage, outage + draw(st.sampled_from([0, 0, 4, 12]))))
    # No read of nothing: the loader refuses one, so the first repository is there from the start.
    drawn[0] = replace(drawn[0], listed=min(drawn[0].listed, 0), ended=None, away=())
    days = [day for day in range(length + 1) if day == 0 or day not in skipped]
    oids_from = draw(st.sampled_from([0, 0, 0, length // 2, length + 1]))
    if oids_from > 0:
        # No name without `_id` whose holder changes: its sparse rows are cut in the middle.
        drawn = [replace(repository, takes_name_of=None) for repository in drawn]
    # A repository that is never read itself keeps its name: no row says which is today's.
    seen = {
        repository.number
        for repository in drawn
        for day in days
        if repository.is_listed(day) and day not in repository.rejected
    }
    drawn = [
        repository
        if repository.number in seen
        else replace(repository, renamed=None, takes_name_of=None)
        for repository in drawn
    ]
    corrections: dict[str, date] = {}
    for repository in drawn:
        if repository.created is not None and draw(st.integers(0, 3)) == 0:
            shift = draw(st.sampled_from([-5, 0, 1, 4, 20]))
            name = repository.name_on(draw(st.sampled_from([0, length])), drawn)
            # One row a repository, whatever its spelling: rows under two names are not drawn.
            if all(_folded(name) != _folded(other) for other in corrections):
                corrections[name] = start + timedelta(repository.created + shift)
    return Hub(_reads(drawn, days, start, oids_from), corrections)


# Storing


def _states(records: tuple[Record, ...]) -> dict[Name, tuple[str, int | None, int | None]]:
    return {
        record.name: ("unknown", None, None)
        if record.is_rejected
        else ("present", record.downloads_30d, record.downloads_all_time)
        for record in records
    }


class _Writer:
    """Rows for `raw`, gathered by table; readings and metadata by source."""

    def __init__(self) -> None:
        self.keys: dict[Name, int] = {}
        self.readings: dict[str, list[tuple[object, ...]]] = {}
        self.metadata: dict[str, list[tuple[object, ...]]] = {}
        self.read_days: list[tuple[object, ...]] = []

    def key(self, name: Name) -> int:
        return self.keys.setdefault(name, len(self.keys) + 1)

    def read(self, source: str, scope: str, reads: dict[date, tuple[Record, ...]]) -> None:
        """Sparse rows of a scope's complete reads (docs/method.md, Sparse readings)."""
        rows = self.readings.setdefault(source, [])
        previous: dict[Name, tuple[str, int | None, int | None]] = {}
        contents: dict[Name, str] = {}
        months: set[tuple[int, int]] = set()
        for day, records in sorted(reads.items()):
            states = _states(records)
            is_first = (day.year, day.month) not in months
            months.add((day.year, day.month))
            for name, state in states.items():
                if is_first or previous.get(name) != state:
                    before = previous[name][2] if name in previous else None
                    rows.append((self.key(name), day, scope, *state, 1, 0, 1, before))
            for name in previous.keys() - states.keys():
                before = previous[name][2]
                rows.append((self.key(name), day, scope, "absent", None, None, None, 0, 1, before))
            for record in records:
                self._describe(source, scope, day, record, contents)
            previous = states
            self.read_days.append((source, scope, day, True, 0, len(records), str(day), 1))

    def find(self, reads: dict[date, tuple[Record, ...]]) -> None:
        """Rows of models that discovery read: each holds for its day only."""
        rows = self.readings.setdefault("hub_discovery", [])
        contents: dict[Name, str] = {}
        for day, records in sorted(reads.items()):
            for name, state in _states(records).items():
                rows.append((self.key(name), day, "rows", *state, 1, 0, 1, None))
            for record in records:
                self._describe("hub_discovery", "rows", day, record, contents)
            row = ("hub_discovery", "rows", day, False, 0, len(records), str(day), 1)
            self.read_days.append(row)

    def _describe(
        self, source: str, scope: str, day: date, record: Record, contents: dict[Name, str]
    ) -> None:
        """A metadata row where the content differs from the one before."""
        if record.is_rejected:
            return
        for parent in parents_of(record):
            self.key(parent)
        content = hashlib.md5(
            repr(replace(record, downloads_30d=0, downloads_all_time=0)).encode()
        ).hexdigest()
        if contents.get(record.name) == content:
            return
        contents[record.name] = content
        self.metadata.setdefault(source, []).append(
            (
                self.key(record.name),
                day,
                scope,
                content,
                record.created_at,
                "text-generation",
                None,
                list(record.tags),
                record.base_relation,
                None
                if record.base_models is None
                else [
                    {"hub_oid": base.hub_oid, "model_id": base.model_id}
                    for base in record.base_models
                ],
                record.parameters_total,
                None,
                None,
                1,
            )
        )


def parents_of(record: Record) -> list[Name]:
    """The parents that a record names: its base models, else its tags."""
    if record.base_models is not None:
        return list(record.base_models)
    return [Name(None, tag.split(":")[-1]) for tag in record.tags if tag.startswith("base_model:")]


@dataclass(frozen=True)
class Scopes:
    """How a hub was read through its API: all organisations, the whole Hub, or both on a day.

    `found` has numbers: which records of a day discovery read as well.
    """

    whole: frozenset[date]
    by_organization: frozenset[date]
    found: tuple[int, ...]


@st.composite
def scopes(draw: st.DrawFn, hub: Hub) -> Scopes:
    """Every read day is one of either kind; the first is one of both, so that F is the Hub's."""
    days = sorted(hub.reads)
    kinds = draw(st.lists(st.sampled_from(["w", "o", "o", "wo"]), min_size=len(days)))
    kinds[0] = "wo"
    return Scopes(
        frozenset(day for day, kind in zip(days, kinds, strict=False) if "w" in kind),
        frozenset(day for day, kind in zip(days, kinds, strict=False) if "o" in kind),
        tuple(draw(st.lists(st.integers(0, 9), max_size=4))),
    )


def organization(model_id: str) -> str:
    """The organisation under whose listing a name stands: today's, in the Hub's spelling."""
    spelled = {org.lower(): org for org in (*ORGANIZATIONS, "nobody")}
    spelled |= {alias.lower(): org for alias, org in ALIASES.items()}
    return spelled[model_id.split("/")[0].lower()]


def write(con: duckdb.DuckDBPyConnection, hub: Hub, scopes: Scopes | None = None) -> None:
    """Fill the schemas `raw` and `seeds`, both with empty tables, with a hub.

    Read as dated snapshots, or through the API in the given scopes.
    """
    writer = _Writer()
    if scopes is None:
        writer.read("hub_stats", "hub", hub.reads)
    else:
        _read_scopes(writer, hub, scopes)
    tables: dict[str, list[tuple[object, ...]]] = {
        **{f"raw.{source}_readings": rows for source, rows in writer.readings.items()},
        **{f"raw.{source}_metadata": rows for source, rows in writer.metadata.items()},
        "raw.read_days": writer.read_days,
        "raw.model_names": [
            (key, name.hub_oid, name.model_id) for name, key in writer.keys.items()
        ],
        "seeds.release_date_corrections": [
            (model_id, day, "e", day) for model_id, day in hub.corrections.items()
        ],
        "seeds.organizations": [
            (org, org, region, "r", date(2026, 1, 1), is_tracked)
            for org, (region, is_tracked) in ORGANIZATIONS.items()
        ],
        "seeds.organization_aliases": [(alias, org, "r") for alias, org in ALIASES.items()],
        "seeds.release_overrides": [
            (model_id, release_id, "r") for model_id, release_id in RELEASES.items()
        ],
        "seeds.families": [
            (priority, org, f"^{prefix}", family) for priority, org, prefix, family in FAMILIES
        ],
        "seeds.size_buckets": [
            (bucket, low, high, order)
            for order, (bucket, (low, high)) in enumerate(BUCKETS.items())
        ],
        "seeds.horizons": [(days,) for days in HORIZONS],
    }
    for table, rows in tables.items():
        if rows:
            marks = ", ".join("?" * len(rows[0]))
            con.executemany(f"insert into {table} values ({marks})", rows)


def _read_scopes(writer: _Writer, hub: Hub, scopes: Scopes) -> None:
    writer.read("hub_api", "hub", {day: hub.reads[day] for day in sorted(scopes.whole)})
    for org in (*ORGANIZATIONS, "nobody"):
        reads = {}
        for day in sorted(scopes.by_organization):
            records = hub.reads[day]
            reads[day] = tuple(
                record for record in records if organization(record.name.model_id) == org
            )
        writer.read("hub_api", org, reads)
    found = {}
    for day, records in hub.reads.items():
        chosen = [record for at, record in enumerate(records) if at + day.day in scopes.found]
        if chosen:
            found[day] = tuple(chosen)
    writer.find(found)
