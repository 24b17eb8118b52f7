"""The single passes that numba compiles: loops over integer arrays, one thread.

Models are numbered from 0 in order of their keys. Offsets are one more than what they divide: the
part of number i runs from offsets[i] to offsets[i + 1].
"""

from __future__ import annotations

from typing import Any

import numpy as np

# numba infers types from the arguments; all of these are NumPy arrays.
Array = Any


def parents_of(number: Array, child: Array, parent: Array, size: int) -> tuple[Array, Array]:
    """Offsets by model, and each model's parents one after the other. `number` is by key."""
    offsets = np.zeros(size + 1, np.int64)
    for edge in range(len(child)):
        offsets[number[child[edge]] + 1] += 1
    for model in range(size):
        offsets[model + 1] += offsets[model]
    place = offsets[:-1].copy()
    parents = np.empty(len(child), np.int32)
    for edge in range(len(child)):
        model = number[child[edge]]
        parents[place[model]] = number[parent[edge]]
        place[model] += 1
    return offsets, parents


def closure(offsets: Array, parents: Array) -> tuple[Array, Array, Array]:
    """Offsets by model, ancestors and their depths, by a search by breadth from each model."""
    size = len(offsets) - 1
    ends = np.zeros(size + 1, np.int64)
    ancestors = np.empty(max(4 * len(parents), 16), np.int32)
    depths = np.empty(len(ancestors), np.int32)
    reached_from = np.full(size, -1, np.int32)
    end = 0
    for model in range(size):
        # What was found and not yet followed lies between `at` and `end`: the queue is the result.
        at = end
        reached_from[model] = model
        current, depth = model, 0
        while True:
            for edge in range(offsets[current], offsets[current + 1]):
                ancestor = parents[edge]
                if reached_from[ancestor] != model:
                    reached_from[ancestor] = model
                    if end == len(ancestors):
                        more = np.empty(end, np.int32)
                        ancestors = np.concatenate((ancestors, more))
                        depths = np.concatenate((depths, more))
                    ancestors[end] = ancestor
                    depths[end] = depth + 1
                    end += 1
            if at == end:
                break
            current, depth = ancestors[at], depths[at]
            at += 1
        ends[model + 1] = end
    return ends, ancestors[:end], depths[:end]


def components(offsets: Array, parents: Array) -> tuple[Array, Array, Array]:
    """Strongly connected components (Tarjan): each model's least member, and of that member
    whether there are others (0 or 1) and whether no parent lies outside."""
    size = len(offsets) - 1
    component = np.full(size, -1, np.int32)
    order = np.full(size, -1, np.int32)
    low = np.zeros(size, np.int32)
    next_edge = offsets[:-1].copy()
    path = np.empty(size, np.int32)
    open_models = np.empty(size, np.int32)
    is_cycle = np.zeros(size, np.int32)
    visited = opened = 0
    for start in range(size):
        if order[start] >= 0:
            continue
        on_path = 1
        path[0] = start
        order[start] = low[start] = visited
        visited += 1
        open_models[opened] = start
        opened += 1
        while on_path > 0:
            model = path[on_path - 1]
            if next_edge[model] < offsets[model + 1]:
                parent = parents[next_edge[model]]
                next_edge[model] += 1
                if order[parent] < 0:
                    order[parent] = low[parent] = visited
                    visited += 1
                    path[on_path] = parent
                    on_path += 1
                    open_models[opened] = parent
                    opened += 1
                elif component[parent] < 0:
                    low[model] = min(low[model], order[parent])
                continue
            on_path -= 1
            if on_path > 0:
                before = path[on_path - 1]
                low[before] = min(low[before], low[model])
            if low[model] == order[model]:
                first = opened - 1
                while open_models[first] != model:
                    first -= 1
                least = open_models[first:opened].min()
                for place in range(first, opened):
                    component[open_models[place]] = least
                is_cycle[least] = 1 if opened - first > 1 else 0
                opened = first
    is_root = np.ones(size, np.bool_)
    for model in range(size):
        for edge in range(offsets[model], offsets[model + 1]):
            if component[parents[edge]] != component[model]:
                is_root[component[model]] = False
    return component, is_cycle, is_root


def roots(
    component: Array, is_root: Array, ends: Array, ancestors: Array, depths: Array
) -> tuple[Array, Array, Array]:
    """Models, their roots and the least depth of each."""
    size = len(component)
    models = np.empty(size + len(ancestors), np.int32)
    found = np.empty(len(models), np.int32)
    depth = np.empty(len(models), np.int32)
    found_for = np.full(size, -1, np.int32)
    end = 0
    for model in range(size):
        own = component[model]
        if is_root[own]:
            found_for[own] = model
            models[end], found[end], depth[end] = model, own, 0
            end += 1
        # Ancestors lie in order of their depths, so the first of a component is the nearest.
        for place in range(ends[model], ends[model + 1]):
            root = component[ancestors[place]]
            if is_root[root] and found_for[root] != model:
                found_for[root] = model
                models[end], found[end], depth[end] = model, root, depths[place]
                end += 1
    return models[:end].copy(), found[:end].copy(), depth[:end].copy()


