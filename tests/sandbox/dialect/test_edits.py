"""Splicing: what is not changed stays as it was written."""

from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.dialect import Settings, translate
from sandbox.dialect.edits import Edits

# Names that mean nothing to anybody, so that nothing needs to change.
_NAME = st.sampled_from(["alpha", "beta_2", '"Gamma"', '"del""ta"', "größe"])
_BLANK = st.sampled_from([" ", "\n", "\t ", " -- note\n", " /* a /* b */ ' */ "])
_LITERAL = st.sampled_from(["1", "2.5", "'x'", "'it''s'", "null", "$1", "'-- no comment'", "true"])


@dataclass(frozen=True)
class Change:
    start: int
    length: int
    text: str


@given(
    st.text(alphabet="abc ()'", max_size=30),
    st.lists(st.builds(Change, st.integers(0, 30), st.integers(1, 4), st.text("xyz", max_size=3))),
)
def test_replacements_change_their_stretch_and_nothing_else(
    text: str, changes: list[Change]
) -> None:
    edits, expected, position = Edits(text), "", 0
    for change in sorted(changes, key=lambda c: c.start):
        end = change.start + change.length
        if change.start >= position and end <= len(text):
            edits.replace(change.start, end, change.text)
            expected += text[position : change.start] + change.text
            position = end
    assert edits.render() == expected + text[position:]


@st.composite
def _queries(draw: st.DrawFn) -> str:
    """Queries that are the same to Redshift and PostgreSQL, with blanks and comments anywhere."""

    def blank() -> str:
        return draw(_BLANK)

    def value() -> str:
        return draw(st.one_of(_NAME, _LITERAL))

    count = draw(st.integers(1, 3))
    items = ("," + blank()).join(f"{value()} as {draw(_NAME)}" for _ in range(count))
    sql = f"select{blank()}{items}{blank()}from{blank()}{draw(_NAME)}{blank()}as{blank()}tee"
    if draw(st.booleans()):
        sql += (
            f"{blank()}where{blank()}tee.{draw(_NAME)} = {value()}{blank()}and ({value()} is null)"
        )
    if draw(st.booleans()):
        sql += f"{blank()}union all{blank()}{draw(_queries())}"
    return sql


@settings(max_examples=60, deadline=None)
@given(_queries())
def test_what_needs_no_change_is_not_changed(sql: str) -> None:
    assert translate(sql, Settings()).text == sql


@settings(max_examples=60, deadline=None)
@given(_queries())
def test_known_changes_undone_give_the_original(sql: str) -> None:
    marked = sql.replace("tee.", "tee.col.").replace("union all", "minus")
    text = translate(marked, Settings()).text
    for name in ("alpha", "beta_2", "Gamma", 'del"ta', "größe"):
        for written in (name, '"' + name.replace('"', '""') + '"'):
            text = text.replace(f"pg_catalog.super_get(tee.col, '{name}')", f"tee.col.<{name}>")
            marked = marked.replace(f"tee.col.{written} ", f"tee.col.<{name}> ")
    assert text.replace("except", "minus").replace("::varchar", "") == marked


def test_a_copy_holds_the_changes_inside_it() -> None:
    edits = Edits("f(a, b)")
    edits.replace(2, 3, "A")
    edits.open(5, "<")
    edits.close(6, ">")
    edits.replace(0, 7, (2, 3), "+", (5, 6), "+", (2, 6))
    assert edits.render() == "A+<b>+A, <b>"


def test_insertions_at_one_place_keep_their_order() -> None:
    edits = Edits("ab")
    edits.open(1, "(")
    edits.close(1, ")")
    edits.open(1, "[")
    assert edits.render() == "a)([b"
