"""What every command has: its options, its clients, its end."""

from __future__ import annotations

import json
import logging
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from scheduler.aws import make_client
from scheduler.clock import Deadline, SystemClock
from scheduler.errors import TRY_LATER, SchedulerError
from scheduler.ingestions import Ingestions
from scheduler.procedures import Procedures
from scheduler.runner import Cycle
from scheduler.settings import ACCOUNT_ID, ENVIRONMENT, WORKGROUP, Settings, Subject
from scheduler.slots import Work
from scheduler.statements import Statements

HELP = {"max_content_width": 100, "help_option_names": ["-h", "--help"]}


def common(command: Callable[..., None]) -> Callable[..., None]:
    """The options of every command."""
    options = (
        click.option("--environment", help="The dbt target.  [env: REFRESH_ENVIRONMENT]"),
        click.option("--database", help="The warehouse's database.  [env: REDSHIFT_DATABASE]"),
        click.option("--account-id", help="The Quick account.  [env: QUICK_ACCOUNT_ID]"),
        click.option(
            "--schedules",
            type=click.Path(path_type=Path),
            default=Path("schedules.yml"),
            envvar="REFRESH_SCHEDULES",
            show_default=True,
            show_envvar=True,
            help="The file of subjects.",
        ),
        click.option("--json", "as_json", is_flag=True, help="Print one JSON object."),
        click.option("--verbose", is_flag=True, help="Tell on stderr what is done."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def timed(command: Callable[..., None]) -> Callable[..., None]:
    """The options of every command that sends a CALL."""
    options = (
        click.option("--timeout", help="When to end, like 10m.  [env: REFRESH_TIMEOUT]"),
        click.option("--no-quick", is_flag=True, help="Leave the datasets alone."),
        click.option(
            "--leave-running",
            is_flag=True,
            help="Never cancel the CALL: the next run waits for it.",
        ),
        click.option("--workgroup", help="The Redshift workgroup.  [env: REDSHIFT_WORKGROUP]"),
    )
    for option in reversed(options):
        command = option(command)
    return command


def check(settings: Settings, subject: Subject, *, with_quick: bool) -> None:
    """Raises WrongUse that names every setting that is missing."""
    with_quick = with_quick and bool(subject.datasets)
    settings.check(ENVIRONMENT, WORKGROUP, *([ACCOUNT_ID] if with_quick else []))


def cycle(
    settings: Settings,
    subject: Subject,
    work: Work,
    deadline: Deadline,
    *,
    with_quick: bool,
    leave_running: bool = False,
    is_patient: bool = False,
) -> Cycle:
    """A run for one piece of work."""
    clock = SystemClock()
    procedures = open_procedures(settings, work)
    return Cycle(
        procedures.statements,
        procedures,
        ingestions(settings, clock) if with_quick and subject.datasets else None,
        tuple(settings.prefixed(dataset) for dataset in subject.datasets),
        clock,
        deadline,
        subject.every,
        settings.duration(
            "ingestion_spacing", "QUICK_INGESTION_SPACING", subject.ingestion_spacing
        ),
        leave_running,
        is_patient,
    )


def open_procedures(settings: Settings, work: Work) -> Procedures:
    """The subject's procedures."""
    clock = SystemClock()
    statements = Statements(
        client("redshift-data"),
        clock,
        workgroup=settings.required(*WORKGROUP),
        database=database(settings),
    )
    return Procedures(statements, clock, settings.ops_schema, work)


def database(settings: Settings) -> str:
    """The warehouse's database."""
    return settings.optional("database", "REDSHIFT_DATABASE") or "dev"


def client(service: str) -> Any:
    """An AWS client in the region that the environment names."""
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    return make_client(service, region)


def account_id(settings: Settings) -> str:
    """The Quick account."""
    return settings.required(*ACCOUNT_ID)


def ingestions(settings: Settings, clock: SystemClock) -> Ingestions:
    """Quick's ingestions."""
    return Ingestions(client("quicksight"), clock, account_id=account_id(settings))


def end(action: Callable[[], int], *, as_json: bool, verbose: bool) -> None:
    """Run a command and end the process with the exit code of its outcome."""
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    if verbose:
        logging.getLogger("scheduler").setLevel(logging.INFO)
    # The platform's way to stop a process ends it as a person's does: by cancelling what runs.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        code = action()
    except SchedulerError as error:
        code = failed(str(error), error.exit_code, as_json)
    except KeyboardInterrupt:
        code = failed("interrupted", TRY_LATER, as_json)
    click.get_current_context().exit(code)


def failed(message: str, code: int, as_json: bool) -> int:
    """Say why a command failed; gives its exit code."""
    if as_json:
        click.echo(json.dumps({"outcome": "error", "error": message, "exit_code": code}))
    click.echo(f"error: {message}", err=True)
    return code
