"""The command line. Printing happens here only."""

from __future__ import annotations

import json
import logging
import os
import signal
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from scheduler.aws import make_client
from scheduler.clock import Deadline, SystemClock
from scheduler.errors import DONE, TRY_LATER, SchedulerError, WrongUse
from scheduler.ingestions import Ingestions
from scheduler.procedures import Procedures
from scheduler.quick.apply import Item, Quick
from scheduler.quick.exposures import Definition, definitions, read_manifest
from scheduler.quick.requests import Connection
from scheduler.runner import Cycle
from scheduler.settings import (
    ACCOUNT_ID,
    ENVIRONMENT,
    HOST,
    WORKGROUP,
    Settings,
    Subject,
    load_schedules,
)
from scheduler.slots import MODES, Work, current_slot, parse_slot
from scheduler.statements import Statements

_HELP = {"max_content_width": 100, "help_option_names": ["-h", "--help"]}
_DATA_SOURCE_TIMEOUT = timedelta(minutes=2)


def _common(command: Callable[..., None]) -> Callable[..., None]:
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


@click.group(context_settings=_HELP)
def main() -> None:
    """Keep marts and Quick datasets fresh.

    Settings are looked up as flag, environment, schedules.yml, default. AWS endpoints, region and
    credentials are the standard ones (AWS_REGION, AWS_PROFILE, ...).

    \b
    Exit codes: 0 done or nothing to do, 1 failed, 2 wrong use, 3 try later, 4 skipped.

    \b
    Examples:
      scheduler quick apply
      scheduler run pipeline_health
    """


@main.command(context_settings=_HELP)
@click.argument("subject")
@click.option("--slot", help="A slot that has begun, like 2026-03-31T12:00Z.  [default: newest]")
@click.option("--mode", type=click.Choice(MODES), help="[default: as in schedules.yml]")
@click.option("--timeout", help="When to end, like 10m.  [env: REFRESH_TIMEOUT]")
@click.option("--ingestion-spacing", help="[env: QUICK_INGESTION_SPACING; default: 45m]")
@click.option("--no-quick", is_flag=True, help="Refresh the marts only.")
@click.option(
    "--leave-running", is_flag=True, help="Never cancel the CALL: the next run waits for it."
)
@click.option("--workgroup", help="The Redshift workgroup.  [env: REDSHIFT_WORKGROUP]")
@_common
def run(
    subject: str,
    slot: str | None,
    mode: str | None,
    no_quick: bool,
    leave_running: bool,
    schedules: Path,
    as_json: bool,
    verbose: bool,
    **flags: str | None,
) -> None:
    """Refresh one subject's marts for one slot, then its SPICE datasets.

    Running the same slot again does nothing; a run that died is taken up by the next.

    \b
    Examples:
      scheduler run pipeline_health
      scheduler run pipeline_health --slot 2026-03-31T12:00Z --json
      scheduler run pipeline_health --mode reconcile --timeout 1h --no-quick
    """

    def refresh() -> int:
        settings = Settings(flags, os.environ, load_schedules(schedules))
        cycle = _cycle(
            settings, settings.schedules.subject(subject), slot, mode, no_quick, leave_running
        )
        report = cycle.run()
        click.echo(report.as_json() if as_json else "\n".join(report.lines()))
        return report.exit_code

    _end(refresh, as_json=as_json, verbose=verbose)


def _cycle(
    settings: Settings,
    subject: Subject,
    slot: str | None,
    mode: str | None,
    no_quick: bool,
    leave_running: bool,
) -> Cycle:
    with_quick = bool(subject.datasets) and not no_quick
    settings.check(ENVIRONMENT, WORKGROUP, *([ACCOUNT_ID] if with_quick else []))
    clock = SystemClock()
    work = Work(
        settings.environment,
        subject.name,
        mode or subject.mode,
        current_slot(clock.now(), subject.every)
        if slot is None
        else parse_slot(slot, every=subject.every, now=clock.now()),
    )
    statements = Statements(
        _client("redshift-data"),
        clock,
        workgroup=settings.required(*WORKGROUP),
        database=_database(settings),
    )
    return Cycle(
        statements,
        Procedures(statements, clock, settings.ops_schema, work),
        _ingestions(settings, clock) if with_quick else None,
        tuple(settings.prefixed(dataset) for dataset in subject.datasets),
        clock,
        Deadline.after(clock, settings.duration("timeout", "REFRESH_TIMEOUT", subject.timeout)),
        subject.every,
        settings.duration(
            "ingestion_spacing", "QUICK_INGESTION_SPACING", subject.ingestion_spacing
        ),
        leave_running,
    )


@main.group(context_settings=_HELP)
def quick() -> None:
    """Quick's data source and datasets, as the dbt exposures define them.

    \b
    Examples:
      scheduler quick plan
      scheduler quick apply
    """


def _manifest_option(command: Callable[..., None]) -> Callable[..., None]:
    return click.option(
        "--manifest",
        type=click.Path(path_type=Path),
        default=Path("target/manifest.json"),
        show_default=True,
        help="What dbt parse wrote.",
    )(command)


