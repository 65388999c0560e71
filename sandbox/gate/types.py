"""Data types of Redshift."""

from sandbox.gate.refusal import Refused, not_in_redshift

# https://docs.aws.amazon.com/redshift/latest/dg/c_Supported_data_types.html
DATA_TYPES = frozenset(
    {
        "smallint",
        "int2",
        "integer",
        "int",
        "int4",
        "bigint",
        "int8",
        "decimal",
        "numeric",
        "real",
        "float4",
        "double precision",
        "float8",
        "float",
        "boolean",
        "bool",
        "char",
        "character",
        "nchar",
        "bpchar",
        "varchar",
        "character varying",
        "nvarchar",
        "text",
        "date",
        "time",
        "timestamp",
        "timestamptz",
        "super",
        "interval",
        "refcursor",
    }
)
# Types that only catalog tables hold; dbt-redshift casts to them when it reads the catalog.
CATALOG_TYPES = frozenset({"name", "oid", "regclass", "regproc"})

MAX_PRECISION = 38
MAX_VARCHAR = 65535
MAX_CHAR = 4096


def check_type(name: str) -> None:
    """Raise Refused unless Redshift has the data type (lower case, without its arguments)."""
    if name not in DATA_TYPES and name not in CATALOG_TYPES:
        raise not_in_redshift(f"data type {name}", doc="c_Supported_data_types")


def check_size(name: str, arguments: tuple[int, ...]) -> None:
    """Raise Refused where a length or precision is outside what Redshift allows."""
    if name in ("decimal", "numeric") and not 1 <= arguments[0] <= MAX_PRECISION:
        raise Refused(
            f"DECIMAL precision {arguments[0]} must be between 1 and {MAX_PRECISION}", "22023"
        )
    limit = {"varchar": MAX_VARCHAR, "character varying": MAX_VARCHAR, "nvarchar": MAX_VARCHAR}.get(
        name
    )
    limit = MAX_CHAR if name in ("char", "character", "nchar", "bpchar") else limit
    if limit is not None and not 1 <= arguments[0] <= limit:
        raise Refused(f"length for type {name} must be between 1 and {limit}", "22023")
