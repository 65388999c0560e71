"""Settings: order of precedence, and what schedules.yml may hold."""

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from scheduler.errors import WrongUse
from scheduler.settings import Settings, Subject, load_schedules

FILE = """
environment: staging
subjects:
  health:
    every: 15m
    datasets: [health, live]
"""


def settings(
    tmp_path: Path,
    flags: Mapping[str, str | None] | None = None,
    environ: Mapping[str, str] | None = None,
    text: str = FILE,
) -> Settings:
    path = tmp_path / "schedules.yml"
    path.write_text(text)
    return Settings(flags or {}, environ or {}, load_schedules(path))


def test_flag_then_environment_then_file(tmp_path: Path) -> None:
    environ = {"REFRESH_ENVIRONMENT": "ci"}
    assert settings(tmp_path).environment == "staging"
    assert settings(tmp_path, environ=environ).environment == "ci"
    assert settings(tmp_path, {"environment": "dev"}, environ).environment == "dev"


def test_a_flag_that_is_not_given_and_an_empty_variable_do_not_count(tmp_path: Path) -> None:
    empty = settings(tmp_path, {"environment": None}, {"REFRESH_ENVIRONMENT": ""})
    assert empty.environment == "staging"


def test_names_have_a_prefix_outside_production_only(tmp_path: Path) -> None:
    assert settings(tmp_path).ops_schema == "staging_ops"
    assert settings(tmp_path).prefixed("health") == "staging_health"
    production = settings(tmp_path, {"environment": "prod"})
    assert production.ops_schema == "ops"
    assert production.prefixed("health") == "health"


@pytest.mark.parametrize("name", ["Prod", "a/b", "a-b", "1a", "a; drop table x", "a" * 64])
def test_an_environment_that_could_not_stand_in_a_name_is_refused(
    tmp_path: Path, name: str
) -> None:
    with pytest.raises(WrongUse, match=r"environment .*lower-case"):
        _ = settings(tmp_path, {"environment": name}).ops_schema


def test_a_missing_setting_names_every_place_it_can_stand(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match=r"--workgroup, REDSHIFT_WORKGROUP, or workgroup: in .*yml"):
        settings(tmp_path, {"workgroup": None}).required("workgroup", "REDSHIFT_WORKGROUP")


def test_durations_follow_the_same_order(tmp_path: Path) -> None:
    default = timedelta(minutes=14)
    length = settings(tmp_path).duration("timeout", "REFRESH_TIMEOUT", default)
    assert length == default
    environ = {"REFRESH_TIMEOUT": "5m"}
    length = settings(tmp_path, {}, environ).duration("timeout", "REFRESH_TIMEOUT", default)
    assert length == timedelta(minutes=5)
    with pytest.raises(WrongUse, match="timeout: 'soon'"):
        settings(tmp_path, {"timeout": "soon"}).duration("timeout", "REFRESH_TIMEOUT", default)


def test_a_subject_has_defaults(tmp_path: Path) -> None:
    assert settings(tmp_path).schedules.subject("health") == Subject(
        "health",
        every=timedelta(minutes=15),
        mode="incremental",
        timeout=timedelta(minutes=14),
        ingestion_spacing=timedelta(minutes=45),
        datasets=("health", "live"),
    )


def test_an_unknown_subject_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match=r"no subject 'nope' in .*schedules.yml; it has health"):
        settings(tmp_path).schedules.subject("nope")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("subjects: [", "is no YAML"),
        ("- a", "must hold keys like"),
        ("enviroment: x", "unknown key enviroment; known are"),
        ("subjects: [health]", "one key per subject"),
        ("subjects: {Health: {every: 15m}}", "Health: a subject is lower-case"),
        ("subjects: {health: 15m}", "health: must hold keys"),
        ("subjects: {health: {}}", "health: every: is missing"),
        ("subjects: {health: {every: 15}}", "every: '15' is no duration"),
        ("subjects: {health: {every: 0m}}", "whole minutes"),
        ("subjects: {health: {every: 90s}}", "whole minutes"),
        (
            "subjects: {health: {every: 15m, mode: full}}",
            "'full' is none of incremental, reconcile",
        ),
        ("subjects: {health: {every: 15m, cron: x}}", "unknown key cron"),
        ("subjects: {health: {every: 15m, datasets: x}}", "must be a list"),
        ("subjects: {health: {every: 15m, datasets: [A-b]}}", "'A-b' is no dataset id"),
    ],
)
def test_a_wrong_file_is_refused_with_place_and_reason(
    tmp_path: Path, text: str, reason: str
) -> None:
    with pytest.raises(WrongUse, match=reason) as raised:
        settings(tmp_path, text=text)
    assert "schedules.yml" in str(raised.value)


def test_a_missing_file_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match=r"cannot read .*none.yml: .*set --schedules"):
        load_schedules(tmp_path / "none.yml")


def test_a_night_may_be_named(tmp_path: Path) -> None:
    schedules = tmp_path / "schedules.yml"
    schedules.write_text(
        "subjects: {health: {every: 15m, nightly: {at: 12:30, steps: [retain], timeout: 1h}}}"
    )
    night = load_schedules(schedules).subject("health").night
    assert (night.at, night.timeout) == (timedelta(hours=12, minutes=30), timedelta(hours=1))
    assert night.modes == ("retain-facts", "retain-feeds", "retain-ledger")


@pytest.mark.parametrize(
    ("nightly", "reason"),
    [
        ("{at: '25:00'}", "nightly: at: '25:00' is no time of day"),
        ("{at: noon}", "nightly: at: 'noon' is no time of day"),
        ("{steps: [vacuum]}", "nightly: steps: must be a list of reconcile and retain"),
        ("{steps: []}", "nightly: steps: must be a list of reconcile and retain"),
        ("{hour: 2}", "nightly: unknown key hour"),
    ],
)
def test_a_night_that_makes_no_sense_is_refused(tmp_path: Path, nightly: str, reason: str) -> None:
    schedules = tmp_path / "schedules.yml"
    schedules.write_text(f"subjects: {{health: {{every: 15m, nightly: {nightly}}}}}")
    with pytest.raises(WrongUse, match=re.escape(reason)):
        load_schedules(schedules)
