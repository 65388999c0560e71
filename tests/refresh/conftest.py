"""One built project for all tests here: healthy runs of three sources, and what tests add."""

import shutil

import pytest

from tests.conftest import Warehouse
from tests.refresh.project import ROOT, Project
from tests.refresh.telemetry import Item, Replicas, log_item

STAGES = ("extract", "clean", "parquet", "merge")


def healthy_days(source: str, days: range) -> list[Item]:
    """Every stage of one pipeline on each of the days of March 2026."""
    return [
        log_item(
            source, stage, f"202603{day:02}", category="daily" if source == "inventory" else None
        )
        for day in days
        for stage in STAGES
    ]


@pytest.fixture(scope="session")
def project(warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Project:
    folder = tmp_path_factory.mktemp("project")
    shutil.copy(ROOT / "profiles.example.yml", folder / "profiles.yml")
    replicas = Replicas(warehouse.home, folder)
    for source in ("payments", "inventory", "customers"):
        replicas.put(*healthy_days(source, range(1, 16)))
    built = Project(warehouse, replicas, folder)
    outcome = built.dbt("build")
    assert outcome.success, outcome.messages
    members = "{members: {refresher: [scheduler], bi_reader: [quick]}}"
    outcome = built.dbt("run-operation", "grant_roles", "--args", members)
    assert outcome.success, outcome.messages
    return built
