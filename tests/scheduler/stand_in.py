"""A subject small enough to be steered: one mart, and procedures that keep the contract."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
from redshift_connector.core import Connection

from sandbox.environment import KEY_OF_USER, REGION, SECRET_KEY
from scheduler.aws import client_config
from scheduler.clock import Clock, Deadline, SystemClock
from scheduler.ingestions import Ingestions
from scheduler.procedures import Procedures
from scheduler.quick.apply import Quick
from scheduler.quick.exposures import definitions, read_manifest
from scheduler.quick.requests import Connection as QuickConnection
from scheduler.runner import Cycle
from scheduler.settings import Settings, load_schedules
from scheduler.slots import Work, parse_statement_name
from scheduler.statements import Statements

EVERY = timedelta(minutes=15)
FIRST_SLOT = datetime(2026, 3, 31, 12, tzinfo=UTC)

_DDL = (
    "create schema {ops}",
    "create schema {marts}",
    """
create table {ops}.state_health
(refresh_id bigint, changed bigint, slot_at timestamp, pending bigint)
""",
    "insert into {ops}.state_health (refresh_id, changed, pending) select 0, 0, 0",
    """
create table {ops}.runs (
    mode varchar(16), slot_at timestamp, step varchar(16), name varchar(256), outcome varchar(32),
    detail varchar(1000)
)
""",
    "create table {ops}.failing (test varchar(64), failing_rows bigint)",
    "create table {marts}.health (id bigint, noted_at timestamp)",
    """
create or replace procedure {ops}.refresh_health(
    p_slot timestamp, p_mode varchar(16), p_result out varchar(65535)
) as $$
declare
    v_id bigint;
    v_changed bigint;
    v_slot timestamp;
    v_pending bigint;
    v_row bigint;
    v_outcome varchar(32);
begin
    lock table {ops}.state_health;
    select refresh_id, changed, slot_at, pending into v_id, v_changed, v_slot, v_pending
    from {ops}.state_health;
    if p_slot <= v_slot then
        v_outcome := case when p_slot = v_slot then 'slot_done' else 'superseded' end;
    else
        v_id := v_id + 1;
        v_outcome := 'nothing_new';
        if v_pending > 0 then
            v_outcome := 'done';
            v_changed := v_id;
            v_row := 0;
            while v_row < v_pending loop
                v_row := v_row + 1;
                insert into {marts}.health (id, noted_at) select v_id * 1000 + v_row, p_slot;
            end loop;
        end if;
        update {ops}.state_health
        set refresh_id = v_id, changed = v_changed, slot_at = p_slot, pending = 0;
        insert into {ops}.runs (mode, slot_at, step, outcome)
        select p_mode, p_slot, 'refresh', v_outcome;
    end if;
    p_result := '{{"outcome": "' || v_outcome || '", "refresh_id": ' || cast(v_id as varchar(20))
        || ', "changed_refresh_id": ' || cast(v_changed as varchar(20))
        || ', "models": {{"health": {{"removed": 0, "written": '
        || cast(v_pending as varchar(20)) || '}}}}}}';
end;
$$ language plpgsql security definer
""",
    """
create or replace procedure {ops}.check_health(p_result out varchar(65535)) as $$
declare
    v_rows bigint;
    v_failures varchar(1000);
begin
    select count(*) into v_rows from {marts}.health;
    select coalesce(listagg(
        '{{"test": "' || test || '", "rows": ' || cast(failing_rows as varchar(20)) || '}}'
    ), '') into v_failures from {ops}.failing;
    p_result := '{{"failures": [' || v_failures || '], "counts": {{"health": '
        || cast(v_rows as varchar(20)) || '}}}}';
end;
$$ language plpgsql security definer
""",
    """
create or replace procedure {ops}.record_outcome(
    p_subject varchar(64), p_mode varchar(16), p_slot timestamp, p_step varchar(16),
    p_name varchar(256), p_outcome varchar(32), p_detail varchar(1000)
) as $$
begin
    insert into {ops}.runs (mode, slot_at, step, name, outcome, detail)
    select p_mode, p_slot, p_step, p_name, p_outcome, p_detail
    where not exists (
        select 1 from {ops}.runs as run
        where run.step = p_step and run.name = p_name and run.outcome = p_outcome
    );
