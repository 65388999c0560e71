"""Change feeds read from afar: by a subject of its own pace, behind, new or beyond the trim."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from tests.refresh.edited import EditedProject
from tests.refresh.project import Project
from tests.refresh.telemetry import log_item
from tests.refresh.test_kills import held, wait_for_waiter

RUNS, DAYS, SUMS = "fct_pipeline_runs", "fct_run_states", "agg_run_states"
FILES = {
    f"models/marts/operations/{DAYS}.sql": """
{{ config(unique_key=['pipeline_id', 'run_on'], dist='pipeline_id', sort=['run_on'], meta={
    'subject': 'operations', 'reader': 'bi_reader',
    'refresh': {'reads': {'fct_pipeline_runs': ['pipeline_id', 'run_on']}},
}) }}
with affected as ({{ affected_keys() }})
select runs.pipeline_id, runs.run_on, runs.run_status
from {{ ref('fct_pipeline_runs') }} as runs
inner join affected on runs.pipeline_id = affected.pipeline_id and runs.run_on = affected.run_on
""",
    f"models/marts/operations/{SUMS}.sql": """
{{ config(unique_key=['run_on'], dist='all', sort=['run_on'], meta={
    'subject': 'operations', 'reader': 'bi_reader',
    'refresh': {'reads': {'fct_run_states': ['run_on'], 'fct_pipeline_runs': ['run_on']}},
}) }}
with affected as ({{ affected_keys() }}),
states as (
    select run_on, count(*) as states
    from {{ ref('fct_run_states') }}
    where run_on in (select affected.run_on from affected)
    group by 1
),
runs as (
    select run_on, sum(stage_runs) as stage_runs
    from {{ ref('fct_pipeline_runs') }}
    where run_on in (select affected.run_on from affected)
    group by 1
)
select states.run_on, states.states, cast(runs.stage_runs as bigint) as stage_runs
from states inner join runs on states.run_on = runs.run_on
""",
    "models/marts/operations/_operations.yml": f"""
models:
  - name: {DAYS}
    description: Made up.
    columns:
      - {{name: pipeline_id, data_type: varchar(129), description: Made up.}}
      - {{name: run_on, data_type: date, description: Made up.}}
      - {{name: run_status, data_type: varchar(16), description: Made up.}}
  - name: {SUMS}
    description: Made up.
    columns:
      - {{name: run_on, data_type: date, description: Made up.}}
      - {{name: states, data_type: bigint, description: Made up.}}
      - {{name: stage_runs, data_type: bigint, description: Made up.}}
