"""The command behind `make demo` and `make docs`."""

from __future__ import annotations

import fcntl
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from sandbox.demo.play import ROOT, Demo, DemoFailed
from sandbox.demo.steps import DOCS, STEPS

FOLDER = Path(".demo")
WIDTH = 100


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold the folder, so that a second demo in this checkout does not take it away."""
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("wb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise click.ClickException(
                f"another demo runs in {folder.absolute()}: wait for its end"
            ) from None
        yield


def tell(demo: Demo) -> None:
    """All steps, with the time that each took."""
    console, times = demo.console, []
    for number, step in enumerate(STEPS, start=1):
        console.print(f"\n[bold cyan]{number}. {step.title}[/]", highlight=False, soft_wrap=True)
        start = time.monotonic()
        for action in step.actions:
            demo.do(action)
        times.append(time.monotonic() - start)
    summary = Table(title="\nHow long it took", title_justify="left", box=None)
    summary.add_column("")
    summary.add_column("seconds", justify="right")
    for step, seconds in zip(STEPS, times, strict=True):
        summary.add_row(step.title, f"{seconds:.1f}")
    summary.add_row("altogether", f"{sum(times):.1f}")
    console.print(summary)


WHERE_NEXT = """
Where to look next
  make docs                                          the lineage from source to dataset, as a page
  . .venv/bin/activate; export SANDBOX_HOME={home}
  sandbox up                                         the warehouse of this demo, as it was left
  sandbox sql "select pipeline_id, run_on, runs_seen from sandbox_bi_reports.agg_pipeline_daily"
  sandbox load pipeline-logs YOUR/EXPORT             telemetry of your own, see docs/telemetry.md
"""


@click.command()
@click.option("--only-docs", is_flag=True, help="Write the dbt docs of the last demo instead.")
def main(only_docs: bool) -> None:
    """Show the main job from telemetry to a refreshed dataset."""
    os.chdir(ROOT)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    console = Console(width=WIDTH)
    with only_one(FOLDER):
        demo = Demo(FOLDER, console)
        try:
            if only_docs:
                for action in DOCS:
                    demo.do(action)
                console.print(f"open {FOLDER / 'target' / 'static_index.html'}")
            else:
                demo.prepare()
                tell(demo)
                console.print(
                    WHERE_NEXT.format(home=FOLDER / "sandbox"), highlight=False, soft_wrap=True
                )
        except DemoFailed as error:
            raise click.ClickException(str(error)) from error
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            demo.stop()


if __name__ == "__main__":
    main()
