"""What is refused, what is warned of, and what is let pass: never a value in a word of it."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops.serving import answer, limits
from mlops.serving.nouns import Input, Schema, Stamp
from mlops.serving.refusal import Refusal
from mlops.serving.settings import Settings
from mlops.serving.structs import fields
from mlops.serving.unreadable import refusal
from tests.serving.http.conftest import problems
from tests.serving.http.state import EXAMPLE, add_up, houses

STAMP = Stamp("request-1")


def ask(body, served=None, **settings):
    served = served or houses()
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    policies = Settings(**settings)
    return answer.answer("predict", {}, content, served, served.program, STAMP, policies)


def rows(*changes, **settings):
    return ask({"rows": [{**EXAMPLE, **each} for each in changes]}, **settings)


def test_a_word_that_looks_like_the_parser_s_own_sentence_is_a_word(monkeypatch):
    monkeypatch.setattr(limits, "OUTLINED", 10)
    monkeypatch.setattr("mlops.serving.decode.OUTLINED", 10)
    for word in ("out of range - at `$.secret`", "unknown field `secret`"):
        reply = rows({"city": word})
        assert reply.status == 200
        assert "secret" not in reply.body.decode()
        refused = refusal(_enum_error(word))
        assert (refused.code, refused.wrong[0].path) == ("value-type", "city")
    assert rows({"rooms": 10**400}).code == "value-range"


def test_a_name_that_a_caller_made_up_is_shown_in_a_place_if_it_is_fit_to_be():
    columns = {**{name: [value] for name, value in EXAMPLE.items()}, "x" * 5000: [1.0]}
    with pytest.raises(Refusal) as refused:
        answer.read_columns(columns, houses(), Settings(extra="refuse"), "inputs.{name}[{row}]")
    assert "inputs.(a name of 5000 characters)" in str(refused.value)
    assert "x" * 65 not in str(refused.value)


def _enum_error(word):
    with pytest.raises(msgspec.ValidationError) as error:
        msgspec.convert({"city": word}, fields(houses().schema, is_exact=True, is_closed=False))
    return error.value


def without(name):
    return {key: value for key, value in EXAMPLE.items() if key != name}


@pytest.mark.parametrize(
    ("change", "code", "path"),
    [
        ({"rooms": "4"}, "value-type", "rows[0].rooms"),
        ({"rooms": True}, "value-type", "rows[0].rooms"),
        ({"rooms": [4]}, "value-type", "rows[0].rooms"),
        ({"rooms": {"b64": "NA=="}}, "value-type", "rows[0].rooms"),
        ({"rooms": None}, "value-missing", "rows[0].rooms"),
        ({"rooms": 10**400}, "value-range", "rows[0].rooms"),
        ({"city": ["Bern"]}, "value-type", "rows[0].city"),
        ({"city": "  "}, "value-missing", "rows[0].city"),
        ({"city": "x" * 10_001}, "text-too-long", "rows[0].city"),
        ({"sold": "soon"}, "value-type", "rows[0].sold"),
        ({"sold": "9999-99-99"}, "value-type", "rows[0].sold"),
        ({"sold": 20240229}, "value-type", "rows[0].sold"),
    ],
)
def test_a_value_of_another_kind_is_refused_with_its_place(change, code, path):
    reply = rows(change)
    assert reply.status == 422
    assert problems(reply) == [(code, path)]
    assert reply.code == code


def test_all_that_is_wrong_is_told_at_once_and_at_most_twenty_of_it():
    reply = rows({"rooms": "x", "city": 1.5e300}, {"sold": "x"}, {"rooms": None})
    assert [path for _, path in problems(reply)] == [
        "rows[0].rooms", "rows[1].sold", "rows[2].rooms",
    ]  # fmt: skip
    assert len(problems(rows(*[{"rooms": "x"}] * 100))) == 20


def test_no_answer_holds_a_value_that_was_sent():
    secret = "4111-1111"
    for name in EXAMPLE:
        for value in (secret, [secret], {secret: secret}):
            reply = rows({name: value}, unseen="refuse")
            assert secret not in reply.body.decode()
            assert not any(secret in each for each in reply.warnings)
    assert secret not in ask(b'{"rows": [{"rooms": ' + secret.encode()).body.decode()


def test_words_are_read_as_while_learning():
    served = houses()
    codes = Schema((Input("code", "words", categories=("1", "True", "a")),), "regression", "y")
    served = replace(served, schema=codes, program=lambda rows: add_up(rows))
    for value in (1, 1.0, "1", "1.0", " 1 ", True, "true", "TRUE", " a"):
        reply = ask({"rows": [{"code": value}]}, served)
        assert (reply.status, reply.unseen, reply.warnings) == (200, 0, ())


def test_dates_come_to_one_spelling_in_utc():
    told = [
        rows({"sold": text}).rows[0][3]
        for text in ("2024-02-29", "2024-02-29T01:30:00+01:30", " 2024-02-29 00:00 ")
    ]
    assert told == ["2024-02-29T00:00:00"] * 3


def test_a_gap_that_was_there_while_learning_is_none_to_talk_about():
    reply = rows({"age": None, "sold": None, "owner": ""})
    assert (reply.status, reply.warnings) == (200, ())
    assert reply.rows == [(4.5, None, "Bern", None, None)]


@pytest.mark.parametrize("body", [{"rows": [without("rooms")]}, {"rows": [{"rooms": None}]}])
def test_a_missing_value_is_refused_warned_of_or_let_pass(body):
    assert ask(body, missing="refuse").status == 422
    warned = ask(body, missing="warn")
    assert warned.status == 200
    assert "rows[0].rooms is missing and was filled as the model learned" in warned.warnings
    assert ask(body, missing="ignore").warnings == ()


def test_a_column_that_may_have_gaps_is_missed_when_it_is_not_there_at_all():
    assert problems(ask({"rows": [without("age")]})) == [("column-missing", "rows[0].age")]


def test_a_column_too_many_is_refused_with_the_nearest_name_warned_of_or_let_pass():
    reply = rows({}, {"romos": 1}, extra="refuse")
    told = json.loads(reply.body)["error"]
    assert (told["code"], told["path"], told["closest"]) == (
        "column-unknown", "rows[1].romos", "rooms",
    )  # fmt: skip
    assert rows({}, {"x": 1}, extra="warn").warnings == (
        "rows[1].x is no column of the model and was left out",
    )
    assert rows({"x": [[{}]]}, extra="ignore").warnings == ()


@pytest.mark.parametrize("extra", ["refuse", "warn", "ignore"])
def test_a_column_that_is_missing_is_told_with_the_nearest_name_that_was_sent(extra):
    reply = ask({"rows": [EXAMPLE, {**without("rooms"), "romos": 4.5}]}, extra=extra)
    told = json.loads(reply.body)["error"]["problems"][-1]
    assert (told["code"], told["path"], told["closest"]) == (
        "column-missing", "rows[1].rooms", "romos",
    )  # fmt: skip


def test_the_name_of_a_column_too_many_is_shown_only_if_it_is_fit_to_be():
    assert "\\u001b" not in rows({"\x1b[31m": 1}, extra="refuse").body.decode()
    (warning,) = rows({"x" * 500: 1}).warnings
    assert warning.startswith("rows[0].(a name of 500 characters) is no column")


def test_an_unseen_value_is_refused_warned_of_or_let_pass_and_always_counted():
    refused = rows({"city": "Rome"}, unseen="refuse")
    told = json.loads(refused.body)["error"]
    assert (told["code"], told["path"]) == ("value-unseen", "rows[0].city")
    assert told["accepted"] == "one of Bern, Biel, Zug"
    told = "rows[1].city holds a value that the model has not seen while learning"
    assert rows({}, {"city": "Rome"}).warnings == (told,)
    warned = rows({}, {"city": "Rome"}, {"city": "Oslo"}, {}, {"city": "Paris"}, unseen="warn")
    assert warned.unseen == 3
    assert warned.warnings == (f"{told} (and 2 more rows)",)
    assert rows({"city": "Rome"}, unseen="ignore").unseen == 1


def test_the_categories_of_a_sensitive_column_are_not_told():
    secret = Input("sex", "words", sensitive=True, categories=("secret-a", "secret-b"))
    served = replace(houses(), schema=Schema((secret,), "regression", "y"))
    body = ask({"rows": [{"sex": "other"}]}, served, unseen="refuse").body.decode()
    assert "value-unseen" in body
    assert "secret" not in body


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "invalid-json"),
        (b"{", "invalid-json"),
        (b"\xff\xfe", "invalid-json"),
        (b'{"rows":"\xff"}', "invalid-json"),
        (b'{"rows":[{"rooms":"\xff"}]}', "invalid-json"),
        (b'\xef\xbb\xbf{"rows": []}', "invalid-json"),
        (b'{"rows": [{"rooms": NaN}]}', "invalid-json"),
        (b'{"rows": [{"rooms": Infinity}]}', "invalid-json"),
        (b'{"rows": [{"rooms": 01}]}', "invalid-json"),
        (b'{"rows": [{"city": "\\ud800"}]}', "invalid-json"),
        (b'{"rows": [{"rooms": 1}]} x', "invalid-json"),
        (b'{"rows": [{"rooms": 1e999}]}', "value-range"),
        (b'{"rows": [{"rooms": 1, "rooms": 2}]}', "duplicate-key"),
        (b'{"rows": [{"rooms": 1}], "rows": []}', "shape"),
        (b'{"rows": []}', "shape"),
        (b'{"rows": {}}', "value-type"),
        (b'{"rows": [1]}', "value-type"),
        (b'{"rows": null}', "value-type"),
        (b"{}", "key-missing"),
        (b'{"rows": [], "more": 1}', "key-unknown"),
        (b"[]", "value-type"),
        (b"null", "value-type"),
        (b'"rows"', "value-type"),
    ],
)
def test_json_is_strict(body, code):
    reply = ask(body)
    assert (reply.status, reply.code) == (400 if reply.code in EXACT else 422, code)


EXACT = {"invalid-json", "duplicate-key"}


def test_a_key_that_stands_twice_is_refused_where_all_else_is_right():
    once = json.dumps({"rows": [EXAMPLE]})
    twice = once.replace('"rooms": 4.5', '"rooms": 1, "rooms": 4.5')
    assert ask(once.encode()).status == 200
    assert ask(twice.encode()).code == "duplicate-key"
    colons = once.replace('"owner": "example"', '"owner": "a:b:c"')
    assert ask(colons.encode()).status == 200


def test_an_answer_that_is_no_number_is_null_and_said():
    served = replace(houses(), program=lambda rows: replace(add_up(rows), values=[math.nan]))
    reply = ask({"rows": [EXAMPLE]}, served)
    told = json.loads(reply.body, parse_constant=pytest.fail)
    assert told["predictions"] == [None]
    assert told["warnings"] == ["the model gave no finite number for some rows: they are null"]


@pytest.mark.parametrize("error", [ValueError("secret"), OverflowError("secret")])
def test_a_row_that_the_model_cannot_take_is_the_callers_to_mend(error):
    def program(_rows):
        raise error

    reply = ask({"rows": [EXAMPLE]}, replace(houses(), program=program))
    assert (reply.status, reply.code) == (422, "value-range")
    assert b"secret" not in reply.body


def test_a_fault_of_the_model_is_no_fault_of_the_caller(caplog):
    def program(_rows):
        raise KeyError("secret")

    reply = ask({"rows": [EXAMPLE]}, replace(houses(), program=program))
    assert (reply.status, reply.code) == (500, "failed")
    assert b"secret" not in reply.body
    assert "request-1" in caplog.text


def test_columns_whose_names_no_struct_may_have_are_read_all_the_same():
    inputs = (Input('a "quoted" one', "number"), Input("back\\slash", "words"))
    served = replace(houses(), schema=Schema(inputs, "regression", "y"))
    reply = ask({"rows": [{'a "quoted" one': 2, "back\\slash": "x"}]}, served)
    assert reply.rows == [(2.0, "x")]


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
cells = {
    "rooms": st.floats(allow_nan=False, allow_infinity=False) | st.integers(-9, 9) | scalars,
    "age": st.none() | st.floats(allow_nan=False, allow_infinity=False) | scalars,
    "city": st.sampled_from(["Bern", " Zug", "Rome", "", 1, True, None]) | scalars,
    "sold": st.sampled_from(["2024-02-29", "2024-02-29T01:00+01:00", "soon", "", None]) | scalars,
    "owner": scalars,
}
sent_rows = st.lists(st.fixed_dictionaries({}, optional=cells), min_size=1, max_size=4)


@given(sent_rows)
def test_the_fast_way_and_the_careful_way_agree(sent):
    """The same rows as records in the one order and as a matrix, which take other ways."""
    text = json.dumps({"rows": sent}).encode()
    reply = ask(text, missing="ignore", extra="ignore")
    spaced = text.replace(b'{"rows"', b'{ "rows"').replace(b"}]}", b',"more:":[]}]}')
    again = ask(spaced, missing="ignore", extra="ignore")
    if again.status == 200 == reply.status:
        assert [*map(list, again.rows)] == [*map(list, reply.rows)]
        assert again.unseen == reply.unseen
    assert reply.status in (200, 400, 422)


@given(st.lists(st.tuples(*cells.values()), min_size=1, max_size=4))
def test_records_and_columns_are_read_alike(sent):
    records = [dict(zip(cells, row, strict=True)) for row in sent]
    split = {"dataframe_split": {"columns": list(cells), "data": sent}}
    served, policies = houses(), Settings(missing="ignore")
    body = json.dumps(split).encode()
    by_column = answer.answer("invocations", {}, body, served, add_up, STAMP, policies)
    by_row = ask({"rows": records}, missing="ignore")
    assert (by_column.status == 200) is (by_row.status == 200)
    assert list(by_column.rows) == list(by_row.rows)


def large(row, **settings):
    """More rows than are searched for keys that stand twice."""
    body = json.dumps({"rows": [row] * 5000}).encode()
    assert len(body) > limits.OUTLINED
    return ask(body, **settings)


def test_a_large_body_is_judged_alike():
    assert large({**EXAMPLE, "x": 1}, extra="refuse").code == "column-unknown"
    told = "rows[…].x is no column of the model and was left out"
    assert large({**EXAMPLE, "x": 1}).warnings == (told,)
    instead = {**without("age"), "x": 1}
    assert large(instead, extra="refuse", missing="ignore").code == "column-unknown"
    assert large(instead, extra="ignore", missing="ignore").count == 5000
    warned = large({**EXAMPLE, "city": "Rome"})
    assert (warned.unseen, len(warned.warnings)) == (5000, 1)


def test_large_columns_are_judged_alike():
    def sent(columns, **settings):
        body = json.dumps({"inputs": {name: [each] * 30_000 for name, each in columns.items()}})
        assert len(body) > limits.OUTLINED
        policies, served = Settings(**settings), houses()
        return answer.answer("invocations", {}, body.encode(), served, add_up, STAMP, policies)

    assert sent(EXAMPLE).count == 30_000
    assert sent({**EXAMPLE, "x": 1}, extra="refuse").code == "column-unknown"
    told = "inputs.x is no column of the model and was left out"
    assert sent({**EXAMPLE, "x": 1}).warnings == (told,)


def test_a_word_among_very_many_is_looked_up():
    words = tuple(f"w{at}" for at in range(20_000))
    schema = Schema((Input("word", "words", categories=words),), "regression", "y")
    served = replace(houses(), schema=schema)
    assert ask({"rows": [{"word": "w7"}]}, served).unseen == 0
    assert ask({"rows": [{"word": "other"}]}, served).unseen == 1
    assert ask({"rows": [{"word": "other"}]}, served, unseen="refuse").code == "value-unseen"