""",
    "procedures/refresh_operations.sql": f"""
{{{{ config(materialized='procedure', schema='ops', meta={{'arguments': [
    'p_slot in timestamp', 'p_mode in varchar(16)', 'p_result out varchar(65535)',
]}}) }}}}
{{{{ refresh_subject('operations', [ref('{SUMS}'), ref('{DAYS}')]) }}}}
""",
}


class TwoSubjects(EditedProject):
    """The project and beside it `operations`, which reads pipeline_health."""

    def refresh_operations(self, mode: str = "incremental") -> dict[str, Any]:
        return replace(self, subject="operations").refresh(mode=mode)

    def written(self, mode: str = "incremental") -> dict[str, int]:
        """How many rows a refresh of operations wrote, by each table that it called."""
        models = self.refresh_operations(mode)["models"]
        return {name: counts["written"] for name, counts in models.items()}

    def log(self, category: str, *days: str, status: str = "SUCCEEDED") -> None:
        self.replicas.put(
            *(log_item("feeds", category=category, run_date=day, status=status) for day in days)
        )
        self.refresh()

    def trim(self, model: str) -> None:
        """What retention does to a feed: the newest refresh that goes stays as the mark."""
        feed = f"{self.schema('ops')}.{model}__changes"
        mark = self.value(f"select max(feed_refresh_id) from {feed}")
        self.rows(f"delete from {feed}")
        self.rows(f"insert into {feed} (feed_refresh_id, image) select {mark}, 'trim'")

    def check(self) -> None:
        """Both tables are what their upstreams make of them."""
        runs = self.contents(RUNS)
        assert Counter(
            (row["pipeline_id"], row["run_on"], row["run_status"]) for row in self.contents(DAYS)
        ) == Counter((row["pipeline_id"], row["run_on"], row["run_status"]) for row in runs)
        states = Counter(row["run_on"] for row in runs)
        stages: Counter[Any] = Counter()
        for row in runs:
            stages[row["run_on"]] += row["stage_runs"]
        assert {
            row["run_on"]: (row["states"], row["stage_runs"]) for row in self.contents(SUMS)
        } == {day: (count, stages[day]) for day, count in states.items()}


@pytest.fixture(scope="module")
def two(project: Project, tmp_path_factory: pytest.TempPathFactory) -> TwoSubjects:
    folder = tmp_path_factory.mktemp("two")
    both = TwoSubjects.beside(project, folder, "two")
    for name, text in FILES.items():
        both.write(name, text)
    never = {"refresh_on_run": "never"}
    outcome = both.dbt("build", "--exclude-resource-type", "test", "unit_test", variables=never)
    assert outcome.success, outcome.messages
    members = "{members: {refresher: [scheduler]}}"
    assert both.dbt("run-operation", "grant_roles", "--args", members).success
    assert both.contents(RUNS) == []
    both.refresh()
    both.refresh_operations()
    return both


def test_new_consumers_fill_themselves(two: TwoSubjects) -> None:
    assert two.contents(DAYS)
    two.check()
    assert two.refresh_operations("reconcile")["outcome"] == "nothing_new"


def test_a_slower_subject_reads_all_that_happened_since(two: TwoSubjects) -> None:
    two.log("slow", "20260301", "20260302")
    two.log("slow", "20260302", status="FAILED")
    two.log("slow", "20260305")

    assert two.written() == {DAYS: 3, SUMS: 3}
    two.check()


def test_an_upstream_that_did_not_move_calls_nobody(two: TwoSubjects) -> None:
    two.refresh_operations()
    two.refresh()

    result = two.refresh_operations()

    assert (result["outcome"], result["models"]) == ("nothing_new", {})


def test_a_trim_of_what_was_read_costs_nothing(two: TwoSubjects) -> None:
    two.log("trimmed", "20260301")
    two.refresh_operations()
    two.trim(RUNS)

    assert two.refresh_operations()["models"] == {}
    two.log("trimmed", "20260302")
    assert two.written() == {DAYS: 1, SUMS: 1}
    two.check()


def test_a_consumer_beyond_the_trim_computes_everything(two: TwoSubjects) -> None:
    two.log("beyond", "20260301")
    two.trim(RUNS)

    assert two.written() == {DAYS: 1, SUMS: 1}, "and writes what differs"
    two.check()


def test_nobody_waits_for_the_other_subject(two: TwoSubjects) -> None:
    two.log("unlocked", "20260301")
    with held(two, f"{two.schema('ops')}.state_pipeline_health", "access exclusive"):
        assert two.refresh_operations()["outcome"] == "done"
    two.replicas.put(log_item("feeds", category="unlocked", run_date="20260302"))
    with held(two, f"{two.schema('ops')}.state_operations", "access exclusive"):
        assert two.refresh()["outcome"] == "done"
    two.refresh_operations()
    two.check()


def test_what_comes_while_a_feed_is_read_is_not_lost(two: TwoSubjects) -> None:
    two.refresh_operations()
    two.log("between", "20260301")
    with ThreadPoolExecutor(1) as other:
        with held(two, f"{two.schema('bi_reports')}.{DAYS}", "share"):
            slow = other.submit(two.refresh_operations)
            wait_for_waiter(two)
            two.log("between", "20260302")
        assert slow.result()["outcome"] == "done"

    two.refresh_operations()

    two.check()


def test_a_deploy_of_one_subject_leaves_the_other_alone(two: TwoSubjects) -> None:
    two.log("deployed", "20260301")
    with held(two, f"{two.schema('ops')}.state_pipeline_health", "access exclusive"):
        outcome = two.dbt("run", "--select", DAYS, SUMS)
    assert outcome.success, outcome.messages
    two.check()
