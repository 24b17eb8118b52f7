"""Colours: one for each region and organisation, the same on all pages, in both themes.

Hues are those of Okabe and Ito, darkened for a light ground and lightened for a dark one so that
lines keep a contrast of 3:1. An organisation has a shade of its region's hue; what shades cannot
tell apart, dashes and labels do.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

GREY = "#6b7280"
FAINT = "#c3c8d0"

# Light theme: dark theme.
DARK = {
    "#bf4b00": "#ff8f45",
    "#db7a2e": "#ffb98a",
    "#7a2e00": "#d96a1e",
    "#0063a0": "#5bb0f5",
    "#3b8cc9": "#9ad0fa",
    "#003a5f": "#2f86cf",
    "#007a58": "#2fc79b",
    "#36a583": "#8be3c8",
    "#004d38": "#1c9a76",
    "#a8487f": "#e893c0",
    "#c877a8": "#f3c1dc",
    "#6e2450": "#c0608f",
    GREY: "#9ca3af",
    FAINT: "#4b5563",
    # Sizes, from small to large (viridis; its dark end lightened).
    "#e5c100": "#fde725",
    "#7fbf3a": "#90d743",
    "#2fa36c": "#35b779",
    "#21918c": "#2aa5a0",
    "#31688e": "#4a8fc0",
    "#443983": "#8d82e0",
    "#440154": "#c07ae8",
}

_SHADES = {
    "china": ("#bf4b00", "#db7a2e", "#7a2e00"),
    "us": ("#0063a0", "#3b8cc9", "#003a5f"),
    "eu": ("#007a58", "#36a583", "#004d38"),
    "other": ("#a8487f", "#c877a8", "#6e2450"),
    "unknown": (GREY,),
}
_DASHES = ([1, 0], [7, 3], [2, 2], [9, 3, 2, 3])

REGION_COLOURS = {region: shades[0] for region, shades in _SHADES.items()}
REGION_DASHES = {"china": [1, 0], "us": [1, 0], "eu": [1, 0], "other": [7, 3], "unknown": [2, 2]}

BUCKET_COLOURS = {
    "<1B": "#e5c100",
    "1-5B": "#7fbf3a",
    "7-9B": "#2fa36c",
    "10-50B": "#21918c",
    "50-100B": "#31688e",
    "100-250B": "#443983",
    "250B+": "#440154",
    "unknown": GREY,
}


@dataclass(frozen=True)
class Look:
    """How a series is drawn."""

    colour: str
    dash: Sequence[int]


class Looks:
    """Looks of regions, sizes and organisations. `ranked`: organisations, region; largest first."""

    def __init__(self, ranked: Iterable[tuple[str, str]]) -> None:
        self._organisations: dict[str, Look] = {}
        places: dict[str, int] = {}
        for org, region in ranked:
            shades = _SHADES.get(region, _SHADES["unknown"])
            place = places.get(region, 0)
            places[region] = place + 1
            self._organisations[org] = Look(
                shades[place % len(shades)], _DASHES[place // len(shades) % len(_DASHES)]
            )

    def of(self, kind: str, name: Any) -> Look:
        """The look of a member of a kind: region, org or size_bucket."""
        plain = [1, 0]
        if name in ("contested", "all others"):
            return Look(FAINT, plain)
        if kind == "region":
            return Look(REGION_COLOURS.get(name, GREY), REGION_DASHES.get(name, plain))
        if kind == "size_bucket":
            return Look(BUCKET_COLOURS.get(name, GREY), plain)
        return self._organisations.get(name, Look(GREY, _DASHES[2]))