def counters(
    keys: Array,
    created_on: Array,
    model: Array,
    day: Array,
    counter: Array,
    horizons: Array,
    first_day: int,
    as_of: int,
) -> tuple[Array, Array, Array]:
    """The models that were launched since the first day, their counters (a row a horizon) and
    where these are null. Keys and changes are in order of models and days."""
    launched = 0
    for place in range(len(keys)):
        if created_on[place] >= first_day:
            launched += 1
    found = np.empty(launched, np.int32)
    values = np.zeros((len(horizons), launched), np.int64)
    is_null = np.ones((len(horizons), launched), np.bool_)
    row, end = 0, 0
    for place in range(len(keys)):
        if created_on[place] < first_day:
            continue
        found[end] = keys[place]
        while row < len(model) and model[row] < keys[place]:
            row += 1
        latest, has_latest = np.int64(0), False
        for horizon in range(len(horizons)):
            last_day = created_on[place] + horizons[horizon]
            if last_day > as_of:
                break
            while row < len(model) and model[row] == keys[place] and day[row] <= last_day:
                latest, has_latest = counter[row], True
                row += 1
            values[horizon, end] = latest
            is_null[horizon, end] = not has_latest
        end += 1
    return found, values, is_null


def model_months(
    keys: Array,
    created_on: Array,
    model: Array,
    day: Array,
    counter: Array,
    month_of: Array,
    first_day: int,
) -> tuple[Array, ...]:
    """A row for each model and month with a change: the model's place in `keys`, month, rises,
    falls, what was before history, and the counter at the end. `month_of` is by days since the
    first. Every change's model is among the keys."""
    size = len(model)
    places = np.empty(size, np.int32)
    months = np.empty(size, np.int32)
    rises = np.zeros(size, np.int64)
    falls = np.zeros(size, np.int64)
    before = np.zeros(size, np.int64)
    cumulative = np.empty(size, np.int64)
    place, end = 0, -1
    latest = np.int64(0)
    for row in range(size):
        month = month_of[day[row] - first_day]
        is_first = row == 0 or model[row] != model[row - 1]
        if is_first:
            while keys[place] < model[row]:
                place += 1
        if is_first or month != months[end]:
            end += 1
            places[end], months[end] = place, month
        if is_first:
            latest = np.int64(0)
            if created_on[place] < first_day:
                latest = counter[row]
                before[end] = latest
        step = counter[row] - latest
        if step > 0:
            rises[end] += step
        else:
            falls[end] += step
        latest = counter[row]
        cumulative[end] = latest
    end += 1
    return places[:end], months[:end], rises[:end], falls[:end], before[:end], cumulative[:end]


def group_months(
    member_of: Array,
    places: Array,
    months: Array,
    downloads: Array,
    adjustment: Array,
    before: Array,
    first_month: int,
    last_month: int,
) -> tuple[Array, ...]:
    """Members, months, downloads, adjustment, counters at the end, models, shares, ranks, and where
    share and rank are null. `member_of` is by place of the model."""
    size = member_of.max() + 1 if len(member_of) > 0 else 1
    width = last_month - first_month + 1
    # Downloads, adjustment, counters and models, the last two of the month alone at first.
    sums = np.zeros((width, size, 4), np.int64)
    for row in range(len(places)):
        cell = sums[months[row] - first_month, member_of[places[row]]]
        cell[0] += downloads[row]
        cell[1] += adjustment[row]
        cell[2] += downloads[row] + adjustment[row] + before[row]
        if row == 0 or places[row] != places[row - 1]:
            cell[3] += 1
    rows = 0
    for month in range(width):
        for member in range(size):
            if month > 0:
                sums[month, member, 2] += sums[month - 1, member, 2]
                sums[month, member, 3] += sums[month - 1, member, 3]
            if sums[month, member, 3] > 0:
                rows += 1
    members_found = np.empty(rows, np.int64)
    months_found = np.empty(rows, np.int64)
    found = np.empty((4, rows), np.int64)
    shares = np.zeros(rows, np.float64)
    ranks = np.zeros(rows, np.int64)
    no_share = np.zeros(rows, np.bool_)
    no_rank = np.zeros(rows, np.bool_)
    end = 0
    for month in range(width):
        start = end
        total = np.int64(0)
        for member in range(size):
            if sums[month, member, 3] == 0:
                continue
            members_found[end], months_found[end] = member, month + first_month
            for column in range(4):
                found[column, end] = sums[month, member, column]
            total += found[0, end]
            end += 1
        # Stable, so equals stay in order of members.
        order = np.argsort(-found[0, start:end], kind="mergesort")
        rank = 0
        for place in order:
            row = start + place
            if members_found[row] == 0:
                no_rank[row] = True
            else:
                rank += 1
                ranks[row] = rank
        for row in range(start, end):
            if total == 0:
                no_share[row] = True
            else:
                shares[row] = found[0, row] / total
    return (
        members_found,
        months_found,
        found[0],
        found[1],
        found[2],
        found[3],
        shares,
        ranks,
        no_share,
        no_rank,
    )
