"""Words: clauses that only PostgreSQL knows, and words Redshift keeps for itself."""


def word_set(text: str) -> frozenset[str]:
    """The words of a list that is written with blanks."""
    return frozenset(text.split())


# Word or words in lower case -> (what it is, what to write instead, page of the guide).
UNSUPPORTED_CLAUSES: dict[str, tuple[str, str, str]] = {
    "distinct on": (
        "DISTINCT ON",
        "use row_number() and qualify",
        "c_unsupported-postgresql-features",
    ),
    "on conflict": ("ON CONFLICT", "delete, then insert", "r_INSERT_30"),
    "returning": ("RETURNING", "select after the change", "r_INSERT_30"),
    "values": (
        "VALUES as a table",
        "use select ... union all",
        "c_unsupported-postgresql-features",
    ),
    "filter": (
        "FILTER (WHERE ...) of an aggregate",
        "use case inside the aggregate",
        "c_Aggregate_Functions",
    ),
    "lateral": ("LATERAL", "join, or navigate SUPER in FROM", "r_FROM_clause30"),
    "is distinct from": (
        "IS DISTINCT FROM",
        "compare with nvl or is null",
        "c_unsupported-postgresql-functions",
    ),
    "window": ("the WINDOW clause", "write the window in OVER (...)", "r_Window_function_synopsis"),
    "fetch": ("FETCH FIRST", "use limit", "r_ORDER_BY_clause"),
    "for": ("FOR UPDATE and FOR SHARE", "use lock", "r_LOCK"),
    "tablesample": ("TABLESAMPLE", "", "r_FROM_clause30"),
    "array": (
        "PostgreSQL arrays",
        "use array(...), which makes SUPER",
        "c_unsupported-postgresql-datatypes",
    ),
    "any": ("ANY, SOME and ALL over a list", "use in (...)", "r_in_condition"),
    "within": ("WITHIN GROUP of this function", "", "c_Aggregate_Functions"),
    "pivot": ("PIVOT", "use case inside an aggregate", "r_FROM_clause-pivot-unpivot-examples"),
}

# https://docs.aws.amazon.com/redshift/latest/dg/r_pg_keywords.html
RESERVED = word_set(
    """
    aes128 aes256 all allowoverwrite analyse analyze and any array as asc authorization az64
    backup between binary blanksasnull both bytedict bzip2 case cast check collate column
    constraint create credentials cross current_date current_time current_timestamp
    current_user current_user_id default deferrable deflate defrag delta delta32k desc
    disable distinct do else emptyasnull enable encode encrypt encryption end except
    explicit false for foreign freeze from full globaldict256 globaldict64k grant group gzip
    having identity ignore ilike in initially inner intersect interval into is isnull join
    leading left like limit localtime localtimestamp lun luns lzo lzop minus mostly16
    mostly32 mostly8 natural new not notnull null nulls off offline offset oid old on only
    open or order outer overlaps parallel partition percent permissions pivot placing
    primary raw readratio recover references rejectlog resort respect restore right select
    session_user similar snapshot some sysdate system table tag tdes text255 text32k then
    timestamp to top trailing true truncatecolumns union unique unnest unpivot user using
    verbose wallet when where with without
    """
)

# PostgreSQL adds these to every table, Redshift to none.
# https://docs.aws.amazon.com/redshift/latest/dg/c_unsupported-postgresql-features.html
SYSTEM_COLUMNS = word_set("tableoid xmin cmin xmax cmax ctid")
