import csv
import io

from foley_trainer.data.attribution import FIELDS, from_csv, to_csv


def row(**given: str) -> dict[str, str]:
    return {**dict.fromkeys(FIELDS, "x"), **given}


def test_no_cell_of_the_credits_is_a_formula_for_a_spreadsheet():
    hostile = ["=1+1", "-2+3+cmd|' /C calc'!A0", " @SUM(A1)", "\uff1d1+1", "\t=1", "|x", "%x"]
    written = [cells["author"] for cells in csv.DictReader(io.StringIO(to_csv([row(author=text) for text in hostile])))]
    assert written == ["'=1+1", "'-2+3+cmd|' /C calc'!A0", "' @SUM(A1)", "'\uff1d1+1", "' =1", "'|x", "'%x"]
    plain = ["Zoë", "-3.5", "12", "a=b", "'quoted'"]
    assert [cells["author"] for cells in csv.DictReader(io.StringIO(to_csv([row(author=text) for text in plain])))] == plain


def test_credits_that_are_read_and_written_again_stay_the_same():
    rows = [row(author=text) for text in ("=1+1", "Zoë", "-3.5", "two, and \"three\"")]
    text = to_csv(rows)
    assert from_csv(text) == rows
    assert to_csv(from_csv(text)) == text
