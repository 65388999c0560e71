"""The command line. Printing happens here, in `command` and in `quick.commands` only."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path

import click

from scheduler.clock import Deadline, SystemClock
from scheduler.command import HELP, check, common, cycle, end, open_procedures, timed
from scheduler.errors import DONE
from scheduler.night import run_night
from scheduler.quick.commands import quick
from scheduler.settings import Settings, load_schedules
from scheduler.slots import MODES, Work, current_slot, newest_night, parse_slot, reprocess_mode
from scheduler.status import read_status


@click.group(context_settings=HELP)
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
      scheduler nightly pipeline_health
      scheduler status pipeline_health
    """


main.add_command(quick)


@main.command(context_settings=HELP)
@click.argument("subject")
@click.option("--slot", help="A slot that has begun, like 2026-03-31T12:00Z.  [default: newest]")
@click.option("--mode", type=click.Choice(MODES), help="[default: as in schedules.yml]")
@click.option("--ingestion-spacing", help="[env: QUICK_INGESTION_SPACING; default: 45m]")
@timed
@common
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
        known = settings.schedules.subject(subject)
        check(settings, known, with_quick=not no_quick)
        now = SystemClock().now()
        at = current_slot(now, known.every) if slot is None else None
        work = Work(
            settings.environment,
            subject,
            mode or known.mode,
            at or parse_slot(str(slot), every=known.every, now=now),
        )
        deadline = _deadline(settings, known.timeout)
        report = cycle(
            settings,
            known,
            work,
            deadline,
            with_quick=not no_quick,
            leave_running=leave_running,
        ).run()
        click.echo(report.as_json() if as_json else "\n".join(report.lines()))
        return report.exit_code

    end(refresh, as_json=as_json, verbose=verbose)


@main.command(context_settings=HELP)
@click.argument("subject")
@timed
@common
def nightly(
    subject: str,
    no_quick: bool,
    leave_running: bool,
    schedules: Path,
    as_json: bool,
    verbose: bool,
    **flags: str | None,
) -> None:
    """Do what schedules.yml names for the night: reconcile, retain.

    Each step is a transaction of its own and is done once a night, however often this runs. A step
    that fails does not keep the next one from its work; a refresh that runs is waited for.

    \b
    Examples:
      scheduler nightly pipeline_health
      scheduler nightly pipeline_health --timeout 3h --json
    """

    def work_through() -> int:
        settings = Settings(flags, os.environ, load_schedules(schedules))
        known = settings.schedules.subject(subject)
        check(settings, known, with_quick=not no_quick)
        night = known.night
        slot = newest_night(SystemClock().now(), night.at)
        deadline = _deadline(settings, night.timeout)
        report = run_night(
            [
                cycle(
                    settings,
                    known,
                    Work(settings.environment, subject, mode, slot),
                    deadline,
                    # Once, after everything that may have changed a row.
                    with_quick=not no_quick and mode == night.modes[-1],
                    leave_running=leave_running,
                    is_patient=True,
                )
                for mode in night.modes
            ]
        )
        click.echo(report.as_json() if as_json else "\n".join(report.lines()))
        return report.exit_code

    end(work_through, as_json=as_json, verbose=verbose)


_DAY = click.DateTime(["%Y-%m-%d"])


@main.command(context_settings=HELP)
@click.argument("subject")
@click.option("--from", "first", type=_DAY, required=True, help="The first event date.")
@click.option("--to", "last", type=_DAY, required=True, help="The last event date.")
@timed
@common
def reprocess(
    subject: str,
    first: datetime,
    last: datetime,
    no_quick: bool,
    leave_running: bool,
    schedules: Path,
    as_json: bool,
    verbose: bool,
    **flags: str | None,
) -> None:
    """Read the items of a range of event dates again and recompute their days.

    Takes the replica as it is now and writes only what comes out different. A refresh that runs is
    waited for. The same range in the same slot is done once.

    \b
    Example:
      scheduler reprocess pipeline_health --from 2026-03-01 --to 2026-03-07
    """

    def work_through() -> int:
        settings = Settings(flags, os.environ, load_schedules(schedules))
        known = settings.schedules.subject(subject)
        check(settings, known, with_quick=not no_quick)
        mode = reprocess_mode(first.date(), last.date())
        slot = current_slot(SystemClock().now(), known.every)
        report = cycle(
            settings,
            known,
            Work(settings.environment, subject, mode, slot),
            _deadline(settings, known.timeout),
            with_quick=not no_quick,
            leave_running=leave_running,
            is_patient=True,
        ).run()
        click.echo(report.as_json() if as_json else "\n".join(report.lines()))
        return report.exit_code

    end(work_through, as_json=as_json, verbose=verbose)


@main.command(context_settings=HELP)
@click.argument("subject")
@click.option("--count", type=click.IntRange(1, 100), default=10, show_default=True)
@click.option("--workgroup", help="The Redshift workgroup.  [env: REDSHIFT_WORKGROUP]")
@common
def status(
    subject: str,
    count: int,
    schedules: Path,
    as_json: bool,
    verbose: bool,
    **flags: str | None,
) -> None:
    """Show what runs now, who holds the subject's lock, and the newest entries of the ledger.

    \b
    Examples:
      scheduler status pipeline_health
      scheduler status pipeline_health --count 50 --json
    """

    def show() -> int:
        settings = Settings(flags, os.environ, load_schedules(schedules))
        known = settings.schedules.subject(subject)
        check(settings, known, with_quick=False)
        now = SystemClock().now()
        work = Work(settings.environment, subject, known.mode, current_slot(now, known.every))
        shown = read_status(open_procedures(settings, work), count)
        click.echo(shown.as_json() if as_json else "\n".join(shown.lines()))
        return DONE

    end(show, as_json=as_json, verbose=verbose)


def _deadline(settings: Settings, default: timedelta) -> Deadline:
    return Deadline.after(SystemClock(), settings.duration("timeout", "REFRESH_TIMEOUT", default))
