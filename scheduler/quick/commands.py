"""`scheduler quick`: the command line of Quick's datasets."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

import click

from scheduler.clock import Deadline, SystemClock
from scheduler.command import HELP, account_id, client, common, database, end
from scheduler.errors import DONE, WrongUse
from scheduler.quick.apply import Item, Quick
from scheduler.quick.exposures import Definition, definitions, read_manifest
from scheduler.quick.requests import Connection
from scheduler.settings import ACCOUNT_ID, ENVIRONMENT, HOST, Settings, load_schedules

_DATA_SOURCE_TIMEOUT = timedelta(minutes=2)


@click.group(context_settings=HELP)
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


@quick.command(context_settings=HELP)
@_manifest_option
@common
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

    end(show, as_json=as_json, verbose=verbose)


@quick.command(context_settings=HELP)
@_manifest_option
@common
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

    end(make, as_json=as_json, verbose=verbose)


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
        database=database(settings),
        user=user,
        password=password,
        secret_arn=secret_arn,
        vpc_connection_arn=settings.optional("vpc_connection_arn", "QUICK_VPC_CONNECTION_ARN"),
        disable_ssl=settings.optional("sslmode", "REDSHIFT_SSLMODE") == "disable",
    )


def _quick(settings: Settings) -> Quick:
    return Quick(
        client("quicksight"),
        SystemClock(),
        account_id=account_id(settings),
        settings=settings,
    )


def _print_items(items: list[Item], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"items": [asdict(item) for item in items]}))
        return
    for item in items:
        click.echo(f"{item.kind} {item.id}: {item.state}")