end;
$$ language plpgsql security definer
""",
    "grant usage on schema {ops} to scheduler",
    "grant execute on procedure {ops}.refresh_health(timestamp, varchar) to scheduler",
    "grant execute on procedure {ops}.check_health() to scheduler",
    """
grant execute on procedure {ops}.record_outcome(
    varchar, varchar, timestamp, varchar, varchar, varchar, varchar
) to scheduler
""",
    "grant usage on schema {marts} to quick",
    "grant select on {marts}.health to quick",
)


@functools.cache
def _client(service: str, endpoint: str) -> Any:
    # Reading a service's model takes longer than most tests.
    return boto3.client(
        service,
        region_name=REGION,
        endpoint_url=endpoint,
        aws_access_key_id=KEY_OF_USER["scheduler"],
        aws_secret_access_key=SECRET_KEY,
        config=client_config(),
    )


def _exposure(dataset_id: str, import_mode: str) -> dict[str, Any]:
    quick = {
        "dataset_id": dataset_id,
        "name": dataset_id.title(),
        "relation": "health",
        "import_mode": import_mode,
    }
    return {
        "name": dataset_id,
        "original_file_path": "models/x.yml",
        "config": {"meta": {"quick": quick}},
        "depends_on": {"nodes": ["model.p.health"]},
    }


def _column(name: str, data_type: str) -> dict[str, str]:
    return {"name": name, "data_type": data_type, "description": f"The {name}."}


@dataclass(frozen=True)
class StandIn:
    """The subject `health` of one environment; `health` is in SPICE, `live` a direct query."""

    environment: str
    folder: Path
    connection: Connection
    variables: Mapping[str, str]

    @property
    def ops(self) -> str:
        return f"{self.environment}_ops"

    @property
    def marts(self) -> str:
        return f"{self.environment}_bi_reports"

    @property
    def dataset_id(self) -> str:
        return f"{self.environment}_health"

    def build(self) -> None:
        """Make schemas, procedures, grants, schedules.yml and dbt's manifest."""
        self.sql(*(statement.format(ops=self.ops, marts=self.marts) for statement in _DDL))
        (self.folder / "schedules.yml").write_text(
            f"environment: {self.environment}\n"
            "subjects:\n  health:\n    every: 15m\n    datasets: [health, live]\n"
        )
        node = {
            "name": "health",
            "schema": self.marts,
            "columns": {
                "id": _column("id", "bigint"),
                "noted_at": _column("noted_at", "timestamp"),
            },
        }
        manifest = {
            "nodes": {
                "model.p.health": node,
                "model.p.refresh_health": {"name": "refresh_health", "schema": self.ops},
            },
            "exposures": {
                "exposure.p.health": _exposure("health", "SPICE"),
                "exposure.p.live": _exposure("live", "DIRECT_QUERY"),
            },
        }
        (self.folder / "target").mkdir()
        (self.folder / "target" / "manifest.json").write_text(json.dumps(manifest))

    def sql(self, *statements: str) -> list[list[Any]]:
        """Run statements as the deployer in one transaction; gives the last one's rows."""
        cursor = self.connection.cursor()
        for statement in statements:
            cursor.execute(statement)
        rows = [list(row) for row in cursor.fetchall()] if cursor.description else []
        self.connection.commit()
        return rows

    def arrive(self, rows: int) -> None:
        """New telemetry: the next refresh writes so many rows."""
        self.sql(f"update {self.ops}.state_health set pending = {rows}")

    def ledger(self, step: str) -> list[list[Any]]:
        """Name and outcome of the ledger's rows of a step, in order of slot and name."""
        return self.sql(
            f"select name, outcome from {self.ops}.runs where step = '{step}'"
            " order by slot_at, name, outcome"
        )

    def client(self, service: str) -> Any:
        """A boto3 client as the scheduler's user."""
        return _client(service, self.variables["AWS_ENDPOINT_URL_QUICKSIGHT"])

    def settings(self) -> Settings:
        """As a run in the folder would have them."""
        return Settings({}, self.variables, load_schedules(self.folder / "schedules.yml"))

    def apply_quick(self) -> list[str]:
        """Make the datasets; gives the state of each thing."""
        clock = SystemClock()
        quick = Quick(
            self.client("quicksight"),
            clock,
            account_id=self.variables["QUICK_ACCOUNT_ID"],
            settings=self.settings(),
        )
        wanted = definitions(
            read_manifest(self.folder / "target" / "manifest.json"),
            ops_schema=self.ops,
        )
        connection = QuickConnection(
            host=self.variables["REDSHIFT_HOST"],
            port=int(self.variables["REDSHIFT_PORT"]),
            database=self.variables["REDSHIFT_DATABASE"],
            user=self.variables["QUICK_DATA_SOURCE_USER"],
            password=self.variables["QUICK_DATA_SOURCE_PASSWORD"],
        )
        items = quick.apply(wanted, connection, Deadline.after(clock, timedelta(seconds=30)))
        return [f"{item.kind} {item.id} {item.state}" for item in items]

    def cycle(
        self,
        number: int,
        *,
        mode: str = "incremental",
        quick: bool = True,
        timeout: timedelta = timedelta(seconds=30),
        spacing: timedelta = timedelta(0),
        leave_running: bool = False,
        is_patient: bool = False,
        clock: Clock | None = None,
    ) -> Cycle:
        """A run for the slot of that number, counted from 0."""
        clock = clock or SystemClock()
        statements = Statements(
            self.client("redshift-data"),
            clock,
            workgroup=self.variables["REDSHIFT_WORKGROUP"],
            database=self.variables["REDSHIFT_DATABASE"],
        )
        work = Work(self.environment, "health", mode, FIRST_SLOT + number * EVERY)
        return Cycle(
            statements,
            Procedures(statements, clock, self.ops, work),
            Ingestions(
                self.client("quicksight"), clock, account_id=self.variables["QUICK_ACCOUNT_ID"]
            )
            if quick
            else None,
            (self.dataset_id, f"{self.environment}_live"),
            clock,
            Deadline.after(clock, timeout),
            EVERY,
            spacing,
            leave_running,
            is_patient,
        )

    def refreshes(self) -> list[tuple[str, str]]:
        """Name without the environment and subject, and state, of each refresh, oldest first."""
        prefix = f"{self.environment}/health/"
        listed = self.cycle(0).statements.list(prefix)
        return [
            (statement.name.removeprefix(prefix), statement.status)
            for statement in sorted(listed, key=lambda s: s.created_at)
            if parse_statement_name(statement.name)
        ]

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """The command line in the subject's folder, started."""
        return subprocess.Popen(
            [sys.executable, "-m", "scheduler", *arguments],
            cwd=self.folder,
            env={**os.environ, **self.variables, "PYTHONPATH": str(Path.cwd())},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """The command line, to its end: exit code, stdout, stderr."""
        process = self.start(*arguments)
        out, err = process.communicate(timeout=60)
        return process.returncode, out, err

    def ingestions(self) -> list[dict[str, Any]]:
        """All ingestions of the dataset in SPICE, newest first."""
        answer = self.client("quicksight").list_ingestions(
            AwsAccountId=self.variables["QUICK_ACCOUNT_ID"], DataSetId=self.dataset_id
        )
        found: list[dict[str, Any]] = answer["Ingestions"]
        return found

    def ingestion_states(self) -> list[str]:
        """The states of all ingestions, newest first."""
        return [ingestion["IngestionStatus"] for ingestion in self.ingestions()]

    def own_ingestions(self) -> list[str]:
        """The ends of our ingestions' ids, oldest first; not the first one, which Quick names."""
        prefix = f"{self.dataset_id}-"
        ids = [ingestion["IngestionId"] for ingestion in reversed(self.ingestions())]
        return [i.removeprefix(prefix) for i in ids if i.startswith(prefix)]
