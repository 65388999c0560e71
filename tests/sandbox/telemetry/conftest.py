"""The exports of the default plan, which no test changes."""

import json
from typing import Any

import pytest

from sandbox.telemetry.exports import Export, generate
from sandbox.telemetry.items import KEYS
from sandbox.telemetry.plan import Plan

Item = dict[str, Any]
Exports = dict[tuple[str, str], Export]


def by_name(exports: tuple[Export, ...]) -> Exports:
    """Exports by their name and table."""
    return {(export.name, export.table): export for export in exports}


def records(export: Export) -> list[Item]:
    """The lines of an export."""
    return [json.loads(line) for line in export.lines]


def apply(state: dict[str, Item], table: str, export: Export) -> None:
    """What an export makes of a table, keyed by the JSON of its keys; checks the old images."""
    for record in records(export):
        new = record.get("Item") or record.get("NewImage")
        keys = record.get("Keys") or {name: record["Item"][name] for name in KEYS[table]}
        key = json.dumps(keys)
        assert state.pop(key, None) == record.get("OldImage")
        if new:
            state[key] = new


@pytest.fixture(scope="session")
def plan() -> Plan:
    """The plan of `sandbox generate` without options."""
    return Plan()


@pytest.fixture(scope="session")
def exports(plan: Plan) -> Exports:
    """Its exports by name and table."""
    return by_name(generate(plan))
