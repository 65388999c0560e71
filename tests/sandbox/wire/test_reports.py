import pytest

from sandbox.wire import reports

_FULL = {
    "S": "ERROR",
    "V": "ERROR",
    "C": "22012",
    "M": "division by zero",
    "P": "8",
    "W": 'SQL statement "select pg_catalog.super_get(x)\nfrom t"\n'
    "PL/pgSQL function ops.refresh(numeric) line 5 at SQL statement",
    "q": "select pg_catalog.super_get(x)",
    "F": "int.c",
    "L": "841",
    "R": "int4div",
}


def test_internals_of_postgresql_stay_behind() -> None:
    assert reports.redshift(_FULL) == {
        "S": "ERROR",
        "C": "22012",
        "M": "division by zero",
        "W": "PL/pgSQL function ops.refresh(numeric) line 5 at SQL statement",
    }


@pytest.mark.parametrize(
    ("code", "said", "told_code", "told"),
    [
        ("40001", "could not serialize access due to concurrent update", "XX000", reports.CONFLICT),
        ("40001", "could not serialize access due to concurrent delete", "XX000", reports.CONFLICT),
        ("40001", "could not serialize access due to read/write ...", "XX000", "1023"),
        ("XX000", "tuple concurrently updated", "XX000", reports.CONFLICT),
        (
            "23505",
            'duplicate key value violates unique constraint "pg_namespace_nspname_index"',
            "XX000",
            reports.CONFLICT,
        ),
        (
            "42501",
            "permission denied for table runs",
            "42501",
            "permission denied for relation runs",
        ),
        ("42501", "permission denied for schema ops", "42501", "permission denied for schema ops"),
        ("42501", "must be owner of view runs", "42501", "must be owner of relation runs"),
        (
            "57014",
            "canceling statement due to user request",
            "57014",
            "Query cancelled on user's request",
        ),
    ],
)
def test_words_that_people_and_dbt_look_for(
    code: str, said: str, told_code: str, told: str
) -> None:
    report = reports.redshift({"S": "ERROR", "C": code, "M": said})
    assert (report["C"], report["M"]) == (told_code, told)


@pytest.mark.parametrize("why", ["read/write dependencies among transactions", "concurrent update"])
def test_a_serializable_violation_says_so_in_its_detail(why: str) -> None:
    said = {"S": "ERROR", "C": "40001", "M": f"could not serialize access due to {why}"}
    report = reports.redshift(said, serializable=True)
    assert report["M"] == "1023"
    assert report["D"].startswith("Serializable isolation violation")


@pytest.mark.parametrize(
    ("where", "code", "told"),
    [
        ("inline_code_block line 1 at COMMIT", "25001", "ALTER COLUMN cannot run inside"),
        ("rs_vacuum(regclass) line 5 at COMMIT", "25001", "VACUUM cannot run inside"),
        ("ops.refresh() line 3 at COMMIT", "2D000", "COMMIT cannot be invoked from a procedure"),
    ],
)
def test_a_commit_where_none_may_be_names_what_asked_for_it(
    where: str, code: str, told: str
) -> None:
    said = {"S": "ERROR", "C": "2D000", "M": "invalid transaction termination"}
    report = reports.redshift(said | {"W": f"PL/pgSQL function {where}"})
    assert report["C"] == code
    assert told in report["M"]
