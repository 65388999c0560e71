"""The floor of a refresh: the replicas read once, with the predicate of its change detection."""

from __future__ import annotations

from bench.refresh.session import OPS, Session

REPLICAS = {
    "pipeline-logs": 'zero_etl_pipeline_logs.public."pipeline-logs"',
    "failed-jobs": 'zero_etl_failed_jobs.public."failed-jobs"',
}
_EVENT = {"pipeline-logs": "started_at", "failed-jobs": "failed_at"}
_MODEL = {
    "pipeline-logs": "stg_pipeline_logger__pipeline_logs",
    "failed-jobs": "stg_pipeline_logger__failed_jobs",
}
# As the macro item_hash() has it for an item that can be serialised.
_HASHED = (
    """case when json_size(item."value") <= 65535 then md5(json_serialize(item."value")) end"""
)
_DAY = """left(cast(item."value"."{event}"."S" as varchar(40)), 10)"""


def floor(session: Session, mode: str) -> list[str]:
    """One statement per replica: how many of its items satisfy the predicate of the mode."""
    return [
        f"select count(*) from {relation} as item where {_predicate(session, table, mode)}"
        for table, relation in REPLICAS.items()
    ]


def plain() -> list[str]:
    """The same without looking into any item: what it takes to pass over them."""
    return [
        f'select count(*) from {name} as item where item."value" is null'
        for name in REPLICAS.values()
    ]


def explained(session: Session, statements: list[str]) -> str:
    """EXPLAIN of the first, the greater one."""
    return "\n".join(row[0] for row in session.rows(f"explain {statements[0]}"))


def _predicate(session: Session, table: str, mode: str) -> str:
    if mode == "full":
        return f"{_HASHED} = 'none'"
    if mode == "watermark":
        day = _DAY.format(event=_EVENT[table])
        since = _since(session, table, "newest", days=3)[:10]
        return f"{day} between '{since}' and '9999-12-31'"
    since = _since(session, table, "recorded", hours=1)
    return f"item._record_create_time >= '{since}' or item._record_delete_time >= '{since}'"


def _since(session: Session, table: str, entry: str, *, days: int = 0, hours: int = 0) -> str:
    """From where the next refresh looks: the newest moment it knows, less the overlap."""
    ((moment,),) = session.rows(
        f"select to_char(dateadd(hour, {-24 * days - hours}, max(moment)), 'YYYY-MM-DD HH24:MI:SS')"
        f" from {OPS}.state_pipeline_health where entry = '{entry} {_MODEL[table]}'"
    )
    if moment is None:
        raise ValueError(f"{_MODEL[table]} knows no {entry} moment: is it deployed in that mode?")
    return str(moment)
