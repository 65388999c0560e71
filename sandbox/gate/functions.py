"""Functions of Redshift that the sandbox runs, each with the page that documents it."""

from dataclasses import dataclass

from sandbox.gate.refusal import not_in_redshift
from sandbox.gate.words import word_set


@dataclass(frozen=True)
class Function:
    """One function: where it is documented and where Redshift can run it.

    ``leader_only``: fails beside a user table. ``user_table_only``: fails without one.
    """

    doc: str
    leader_only: bool = False
    user_table_only: bool = False


# Page of the guide -> names. A page that lists a whole family stands for its members.
_ANYWHERE = {
    "c_Aggregate_Functions": """avg count max min sum stddev stddev_samp stddev_pop variance
        var_samp var_pop any_value bool_and bool_or""",
    "c_Window_functions": """row_number rank dense_rank percent_rank cume_dist ntile lag lead
        first_value last_value nth_value ratio_to_report""",
    "c_conditional_expressions": "coalesce nullif nvl nvl2 decode greatest least",
    "Date_functions_header": """getdate date_trunc dateadd datediff date_part extract last_day
        add_months months_between to_timestamp trunc convert_timezone timezone date_cmp
        timeofday date_add date_diff""",
    "r_Data_type_formatting": "to_char to_date to_number cast try_cast",
    "Math_functions": """abs ceil ceiling floor round mod power sqrt sign exp ln log pi random
        degrees radians""",
    "String_functions_header": """len length char_length character_length octet_length left right
        substring split_part position charindex strpos lower upper initcap trim btrim ltrim rtrim
        replace translate repeat reverse lpad rpad chr ascii quote_ident quote_literal
        regexp_replace regexp_substr regexp_count regexp_instr""",
    "hash-functions": "md5 sha2",
    "json-functions": "json_parse can_json_parse json_serialize",
    "Type_Info_Functions": """json_typeof json_size is_array is_object is_scalar is_varchar is_char
        is_integer is_smallint is_bigint is_decimal is_float is_boolean""",
    "Array_Functions": "array get_array_length object",
    "r_System_information_functions": "version pg_backend_pid",
}
_USER_TABLE_ONLY = {
    "r_LISTAGG": "listagg",
    "r_MEDIAN": "median",
    "r_PERCENTILE_CONT": "percentile_cont",
    "r_PERCENTILE_DISC": "percentile_disc",
}
_LEADER_ONLY = {
    "c_SQL_functions_leader_node_only": """current_schema current_schemas has_database_privilege
        has_schema_privilege has_table_privilege now age""",
    "PG_GET_LATE_BINDING_VIEW_COLS": "pg_get_late_binding_view_cols",
    "PG_TERMINATE_BACKEND": "pg_terminate_backend",
    # Catalog functions of the leader node that dbt-redshift calls when it reads the catalog.
    "c_unsupported-postgresql-functions": "format_type",
}

FUNCTIONS: dict[str, Function] = {
    name: Function(doc, leader_only=leader, user_table_only=user)
    for group, leader, user in (
        (_ANYWHERE, False, False),
        (_USER_TABLE_ONLY, False, True),
        (_LEADER_ONLY, True, False),
    )
    for doc, names in group.items()
    for name in names.split()
}

# https://docs.aws.amazon.com/redshift/latest/dg/r_Window_function_synopsis.html
TAKES_NO_FRAME = word_set(
    "row_number rank dense_rank percent_rank cume_dist ntile lag lead ratio_to_report"
)
NEEDS_FRAME = word_set(
    """avg count max min sum stddev stddev_samp stddev_pop variance var_samp var_pop
    first_value last_value nth_value"""
)

# What people write out of habit, and what Redshift has instead.
_REMEDIES = {
    "string_agg": "use listagg",
    "array_agg": "use listagg",
    "json_agg": "use listagg",
    "generate_series": "use a table of numbers",
    "clock_timestamp": "use getdate() or sysdate",
    "transaction_timestamp": "use getdate() or sysdate",
    "statement_timestamp": "use getdate() or sysdate",
    "every": "use bool_and",
    "format": "use ||",
    "concat": "use ||",
    "substr": "use substring",
    "make_date": "use to_date",
    "regexp_matches": "use regexp_substr",
    "jsonb_extract_path": "navigate SUPER",
    "gen_random_uuid": "use md5 of the key",
}


def check_function(name: str) -> Function:
    """The function's entry; Refused when Redshift has no such function (``name`` in lower case)."""
    found = FUNCTIONS.get(name)
    if found is None:
        remedy = _REMEDIES.get(name, "")
        raise not_in_redshift(f"function {name}()", remedy, "c_SQL_functions")
    return found
