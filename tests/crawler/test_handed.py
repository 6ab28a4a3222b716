"""Lists handed over: CSV, XLSX and JSON, their columns found, named and remembered."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest

from crawler.errors import ListFileWrong
from crawler.handed import ColumnMemory, Handed, guess_columns, headings_of, read_rows
from crawler.sheet import read_table

HEADS = ["商品ID", "商品标题", "单价", "店铺名称", "发货地", "备注"]
ROWS = [
    ["7100001", "甬舟保温杯", "￥52.9", "甬舟旗舰店", "浙江 宁波", "投诉三次"],
    ["7100002", "", "1", "某店", "", ""],
    ["7100003", "苔小狸盲盒", "1.2万", "小狸玩具", "上海", ""],
]
MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
LINK = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def table(lines: list[list[str]], sign: str = ",") -> str:
    return "\n".join(sign.join(line) for line in lines) + "\n"


def book(lines: list[list[str]], *, shared: bool) -> bytes:
    """Return an XLSX file of two sheets; the second holds the lines."""
    words = list(dict.fromkeys(cell for line in lines for cell in line if cell))
    rows = ""
    for number, line in enumerate(lines, 1):
        cells = ""
        for at, text in enumerate(line):
            place = f'r="{chr(65 + at)}{number}"'
            if text.isdigit():
                cells += f"<c {place}><v>{text}.0</v></c>"
            elif text and shared:
                cells += f'<c {place} t="s"><v>{words.index(text)}</v></c>'
            elif text:
                cells += f'<c {place} t="inlineStr"><is><r><t>{text}</t></r></is></c>'
        rows += f'<row r="{number}">{cells}</row>'
    sheets = "".join(
        f'<sheet name="{name}" sheetId="{n}" r:id="rId{n}"/>'
        for n, name in ((1, "说明"), (2, "清单"))
    )
    links = "".join(
        f'<Relationship Id="rId{n}" Type="{LINK}/worksheet" Target="worksheets/s{n}.xml"/>'
        for n in (1, 2)
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr(
            "xl/workbook.xml",
            f'<workbook {MAIN} xmlns:r="{LINK}"><sheets>{sheets}</sheets></workbook>',
        )
        file.writestr("xl/_rels/workbook.xml.rels", f"<Relationships>{links}</Relationships>")
        file.writestr("xl/worksheets/s1.xml", f"<worksheet {MAIN}><sheetData/></worksheet>")
        file.writestr(
            "xl/worksheets/s2.xml", f"<worksheet {MAIN}><sheetData>{rows}</sheetData></worksheet>"
        )
        if shared:
            items = "".join(f"<si><t>{word}</t></si>" for word in words)
            file.writestr("xl/sharedStrings.xml", f"<sst {MAIN}>{items}</sst>")
    return out.getvalue()


def handed(data: bytes, name: str = "清单", **more: str) -> Handed:
    rows = read_table(data, name, sheet=more.pop("sheet", None))
    columns = guess_columns(headings_of(rows)) | more
    return read_rows(rows, name=name, platform="taobao", columns=columns)


OBJECTS = [dict(zip(HEADS, row, strict=True)) for row in ROWS]
FILES = {
    "utf-8": table([HEADS, *ROWS]).encode("utf-8-sig"),
    "gbk, tabs": table([HEADS, *ROWS], "\t").encode("gb18030"),
    "utf-16, semicolons": table([HEADS, *ROWS], ";").encode("utf-16"),
    "a title over it": ("移交清单,,,,,\n\n" + table([HEADS, *ROWS])).encode(),
    "json": json.dumps(
        {"data": {"rows": [dict(zip(HEADS, r, strict=True)) for r in ROWS]}}
    ).encode(),
    "json lines": "\n".join(json.dumps(row, ensure_ascii=False) for row in OBJECTS).encode(),
}


@pytest.mark.parametrize("kind", FILES)
def test_lists_of_every_kind(kind: str) -> None:
    read = handed(FILES[kind])
    first, last = read.listings
    assert (first.id, first.title, first.price) == ("taobao:7100001", "甬舟保温杯", "52.90")
    assert (first.shop, first.ship_from, first.currency) == ("甬舟旗舰店", "浙江 宁波", "CNY")
    assert first.attributes == {"备注": "投诉三次"}
    assert (last.price, last.currency) == ("12000.00", None)
    assert len(read.left_out) == 1


@pytest.mark.parametrize("shared", [True, False])
def test_xlsx(shared: bool) -> None:
    data = book([HEADS, *ROWS], shared=shared)
    read = handed(data, sheet="清单")
    assert [one.item_id for one in read.listings] == ["7100001", "7100003"]
    assert read.left_out == (3,)
    with pytest.raises(ListFileWrong, match="no row of headings"):
        handed(data)
    with pytest.raises(ListFileWrong, match="no sheet"):
        handed(data, sheet="无")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no row of headings"),
        (b"PK\x03\x04nothing", "no XLSX table"),
        (b"\x89PNG\x00\x00", "neither a table nor a text"),
        (b'{"a": 1}\nnot json\n', "line 2"),
        ("甲,乙\n1,2\n".encode(), "--column title=HEADING"),
    ],
)
def test_what_is_no_list_is_said(data: bytes, said: str) -> None:
    with pytest.raises(ListFileWrong, match=said):
        handed(data)


def test_columns_are_named_and_remembered(tmp_path: Path) -> None:
    data = "甲,乙\n杯,2650\n".encode()
    rows = read_table(data, "x")
    read = read_rows(
        rows, name="x", platform="p", columns={"title": "甲", "price": "乙"}, unit="cent"
    )
    assert (read.listings[0].title, read.listings[0].price) == ("杯", "26.50")
    with pytest.raises(ListFileWrong, match="no column 丙"):
        read_rows(rows, name="x", platform="p", columns={"title": "丙"})
    memory = ColumnMemory(tmp_path / "home" / "columns.json")
    assert memory.recall(["甲", "乙"]) == {}
    memory.keep(["甲", "乙"], {"title": "甲"})
    assert memory.recall(["乙", "甲"]) == {"title": "甲"}
    (tmp_path / "home" / "columns.json").write_text("broken")
    for use in (lambda: memory.recall(["甲"]), lambda: memory.keep(["甲"], {"title": "甲"})):
        with pytest.raises(ListFileWrong, match="restore or remove"):
            use()
    assert (tmp_path / "home" / "columns.json").read_text() == "broken"
