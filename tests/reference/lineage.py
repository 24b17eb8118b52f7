"""Edges, ancestors, roots and derivatives, by docs/method.md, Lineage."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_DOWN, Decimal
from fractions import Fraction

from tests.reference.downloads import History, month_end, month_of
from tests.reference.hubs import ORGANIZATIONS, VARIABLES, Hub, Name, Record
from tests.reference.identities import Identities, Model

RELATIONS = {"finetune", "adapter", "quantized", "merge"}
# In the order of the mart's columns.
RELATION_COLUMNS = ("finetune", "adapter", "quantized", "merge")
UNIT = Decimal("1e-18")

Edges = dict[tuple[str, str, str], tuple[object, ...]]
Stated = set[tuple[str, str]]


def stated(identities: Identities, record: Record, day: date) -> Stated:
    """(parent, relation) of a record: base models, else tags; both spellings count once."""
    if record.base_models is not None:
        relation = record.base_relation if record.base_relation in RELATIONS else "unspecified"
        return {
            (identities.model(name, day).model_id, relation or "") for name in record.base_models
        }
    found: dict[str, set[str]] = {}
    for name, relation in _tags(record):
        parent = identities.model(name, day).model_id
        found.setdefault(parent, set()).update({relation} & RELATIONS)
    return {
        (parent, relation)
        for parent, relations in found.items()
        for relation in relations or {"unspecified"}
    }


def _tags(record: Record) -> list[tuple[Name, str]]:
    parts = [tag.split(":") for tag in record.tags if tag.startswith("base_model:")]
    return [(Name(None, part[-1]), part[1] if len(part) > 2 else "") for part in parts]


@dataclass
class Lineage:
    """What the newest metadata of all models states."""

    hub: Hub
    identities: Identities
    parents: dict[str, set[str]] = field(default_factory=dict)
    edges: Edges = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.models = self.identities.by_name()
        newest: dict[str, Stated] = {}
        first_seen: dict[tuple[str, str, str], date] = {}
        for model in list(self.identities.models.values()):
            for day, record in sorted(model.metadata.items()):
                since = self.identities.said_since[record.name, day]
                newest[model.model_id] = stated(self.identities, record, since)
                for parent, relation in newest[model.model_id]:
                    first_seen.setdefault((model.model_id, parent, relation), day)
        self.parents = {
            name: {parent for parent, _ in newest.get(name, ()) if parent != name}
            for name in self.models
        }
        self.depths = {name: self._ancestors(name) for name in self.models}
        for child, edges in newest.items():
            for parent, relation in edges:
                status = self._status(self.models[parent])
                self.edges[child, parent, relation] = (
                    status,
                    status in {"unresolved", "gone"},
                    child == parent,
                    child in self.depths[parent],
                    self.models[child].org == self.models[parent].org,
                    first_seen[child, parent, relation],
                )

    def _status(self, parent: Model) -> str:
        """Docs/method.md, Edges."""
        if parent.reads and self.hub.as_of not in parent.reads:
            return "gone"
        if parent.latest is not None:
            return "loaded"
        return "not_loaded" if parent.hub_oid is not None or parent.reads else "unresolved"

    def _ancestors(self, name: str) -> dict[str, int]:
        """All ancestors, never itself, with the smallest depth: breadth first."""
        depths: dict[str, int] = {}
        front, depth = {name}, 0
        while front:
            depth += 1
            front = {parent for child in front for parent in self.parents[child]}
            front -= depths.keys() | {name}
            depths |= dict.fromkeys(front, depth)
        return depths

    def component(self, name: str) -> list[str]:
        """The models that are its ancestor and its descendant, itself too, in order."""
        mutual = [other for other in self.depths[name] if name in self.depths[other]]
        return sorted([name, *mutual])

    def roots(self, name: str) -> dict[str, int]:
        """The first member of each root component, with the depth to its nearest member."""
        own = self.component(name)
        found: dict[str, int] = {}
        for other, depth in {**self.depths[name], name: 0}.items():
            members = self.component(other)
            outside = {parent for member in members for parent in self.parents[member]}
            if not outside - set(members):
                nearest = 0 if members == own else depth
                found[members[0]] = min(found.get(members[0], nearest), nearest)
        return found

    def closure_rows(self) -> dict[tuple[str, str], tuple[int]]:
        """The mart lineage_closure."""
        return {
            (name, ancestor): (depth,)
            for name, depths in self.depths.items()
            for ancestor, depth in depths.items()
        }

    def root_rows(self) -> dict[tuple[str, str], tuple[Decimal, int, bool]]:
        """The mart lineage_roots."""
        result = {}
        for name in self.models:
            roots = self.roots(name)
            parts = dict(zip(sorted(roots), equal_parts(len(roots)), strict=True))
            for root, depth in roots.items():
                is_cycle = len(self.component(root)) > 1
                is_read = self.models[root].latest is not None
                label = f"cycle:{root}" if is_cycle else root
                result[name, label] = (parts[root], depth, not is_read)
        return result


def descendants(lineage: Lineage, by_model: dict[str, History]) -> dict[tuple[str], object]:
    """The mart model_descendants: every model, each of its descendants once."""
    counters = {
        name: found.known[lineage.hub.as_of][0] if (found := by_model.get(name)) else None
        for name in lineage.models
    }
    result: dict[tuple[str], object] = {}
    for name in lineage.models:
        below = [other for other, depths in lineage.depths.items() if name in depths]
        children: dict[str, set[str]] = {}
        for child, parent, relation in lineage.edges:
            if parent == name != child:
                children.setdefault(relation, set()).add(child)
        own = counters[name]
        known = [counter for other in below if (counter := counters[other]) is not None]
        together = known if own is None else [own, *known]
        result[(name,)] = (
            len(set().union(*children.values())),
            len(below),
            *(len(children.get(relation, ())) for relation in RELATION_COLUMNS),
            own,
            sum(together) if together else None,
            len(below) - len(known),
        )
    return result


def equal_parts(count: int) -> list[Decimal]:
    """1 / count cut off after 18 decimals; the last part takes the rest."""
    part = (Decimal(1) / count).quantize(UNIT, ROUND_DOWN)
    return [part] * (count - 1) + [1 - part * (count - 1)]


@dataclass
class Cell:
    """Derivatives of a row of derivatives_monthly."""

    weight: Decimal = Decimal(0)
    models: set[str] = field(default_factory=set)
    later: set[str] = field(default_factory=set)


Place = tuple[date, str, bool, str, str, str]


def derivatives(
    hub: Hub, lineage: Lineage, by_model: dict[str, History]
) -> dict[Place, tuple[object, ...]]:
    """The mart derivatives_monthly."""
    cells: dict[Place, Cell] = {}
    for name, model in lineage.models.items():
        bases = {
            (parent, relation)
            for (child, parent, relation), _ in lineage.edges.items()
            if child == name and lineage.models[parent].org != model.org
        }
        if not bases or model.created_on is None:
            continue
        relations = {relation for _, relation in bases}
        relation = relations.pop() if len(relations) == 1 else "mixed"
        counter, is_later = _counter(model, by_model.get(name))
        month = month_of(model.created_on)
        for attribution, names in (
            ("direct", sorted({parent for parent, _ in bases})),
            ("root", sorted(lineage.roots(name))),
        ):
            for base, weight in zip(names, equal_parts(len(names)), strict=True):
                base_model = lineage.models[base]
                for filtered in (False, True):
                    if filtered and counter <= VARIABLES["derivative_min_downloads"]:
                        continue
                    place = (
                        month,
                        attribution,
                        filtered,
                        base_model.org,
                        base_model.family,
                        relation,
                    )
                    cell = cells.setdefault(place, Cell())
                    cell.weight += weight
                    cell.models.add(name)
                    if filtered and is_later:
                        cell.later.add(name)
    return {place: _row(hub, place, cell, cells) for place, cell in cells.items()}


def _counter(model: Model, found: History | None) -> tuple[int, bool]:
    """The counter some days after creation, else the first later one; -1 without any."""
    if found is None or model.created_on is None:
        return -1, False
    at = model.created_on + timedelta(VARIABLES["derivative_age_days"])
    known = sorted(
        (day, counter)
        for day, (counter, status) in found.known.items()
        if day >= at and status != "carried"
    )
    return (known[0][1], known[0][0] > at) if known else (-1, False)


def _row(hub: Hub, place: Place, cell: Cell, cells: dict[Place, Cell]) -> tuple[object, ...]:
    month, _, filtered, org, _, _ = place
    same = {other: entry.weight for other, entry in cells.items() if other[:3] == place[:3]}
    tracked = sum(weight for other, weight in same.items() if _is_tracked(other[3]))
    age = timedelta(VARIABLES["derivative_age_days"] if filtered else 0)
    return (
        ORGANIZATIONS.get(org, ("unknown", False))[0],
        cell.weight,
        len(cell.models),
        float(Fraction(cell.weight) / Fraction(tracked)) if _is_tracked(org) else None,
        float(Fraction(cell.weight) / Fraction(sum(same.values()))),
        len(cell.later),
        month_end(month) + age > hub.as_of,
    )


def _is_tracked(org: str) -> bool:
    return ORGANIZATIONS.get(org, ("unknown", False))[1]
