"""`sandbox up` and `sandbox down`: all processes of one home, in their order."""

from collections.abc import Mapping
from dataclasses import replace

from sandbox.deadline import Deadline
from sandbox.engine import cluster, place
from sandbox.engine.binaries import account
from sandbox.engine.cluster import Cluster, new_password
from sandbox.errors import HomeBroken
from sandbox.home import Home, State
from sandbox.servers import Server

UP_SECONDS = 30.0
DOWN_SECONDS = 10.0
LOCK_SECONDS = 30.0
PORTS = {"wire": (5439, "--port"), "aws": (0, "--aws-port")}


def servers(home: Home) -> list[Server]:
    """The TCP servers of a home, in the order they start."""
    return [Server(name, home, port, option) for name, (port, option) in PORTS.items()]


def up(
    home: Home, ports: Mapping[str, int | None] | None = None, isolation: str | None = None
) -> State:
    """Start what does not run. What a killed process left behind is no obstacle.

    `ports` maps "wire" and "aws" to a port, 0 for any free one, None for the last one used;
    `isolation` is a level of `sandbox.isolation`, None for the last one chosen, at first SNAPSHOT.
    """
    with home.changing(Deadline.after(LOCK_SECONDS)):
        who = account()
        saved = home.saved()
        engine = place.choose(home, saved.engine if saved else None, who)
        state = replace(saved, engine=engine) if saved else State(engine, new_password())
        home.save(state)
        place.claim(home, engine)
        for base in place.orphans(who):
            place.remove(base)
        deadline = Deadline.after(UP_SECONDS)
        state = replace(
            state, engine=Cluster(home, engine, who, state.service_password).start(deadline)
        )
        home.save(state)
        for server in servers(home):
            running = server.start(
                state.server(server.name), (ports or {}).get(server.name), deadline
            )
            state = state.with_server(server.name, running)
            home.save(state)
    _make_replicas(home)
    if isolation:
        _isolate(home, isolation)
    return state


def _isolate(home: Home, level: str) -> None:
    # As below: the driver takes its time.
    from sandbox.isolation import set_level

    set_level(home, level)


def _make_replicas(home: Home) -> None:
    # The driver takes 0.4 s to import; help texts do without it.
    from sandbox.zero_etl.replicas import ensure

    # They stand from the beginning, empty, as after the creation of an integration.
    ensure(home)


def down(home: Home, delete: bool = False) -> None:
    """Stop all of it; with `delete`, remove the warehouse and what else was made in the home.

    Raises HomeBroken when the directory is no sandbox's.
    """
    if not home.path.exists():
        return
    with home.changing(Deadline.after(LOCK_SECONDS)):
        state = _readable(home) if delete else home.saved()
        deadline = Deadline.after(DOWN_SECONDS)
        for server in reversed(servers(home)):
            stopped = server.stop(state.server(server.name) if state else None, deadline)
            state = state.with_server(server.name, stopped) if state else None
        cluster.stop(home, deadline)
        if delete:
            # First the state: whatever is left after a kill belongs to nobody then, and is swept.
            home.state_file.unlink(missing_ok=True)
            place.clear(home, state.engine if state else None)
            home.clear()
        elif state is not None:
            home.save(replace(state, engine=replace(state.engine, pg_pid=None)))


def _readable(home: Home) -> State | None:
    """The saved state, None where it is broken: nobody needs it to delete a sandbox."""
    try:
        return home.saved()
    except HomeBroken:
        return None
