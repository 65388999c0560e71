"""The story, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Run:
    """A command as typed; `{name}` stands for a value known when the demo starts."""

    line: str
    shows: int = 3  # how many of the last lines of its output are worth reading
    hides: str = ""  # options that only the demo needs


@dataclass(frozen=True)
class Show:
    """A query whose rows are put on screen."""

    title: str
    sql: str


@dataclass(frozen=True)
class Keep:
    """Remember marts and SPICE as they are now."""


@dataclass(frozen=True)
class Compare:
    """Show what became of marts and SPICE since they were last remembered; remember them anew.

    `same` makes a difference an error. `rows` maps a relation to the key by which changed rows of
    it are shown.
    """

    title: str
    same: bool = False
    rows: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


Action = Run | Show | Keep | Compare


@dataclass(frozen=True)
class Step:
    """One part of the story."""

    title: str
    actions: tuple[Action, ...]


STEPS = (
    Step(
        "A warehouse starts",
        (Run("sandbox up", hides="--port 0 --aws-port 0"),),
    ),
    Step(
        "Thirty days of telemetry arrive",
        (
            Run("sandbox generate --out {exports} --end {end}", shows=4),
            Run("sandbox load pipeline-logs {exports}/full/pipeline-logs"),
            Run("sandbox load failed-jobs {exports}/full/failed-jobs"),
        ),
    ),
    Step(
        "dbt builds and tests tables and procedures",
        (
            Run("dbt build", shows=1, hides="--no-use-colors"),
            Run(
                "dbt run-operation grant_roles"
                " --args '{{members: {{refresher: [scheduler], bi_reader: [quick]}}}}'",
                hides="--quiet",
            ),
            Show(
                "No item is lost: the malformed ones are in staging, each with its reason",
                """select
                    (select count(*) from zero_etl_pipeline_logs.public."pipeline-logs") as items,
                    count(*) as in_staging,
                    sum(case when contract_issues <> '' then 1 else 0 end) as with_an_issue,
                    sum(case when has_blocking_issue then 1 else 0 end) as kept_from_marts
                from sandbox_staging.stg_pipeline_logger__pipeline_logs
                where not is_deleted""",
            ),
            Show(
                "The newest days of three pipelines",
                """select pipeline_id, run_on, run_status, sla_outcome, failed_stage
                from sandbox_bi_reports.pipeline_health
                where run_on > (select max(run_on) - 3 from sandbox_bi_reports.pipeline_health)
                    and pipeline_id in ('orders#web', 'payments', 'returns')
                order by 1, 2""",
            ),
        ),
    ),
    Step(
        "Quick gets its datasets, and SPICE its first rows",
        (
            Run("scheduler quick apply", hides="--manifest {target}/manifest.json"),
            Run("scheduler run pipeline_health --slot {first}", shows=12),
        ),
    ),
    Step(
        "New telemetry: a day of runs, an item that moves, one that breaks, one that goes",
        (
            Keep(),
            Run("sandbox load pipeline-logs {exports}/increment-1/pipeline-logs"),
            Run("sandbox load failed-jobs {exports}/increment-1/failed-jobs"),
        ),
    ),
    Step(
        "The scheduler refreshes marts and dataset",
        (
            Run(
                "scheduler run pipeline_health --slot {second}",
                shows=12,
                # Within the 45 minutes that two ingestions keep apart.
                hides="--ingestion-spacing 0s",
            ),
            Show(
                "What staging says of the items that are out of the ordinary",
                """select log_key, run_date, contract_issues, is_deleted, deleted_reason
                from sandbox_staging.stg_pipeline_logger__pipeline_logs
                where refresh_id = (
                    select max(refresh_id) from sandbox_staging.stg_pipeline_logger__pipeline_logs
                )
                and (contract_issues <> '' or is_deleted)
                order by 1""",
            ),
            Compare("What changed", rows={"SPICE pipeline_health": ("pipeline_id", "run_on")}),
        ),
    ),
    Step(
        "The same slot again, and the next one with nothing new",
        (
            Run("scheduler run pipeline_health --slot {second}"),
            Run("scheduler run pipeline_health --slot {third}", shows=5),
            Compare("What changed: nothing", same=True),
        ),
    ),
    Step(
        "The marts against a full rebuild",
        (
            Run("dbt run --full-refresh --select marts", shows=1, hides="--no-use-colors"),
            Compare("Refreshed bit by bit, against rebuilt", same=True),
        ),
    ),
)

DOCS = (
    Run("sandbox up", hides="--port 0 --aws-port 0"),
    Run("dbt docs generate --static", hides="--quiet"),
)
