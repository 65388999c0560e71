"""The SQL of a load; PostgreSQL's own, as the service's sessions are not translated."""

from dataclasses import dataclass

from sandbox.zero_etl.catalogue import KEY_TYPES, Table
from sandbox.zero_etl.replicas import quoted, storage, writes

LOCK_TIMEOUT = "30s"

_COUNTS = """
            select
                count(*) filter (where action = 'INSERT'),
                count(*) filter (where action = 'UPDATE'),
                count(*) filter (where action = 'DELETE'),
                (select count(*) from incoming) - count(*)
            from items"""


@dataclass(frozen=True)
class Statements:
    """Of one table."""

    table: Table

    @property
    def prepare(self) -> list[str]:
        """The lock, and the place for what is taken in."""
        return [
            f"set local lock_timeout = '{LOCK_TIMEOUT}'",
            # Temporary tables have no statistics; a wrong guess must not cost a loop in a loop.
            "set local enable_nestloop = off",
            # First of all: loads of one table wait for each other, readers do not wait.
            f"lock table {writes(self.table)} in exclusive mode",
            f"""create temp table incoming (
                    place bigint generated always as identity, {self._types}, micros bigint,
                    value super
                ) on commit drop""",
        ]

    @property
    def take(self) -> str:
        """Take in one text of lines, each the key values, the time and the record as JSON."""
        width = len(self._names)
        values = ", ".join(
            f"(line ->> {at})::{KEY_TYPES[kind]}" for at, (_, kind) in enumerate(self.table.keys)
        )
        # Materialized, or PostgreSQL would parse a line once per expression.
        return f"""
            with lines as materialized (
                select line::jsonb from string_to_table(%s::text, chr(10)) as line
            )
            insert into incoming ({self._keys}, micros, value)
            select {values}, (line ->> {width})::bigint,
                coalesce(line -> {width + 1} -> 'Item', line -> {width + 1} -> 'NewImage')::super
            from lines"""

    @property
    def forget(self) -> str:
        """What counts from here on is what was taken in, whatever was written before."""
        return f"truncate {writes(self.table)}"

    def apply(self, is_history: bool) -> str:
        """Bring what was taken in to the replica, as far as it is newer.

        Gives how many were inserted, updated, deleted, and how many changed nothing.
        """
        return self._newer + (self._history if is_history else self._latest) + _COUNTS

    def leave_only_taken(self, is_history: bool) -> str:
        """Delete what was not taken in; one row per item."""
        missing = f"""not exists (
                select 1 from incoming as new where {self._same} and new.value is not null
            )"""
        if not is_history:
            return f"delete from {storage(self.table)} as old where {missing}"
        return f"""
            update {storage(self.table)} as old
            set _record_is_active = false,
                _record_delete_time = greatest(pg_catalog.rs_write_time(0), old._record_create_time)
            where old._record_is_active and {missing}"""

    @property
    def _newer(self) -> str:
        return f"""
            with newest as (
                select distinct on ({self._keys}) * from incoming
                order by {self._keys}, micros desc, place desc
            ),
            newer as materialized (
                select new.* from newest as new
                left join {writes(self.table)} as old on {self._same}
                where old.micros is null or old.micros < new.micros
            ),
            times as (
                merge into {writes(self.table)} as old using newer as new on {self._same}
                when matched then update set micros = new.micros
                when not matched
                    then insert ({self._keys}, micros) values ({self._fields}, new.micros)
            ),"""

    @property
    def _latest(self) -> str:
        return f"""
            items as (
                merge into {storage(self.table)} as old using newer as new on {self._same}
                when matched and new.value is null then delete
                when matched and old.value::jsonb = new.value::jsonb then do nothing
                when matched then update set value = new.value
                when not matched and new.value is not null
                    then insert ({self._keys}, value) values ({self._fields}, new.value)
                returning merge_action() as action
            )"""

    @property
    def _history(self) -> str:
        """A change ends the active row and begins another, in the moment of the write.

        https://docs.aws.amazon.com/redshift/latest/mgmt/zero-etl-history-mode.html
        """
        return f"""
            items as materialized (
                select new.*, verdict.action,
                    greatest(
                        pg_catalog.rs_write_time(new.micros), old._record_create_time
                    ) as written_at
                from newer as new
                left join {storage(self.table)} as old on {self._same} and old._record_is_active
                cross join lateral (
                    select case
                        when old.value is null and new.value is not null then 'INSERT'
                        when old.value::jsonb <> new.value::jsonb then 'UPDATE'
                        when old.value is not null and new.value is null then 'DELETE'
                    end as action
                ) as verdict
                where verdict.action is not null
            ),
            ended as (
                update {storage(self.table)} as old
                set _record_is_active = false, _record_delete_time = new.written_at
                from items as new
                where {self._same} and old._record_is_active and new.action <> 'INSERT'
            ),
            begun as (
                insert into {storage(self.table)}
                    ({self._keys}, value, _record_is_active, _record_create_time)
                select {self._keys}, value, true, written_at from items where action <> 'DELETE'
            )"""

    @property
    def _names(self) -> list[str]:
        return [quoted(name) for name, _ in self.table.keys]

    @property
    def _keys(self) -> str:
        return ", ".join(self._names)

    @property
    def _types(self) -> str:
        return ", ".join(
            f"{quoted(name)} {KEY_TYPES[kind]} not null" for name, kind in self.table.keys
        )

    @property
    def _same(self) -> str:
        return " and ".join(f"old.{name} = new.{name}" for name in self._names)

    @property
    def _fields(self) -> str:
        return ", ".join(f"new.{name}" for name in self._names)
