"""Random histories: whatever was written and refreshed in between, the tables are as if rebuilt."""

from datetime import date, timedelta
from random import Random
from typing import Any

import pytest

from tests.refresh.oracle import STATUSES, Key, Observer
from tests.refresh.project import MARTS, Project
from tests.refresh.telemetry import Item, Replicas, log_item

LOGS, REPORTS = "pipeline-logs", "failed-jobs"
STAGING, VERSIONS, FAILED = (
    f"stg_pipeline_logger__{name}"
    for name in ("pipeline_logs", "pipeline_log_versions", "failed_jobs")
)
UNIQUE = {
    STAGING: "log_key",
    VERSIONS: "log_key, refresh_id",
    FAILED: "job_key, failed_at",
    "fct_stage_runs": "log_key",
    "fct_pipeline_runs": "pipeline_id, run_on",
    "fct_pipeline_failures": "log_key, attempt",
    "dim_run_days": "run_on",
    "agg_pipeline_daily": "pipeline_id, run_on",
}
STAGES = ("extract", "clean", "parquet", "merge", "a stage of no catalogue")
EXPIRED, NEVER = {"N": "1000"}, {"N": "4102444800"}
# What stands instead of an attribute; None: nothing.
BROKEN_LOG: tuple[tuple[str, Any], ...] = (
    *(("status", {"S": "PAUSED"}), ("status", {"N": "1"}), ("status", None)),
    *(("run_date", {"S": "20260230"}), ("run_date", {"S": "20991231"}), ("run_date", None)),
    *(("source", {"S": "elsewhere"}), ("category", {"S": "elsewhere"}), ("category", None)),
    *(("records_processed", {"N": "-1"}), ("records_processed", {"S": "10"})),
    *(("started_at", None), ("completed_at", None), ("job_id", None), ("metadata", None)),
)
BROKEN_REPORT: tuple[tuple[str, Any], ...] = (
    *(("log_key", None), ("log_key", {"S": "elsewhere#extract#20260201"}), ("stage", {"N": "1"})),
    *(("attempt_count", {"N": "many"}), ("attempt_count", None), ("dlq", {"S": "no"})),
)


