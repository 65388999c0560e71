"""The command line: exit codes, JSON, errors that help."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from scheduler.cli import main
from tests.scheduler.stand_in import EVERY, StandIn


def test_a_run_from_end_to_end(subject: StandIn) -> None:
    code, out, _ = subject.run("quick", "plan", "--json")
    states = {item["id"]: item["state"] for item in json.loads(out)["items"]}
    assert code == 0
    assert set(states.values()) == {"missing"}
    code, out, err = subject.run("quick", "apply")
    assert (code, err) == (0, "")
    assert f"dataset {subject.dataset_id}: created" in out
    subject.arrive(2)
    code, out, err = subject.run("run", "health", "--slot", "2026-03-31T12:00Z", "--json")
    report = json.loads(out)
    assert (code, err, report["exit_code"]) == (0, "", 0), out
    assert report["slot"] == "2026-03-31T12:00Z"
    assert report["outcome"] == "done"
    assert report["models"] == {"health": {"removed": 0, "written": 2}}
    assert [d["outcome"] for d in report["datasets"]] == ["refreshed", "direct_query"]
    code, out, _ = subject.run(
        "run", "health", "--mode", "reconcile", "--slot", "2026-03-31T11:45Z"
    )
    assert code == 4
    assert out.startswith("health reconcile 2026-03-31T11:45Z: superseded (submitted)\n")


def test_slots_are_utc_wherever_the_machine_is(with_quick: StandIn) -> None:
    abroad = {**with_quick.variables, "TZ": "Asia/Tokyo"}
    subject = StandIn(with_quick.environment, with_quick.folder, with_quick.connection, abroad)
    before = datetime.now(UTC).replace(tzinfo=None)
    code, _, err = subject.run("run", "health")
    assert (code, err) == (0, "")
    after = datetime.now(UTC).replace(tzinfo=None)
    slots = subject.sql(f"select slot_at from {subject.ops}.runs")
    assert len(slots) == 2
    assert all(before - EVERY < slot <= after for [slot] in slots)


def test_a_failed_refresh_ends_with_1_and_says_why(subject: StandIn) -> None:
    subject.sql(
        f"revoke execute on procedure {subject.ops}.refresh_health(timestamp, varchar)"
        " from scheduler"
    )
    code, out, err = subject.run("run", "health", "--no-quick", "--json")
    assert code == 1
    assert json.loads(out)["exit_code"] == 1
    assert "permission denied" in json.loads(out)["error"]
    assert err.startswith("error: statement ")


BASE = {
    "AWS_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "x",
    "AWS_SECRET_ACCESS_KEY": "x",
    "AWS_ENDPOINT_URL_REDSHIFT_DATA": "http://127.0.0.1:9",
    "REDSHIFT_HOST": "127.0.0.1",
    "REDSHIFT_WORKGROUP": "workgroup",
    "QUICK_ACCOUNT_ID": "000000000000",
}


@pytest.mark.parametrize(
    ("arguments", "without", "reason"),
    [
        (["run"], "", "Missing argument 'SUBJECT'"),
        (["run", "nope"], "", "no subject 'nope' in schedules.yml; it has health"),
        (["run", "health", "--slot", "noon"], "", "'noon' is no time; write it like"),
        (["run", "health", "--mode", "full"], "", "'full' is not one of"),
        (["run", "health", "--timeout", "soon"], "", "timeout: 'soon' is no duration"),
        (["run", "health", "--environment", "A"], "", "environment 'A'"),
        (["run", "health", "--schedules", "none.yml"], "", "cannot read none.yml"),
        (["run", "health"], "REDSHIFT_WORKGROUP", "set --workgroup, REDSHIFT_WORKGROUP, or"),
        (["run", "health"], "QUICK_ACCOUNT_ID", "set --account-id, QUICK_ACCOUNT_ID"),
        (["run", "health"], "AWS_REGION", "no AWS region: set AWS_REGION"),
        (["run", "health"], "AWS_ACCESS_KEY_ID", "no AWS credentials: set AWS_PROFILE"),
        (["quick", "plan"], "", "cannot read target/manifest.json"),
        (["quick", "apply", "--json"], "", "run `dbt parse` first"),
    ],
)
def test_wrong_use_ends_with_2_a_reason_and_a_remedy(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    without: str,
    reason: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("schedules.yml").write_text(
        "environment: ci\nsubjects: {health: {every: 15m, datasets: [health]}}\n"
    )
    for name in [
        n for n in os.environ if n.startswith(("AWS_", "REDSHIFT_", "QUICK_", "REFRESH_"))
    ]:
        monkeypatch.delenv(name)
    for name, value in BASE.items():
        if name != without:
            monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2, result.output
    assert reason in result.output


@pytest.mark.parametrize(
    ("arguments", "missing"),
    [
        (["run", "health"], ["environment", "workgroup", "account id"]),
        (["run", "health", "--no-quick"], ["environment", "workgroup"]),
        (["nightly", "health"], ["environment", "workgroup", "account id"]),
        (["status", "health"], ["environment", "workgroup"]),
        (["quick", "plan"], ["environment", "account id"]),
        (["quick", "apply"], ["environment", "account id", "host"]),
    ],
)
def test_all_missing_settings_are_named_at_once(
    tmp_path: Path, arguments: list[str], missing: list[str]
) -> None:
    schedules = tmp_path / "schedules.yml"
    schedules.write_text("subjects: {health: {every: 15m, datasets: [health]}}\n")
    unset = dict.fromkeys(
        name for name in os.environ if name.startswith(("REDSHIFT_", "QUICK_", "REFRESH_"))
    )
    result = CliRunner().invoke(main, [*arguments, "--schedules", str(schedules)], env=unset)
    assert result.exit_code == 2, result.output
    assert re.findall(r"no ([a-z ]+): set ", result.output) == missing


def test_an_endpoint_that_is_not_there_is_a_reason_to_try_later(subject: StandIn) -> None:
    lost = {**subject.variables, "AWS_ENDPOINT_URL_REDSHIFT_DATA": "http://127.0.0.1:9"}
    moved = StandIn(subject.environment, subject.folder, subject.connection, lost)
    code, _, err = moved.run("run", "health")
    assert code == 3
    assert "127.0.0.1:9" in err


@pytest.mark.parametrize("command", [[], ["run"], ["quick"], ["quick", "plan"], ["quick", "apply"]])
def test_help_needs_no_settings_shows_an_example_and_fits_100_columns(
    tmp_path: Path, command: list[str]
) -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "scheduler", *command, "--help"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(Path.cwd()), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert max(len(line) for line in shown.splitlines()) <= 100
    assert " ".join(["scheduler", *command]) in shown.partition("Example")[2]
