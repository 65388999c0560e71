"""ALTER DATABASE of an integration's destination, and what such a database does not hold.

docs.aws.amazon.com/redshift/latest/dg/r_ALTER_DATABASE.html
"""

import pytest

from sandbox.dialect import Refused, Settings, translate

PROCEDURE = "create procedure p() as $$ begin {}; end $$ language plpgsql"


def option(name: str, value: str, *tables: str) -> str:
    listed = ", ".join(f"'{table}'" for table in tables)
    return (
        f"jsonb_build_object('option', '{name}', 'value', '{value}',"
        f" 'tables', array[{listed}]::text[])"
    )


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("refresh all tables", [option("refresh", "all")]),
        ("refresh inerror tables in schema a, b", [option("refresh", "inerror", "a", "b")]),
        (
            'refresh table public.a, public."B.c"',
            [option("refresh", "all", "public.a", "public.B.c")],
        ),
        ("set history_mode = true", [option("history_mode", "true")]),
        ("set history_mode false for all tables", [option("history_mode", "false")]),
        (
            'SET HISTORY_MODE = TRUE FOR TABLE public."it\'s" QUERY_ALL_STATES FALSE',
            [option("history_mode", "true", "public.it''s"), option("query_all_states", "false")],
        ),
        ("set refresh_interval 432000", [option("refresh_interval", "432000")]),
    ],
)
def test_changes_of_an_integration(change: str, expected: list[str]) -> None:
    done = translate(f'alter database "D" integration {change}', Settings())
    assert done.kind == "alter_database"
    assert done.text == (
        f"call pg_catalog.rs_alter_integration('D', jsonb_build_array({', '.join(expected)}))"
    )


@pytest.mark.parametrize(
    ("sql", "code", "words"),
    [
        ("alter database d rename to e", "0A000", "ALTER DATABASE ... RENAME"),
        ("alter database d integration", "42601", "end of input"),
        ("alter database d integration set", "42601", "end of input"),
        ("alter database d integration set history_mode", "42601", "end of input"),
        ("alter database d integration set history_mode = on", "42601", "'on'"),
        ("alter database d integration set truncatecolumns true", "0A000", "TRUNCATECOLUMNS"),
        ("alter database d integration set refresh_interval 60", "22023", "900 and 432000"),
        ("alter database d integration set refresh_interval -1", "22023", "900 and 432000"),
        ("alter database d integration refresh tables a, b", "42601", "'tables'"),
        ("alter database d integration refresh table a", "42601", "end of input"),
        ("alter database d integration refresh all tables now", "42601", "'now'"),
        ("create table d.public.t (a int)", "0A000", "d.public.t: the destination .* read-only"),
        ("create table d.public.t as select 1 as a", "0A000", "read-only"),
        ("create view d.public.v as select 1 as a", "0A000", "read-only"),
        ("truncate d.public.t", "0A000", "read-only"),
        (
            PROCEDURE.replace("p()", "d.public.p()").format("null"),
            "0A000",
            "read-only",
        ),
        ("create schema d.other", "0A000", "a schema of database d"),
        ("alter table d.public.t rename to u", "0A000", "ALTER TABLE of a replica"),
        ("alter table d.public.t_historical_1 owner to u", "0A000", "ALTER TABLE of a replica"),
        (
            PROCEDURE.format("alter database d integration refresh all tables"),
            "0A000",
            "ALTER DATABASE in a procedure",
        ),
    ],
)
def test_what_is_refused(sql: str, code: str, words: str) -> None:
    with pytest.raises(Refused, match=words) as caught:
        translate(sql, Settings())
    assert caught.value.code == code


def test_what_history_mode_left_may_be_renamed_and_dropped() -> None:
    renamed = translate("alter table d.public.t_historical_1 rename to u", Settings())
    assert renamed.text == 'alter table "d.public".t_historical_1 rename to u'
    assert translate("drop table d.public.u", Settings()).text == 'drop table "d.public".u'
