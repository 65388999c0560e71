"""No item stops a refresh, whatever it holds: each is staged, and the marts stay whole."""

from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.refresh.project import Project
from tests.refresh.telemetry import Item, log_item

STAGING = "stg_pipeline_logger__pipeline_logs"
# Text as DynamoDB stores it: any character but NUL and half a surrogate pair.
TEXT = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=40)
WORDS = st.sampled_from(
    [
        "",
        "#",
        ",",
        "'",
        '"',
        "\\",
        "%",
        "null",
        "-1",
        "1e400",
        "NaN",
        "Infinity",
        "9" * 40,
        "é" * 300,
    ]
    + ["2026-02-30T00:00:00Z", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "now"]
    + ["20260230", "00000101", "99991231", "FAILED", "extract", "x" * 70_000]
)
SCALARS = TEXT | WORDS | st.integers(-(10**40), 10**40) | st.booleans() | st.none()
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
TAGGED = st.dictionaries(
    st.sampled_from(["S", "N", "BOOL", "NULL", "M", "L", "SS", "B", "s", ""]), VALUES, max_size=2
)
ATTRIBUTES = sorted(set(log_item()) - {"log_key"})
ABSENT = object()
HOSTILE = st.dictionaries(
    st.sampled_from(ATTRIBUTES), TAGGED | VALUES | st.just(ABSENT), min_size=1
)


def hostile_item(number: int, broken: dict[str, Any]) -> Item:
    """A whole item, but for the attributes in `broken`."""
    item = log_item("hostile", f"stage{number}", "20260310") | broken
    return {name: value for name, value in item.items() if value is not ABSENT}


# The same items each time, and no shrinking: every example is a refresh.
@settings(
    max_examples=2,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(st.lists(HOSTILE, min_size=40, max_size=60))
def test_no_item_stops_a_refresh(project: Project, broken: list[dict[str, Any]]) -> None:
    items = [hostile_item(number, attributes) for number, attributes in enumerate(broken)]
    project.replicas.put(*items)

    result = project.refresh()

    assert result["outcome"] == "done"
    staged = project.rows(
        f"select has_blocking_issue, contract_issues"
        f" from {project.schema('staging')}.{STAGING}"
        f" where log_key like 'hostile#%' and not is_deleted"
    )
    assert len(staged) == len(items)
    assert all(issues for is_blocked, issues in staged if is_blocked)
    in_marts = project.value(
        f"select count(*) from {project.schema('bi_reports')}.fct_stage_runs"
        f" where log_key like 'hostile#%'"
    )
    assert in_marts == sum(not is_blocked for is_blocked, _ in staged)
    project.replicas.delete(*items)
    project.refresh()
