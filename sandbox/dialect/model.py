"""What goes into a translation and what comes out."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """Session settings that decide what names mean.

    https://docs.aws.amazon.com/redshift/latest/dg/r_enable_case_sensitive_identifier.html
    https://docs.aws.amazon.com/redshift/latest/dg/r_enable_case_sensitive_super_attribute.html
    """

    case_sensitive_identifier: bool = True
    case_sensitive_super_attribute: bool = False


@dataclass(frozen=True)
class Called:
    """A procedure as CALL names it; ``schema`` is None where the search path decides."""

    schema: str | None
    name: str
    arguments: int


@dataclass(frozen=True)
class Lock:
    """A lock of PostgreSQL on tables, which are named as it does."""

    tables: tuple[str, ...]
    mode: str

    @property
    def sql(self) -> str:
        """The statement that takes it."""
        return f"lock table {', '.join(self.tables)} in {self.mode} mode"


@dataclass(frozen=True)
class Translation:
    """PostgreSQL text for one Redshift statement.

    ``kind`` names the statement, such as select, create_table or begin. ``setting`` is the session
    setting that it changes: its name and new value, None for a reset; None where it changes none.
    ``locks`` are those on the tables that it reads and writes, ``called`` is the procedure of a
    CALL.
    """

    text: str
    kind: str
    setting: tuple[str, str | None] | None = None
    locks: tuple[Lock, ...] = ()
    called: Called | None = None
