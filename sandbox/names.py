"""Where the stand-in keeps what Redshift keeps in other databases."""


def schema_of(database: str, schema: str, current: str = "dev") -> str:
    """The PostgreSQL schema that holds `database.schema`.

    The current database's own schemas keep their name; a schema of any other database, for example
    of a Zero-ETL replica, is the schema `"<database>.<schema>"` of the one PostgreSQL database.
    """
    return schema if database == current else f"{database}.{schema}"
