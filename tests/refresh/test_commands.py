"""Which dbt commands work on this project, which are refused: docs/dbt.md, row by row."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.refresh.edited import EditedProject
from tests.refresh.project import MARTS, ROOT, Project
from tests.refresh.telemetry import log_item
from tests.refresh.test_deploy import procedures

STAGING = "stg_pipeline_logger__pipeline_logs"
REGISTRY, CATALOG = "pipeline_registry", "stage_catalog"


@pytest.fixture(scope="module")
def edited(project: Project, tmp_path_factory: pytest.TempPathFactory) -> EditedProject:
    own = EditedProject.beside(project, tmp_path_factory.mktemp("commands"), "commands")
    outcome = own.dbt("build", "--exclude-resource-type", "test", "unit_test")
    assert outcome.success, outcome.messages
    members = "{members: {refresher: [scheduler]}}"
    assert own.dbt("run-operation", "grant_roles", "--args", members).success
    return own


def state_of(project: EditedProject, name: str) -> str:
    """A folder with the manifest of the project as it is now, for --state."""
    assert project.dbt("parse").success
    folder = project.folder / name
    folder.mkdir()
    (folder / "manifest.json").write_bytes(
        (project.folder / "target" / "manifest.json").read_bytes()
    )
    return str(folder)


def deployed(project: EditedProject) -> list[str]:
    """The models of the last dbt command, in the order of their names."""
    results = json.loads((project.folder / "target" / "run_results.json").read_text())["results"]
    return sorted(result["unique_id"].split(".")[-1] for result in results)


def test_every_row_of_the_table_names_its_test() -> None:
    rows = [
        line.split(" | ")
        for line in (ROOT / "docs" / "dbt.md").read_text().splitlines()
        if line.startswith("| `dbt ")
    ]
    assert len(rows) > 15
    for row in rows:
        assert row[1] in ("works", "refused", "unsupported"), row
        named = re.findall(r"`(test_\w+)\.py::(test_\w+)`", row[-1])
        assert named, row
        for file, test in named:
            assert f"def {test}(" in (Path(__file__).parent / f"{file}.py").read_text(), row


@pytest.mark.parametrize(
    "command",
    [
        ("show", "--select", "fct_stage_runs", "--limit", "3"),
        ("show", "--inline", "select count(*) as runs from {{ ref('fct_pipeline_runs') }}"),
        ("compile",),
        ("parse",),
        ("ls",),
        ("docs", "generate"),
        ("test", "--select", "fct_pipeline_runs", "--exclude-resource-type", "unit_test"),
    ],
    ids=lambda command: " ".join(command[:2]),
)
def test_a_reading_command_changes_nothing(edited: EditedProject, command: tuple[str, ...]) -> None:
    before, texts = edited.marts(), procedures(edited)

    outcome = edited.dbt(*command)

    assert outcome.success, outcome.messages
    assert edited.marts() == before
    assert procedures(edited) == texts


def test_a_second_build_changes_nothing(edited: EditedProject) -> None:
    edited.refresh()
    before, texts = edited.marts(), procedures(edited)
    changed = edited.refresh()["changed_refresh_id"]

    outcome = edited.dbt("build", "--exclude-resource-type", "unit_test")

    assert outcome.success, outcome.messages
    assert edited.marts() == before
    assert procedures(edited) == texts
    assert edited.refresh()["changed_refresh_id"] == changed


def test_show_tells_what_the_next_refresh_would_compute(edited: EditedProject) -> None:
    def shown() -> list[dict[str, Any]]:
        outcome = edited.dbt("show", "--select", STAGING, "--output", "json")
        assert outcome.success, outcome.messages
        return list(json.loads(outcome.told)["show"])

    edited.refresh()
    idle = shown()
    edited.replicas.put(log_item(category="shown"))
    rows = shown()
    edited.refresh()

    assert idle == []
    assert [row["log_key"] for row in rows] == ["orders#shown#extract#20260301"]
    assert shown() == []


@pytest.mark.parametrize("command", [("snapshot",), ("source", "freshness")], ids=" ".join)
def test_there_is_nothing_to_do(edited: EditedProject, command: tuple[str, ...]) -> None:
    outcome = edited.dbt(*command)

    assert not outcome.success
    assert "Nothing to do" in outcome.messages


def test_clone_is_refused(edited: EditedProject) -> None:
    state = state_of(edited, "clone_state")
    before, texts = edited.marts(), procedures(edited)
    for extra in ([], ["--full-refresh"]):
        outcome = edited.dbt("clone", "--state", state, *extra)
        assert not outcome.success
        assert "Build this environment with dbt build" in outcome.messages
    assert edited.marts() == before
    assert procedures(edited) == texts


def test_state_modified_deploys_what_changed_and_what_reads_it(edited: EditedProject) -> None:
    state = state_of(edited, "modified_state")
    edited.replace("fct_pipeline_failures.sql", "-- Resolved when", "-- It is resolved when")
    select = ("run", "--select", "state:modified+", "--state", state)

    outcome = edited.dbt(*select)

    assert outcome.success, outcome.messages
    names = deployed(edited)
    assert {"fct_pipeline_failures", "fct_pipeline_runs", "pipeline_health"} <= set(names)
    assert not {"fct_stage_runs", "stg_pipeline_logger__pipeline_logs"} & set(names)
    assert edited.refresh(mode="reconcile")["outcome"] == "nothing_new"


def test_retry_repeats_what_failed(edited: EditedProject) -> None:
    sql = "fct_pipeline_failures.sql"
    edited.replace(sql, "select * from pipeline_failures", "select * from no_such_set")
    outcome = edited.dbt("run", "--select", "fct_pipeline_failures+")
    assert not outcome.success
    assert edited.refresh()["outcome"] in ("done", "nothing_new"), "the old procedure goes on"
    edited.replace(sql, "select * from no_such_set", "select * from pipeline_failures")

    outcome = edited.dbt("retry")

    assert outcome.success, outcome.messages
    assert "fct_pipeline_runs" in deployed(edited)
    assert edited.refresh(mode="reconcile")["outcome"] == "nothing_new"


def test_a_seed_alone_reaches_its_readers(edited: EditedProject) -> None:
    """Those who read it in a table, and the dataset whose view reads it."""
    edited.refresh()
    before = edited.refresh()["changed_refresh_id"]
    csv = edited.file(f"{REGISTRY}.csv")
    row = "seeded,,data,low,03:00,60,true\n"
    csv.write_text(csv.read_text().rstrip("\n") + "\n" + row)

    outcome = edited.dbt("seed", "--select", REGISTRY)

    assert outcome.success, outcome.messages
    result = edited.refresh()
    assert set(result["models"]) >= {"agg_pipeline_daily"}
    assert result["models"]["agg_pipeline_daily"]["written"] > 0
    assert result["changed_refresh_id"] > before
    daily = {row["pipeline_id"] for row in edited.contents("agg_pipeline_daily")}
    assert "seeded" in daily
    assert edited.dbt("seed").success
    assert edited.refresh()["outcome"] == "nothing_new", "the same rows are no news"
    assert edited.dbt("run").success
    assert edited.refresh(mode="reconcile")["outcome"] == "nothing_new"


def test_a_word_of_a_seed_that_only_views_show_reaches_their_dataset(
    edited: EditedProject,
) -> None:
    """No table moves, SPICE must take it."""
    edited.refresh()
    before = edited.refresh()["changed_refresh_id"]
    csv = edited.file(f"{REGISTRY}.csv")
    assert "payments,,finance," in csv.read_text()
    csv.write_text(csv.read_text().replace("payments,,finance,", "payments,,treasury,"))

    outcome = edited.dbt("seed", "--select", REGISTRY)

    assert outcome.success, outcome.messages
    result = edited.refresh()
    assert "agg_pipeline_daily" in result["models"]
    assert {tuple(counts.values()) for counts in result["models"].values()} == {(0, 0)}
    assert result["changed_refresh_id"] > before
    shown = edited.contents("pipeline_health")
    assert {row["owner"] for row in shown if row["source"] == "payments"} == {"treasury"}


def test_empty_loads_seeds_as_ever(edited: EditedProject) -> None:
    tables = [(name, "staging") for name in (REGISTRY, CATALOG)]
    before = [edited.contents(*table) for table in tables]

    outcome = edited.dbt("build", "--empty", "--exclude-resource-type", "test", "unit_test")

    assert outcome.success, outcome.messages
    assert all(before)
    assert [edited.contents(*table) for table in tables] == before
    assert edited.refresh()["outcome"] == "nothing_new"


def test_empty_makes_what_is_missing(edited: EditedProject) -> None:
    """Tables, views and columns, but no procedure."""
    void = edited.in_environment("void")
    empty = ("build", "--empty", "--exclude-resource-type", "test", "unit_test")
    outcome = void.dbt(*empty)
    assert outcome.success, outcome.messages
    assert all(void.contents(name) == [] for name in MARTS)
    assert all(void.columns(name) == edited.columns(name) for name in MARTS)
    assert void.contents(REGISTRY, "staging")
    assert procedures(void) == {}
    assert void.columns("pipeline_health") == edited.columns("pipeline_health")

    sql, yml = (edited.file(f"dim_run_days.{kind}") for kind in ("sql", "yml"))
    texts = [(path, path.read_text()) for path in (sql, yml)]
    edited.replace(sql.name, "as is_weekend\n", "as is_weekend,\n        true as is_day\n")
    edited.put_in("dim_run_days", "is_day", "boolean", before="is_weekend")
    outcome = void.dbt(*empty)
    for path, text in texts:
        path.write_text(text)
    assert outcome.success, outcome.messages
    assert void.columns("dim_run_days") == edited.columns("dim_run_days") | {"is_day": "boolean"}


def test_a_full_refresh_keeps_seeds_and_the_views_on_them(edited: EditedProject) -> None:
    before = edited.marts()

    outcome = edited.dbt("seed", "--full-refresh")

    assert outcome.success, outcome.messages
    assert edited.marts() == before


def test_a_seed_with_another_column_keeps_the_views_on_it(edited: EditedProject) -> None:
    before = edited.marts()
    csv = edited.file(f"{REGISTRY}.csv")
    head, *rows = csv.read_text().rstrip("\n").split("\n")
    csv.write_text("\n".join([f"{head},note", *(f"{row},made up" for row in rows)]) + "\n")

    outcome = edited.dbt("seed", "--select", REGISTRY)

    assert outcome.success, outcome.messages
    assert edited.marts() == before
    assert {row["note"] for row in edited.contents(REGISTRY, "staging")} == {"made up"}


def test_a_full_refresh_computes_again_and_writes_nothing(edited: EditedProject) -> None:
    edited.replicas.put(log_item(category="commands"))
    edited.refresh()
    before = edited.marts()
    newest = edited.value(f"select max(refresh_id) from {edited.schema('ops')}.runs")

    outcome = edited.dbt("build", "--full-refresh", "--exclude-resource-type", "test", "unit_test")

    assert outcome.success, outcome.messages
    assert edited.marts() == before
    written = edited.rows(
        "select sum(rows_removed), sum(rows_written) from"
        f" {edited.schema('ops')}.runs where refresh_id > {newest} and step = 'refresh'"
    )
    assert written == [(0, 0)]
