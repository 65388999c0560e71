"""The isolation level of the warehouse: SNAPSHOT, or SERIALIZABLE for those who chose it.

Redshift sets it by database, for sessions to come, and while nobody else is connected; the database
`dev` cannot be altered, so here it is an option of `sandbox up`, like another database's creation.
https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_DATABASE.html
"""

from typing import Any

from sandbox.deadline import Deadline
from sandbox.errors import Busy
from sandbox.home import SERVICE_USER, Home
from sandbox.zero_etl.session import service

SNAPSHOT = "snapshot"
SERIALIZABLE = "serializable"
LEVELS = (SNAPSHOT, SERIALIZABLE)
# A session that was just closed takes a moment to be gone.
LEAVE_SECONDS = 5.0

# PostgreSQL's REPEATABLE READ is snapshot isolation: readers never wait, and of two transactions
# that change one row the second fails.
_POSTGRESQL = {SNAPSHOT: "repeatable read", SERIALIZABLE: "serializable"}
_OTHERS = "select count(*) from pg_stat_activity where datname = %s and usename <> %s"
_CHANGE = "alter database {} set default_transaction_isolation = '{}'"


def set_level(home: Home, level: str) -> None:
    """Make it the level of all sessions to come. Raises Busy while users are connected."""
    database = home.state().database
    with service(home) as cursor:
        if not Deadline.after(LEAVE_SECONDS).wait(lambda: not _others(cursor, database)):
            raise Busy(
                f"{_others(cursor, database)} sessions of users are open, so the isolation level "
                "stays as it is: close them, then repeat"
            )
        cursor.execute(_CHANGE.format(database, _POSTGRESQL[level]))


def _others(cursor: Any, database: str) -> int:
    cursor.execute(_OTHERS, (database, SERVICE_USER))
    return int(cursor.fetchone()[0])
