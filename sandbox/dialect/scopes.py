"""What the names in front of a dot mean: an alias of FROM, an element of an unnested array, or a
column.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Scope:
    """Names that a query's FROM makes, and those of the queries around it.

    ``tables`` are aliases and table names, ``elements`` the aliases of unnested SUPER values,
    ``qualified`` the dotted names as they were written in FROM. ``is_correlated`` and
    ``is_windowed``: the query names a column of the query around it, and has an OVER.
    """

    parent: Scope | None = None
    tables: set[str] = field(default_factory=set)
    elements: set[str] = field(default_factory=set)
    qualified: set[tuple[str, ...]] = field(default_factory=set)
    is_correlated: bool = False
    is_windowed: bool = False

    def owns(self, names: tuple[str, ...]) -> Owner:
        """What the head of a dotted name is, innermost query first."""
        scope: Scope | None = self
        distance = 0
        while scope is not None:
            if names[0] in scope.elements:
                return Owner("element", 1, scope, distance)
            if names[0] in scope.tables and len(names) > 1:
                return Owner("table", 2, scope, distance)
            for length in (2, 3):
                if len(names) > length and names[:length] in scope.qualified:
                    return Owner("table", length + 1, scope, distance)
            scope = scope.parent
            distance += 1
        return Owner("column", 1, None, 0)


@dataclass(frozen=True)
class Owner:
    """What a dotted name belongs to.

    ``kind`` element: the names after the first are attributes; table: the ``used``-th part is a
    column; column: the first part is one. ``distance``: how many queries further out it was found.
    """

    kind: str
    used: int
    scope: Scope | None
    distance: int
