"""`sandbox up` and `down`: again, at once, after kills, with what is in the way."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sandbox import lifecycle
from sandbox.deadline import Deadline
from sandbox.engine import binaries, place
from sandbox.engine.binaries import Account, account
from sandbox.engine.cluster import Cluster
from sandbox.errors import HomeBroken, PortInUse, SandboxDown
from sandbox.home import EngineState, Home, State
from sandbox.query import run

FREE = {"wire": 0, "aws": 0}
PROCESSES = ("engine", "wire", "aws")
ROOT = Path(__file__).parents[3]
as_root = pytest.mark.skipif(os.getuid() != 0, reason="root alone can be somebody else")


def cli(home: Home, *words: str) -> list[str]:
    return [sys.executable, "-m", "sandbox.cli", "--home", str(home.path), *words]


def call(home: Home, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(cli(home, *words), cwd=ROOT, capture_output=True, text=True, check=False)


def count(home: Home) -> int:
    [[found]] = run(home.state(), "deployer", "select count(*) from kept.facts").rows
    assert isinstance(found, int)
    return found


def keep(home: Home) -> None:
    state = home.state()
    run(state, "deployer", "create schema kept")
    run(state, "deployer", "create table kept.facts as select 1 as fact")


@pytest.fixture
def up_home(new_home: Home) -> Home:
    lifecycle.up(new_home, FREE)
    return new_home


def told(home: Home) -> dict[str, int | None]:
    """The process ids that `sandbox status` tells; its exit code says whether all run."""
    done = call(home, "status", "--json")
    processes = json.loads(done.stdout)["processes"]
    pids = {name: processes[name]["pid"] for name in PROCESSES}
    assert done.returncode == (1 if None in pids.values() else 0)
    return pids


def test_up_again_changes_nothing_and_after_down_goes_on(up_home: Home) -> None:
    first = up_home.state()
    keep(up_home)
    assert lifecycle.up(up_home) == first
    assert told(up_home) == {name: up_home.pid(name) for name in PROCESSES}
    lifecycle.down(up_home)
    assert told(up_home) == dict.fromkeys(PROCESSES)
    with pytest.raises(SandboxDown, match="sandbox up"):
        up_home.state()
    again = lifecycle.up(up_home)
    assert (again.wire and again.wire.port) == (first.wire and first.wire.port)
    assert (again.aws and again.aws.port) == (first.aws and first.aws.port)
    assert count(up_home) == 1


def test_up_goes_on_after_killed_processes(up_home: Home) -> None:
    keep(up_home)
    for name in PROCESSES:
        pid = up_home.pid(name)
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        assert _ended(pid)
        lifecycle.up(up_home)
        assert [one for one in PROCESSES if not up_home.alive(one)] == []
        assert up_home.pid(name) != pid
        assert count(up_home) == 1


def _initdb_works(home: Home) -> bool:
    saved = home.saved()
    return saved is not None and (Path(saved.engine.data_dir) / "PG_VERSION").exists()


def _postgres_started(home: Home) -> bool:
    return home.pid("engine") is not None


def _wire_started(home: Home) -> bool:
    return home.pid("wire") is not None


@pytest.mark.parametrize("point", [_initdb_works, _postgres_started, _wire_started])
def test_up_goes_on_after_a_killed_up(new_home: Home, point: Callable[[Home], bool]) -> None:
    process = subprocess.Popen(cli(new_home, "up", "--port", "0"), cwd=ROOT)
    assert Deadline.after(20).wait(lambda: point(new_home))
    process.kill()
    process.wait()
    lifecycle.up(new_home, FREE)
    keep(new_home)
    assert count(new_home) == 1


def test_a_killed_up_can_be_deleted(new_home: Home) -> None:
    process = subprocess.Popen(cli(new_home, "up", "--port", "0"), cwd=ROOT)
    assert Deadline.after(20).wait(lambda: _initdb_works(new_home))
    process.kill()
    process.wait()
    lifecycle.down(new_home, delete=True)
    assert not new_home.path.exists()


def test_two_ups_at_once_start_one_sandbox(tmp_path: Path, new_home: Home) -> None:
    """And another one beside it, in a path too long for a socket and with a space in it."""
    other = Home(tmp_path / ("with a space " * 12) / ".sandbox")
    try:
        with ThreadPoolExecutor(3) as pool:
            states = list(
                pool.map(lambda home: lifecycle.up(home, FREE), (new_home, new_home, other))
            )
        assert states[0] == states[1]
        assert len({state.wire.port for state in states if state.wire}) == 2
        assert len(os.fsencode(states[2].engine.socket_dir)) < place.SOCKET_BYTES
        for home in (new_home, other):
            keep(home)
            assert count(home) == 1
    finally:
        lifecycle.down(other, delete=True)
    assert not place.base_of(states[2].engine).exists()
    assert count(new_home) == 1


def test_a_port_in_use_is_named_with_the_way_out(new_home: Home) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = call(new_home, "up", "--port", str(port))
    assert done.returncode == 1
    assert done.stderr.strip() == (
        f"Error: port {port} is in use by another program: "
        "run `sandbox up --port 0` to take a free one"
    )
    # The other port than the running one is refused too.
    state = lifecycle.up(new_home, FREE)
    assert state.wire is not None
    with pytest.raises(PortInUse, match="already runs on port"):
        lifecycle.up(new_home, {"wire": state.wire.port + 1})


def test_a_warehouse_of_another_version_is_refused(up_home: Home) -> None:
    lifecycle.down(up_home)
    saved = up_home.saved()
    assert saved is not None
    marker = place.base_of(saved.engine) / "version"
    version = marker.read_text()
    marker.write_text("older")
    with pytest.raises(HomeBroken, match=r"another version.*sandbox down --delete"):
        lifecycle.up(up_home)
    marker.write_text(version)
    (Path(saved.engine.data_dir) / "PG_VERSION").unlink()
    with pytest.raises(HomeBroken, match="no PostgreSQL data directory any more"):
        lifecycle.up(up_home)


def test_a_home_that_is_none_is_refused(tmp_path: Path) -> None:
    home = Home(tmp_path / "garbage")
    home.path.mkdir()
    home.state_file.write_text('{"version": 9}')
    with pytest.raises(HomeBroken, match=r"is not a sandbox's state .*: name another directory by"):
        lifecycle.up(home)
    with pytest.raises(HomeBroken, match="is not a sandbox's state"):
        lifecycle.down(home, delete=True)
    assert list(home.path.iterdir()) == [home.state_file]
    occupied = Home(tmp_path / "file")
    occupied.path.write_text("")
    with pytest.raises(HomeBroken, match="name another directory by --home or SANDBOX_HOME"):
        lifecycle.up(occupied)


@pytest.mark.parametrize("words", [("up",), ("down",), ("down", "--delete")])
def test_a_directory_that_is_no_sandbox_is_refused_and_left_alone(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    precious = tmp_path / "log" / "engine.log"
    precious.parent.mkdir()
    precious.write_text("years of work")
    done = call(Home(tmp_path), *words)
    assert done.returncode == 1
    assert done.stderr == (
        f"Error: {tmp_path} holds files that are no sandbox's: "
        "name another directory by --home or SANDBOX_HOME\n"
    )
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [precious]
    assert precious.read_text() == "years of work"


def test_delete_removes_what_the_sandbox_made_and_nothing_else(tmp_path: Path) -> None:
    home = Home(tmp_path / "sandbox")
    home.path.mkdir()  # an empty directory may become a home
    base = place.base_of(lifecycle.up(home, FREE).engine)
    kept = [home.path / "notes.txt", home.log_dir / "notes.txt"]
    for path in kept:
        path.write_text("mine")
    lifecycle.down(home, delete=True)
    assert [path for path in sorted(home.path.rglob("*")) if path.is_file()] == sorted(kept)
    assert not base.exists()
    for path in kept:
        path.unlink()
    home.log_dir.rmdir()
    lifecycle.down(home, delete=True)
    assert not home.path.exists()


def test_delete_ends_and_removes_a_sandbox_whose_state_is_broken(up_home: Home) -> None:
    state = up_home.state()
    pids = [pid for pid in map(up_home.pid, PROCESSES) if pid]
    up_home.state_file.write_text("{}")
    with pytest.raises(HomeBroken, match="run `sandbox down --delete`, then `sandbox up`"):
        lifecycle.up(up_home)
    lifecycle.down(up_home, delete=True)
    assert len(pids) == len(PROCESSES)
    assert _ended(*pids)
    assert not up_home.path.exists()
    base = place.base_of(state.engine)
    assert base in place.orphans(account()) or not base.exists()
    place.remove(base)


def test_deleting_a_copy_of_a_home_leaves_the_warehouse_of_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place, "private_root", lambda: tmp_path)
    base, home, copy = tmp_path / f"{place.PREFIX}one", Home(tmp_path / "a"), Home(tmp_path / "b")
    base.mkdir()
    home.path.mkdir()
    engine = EngineState(str(base / "data"), str(base / "run"))
    home.save(State(engine, "secret"))
    place.claim(home, engine)
    shutil.copytree(home.path, copy.path)
    lifecycle.down(copy, delete=True)
    assert not copy.path.exists()
    assert base.exists()
    lifecycle.down(home, delete=True)
    assert not home.path.exists()
    assert not base.exists()


def test_delete_spares_a_directory_that_a_strange_state_names(tmp_path: Path) -> None:
    home, precious = Home(tmp_path / "sandbox"), tmp_path / "precious"
    home.path.mkdir()
    precious.mkdir()
    home.save(State(EngineState(str(precious / "data"), str(precious / "run")), "secret"))
    lifecycle.down(home, delete=True)
    assert not home.path.exists()
    assert precious.exists()


def test_a_deleted_home_leaves_nothing_running(tmp_path: Path) -> None:
    home = Home(tmp_path / "sandbox")
    state = lifecycle.up(home, FREE)
    pids = [server.pid for server in (state.wire, state.aws) if server and server.pid]
    base = place.base_of(state.engine)
    shutil.rmtree(home.path)
    assert len(pids) == 2
    assert _ended(*pids)
    # PostgreSQL looks for its data directory once a minute.
    assert state.engine.pg_pid is not None
    os.kill(state.engine.pg_pid, signal.SIGQUIT)
    assert base in place.orphans(account()) or not base.exists()
    place.remove(base)


def _ended(*pids: int) -> bool:
    return Deadline.after(10).wait(lambda: not any(map(_runs, pids)))


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rsplit(")", 1)[1].split()[0] != "Z"


@as_root
def test_an_ordinary_user_needs_no_private_directory() -> None:
    # Not in tmp_path, which only root may enter.
    with tempfile.TemporaryDirectory() as directory:
        nobody = account()
        assert nobody.uid is not None
        assert nobody.gid is not None
        os.chown(directory, nobody.uid, nobody.gid)
        home = Home(Path(directory) / "sandbox")
        child = os.fork()
        if not child:
            os.setgroups([])
            os.setgid(nobody.gid)
            os.setuid(nobody.uid)
            os._exit(0 if _runs_an_engine(home) else 1)
        assert os.waitpid(child, 0)[1] == 0
        assert (home.path / "warehouse" / "data" / "PG_VERSION").exists()
        assert home.state_file.stat().st_mode & 0o777 == 0o600


def _runs_an_engine(home: Home) -> bool:
    who = account()
    with home.changing(Deadline.after(1)):
        state = State(place.choose(home, None, who), "secret")
        home.save(state)
        cluster = Cluster(home, state.engine, who, state.service_password)
        running = cluster.start(Deadline.after(20))
        cluster.stop(Deadline.after(20))
    return who == Account() and running.pg_pid is not None and not home.alive("engine")


def test_only_warehouses_of_deleted_homes_are_swept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place, "private_root", lambda: tmp_path)
    bases = [tmp_path / f"{place.PREFIX}{name}" for name in ("kept", "gone", "broken", "new")]
    homes = [Home(tmp_path / name) for name in ("kept", "gone", "broken")]
    for base in bases:
        base.mkdir()
    for base, home in zip(bases, homes, strict=False):
        home.path.mkdir()
        engine = EngineState(str(base / "data"), str(base / "run"))
        home.save(State(engine, "secret"))
        place.claim(home, engine)
    shutil.rmtree(homes[1].path)
    homes[2].state_file.write_text("{}")
    assert place.orphans(Account()) == [bases[1]]


@pytest.fixture
def open_directory(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as directory:
        Path(directory).chmod(0o755)
        monkeypatch.setattr(binaries, "private_root", lambda: Path(directory))
        yield Path(directory)


@as_root
def test_programs_out_of_reach_are_copied_once(
    open_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(binaries, "_open_to_all", lambda _: False)
    found = binaries.programs(account())
    assert found.is_relative_to(open_directory)
    version = [str(found / "postgres"), "--version"]
    subprocess.run(version, check=True, capture_output=True, **account().process)
    made = (found / "postgres").stat().st_ctime_ns
    assert binaries.programs(account()) == found
    assert (found / "postgres").stat().st_ctime_ns == made
    found.parent.parent.chmod(0o777)
    with pytest.raises(HomeBroken, match="not root's own directory"):
        binaries.programs(account())


def test_programs_in_reach_are_used_where_they_lie() -> None:
    assert binaries.PACKAGE in str(binaries.programs(Account()))