class History:
    """Random writes to both tables and random refreshes, on days that no other history uses."""

    def __init__(self, project: Project, seed: int) -> None:
        self.project = project
        self.random = Random(seed)
        first = date(2026, 2, 20) - timedelta(days=7 * seed)
        self.days = [f"{first + timedelta(days=after):%Y%m%d}" for after in range(5)]
        self.pipelines = (
            *(("returns", None), ("clickstream", "raw")),
            *((f"history{seed}", None), (f"history{seed}", "daily")),
        )
        self.replicas: dict[str, dict[Key, Item]] = {LOGS: {}, REPORTS: {}}
        self.told: dict[str, list[Item]] = {LOGS: [], REPORTS: []}
        self.in_time: set[Key] = set()
        self.observer = Observer()

    def write(self) -> None:
        """A batch of random writes to one table."""
        table = self.random.choice((LOGS, LOGS, REPORTS))
        kind = self.random.choice(("put", "put", "put", "late", "again", "delete"))
        replica, told = self.replicas[table], self.told[table]
        if kind in ("again", "delete"):
            known = told if kind == "again" else list(replica.values())
            items = self.random.sample(known, min(len(known), self.random.randint(1, 4)))
        else:
            made = self.log if table == LOGS else self.report
            items = [made() for _ in range(self.random.randint(1, 6))]
            told += items
        if kind == "delete":
            self.project.replicas.delete(*items, table=table)
        else:
            self.project.replicas.put(*items, table=table, is_late=kind == "late")
        for item in items:
            key = _key(table, item)
            if kind == "delete":
                del replica[key]
            elif kind != "late" or key not in self.in_time:
                replica[key] = item
            if kind != "late":
                self.in_time.add(key)

    def log(self) -> Item:
        source, category = self.random.choice(self.pipelines)
        at, status = self.random.choice(self.days), self.random.choice(list(STATUSES))
        item = log_item(source, self.random.choice(STAGES), at, category, status)
        if self.random.random() < 0.2:
            at = self.random.choice(self.days)
            item |= {"run_date": {"S": at}, "job_id": {"S": f"{source}#{at}"}}
        item["started_at"] = {"S": self.time(at)}
        if "S" in item["completed_at"]:
            item["completed_at"] = {"S": self.time(at)}
            item["records_processed"] = {"N": self.random.choice(("0", "7", 12, "100"))}
        attempt: Item = {"attempt": {"N": self.random.choice(("1", "2", 3))}}
        enqueued: Item = {"enqueued_at": {"S": self.time(at)}}
        item["metadata"] = {"M": self.maybe(enqueued) | self.maybe(attempt)}
        return self.broken(item, BROKEN_LOG)

    def report(self) -> Item:
        source, category = self.random.choice(self.pipelines)
        stage, at = self.random.choice(STAGES[:2]), self.random.choice(self.days)
        key = f"{source}#{self.random.randint(1, 4)}#{self.days[0]}"
        item: Item = self.maybe({"resolved_at": {"S": self.time(at)}}) | {
            "job_key": {"S": key},
            "failed_at": {"S": f"{self.iso(self.days[0])}T0{self.random.randint(1, 3)}:00:00Z"},
            "log_key": {"S": "#".join(filter(None, (source, category, stage, at)))},
            "job_id": {"S": f"{source}#{at}"},
            "source": {"S": source},
            "stage": {"S": stage},
            "attempt_count": {"N": str(self.random.randint(1, 3))},
            "dlq": {"BOOL": self.random.random() < 0.5},
            "ttl": self.random.choice((EXPIRED, NEVER)),
        }
        return self.broken(item, BROKEN_REPORT)

    def broken(self, item: Item, ways: tuple[tuple[str, Any], ...]) -> Item:
        if self.random.random() < 0.8:
            return item
        name, value = self.random.choice(ways)
        return {key: held for key, held in (item | {name: value}).items() if held is not None}

    def maybe(self, attributes: Item) -> Item:
        return attributes if self.random.random() < 0.5 else {}

    def time(self, at: str) -> str:
        return f"{self.iso(at)}T{self.random.randint(1, 9):02}:{self.random.randint(0, 59):02}:30Z"

    @staticmethod
    def iso(at: str) -> str:
        return f"{at[:4]}-{at[4:6]}-{at[6:]}"

    def disturb(self) -> None:
        """What may happen between two refreshes of the subject."""
        model = self.random.choice(list(UNIQUE))
        kind = self.random.choice(("refresh", "one model", "one model", "trimmed", "redeployed"))
        if kind == "refresh":
            self.refresh(self.random.choice(("incremental", "reconcile")))
        elif kind == "redeployed":
            self.forget(model)
        else:
            self.refresh_model(model)
            if kind == "trimmed":
                self.trim(model)

    def refresh(self, mode: str = "incremental") -> dict[str, Any]:
        result = self.project.refresh(mode=mode)
        for model in (STAGING, VERSIONS, FAILED):
            self.observe(model)
        return result

    def refresh_model(self, model: str) -> None:
        """What `dbt run --select` of one model does to its rows."""
        self.project.rows(
            f"call {self.project.schema('ops')}.{model}__refresh("
            "cast(null as bigint), 'incremental', cast(null as timestamp),"
            " cast(null as date), cast(null as date), 0, 0)"
        )
        self.observe(model)

    def trim(self, model: str) -> None:
        """Take away the whole feed of a model, also what nobody has read."""
        feed = f"{self.project.schema('ops')}.{model}__changes"
        newest = self.project.value(f"select max(feed_refresh_id) from {feed}")
        if newest is not None:
            self.project.rows(f"delete from {feed}")
            self.project.rows(
                f"insert into {feed} (feed_refresh_id, image) select {newest}, 'trim'"
            )

    def forget(self, model: str) -> None:
        """What a deploy of a changed text does: the model has consumed nothing."""
        self.project.rows(
            f"update {self.project.schema('ops')}.state_pipeline_health set counter = null"
            f" where entry like 'consumed {model} from %'"
        )

    def observe(self, model: str) -> None:
        if model == STAGING:
            self.observer.see_logs(self.replicas[LOGS])
        elif model == FAILED:
            self.observer.see_reports(self.replicas[REPORTS])
        elif model == VERSIONS:
            self.observer.see_versions()

    def check(self) -> None:
        """After a refresh: nothing is left to do, no row is missing, none is there twice."""
        for mode in ("reconcile", "incremental"):
            result = self.refresh(mode)
            assert result["outcome"] == "nothing_new", result
        for table, staged in ((LOGS, STAGING), (REPORTS, FAILED)):
            replica = f'zero_etl_{table.replace("-", "_")}.public."{table}"'
            assert (
                self.project.value(
                    f"select (select count(*) from {self.table(staged)} where not is_deleted)"
                    f" - (select count(*) from {replica})"
                )
                == 0
            ), table
        for model, keys in UNIQUE.items():
            repeated = f"select {keys} from {self.table(model)} group by {keys} having count(*) > 1"
            assert not self.project.rows(repeated), model

    def table(self, model: str) -> str:
        return self.project.schema("bi_reports" if model in MARTS else "staging") + "." + model

    def check_against_oracle(self) -> None:
        names = ", ".join(f"'{'#'.join(filter(None, names))}'" for names in self.pipelines)
        mine = (
            f"where pipeline_id in ({names})"
            f" and run_on between '{self.iso(self.days[0])}' and '{self.iso(self.days[-1])}'"
        )
        stages = self.project.rows(
            "select log_key, pipeline_id, run_on, stage, status, attempt, records_processed,"
            " duration_seconds, queue_wait_seconds, started_at, completed_at"
            f" from {self.table('fct_stage_runs')} {mine}"
        )
        runs = self.project.rows(
            "select pipeline_id, run_on, run_status, failed_stage, stages_seen, stage_runs,"
            " stages_succeeded, stages_failed, stages_running, stages_skipped, retries,"
            " failed_attempts, open_failures, records_processed, busy_seconds, wall_seconds,"
            " queue_wait_seconds, has_recovered, started_at, completed_at"
            f" from {self.table('fct_pipeline_runs')} {mine}"
        )
        expected_stages, expected_runs = self.observer.marts()
        assert set(stages) == expected_stages
        assert set(runs) == expected_runs

    def check_against_rebuild(self) -> None:
        """A mart that has consumed nothing becomes the same, over its rows and over none."""
        before = self.project.marts()
        for model in MARTS:
            self.forget(model)
        assert self.refresh()["outcome"] == "nothing_new"
        for model in MARTS:
            self.forget(model)
            self.project.rows(f"delete from {self.table(model)}")
        assert self.refresh()["outcome"] == "done"
        assert self.project.marts() == before


def _key(table: str, item: Item) -> Key:
    return tuple(item[name]["S"] for name in Replicas.KEYS[table])


@pytest.mark.parametrize(
    ("seed", "steps"),
    [
        (1, 11),
        (2, 11),
        *(pytest.param(seed, 40, marks=pytest.mark.nightly) for seed in range(3, 11)),
    ],
)
def test_after_a_random_history_every_table_is_as_if_rebuilt(
    project: Project, seed: int, steps: int
) -> None:
    history = History(project, seed)
    for _ in range(steps):
        for _ in range(history.random.randint(1, 3)):
            history.write()
            if history.random.random() < 0.6:
                history.disturb()
        history.refresh()
        history.check()
        history.check_against_oracle()
    history.check_against_rebuild()
