"""Exports as files: every row comes once with its line, or with what is wrong with it."""

import io
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stillfixed.actors.errors import TicketImportError
from stillfixed.connectors.tickets.files import FIELD_LIMIT_CHARS, Row, open_export

Read = tuple[list[str], list[Row]]


def read(path: Path, **more: Any) -> Read:
    with open_export(path, ["Ticket Number", "Nr"], **more) as export:
        rows = list(export.rows)
        assert export.done() <= export.total or path.suffix == ".zip"
        return export.heading, rows


def text(folder: Path, content: str, encoding: str = "utf-8", name: str = "export.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode(encoding))
    return path


PLAIN: Read = (["nr", "Title"], [Row(2, ["1", "Übel, ganz"]), Row(3, ["2", 'said "no"'])])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_separators_and_byte_marks_are_found(
    tmp_path: Path, encoding: str, separator: str, end: str
) -> None:
    """By the column that must be there; quotes and line ends are those of any spreadsheet."""
    lines = ["nr,Title", '1,"Übel, ganz"', '2,"said ""no"""', ""]
    content = end.join(lines).replace(",", separator).replace(f"{separator} ganz", ", ganz")
    assert read(text(tmp_path, content, encoding)) == PLAIN


def test_another_encoding_is_declared(tmp_path: Path) -> None:
    """Without, its rows are bad ones; the others are read."""
    path = text(tmp_path, "Nr,Title\n1,Übel\n2,plain\n", "cp1252")
    assert read(path, encoding="cp1252")[1] == [Row(2, ["1", "Übel"]), Row(3, ["2", "plain"])]
    bad, good = read(path)[1]
    assert (bad.line, good) == (2, Row(3, ["2", "plain"]))
    assert "--encoding" in bad.fault
    "".join(bad.values).encode()
    with pytest.raises(TicketImportError, match="--encoding cp1252"):
        read(path, encoding="klingon")


def test_what_stands_above_the_heading_is_passed_over(tmp_path: Path) -> None:
    """A title, notes, and the separator as one spreadsheet writes it."""
    content = 'sep=;\n"Report; of\nMarch"\n\nNr;Title\n1;a\n'
    assert read(text(tmp_path, content)) == (["Nr", "Title"], [Row(6, ["1", "a"])])


def test_a_file_without_the_ticket_column_is_refused(tmp_path: Path) -> None:
    """With what was looked for, and what is there."""
    with pytest.raises(TicketImportError, match=r"nr or ticket number.*'Name,Title'"):
        read(text(tmp_path, "Name,Title\n1,a\n"))
    with pytest.raises(TicketImportError, match="No heading"):
        read(text(tmp_path, ""))


def test_lines_are_those_of_the_file(tmp_path: Path) -> None:
    """Where a row begins, whatever lines are in it and however many are empty."""
    content = 'Nr,Title\n1,"two\nlines"\n\n2,b\n\n'
    assert [(row.line, row.values[0]) for row in read(text(tmp_path, content))[1]] == [
        (2, "1"), (5, "2"),
    ]  # fmt: skip


def test_a_quote_left_open_costs_one_row(tmp_path: Path) -> None:
    """As many lines as a field can hold, not the rest of the file."""
    filler = "".join(f"{n},line\n" for n in range(3, FIELD_LIMIT_CHARS // 5))
    rows = read(text(tmp_path, f'Nr,Title\n1,a\n2,"open\n{filler}'))[1]
    assert rows[0] == Row(2, ["1", "a"])
    assert rows[1].line == 3
    assert "a quote may be missing" in rows[1].fault
    assert rows[-1].values[1] == "line"


def test_a_zip_holds_one_csv(tmp_path: Path) -> None:
    """Two are refused, as is what is no zip."""
    path = tmp_path / "export.zip"
    with ZipFile(path, "w") as packed:
        packed.writestr("folder/export.csv", 'nr,Title\n1,"Übel, ganz"\n2,"said ""no"""\n')
        packed.writestr("__MACOSX/._export.csv", "rubbish")
    assert read(path) == PLAIN
    with ZipFile(path, "a") as packed:
        packed.writestr("more.csv", "Nr\n")
    with pytest.raises(TicketImportError, match="holds 2 CSV files"):
        read(path)
    path.write_text("no zip")
    with pytest.raises(TicketImportError, match="is no zip"):
        read(path)


def test_a_file_that_breaks_off_says_from_where(tmp_path: Path) -> None:
    """What was read before is not in doubt."""
    whole = text(tmp_path, "Nr,Title\n" + "1,a\n" * 200_000, "utf-16")
    whole.write_bytes(whole.read_bytes()[:-1])
    with pytest.raises(TicketImportError, match=r"damaged from line \d+ on"):
        read(whole)
    packed = tmp_path / "export.zip"
    with ZipFile(packed, "w", ZIP_DEFLATED) as file:
        file.writestr("export.csv", "Nr,Title\n" + "".join(f"{n},a\n" for n in range(200_000)))
    broken = bytearray(packed.read_bytes())
    broken[len(broken) // 2 : len(broken) // 2 + 50] = bytes(50)
    packed.write_bytes(broken)
    with pytest.raises(TicketImportError, match=r"damaged from line \d+ on"):
        read(packed)


def test_parquet_gives_the_texts_a_csv_would_hold(tmp_path: Path) -> None:
    """Typed columns too; lines are its rows."""
    path = tmp_path / "export.parquet"
    moment = datetime(2026, 3, 5, 14, 2)
    table = pa.table(
        {
            "Nr": [1, 2], "Title": ["a", None], "Score": [1.5, 2.0], "Done": [True, False],
            "Day": [date(2026, 3, 5)] * 2, "At": [moment, None],
            "Utc": pa.array([moment.replace(tzinfo=UTC)] * 2),
        }
    )  # fmt: skip
    pq.write_table(table, path)
    heading, rows = read(path)
    assert heading == ["Nr", "Title", "Score", "Done", "Day", "At", "Utc"]
    day, utc = "2026-03-05", "2026-03-05T14:02:00+00:00"
    assert rows == [
        Row(1, ["1", "a", "1.5", "true", day, "2026-03-05T14:02:00", utc]),
        Row(2, ["2", "", "2", "false", day, "", utc]),
    ]
    path.write_text("no parquet")
    with pytest.raises(TicketImportError, match="is no Parquet file"):
        read(path)


def test_a_workbook_gives_the_texts_a_csv_would_hold(tmp_path: Path) -> None:
    """From the first sheet with the heading, wherever it stands; lines are the sheet's rows."""
    path = tmp_path / "export.xlsx"
    path.write_bytes(workbook(["March 2026"], [], ["Nr", "At", "Title"], [7, 46086.5847, "a"], [8]))
    heading, rows = read(path)
    assert heading == ["Nr", "At", "Title"]
    assert rows[0] == Row(4, ["7", rows[0].values[1], "a"])
    assert rows[0].values[1].startswith("2026-03-05T14:0")
    assert rows[1:] == [Row(5, ["8", "", ""])]
    path.write_bytes(b"no workbook")
    with pytest.raises(TicketImportError, match="is no workbook"):
        read(path)


def workbook(*rows: list[Any]) -> bytes:
    """A workbook of one sheet, as small as it can be; fractions are times."""

    def cell(place: str, value: Any) -> str:
        if isinstance(value, str):
            return f'<c r="{place}" t="inlineStr"><is><t>{value}</t></is></c>'
        style = ' s="1"' if isinstance(value, float) else ""
        return f'<c r="{place}"{style}><v>{value}</v></c>'

    lines = "".join(
        f'<row r="{n}">{"".join(cell(f"{chr(65 + i)}{n}", v) for i, v in enumerate(row))}</row>'
        for n, row in enumerate(rows, 1)
    )
    office = "http://schemas.openxmlformats.org"
    main = f'xmlns="{office}/spreadsheetml/2006/main"'
    linked = f'xmlns:r="{office}/officeDocument/2006/relationships"'
    kinds = f"{office}/officeDocument/2006/relationships"
    relations = f'<Relationships xmlns="{office}/package/2006/relationships">'
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{office}/package/2006/content-types">'
        '<Default Extension="xml" ContentType="application/xml"/>'
        '<Default Extension="rels" ContentType='
        '"application/vnd.openxmlformats-package.relationships+xml"/></Types>',
        "_rels/.rels": f'{relations}<Relationship Id="r1" Type="{kinds}/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f"<workbook {main} {linked}><sheets>"
        '<sheet name="Tickets" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'{relations}<Relationship Id="r1" '
        f'Type="{kinds}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="r2" '
        f'Type="{kinds}/styles" Target="styles.xml"/></Relationships>',
        "xl/styles.xml": f'<styleSheet {main}><cellXfs count="2"><xf numFmtId="0"/>'
        '<xf numFmtId="22" applyNumberFormat="1"/></cellXfs></styleSheet>',
        "xl/worksheets/sheet1.xml": f"<worksheet {main}><sheetData>{lines}</sheetData></worksheet>",
    }
    packed = io.BytesIO()
    with ZipFile(packed, "w") as file:
        for name, part in parts.items():
            file.writestr(name, f'<?xml version="1.0" encoding="UTF-8"?>{part}')
    return packed.getvalue()
