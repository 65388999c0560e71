"""Loads into a running warehouse."""

import random
import signal
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from redshift_connector.error import ProgrammingError

from sandbox.errors import SandboxDown
from sandbox.home import Home
from sandbox.zero_etl import exports
from sandbox.zero_etl.errors import UnknownTable, ZeroEtlError
from sandbox.zero_etl.load import LoadReport, Progress, load
from sandbox.zero_etl.replicas import ensure, writes
from sandbox.zero_etl.session import service
from tests.conftest import Connect, Warehouse
from tests.sandbox.zero_etl.conftest import Item, Replica, delete, put, write_lines


def item(key: str, value: str = "v") -> Item:
    return {"id": {"S": key}, "x": {"M": {"text": {"S": value}, "n": {"N": "1.50"}}}}


def test_insert_update_delete(replica: Replica) -> None:
    assert replica.load({"Item": item("a")}, {"Item": item("b")}) == LoadReport(inserted=2)
    report = replica.load(
        put(item("a", "w"), 10, "id"), delete(item("b"), 11, "id"), put(item("c"), 12, "id")
    )
    assert report == LoadReport(inserted=1, updated=1, deleted=1)
    assert replica.rows() == {("a",): item("a", "w"), ("c",): item("c")}


def test_repeated_and_older_files_change_nothing(replica: Replica) -> None:
    newest = [put(item("a", "new"), 20, "id"), delete(item("b"), 20, "id")]
    replica.load(*newest)
    assert replica.load(*newest) == LoadReport(unchanged=2)
    assert replica.load(put(item("a", "as old"), 20, "id")) == LoadReport(unchanged=1)
    older = [put(item("a", "old"), 19, "id"), put(item("b"), 19, "id"), {"Item": item("b")}]
    assert replica.load(*older) == LoadReport(unchanged=3)
    assert replica.rows() == {("a",): item("a", "new")}


def test_an_equal_item_of_a_newer_write_is_unchanged_but_its_time_counts(replica: Replica) -> None:
    replica.load(put(item("a"), 10, "id"))
    assert replica.load(put(item("a"), 30, "id")) == LoadReport(unchanged=1)
    assert replica.load(put(item("a", "late"), 20, "id")) == LoadReport(unchanged=1)
    assert replica.rows() == {("a",): item("a")}


def test_the_newest_write_in_a_file_wins(replica: Replica) -> None:
    report = replica.load(
        put(item("a", "3"), 3, "id"), put(item("a", "1"), 1, "id"), put(item("a", "2"), 2, "id")
    )
    assert report == LoadReport(inserted=1, unchanged=2)
    assert replica.rows() == {("a",): item("a", "3")}


def test_any_order_in_any_files_gives_the_newest_items(replica: Replica, tmp_path: Path) -> None:
    """Many items with short histories, dealt out to files at random, some records twice."""
    chance = random.Random(1)
    records: list[Item] = []
    expected: dict[tuple[Any, ...], Item] = {}
    for key in map(str, range(200)):
        for micros in chance.sample(range(1, 9), chance.randint(1, 4)):
            new = put(item(key, str(micros)), micros, "id")
            gone = delete(item(key), micros, "id")
            records += [chance.choice((new, new, gone))] * chance.randint(1, 2)
        newest = max(records[-8:], key=lambda one: (one["Keys"]["id"]["S"] == key, _micros(one)))
        if "NewImage" in newest:
            expected[key,] = newest["NewImage"]
    chance.shuffle(records)
    files = [write_lines(tmp_path / f"{at}.json", records[at::7]) for at in range(7)]
    assert replica.load_files(*files).items == len(records)
    assert replica.rows() == expected
    assert replica.load_files(*reversed(files)) == LoadReport(unchanged=len(records))


def _micros(record: Item) -> int:
    return int(record["Metadata"]["WriteTimestampMicros"]["N"])


def test_number_keys_are_decimals(new_replica: Callable[..., Replica]) -> None:
    replica = new_replica(id="S", at="N")
    one = {"id": {"S": "ä\n\"'%s"}, "at": {"N": "1.50"}}
    assert replica.load(put(one, 1, "id", "at")).inserted == 1
    same = one | {"at": {"N": "1.5"}, "x": {"NULL": True}}
    assert replica.load(put(same, 2, "id", "at")).updated == 1
    assert replica.rows() == {("ä\n\"'%s", Decimal("1.5")): same}


