"""Secrets that writers put into items reach no mart."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.refresh.project import MARTS, Project
from tests.refresh.telemetry import Item, log_item

# Made up, except for AWS's documented examples. Each stands alone and inside a sentence.
SECRETS = (
    "AKIAIOSFODNN7EXAMPLE",
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJlLXNpZ25hdHVyZQ",
    "postgresql://loader:tr0ub4dor@db.internal:5432/orders",
    "password=tr0ub4dor",
    "Authorization: Bearer 3f9a1c77d0b24e5a",
    "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqh\n-----END PRIVATE KEY-----",
)
# What must not be found: the part of each that is worth hiding.
TELLTALES = ("AKIAIOSF", "bPxRfiCY", "eyJhbGci", "tr0ub4dor", "3f9a1c77", "MIIEvQ")


def log_items(number: int, secret: str) -> list[Item]:
    """One failed stage run per attribute, with the secret in that attribute or in its metadata."""
    whole = log_item("leaky", "stage", "20260312", status="FAILED")
    changed: list[dict[str, Any]] = [
        {name: {"S": secret}} for name in whole if name not in ("log_key", "metadata")
    ]
    changed += [
        {"error_message": {"S": f"Refused: the caller sent {secret} and left"}},
        {"error_message": {"S": "padding " * 495 + secret}},
    ]
    changed += [
        {"metadata": {"M": {name: {"S": value}}}}
        for name in ("execution_arn", "attempt", "writer", "trigger_type", "enqueued_at", "api_key")
        for value in (secret, f"arn:aws:states:eu-central-1:000000000000:execution:{secret}")
    ]
    return [
        log_item("leaky", f"stage{number}x{place}", "20260312", status="FAILED") | change
        for place, change in enumerate(changed)
    ]


def failed_job(number: int, secret: str) -> Item:
    key = f"leaky#stage{number}x0#20260312"
    return {
        "job_key": {"S": key},
        "failed_at": {"S": "2026-03-12T02:00:00Z"},
        "log_key": {"S": key},
        "job_id": {"S": secret},
        "source": {"S": "leaky"},
        "stage": {"S": f"stage{number}x0"},
        "error_type": {"S": secret},
        "error_message": {"S": f"Refused: {secret}"},
        "attempt_count": {"N": "1"},
    }


@pytest.mark.parametrize("relation", [*MARTS, "pipeline_health", "pipeline_live"])
def test_no_mart_shows_a_secret(project: Project, leaked: int, relation: str) -> None:
    shown = "\n".join(
        str(row) for row in project.rows(f"select * from {project.schema('bi_reports')}.{relation}")
    )

    assert not [telltale for telltale in TELLTALES if telltale in shown]


def test_the_items_with_secrets_are_shown_without_them(project: Project, leaked: int) -> None:
    """Else the test above would look where nothing is."""
    runs = project.value(
        f"select count(*) from {project.schema('bi_reports')}.fct_stage_runs"
        " where source = 'leaky' and error_message like '%***%'"
    )
    failures = project.value(
        f"select count(*) from {project.schema('bi_reports')}.fct_pipeline_failures"
        " where source = 'leaky'"
    )

    assert runs >= 2 * len(SECRETS)
    assert failures >= leaked


@pytest.fixture(scope="module")
def leaked(project: Project) -> Iterator[int]:
    """Items with each secret in each attribute, refreshed; how many failed jobs there are."""
    items = [item for number, secret in enumerate(SECRETS) for item in log_items(number, secret)]
    project.replicas.put(*items)
    jobs = [failed_job(number, secret) for number, secret in enumerate(SECRETS)]
    project.replicas.put(*jobs, table="failed-jobs")
    project.refresh()
    yield len(jobs)
    project.replicas.delete(*items)
    project.replicas.delete(*jobs, table="failed-jobs")
    project.refresh()
