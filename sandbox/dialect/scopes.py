"""What the names in front of a dot mean: an alias of FROM, an element of an unnested array, or a column."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Scope:
    """Names that a query's FROM makes, and those of the queries around it.

    ``tables`` are aliases and table names, ``elements`` the aliases of unnested SUPER values, ``qualified`` the
    dotted names as they were written in FROM.
    """

    parent: Scope | None = None
    tables: set[str] = field(default_factory=set)
    elements: set[str] = field(default_factory=set)
    qualified: set[tuple[str, ...]] = field(default_factory=set)

    def owns(self, names: tuple[str, ...]) -> tuple[str, int]:
        """What the head of a dotted name is, innermost query first, and how many parts reach its column.

        ('element', 1): the names after it are attributes; ('table', n): the n-th part is a column;
        ('column', 1): the first part itself is a column.
        """
        scope: Scope | None = self
        while scope is not None:
            if names[0] in scope.elements:
                return "element", 1
            if names[0] in scope.tables and len(names) > 1:
                return "table", 2
            for length in (2, 3):
                if len(names) > length and names[:length] in scope.qualified:
                    return "table", length + 1
            scope = scope.parent
        return "column", 1

    def knows(self, name: str) -> bool:
        """Whether the name is an alias here or further out."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.elements or name in scope.tables:
                return True
            scope = scope.parent
        return False
