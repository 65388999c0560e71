"""A second subject in a copy of the project: `operations`, whose marts read pipeline_health."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from tests.refresh.edited import EditedProject
from tests.refresh.project import Project
from tests.refresh.telemetry import log_item

RUNS, DAYS, SUMS = "fct_pipeline_runs", "fct_run_states", "agg_run_states"
# Of the tables of operations.
UNIQUE_KEYS = {DAYS: "pipeline_id, run_on", SUMS: "run_on"}
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

    @classmethod
    def deployed(cls, project: Project, folder: Path, environment: str, **variables: Any) -> Self:
        """Both subjects, whose tables are empty yet."""
        both = cls.beside(project, folder, environment)
        for name, text in FILES.items():
            both.write(name, text)
        outcome = both.dbt(
            *("build", "--exclude-resource-type", "test", "unit_test"),
            variables=variables | {"refresh_on_run": "never"},
        )
        assert outcome.success, outcome.messages
        members = "{members: {refresher: [scheduler]}}"
        assert both.dbt("run-operation", "grant_roles", "--args", members).success
        assert both.contents(RUNS) == []
        return both

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

    def check_together(self) -> None:
        """Both tables are of one moment, whichever it was."""
        states = Counter(row["run_on"] for row in self.contents(DAYS))
        assert {row["run_on"]: row["states"] for row in self.contents(SUMS)} == states

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
