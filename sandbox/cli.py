"""The command line of the sandbox."""

import json
import shlex
import sys
from importlib import import_module

import click

from sandbox import lifecycle
from sandbox.environment import KEY_OF_USER, exports
from sandbox.errors import SandboxError, WrongUse
from sandbox.home import USERS, Home, ServerState, State

# Commands of the other rooms: loaded when they are asked for, so that `up` does not wait for them.
ELSEWHERE = {
    "generate": ("sandbox.telemetry.commands", "generate_command"),
    "load": ("sandbox.zero_etl.commands", "load_command"),
    "replica": ("sandbox.zero_etl.commands", "replica_command"),
    "spice": ("sandbox.aws.commands", "spice_command"),
}


class Commands(click.Group):
    """Commands of all rooms; an error of the sandbox ends any of them with its exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in the order of the alphabet."""
        return sorted([*super().list_commands(ctx), *ELSEWHERE])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, from its room if it is not here."""
        if cmd_name not in ELSEWHERE:
            return super().get_command(ctx, cmd_name)
        module, attribute = ELSEWHERE[cmd_name]
        command = getattr(import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Run it; an error of the sandbox is a line and an exit code."""
        try:
            return super().invoke(ctx)
        except SandboxError as error:
            click.echo(f"Error: {error}", err=True)
            ctx.exit(error.exit_code)


@click.group(cls=Commands, context_settings={"max_content_width": 100})
@click.option(
    "--home", metavar="DIR", help="The sandbox's directory [else SANDBOX_HOME, .sandbox]."
)
@click.pass_context
def main(context: click.Context, home: str | None) -> None:
    """A local stand-in for Redshift, its Data API, Zero-ETL and Quick.

    It is no Redshift: what it cannot run faithfully it refuses by name, and it tells nothing about
    speed. All it keeps lies in the home directory, which `sandbox down --delete` removes.

    \b
    Examples:
      sandbox up
      eval "$(sandbox env)"
      sandbox sql "select count(*) from sandbox_bi_reports.fct_stage_runs"
      sandbox down
    """
    context.obj = Home.find(home)


@main.command()
@click.option(
    "--port", type=click.IntRange(0, 65535), help="The warehouse's port; 0: any free one."
)
@click.option("--aws-port", type=click.IntRange(0, 65535), help="The AWS APIs' port; 0: any free.")
@click.option(
    "--isolation",
    type=click.Choice(("snapshot", "serializable")),
    help="The isolation level of sessions to come [at first snapshot]; kept like the ports.",
)
@click.pass_obj
def up(home: Home, port: int | None, aws_port: int | None, isolation: str | None) -> None:
    """Start the sandbox, or what of it does not run.

    Ports are kept for the next time; the first is 5439, as Redshift's.

    \b
    Examples:
      sandbox up
      sandbox up --port 0
      sandbox up --isolation serializable
      sandbox --home /tmp/second up --port 5440
    """
    _tell(lifecycle.up(home, {"wire": port, "aws": aws_port}, isolation), home)


@main.command()
@click.option("--delete", is_flag=True, help="Remove the sandbox with all that was loaded.")
@click.pass_obj
def down(home: Home, delete: bool) -> None:
    """Stop the sandbox; what was loaded is kept.

    \b
    Examples:
      sandbox down
      sandbox down --delete
    """
    lifecycle.down(home, delete)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@click.pass_obj
def status(home: Home, as_json: bool) -> None:
    """Tell what runs; exit code 1 unless all of it does.

    \b
    Examples:
      sandbox status
      sandbox status --json
    """
    state = home.saved()
    processes = {name: home.pid(name) for name in ("engine", "wire", "aws")}
    if as_json:
        ports = {name: server.port for name in ("wire", "aws") if (server := _server(state, name))}
        facts = {
            name: {"pid": pid, "port": ports.get(name), "running": pid is not None}
            for name, pid in processes.items()
        }
        click.echo(json.dumps({"home": str(home.path), "processes": facts}))
    else:
        click.echo(f"home    {home.path}")
        for name, pid in processes.items():
            server = _server(state, name)
            port = f", port {server.port}" if server else ""
            click.echo(f"{name:<8}{f'running, process {pid}{port}' if pid else 'stopped'}")
    if None in processes.values():
        sys.exit(1)


@main.command()
@click.option("--user", type=click.Choice(USERS), default="deployer", show_default=True)
@click.option(
    "--caller",
    type=click.Choice(sorted(KEY_OF_USER)),
    default="scheduler",
    show_default=True,
    help="The database user of those who call the AWS APIs.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of exports.")
@click.pass_obj
def env(home: Home, user: str, caller: str, as_json: bool) -> None:
    """Print the environment by which dbt, boto3 and drivers find the sandbox.

    \b
    Examples:
      eval "$(sandbox env)"
      sandbox env --user quick --json
    """
    found = exports(home.state(), user, caller)
    if as_json:
        click.echo(json.dumps(found))
    else:
        click.echo(
            "\n".join(f"export {name}={shlex.quote(value)}" for name, value in found.items())
        )


@main.command()
@click.argument("statement")
@click.option("--user", type=click.Choice(USERS), default="deployer", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print rows as a JSON array of objects.")
@click.pass_obj
def sql(home: Home, statement: str, user: str, as_json: bool) -> None:
    """Run one statement of Redshift SQL (STATEMENT; - reads it from standard input).

    \b
    Examples:
      sandbox sql "select * from sandbox_ops.runs order by refresh_id desc limit 5"
      sandbox sql --user quick --json "select count(*) from sandbox_bi_reports.fct_stage_runs"
      sandbox sql - < query.sql
    """
    # The driver takes 0.4 s to import; help texts do without it.
    from sandbox.query import run, table_text

    text = sys.stdin.read() if statement == "-" else statement
    if not text.strip():
        raise WrongUse("there is no statement to run")
    answer = run(home.state(), user, text)
    for notice in answer.notices:
        click.echo(notice, err=True)
    if as_json:
        rows = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
        click.echo(json.dumps(rows, default=str))
    elif answer.columns:
        click.echo(table_text(answer))
    else:
        click.echo("done")


def _server(state: State | None, name: str) -> ServerState | None:
    return state.server(name) if state and name != "engine" else None


def _tell(state: State, home: Home) -> None:
    wire, aws = _server(state, "wire"), _server(state, "aws")
    if wire:
        click.echo(
            f"warehouse   {wire.host}:{wire.port}/{state.database}, users {', '.join(USERS)}"
        )
    if aws:
        click.echo(f"AWS APIs    http://{aws.host}:{aws.port}")
    click.echo(f"home        {home.path}")
    click.echo('next        eval "$(sandbox env)"')


if __name__ == "__main__":
    main()
