"""Puts the sample's models together, in a fixed order."""

from __future__ import annotations

from extract.sources.sample import curves, derivatives
from extract.sources.sample.models import (
    Model,
    never_tracked_models,
    plant_tracked,
    tracked_models,
)


def build_models() -> list[Model]:
    """All repositories of the sample with their counters, planted cases included."""
    tracked = tracked_models()
    plant_tracked(tracked)
    curves.calibrate(tracked)
    others = [
        *never_tracked_models(),
        *derivatives.community_models(tracked),
        *derivatives.planted_models(),
    ]
    for model in others:
        curves.calibrate_alone(model)
    models = tracked + others
    for model in models:
        model.key = model.key or model.model_id
    keys = [model.key for model in models]
    if len(set(keys)) != len(keys):
        raise ValueError("two models of the sample have the same name")
    return models
