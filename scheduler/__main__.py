"""`python -m scheduler`: the command line where it is not installed as a script."""

from scheduler.cli import main

main(prog_name="scheduler")
