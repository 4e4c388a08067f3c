"""CSV files as people have them: separators, encodings, commas, blanks, mistakes."""

from __future__ import annotations

import pickle
from pathlib import Path

import pandas as pd
import pytest

from mlops.core.errors import MlopsError
from mlops.data.csv import Csv

ROWS = [f"{number},{number / 4},{'ab'[number % 2]}" for number in range(1, 41)]
GOOD = "\n".join(["size,price,kind", *ROWS]) + "\n"


@pytest.fixture
def write(work: Path):
    def write(content: str | bytes, name: str = "houses.csv") -> str:
        data = content.encode() if isinstance(content, str) else content
        (work / name).write_bytes(data)
        return name

    return write


def read(path: str, **keys):
    return Csv(**{"path": path, "target": "price", **keys}).read()


def problem(path: str, **keys):
    with pytest.raises(MlopsError) as caught:
        read(path, **keys)
    first = caught.value.problems[0]
    assert all([first.says, first.where, first.found, first.accepted, first.next_step])
    return first


def test_columns_get_the_types_of_their_roles(write):
    dataset = read(write(GOOD))
    assert dataset.frame.dtypes.astype(str).tolist() == ["float64", "float64", "str"]
    assert [column.role for column in dataset.columns] == ["numeric", "target", "categorical"]
    assert dataset.task.name == "regression"


@pytest.mark.parametrize("separator", [";", "\t", "|"], ids=repr)
def test_the_separator_is_found_out(write, separator):
    assert read(write(GOOD.replace(",", separator))).frame.equals(read(write(GOOD)).frame)


def test_a_decimal_comma_is_read_where_it_is_declared(write):
    continental = GOOD.replace(",", ";").replace(".", ",")
    assert read(write(continental), decimal=",").fingerprint == read(write(GOOD)).fingerprint


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-8-sig"])
def test_an_encoding_is_read_where_it_is_declared(write, encoding):
    content = GOOD.replace("a\n", "Zürich\n")
    dataset = read(write(content.encode(encoding)), encoding=encoding)
    assert set(dataset.frame["kind"]) == {"Zürich", "b"}
    assert dataset.frame.columns[0] == "size"


def test_a_mark_at_the_start_and_windows_line_ends_do_not_matter(write):
    content = b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode()
    assert read(write(content)).fingerprint == read(write(GOOD)).fingerprint


def test_line_ends_and_separators_may_stand_in_quotes(write):
    dataset = read(write(GOOD + '41,10.25,"one, or\ntwo"\n'))
    assert dataset.frame["kind"].iloc[-1] == "one, or\ntwo"


def test_blanks_around_values_are_no_part_of_them(write):
    dataset = read(write(GOOD.replace(",a", ", a ").replace("size,", " size ,")))
    assert dataset.fingerprint == read(write(GOOD)).fingerprint


def test_words_for_missing_are_missing_and_others_can_be_named(write):
    content = GOOD.replace("3,0.75,b", "?,0.75,NA")
    dataset = read(write(content), missing=["NA", "?"])
    assert dataset.frame[["size", "kind"]].iloc[2].isna().all()


def test_codes_with_leading_zeros_stay_words(write):
    content = "\n".join(["zip,price", *(f"0{n % 7},{n / 4}" for n in range(40))])
    assert read(write(content)).frame["zip"].head(2).tolist() == ["00", "01"]


def test_integer_codes_become_words_where_that_is_said(write):
    dataset = read(write(GOOD), roles={"size": "categorical"})
    assert dataset.frame["size"].head(2).tolist() == ["1", "2"]
    assert dataset.named("categorical") == ["size", "kind"]


def test_a_first_column_without_a_name_gets_one_and_is_an_identifier(write):
    content = "\n".join([",size,price", *(f"{n},{n % 9},{n / 4}" for n in range(40))])
    dataset = read(write(content))
    assert dataset.named("id") == ["unnamed_1"]
    assert "identifier" in dataset.notes[0]


def test_the_header_is_cheap_and_checks_what_is_said_of_columns(write):
    source = Csv(path=write(GOOD), target="prize", roles={"kid": "numeric"}, sensitive=["sise"])
    with pytest.raises(MlopsError) as caught:
        source.header()
    assert [each.closest for each in caught.value.problems] == ["price", "kind", "size"]


def test_the_source_key_follows_the_content(write):
    source = Csv(path=write(GOOD), target="price")
    before = source.source_key()
    write(GOOD + "41,1.0,a\n")
    assert source.source_key() != before


def test_numbers_that_turn_to_words_late_are_read_again(write):
    rows = [f"{number},{number + 0.5},x" for number in range(60_000)]
    content = "\n".join(["size,price,kind", *rows, "n,1.5,x"])
    dataset = read(write(content))
    assert dataset.frame["size"].iloc[-1] == "n"
    assert "1 values are no number, first in row 60001" in dataset.notes[0]


# What is wrong with a file is told with its place, and what to do.


def test_a_missing_file_is_told_with_the_closest(write):
    write(GOOD, "houses.csv")
    found = problem("hauses.csv")
    assert found.code == "data-not-found"
    assert found.closest == "houses.csv"