@quick.command(context_settings=_HELP)
@_manifest_option
@_common
def plan(
    manifest: Path, schedules: Path, as_json: bool, verbose: bool, **flags: str | None
) -> None:
    """Show what Quick has and what it lacks; change nothing.

    \b
    Example:
      scheduler quick plan
    """

    def show() -> int:
        settings = Settings(flags, os.environ, load_schedules(schedules))
        settings.check(ENVIRONMENT, ACCOUNT_ID)
        _print_items(_quick(settings).plan(_definitions(settings, manifest)), as_json)
        return DONE

    _end(show, as_json=as_json, verbose=verbose)


@quick.command(context_settings=_HELP)
@_manifest_option
@_common
def apply(
    manifest: Path, schedules: Path, as_json: bool, verbose: bool, **flags: str | None
) -> None:
    """Make the data source and the datasets that Quick lacks; leave the others as they are.

    \b
    Quick reaches the warehouse by
      REDSHIFT_HOST, REDSHIFT_PORT, REDSHIFT_DATABASE, REDSHIFT_SSLMODE
      QUICK_DATA_SOURCE_SECRET_ARN, or QUICK_DATA_SOURCE_USER and QUICK_DATA_SOURCE_PASSWORD
      QUICK_VPC_CONNECTION_ARN (for a workgroup in a VPC)
    and shows what it made to
      QUICK_OWNER_ARN (a user or group in Quick)

    \b
    Example:
      scheduler quick apply
    """

    def make() -> int:
        settings = Settings(flags, os.environ, load_schedules(schedules))
        settings.check(ENVIRONMENT, ACCOUNT_ID, HOST)
        wanted = _definitions(settings, manifest)
        deadline = Deadline.after(SystemClock(), _DATA_SOURCE_TIMEOUT)
        _print_items(_quick(settings).apply(wanted, _connection(settings), deadline), as_json)
        return DONE

    _end(make, as_json=as_json, verbose=verbose)


def _definitions(settings: Settings, manifest: Path) -> list[Definition]:
    return definitions(read_manifest(manifest), ops_schema=settings.ops_schema)


def _connection(settings: Settings) -> Connection:
    port = settings.optional("port", "REDSHIFT_PORT") or "5439"
    if not port.isdecimal():
        raise WrongUse(f"REDSHIFT_PORT {port!r} is no number")
    secret_arn = settings.optional("secret_arn", "QUICK_DATA_SOURCE_SECRET_ARN")
    user = settings.optional("user", "QUICK_DATA_SOURCE_USER")
    password = settings.optional("password", "QUICK_DATA_SOURCE_PASSWORD")
    if secret_arn is None and (user is None or password is None):
        raise WrongUse(
            "no credentials for Quick: set QUICK_DATA_SOURCE_SECRET_ARN, "
            "or QUICK_DATA_SOURCE_USER and QUICK_DATA_SOURCE_PASSWORD"
        )
    return Connection(
        host=settings.required(*HOST),
        port=int(port),
        database=_database(settings),
        user=user,
        password=password,
        secret_arn=secret_arn,
        vpc_connection_arn=settings.optional("vpc_connection_arn", "QUICK_VPC_CONNECTION_ARN"),
        disable_ssl=settings.optional("sslmode", "REDSHIFT_SSLMODE") == "disable",
    )


def _database(settings: Settings) -> str:
    return settings.optional("database", "REDSHIFT_DATABASE") or "dev"


def _client(service: str) -> Any:
    return make_client(
        service, os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    )


def _account_id(settings: Settings) -> str:
    return settings.required(*ACCOUNT_ID)


def _ingestions(settings: Settings, clock: SystemClock) -> Ingestions:
    return Ingestions(_client("quicksight"), clock, account_id=_account_id(settings))


def _quick(settings: Settings) -> Quick:
    return Quick(
        _client("quicksight"),
        SystemClock(),
        account_id=_account_id(settings),
        settings=settings,
    )


def _print_items(items: list[Item], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"items": [asdict(item) for item in items]}))
        return
    for item in items:
        click.echo(f"{item.kind} {item.id}: {item.state}")


def _end(action: Callable[[], int], *, as_json: bool, verbose: bool) -> None:
    """Run a command and end the process with the exit code of its outcome."""
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    if verbose:
        logging.getLogger("scheduler").setLevel(logging.INFO)
    # The platform's way to stop a process ends it as a person's does: by cancelling what runs.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        code = action()
    except SchedulerError as error:
        code = _failed(str(error), error.exit_code, as_json)
    except KeyboardInterrupt:
        code = _failed("interrupted", TRY_LATER, as_json)
    click.get_current_context().exit(code)


def _failed(message: str, code: int, as_json: bool) -> int:
    if as_json:
        click.echo(json.dumps({"outcome": "error", "error": message, "exit_code": code}))
    click.echo(f"error: {message}", err=True)
    return code
