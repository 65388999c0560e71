"""Splicing: a text and the changes to make at its positions."""

from bisect import bisect_left
from dataclasses import dataclass, field

# A piece of new text: as it stands, or a copy of the (edited) text between two positions.
Piece = str | tuple[int, int]

# A replacement that copies what it replaces comes before the insertions at its start: they are in
# the copy.
_CLOSE, _WRAP, _OPEN, _REPLACE = 0, 1, 2, 3


@dataclass(frozen=True, slots=True)
class Edit:
    """Put ``pieces`` in the place of ``start:end``; an insertion has start == end."""

    start: int
    rank: int
    order: int
    end: int
    pieces: tuple[Piece, ...]


@dataclass
class Edits:
    """Changes to one text. Those inside a replaced stretch count only where the stretch is
    copied.
    """

    source: str
    _all: list[Edit] = field(default_factory=list)
    _sorted: bool = True

    def replace(self, start: int, end: int, *pieces: Piece) -> None:
        """Put the pieces in the place of ``start:end``."""
        copies = any(not isinstance(piece, str) for piece in pieces)
        self._add(start, end, _WRAP if copies else _REPLACE, pieces)

    def open(self, position: int, *pieces: Piece) -> None:
        """Insert before what starts at the position."""
        self._add(position, position, _OPEN, pieces)

    def close(self, position: int, *pieces: Piece) -> None:
        """Insert after what ends at the position."""
        self._add(position, position, _CLOSE, pieces)

    def _add(self, start: int, end: int, rank: int, pieces: tuple[Piece, ...]) -> None:
        self._all.append(Edit(start, rank, len(self._all), end, pieces))
        self._sorted = False

    def render(self, start: int = 0, end: int | None = None) -> str:
        """The edited text of a stretch."""
        if not self._sorted:
            # The wider of two replacements at one place wins: the narrower is part of its copies.
            self._all.sort(key=lambda e: (e.start, e.rank, -e.end, e.order))
            self._sorted = True
        return self._render(start, len(self.source) if end is None else end, None)

    def _render(self, start: int, end: int, inside: Edit | None) -> str:
        out: list[str] = []
        position = start
        index = bisect_left(self._all, start, key=lambda e: e.start)
        for edit in self._all[index:]:
            if edit.start > end:
                break
            if edit.start < position or edit.end > end or edit is inside:
                continue
            if _belongs_outside(edit, start, end):
                continue
            out.append(self.source[position : edit.start])
            out.extend(
                p if isinstance(p, str) else self._render(p[0], p[1], edit) for p in edit.pieces
            )
            position = edit.end
        out.append(self.source[position:end])
        return "".join(out)


def _belongs_outside(edit: Edit, start: int, end: int) -> bool:
    """An insertion at the very edge of a copied stretch belongs to it only from the inner side."""
    if edit.rank == _CLOSE:
        return edit.start == start and edit.start != end
    return edit.rank == _OPEN and edit.start == end and edit.start != start
