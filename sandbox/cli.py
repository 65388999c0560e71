"""The command line of the sandbox."""

import click

from sandbox import lifecycle
from sandbox.errors import SandboxError
from sandbox.home import Home


@click.group()
@click.option(
    "--home",
    metavar="DIR",
    help="Directory of the sandbox (else SANDBOX_HOME, else .sandbox here).",
)
@click.pass_context
def main(context: click.Context, home: str | None) -> None:
    """A local stand-in for Redshift, its Data API, Zero-ETL and Quick."""
    context.obj = Home.find(home)


@main.command()
@click.option(
    "--port", type=click.IntRange(0, 65535), help="Port of the warehouse; 0 takes a free one."
)
@click.option(
    "--aws-port", type=click.IntRange(0, 65535), help="Port of the AWS APIs; 0 takes a free one."
)
@click.pass_obj
def up(home: Home, port: int | None, aws_port: int | None) -> None:
    """Start the sandbox, or what of it does not run."""
    try:
        state = lifecycle.up(home, {"wire": port, "aws": aws_port})
    except SandboxError as error:
        raise click.ClickException(str(error)) from error
    click.echo(state)


@main.command()
@click.option("--delete", is_flag=True, help="Remove the warehouse with all it holds.")
@click.pass_obj
def down(home: Home, delete: bool) -> None:
    """Stop the sandbox."""
    lifecycle.down(home, delete)


if __name__ == "__main__":
    main()