def test_a_folder_is_no_file(work):
    (work / "tables").mkdir()
    (work / "tables" / "one.csv").write_text(GOOD)
    found = problem("tables")
    assert "a folder" in found.found
    assert found.closest == "tables/one.csv"


def test_an_address_is_no_file():
    assert problem("https://example.org/a.csv").found == "an address"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "data-empty"),
        (b"\n\n", "data-empty"),
        (b"size,price,kind\n", "data-no-rows"),
        (b"size,price,kind\n1,2,a\n", "too-few-rows"),
        (b"price\n1\n2\n", "one-column"),
        (b"size,price,size\n1,2,3\n", "duplicate-column"),
        (pickle.dumps([1]), "data-wrong-kind"),
        (b"PAR1 and more", "data-wrong-kind"),
        (b"\x00\x01\x02,\x00\n", "encoding-wrong"),
        (b"PK\x03\x04 and more", "data-wrong-kind"),
    ],
    ids=lambda each: each if isinstance(each, str) else None,
)
def test_a_file_that_cannot_be_data_is_refused(write, content, code):
    assert problem(write(content)).code == code


def test_a_wrong_encoding_is_told_with_its_line_and_a_guess(write):
    found = problem(write(GOOD.replace("5,1.25,b", "5,1.25,Zürich").encode("cp1252")))
    assert found.code == "encoding-wrong"
    assert found.where.endswith("line 6")
    assert found.closest == "cp1252"


def test_a_wrong_encoding_far_down_is_told_with_its_line(write):
    rows = "\n".join(["size,price,kind", *ROWS * 8000]).encode() + b"\n1,1.5,\xfcber\n"
    assert problem(write(rows)).where.endswith("line 320002")


def test_an_unknown_encoding_is_told_with_the_closest(write):
    assert problem(write(GOOD), encoding="utf-88").closest.startswith("utf")


def test_a_wrong_separator_is_told_with_the_right_one(write):
    found = problem(write(GOOD), separator=";")
    assert (found.code, found.closest) == ("one-column", ",")
    assert problem(write(GOOD), separator="::").code == "separator-unusable"


@pytest.mark.parametrize("line", ["9,9.5", "9,9.5,a,extra"])
def test_a_ragged_line_is_named(write, line):
    found = problem(write(GOOD.replace("3,0.75,b", line)))
    assert found.code == "ragged-rows"
    assert "line 4" in found.where
    assert f"line 4 has {line.count(',') + 1} fields" in found.found


def test_a_quote_that_is_never_closed_is_told(write):
    found = problem(write(GOOD.replace("3,0.75,b", '3,0.75,"b')))
    assert found.code == "csv-broken"
    assert "line 4" in found.where
    found = problem(write(GOOD.replace("3,0.75,b", '3,0.75,"b').replace("5,1.25,b", '5,1.25,"b"')))
    assert found.code == "csv-broken"


def test_a_huge_field_is_told_with_its_row(write):
    found = problem(write(GOOD + "41,10.25," + "x" * 3_000_000 + "\n"))
    assert found.code == "field-too-long"
    assert "row 41" in found.where


def test_a_long_field_of_many_lines_is_read_where_that_is_allowed(write):
    long = "one line, and one more\n" * 10_000
    content = GOOD.replace("1,0.25,b", f'1,0.25,"{long}"')
    assert read(write(content), max_field_kb=250).frame["kind"].iloc[0] == long.strip()
    assert problem(write(content), max_field_kb=200).code == "field-too-long"


@pytest.mark.parametrize("column", [0, 2])
def test_two_quotes_left_open_do_not_swallow_what_lies_between(write, column):
    lines = GOOD.splitlines()
    for at in (5, 6):
        values = lines[at].split(",")
        values[column] = '"' + values[column]
        lines[at] = ",".join(values)
    assert problem(write("\n".join(lines))).code == "csv-broken"


def test_a_file_beyond_the_limit_is_not_read(write):
    assert problem(write(GOOD), max_file_mb=0.0001).code == "data-too-large"


def test_a_decimal_comma_that_nobody_declared_is_told(write):
    found = problem(write(GOOD.replace(",", ";").replace(".", ",")))
    assert (found.code, found.where) == ("decimal-comma", "column price")
    rows = [f"{n},5;{n * 2};a" for n in range(40)]
    found = problem(write("\n".join(["size;price;kind", *rows])))
    assert found.code == "decimal-comma"
    assert "data.decimal=','" in found.next_step


def test_numbers_and_words_in_one_column_are_told(write):
    rows = [f"{f'w{n}' if n % 2 else n},{n / 4},a" for n in range(400)]
    found = problem(write("\n".join(["size,price,kind", *rows])))
    assert found.code == "mixed-types"
    assert "column size, row 2" in found.where
    assert "w1" not in str(found)


def test_bundled_files_are_found_from_any_folder(work):
    path = "bundled:boston_housing.csv"
    dataset = Csv(path=path, target="medv").read()
    assert dataset.frame.shape == (506, 13)
    assert dataset.source == path
    assert pd.api.types.is_float_dtype(dataset.y)
