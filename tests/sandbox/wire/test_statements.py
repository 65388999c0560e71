import json

import pytest

from sandbox.dialect import Refused, Settings, Translation
from sandbox.wire.journal import Journal
from sandbox.wire.statements import Script, Translator, refusal_in

FOLDED = Settings(case_sensitive_identifier=False)


def _translate(sql: str, settings: Settings) -> Translation:
    """Says under which settings it read; no more than a test needs."""
    word = sql.split()[0].lower()
    if word == "vacuum":
        raise Refused('no "vacuum", it\'s not here')
    if word == "crash":
        raise KeyError(word)
    if word == "set":
        return Translation(sql.strip(), "set", ("enable_case_sensitive_identifier", "off"))
    case = "" if settings.case_sensitive_identifier else " folded"
    return Translation(f"{sql.strip()}{case}", word)


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture
def translator(lines: list[str]) -> Translator:
    return Translator(_translate, Journal(lines.append), "deployer")


def _script(translator: Translator, sql: str, *before: str) -> Script:
    return Script.of(translator.script(sql, Settings()), {0: before})


def test_what_comes_before_the_first_statement_answers_nobody(translator: Translator) -> None:
    script = _script(translator, "truncate a; select 1", "lock", "unlock")
    assert script.text.split("\n;\n") == ["lock", "unlock", "truncate a", "commit", "select 1"]
    assert script.hidden_tags == {0, 1, 3}


def test_a_script_is_read_under_the_settings_it_makes(translator: Translator) -> None:
    script = _script(translator, "select 1; set x to false; select ';' -- ;\n; select 2")
    assert script.text.split("\n;\n") == [
        "select 1",
        "set x to false",
        "select ';' -- ; folded",
        "select 2 folded",
    ]
    assert script.touches_settings


def test_a_comment_at_the_end_of_a_statement_hides_nothing(translator: Translator) -> None:
    assert _script(translator, "select 1 -- one\n; select 2").text.endswith("\nselect 2")


def test_truncate_commits_and_the_client_does_not_see_it(translator: Translator) -> None:
    script = _script(translator, "truncate a; truncate b")
    assert script.text.split("\n;\n") == ["truncate a", "commit", "truncate b", "commit"]
    assert script.hidden_tags == {1, 3}


@pytest.mark.parametrize(("sql", "same"), [("select 1;", "select 1;"), (" ;", " ;"), ("", "")])
def test_one_statement_is_left_as_it_is(sql: str, same: str, lines: list[str]) -> None:
    translator = Translator(lambda sql, _: Translation(sql, "any"), Journal(), "")
    assert _script(translator, sql).text == same


def test_a_refusal_becomes_a_statement_that_says_it(translator: Translator) -> None:
    refused = translator.statement("vacuum t", Settings())
    # What PostgreSQL says about the literal, quotes included.
    said = f'invalid input syntax for type integer: "{_literal(refused.text)}"'
    assert refusal_in(said) == ("0A000", 'no "vacuum", it\'s not here')


def test_a_broken_translation_is_refused_too(translator: Translator) -> None:
    refused = translator.statement("crash", Settings())
    assert refusal_in(f'x: "{_literal(refused.text)}"') == (
        "XX000",
        "the stand-in cannot read this statement (KeyError: 'crash')",
    )


def test_other_errors_are_no_refusals() -> None:
    assert refusal_in('invalid input syntax for type integer: "refusal"') is None


def test_the_journal_says_what_went_on_and_what_did_not(
    translator: Translator, lines: list[str]
) -> None:
    translator.statement("create user u PASSWORD 'it''s secret' x", FOLDED)
    translator.statement("vacuum t", FOLDED)
    done, refused = map(json.loads, lines)
    assert done["kind"] == "create"
    assert done["postgresql"] == "create user u PASSWORD '***' x folded"
    assert done["micros"] >= 0
    assert "secret" not in "".join(lines)
    assert (refused["kind"], refused["code"], refused["sql"]) == ("refused", "0A000", "vacuum t")


def _literal(text: str) -> str:
    return text.split("'", 1)[1].rsplit("'", 1)[0].replace("''", "'")