def test_a_bad_line_leaves_nothing_of_its_file_and_all_of_those_before(
    replica: Replica, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "BATCH_LINES", 2)  # the bad line comes after batches were sent
    good = write_lines(tmp_path / "good.json", [{"Item": item("a")}])
    bad = [{"Item": item(f"b{at}")} for at in range(7)]
    broken = write_lines(tmp_path / "bad.json.gz", [*bad, "no JSON"])
    words = r"bad\.json\.gz, line 8: is no JSON; .* Nothing of it was loaded; 1 of 2 files before"
    with pytest.raises(ZeroEtlError, match=words):
        replica.load_files(good, broken)
    assert replica.rows() == {("a",): item("a")}
    assert replica.load_files(write_lines(broken, bad)) == LoadReport(inserted=7)


# Kills itself once its first batch is on the way to the server.
KILLED = """
import os, signal, sys
from pathlib import Path
from sandbox.home import Home
from sandbox.zero_etl.load import Progress, load

home, name, file, project = sys.argv[1:]
die = Progress(advance=lambda size: os.kill(os.getpid(), signal.SIGKILL))
load(Home(Path(home)), name, [Path(file)], die, Path(project))
"""


def test_a_killed_load_leaves_nothing_and_blocks_nothing(replica: Replica, tmp_path: Path) -> None:
    path = write_lines(tmp_path / "all.json", [{"Item": item(f"k{at}")} for at in range(5000)])
    where = [str(replica.home.path), replica.table.name, str(path), str(replica.project)]
    killed = subprocess.run([sys.executable, "-c", KILLED, *where], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert replica.rows() == {}
    assert replica.load_files(path) == LoadReport(inserted=5000)


def test_progress_ends_at_the_size_of_all_files(replica: Replica, tmp_path: Path) -> None:
    paths = [write_lines(tmp_path / f"{at}.json.gz", [{"Item": item(str(at))}]) for at in (1, 2)]
    totals: list[int] = []
    steps: list[int] = []
    progress = Progress(totals.append, steps.append)
    load(replica.home, replica.table.name, paths, progress, replica.project)
    assert totals == [sum(steps)] == [sum(path.stat().st_size for path in paths)]


def test_the_deployer_reads_by_three_part_name_and_nobody_writes(
    replica: Replica, connect: Connect
) -> None:
    replica.load({"Item": item("a", "hello")})
    name = f'{replica.table.database}.public."{replica.table.name}"'
    cursor = connect("deployer").cursor()
    cursor.execute(f'select id, "value"."x"."M"."text"."S"::varchar, "value" from {name}')
    (row,) = cursor.fetchall()
    assert row[:2] == ["a", "hello"]
    assert row[2] == '{"x":{"M":{"n":{"N":"1.50"},"text":{"S":"hello"}}},"id":{"S":"a"}}'
    for user, statement in (
        ("deployer", f"insert into {name} (id) values ('b')"),
        ("deployer", f"delete from {name}"),
        ("scheduler", f"select * from {name}"),
        ("quick", f"select * from {name}"),
        ("deployer", f"select * from {writes(replica.table)}"),
    ):
        with pytest.raises(ProgrammingError, match="permission denied"):
            connect(user).cursor().execute(statement)


def test_ensure_again_keeps_what_was_loaded(replica: Replica) -> None:
    replica.load({"Item": item("a")})
    ensure(replica.home, replica.project)
    assert replica.rows() == {("a",): item("a")}


def test_the_projects_replicas_stand_from_the_beginning(warehouse: Warehouse) -> None:
    with service(warehouse.home) as cursor:
        cursor.execute('select log_key, value from "zero_etl_pipeline_logs.public"."pipeline-logs"')
        names = [column[0] for column in cursor.description]
    assert names == ["log_key", "value"]


def test_an_unknown_table_and_a_stopped_sandbox(replica: Replica, tmp_path: Path) -> None:
    with pytest.raises(UnknownTable, match="unknown DynamoDB table nothing"):
        load(replica.home, "nothing", [tmp_path], project=replica.project)
    path = write_lines(tmp_path / "a.json", [{"Item": item("a")}])
    with pytest.raises(SandboxDown, match="sandbox up"):
        load(Home(tmp_path / "none"), replica.table.name, [path], project=replica.project)
