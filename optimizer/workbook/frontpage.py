"""The first sheet of a workbook: how to fill it in, in both languages."""

from __future__ import annotations

from typing import Any

from optimizer import schema

INK = "#00417A"
TITLES = {"en": "How to fill this in", "ja": "記入方法"}

STEPS = (
    (
        "This workbook holds everything a plan needs. Each sheet is a table: headings in row 1, one entry a row below.",
        "本ワークブックには、計画に必要なすべての事項を記入します。各シートは表であり、1行目が見出し、2行目以降が1行1件の記入欄です。",
    ),
    (
        "Fill the sheets in the order below: later sheets choose from the ids of earlier ones.",
        "下表の順に記入してください。後のシートでは、前のシートの識別名から選択します。",
    ),
    (
        "Dark headings are required, light ones optional. Point at a heading to read what it means, its unit, and what a blank stands for.",
        "濃色の見出しは必須、淡色は任意です。見出しにカーソルを合わせると、意味、単位及び空欄の扱いが表示されます。",
    ),
    (
        "A blank in an optional column takes the default in the note, and the report lists every default that was taken. Never write n/a or a dash.",
        "任意欄の空欄は注記の既定値として扱い、報告書に一覧を掲載します。「n/a」や「－」は記入しないでください。",
    ),
    (
        "All money is in the unit named in the settings, per fiscal year. Shares are decimals: 5 percent is 0.05.",
        "金額はすべて「設定」の単位による会計年度ごとの額です。割合は小数で記入します（5パーセントは0.05）。",
    ),
    (
        "Ids are short texts without / @ or a comma, and unique in their column. Format numeric ids as text.",
        "識別名は短い文字列とし、列内で重複させず、「/」「@」「,」を含めないでください。数字の識別名は文字列書式とします。",
    ),
    (
        "Columns of fiscal years are headed 2027, FY2027, 2027年度 or 令和9年度. Change the years to those of your plan; add columns to the right.",
        "会計年度の列の見出しは、2027、FY2027、2027年度又は令和9年度とします。計画期間に合わせて変更し、必要に応じ右に列を追加してください。",
    ),
    (
        "Formulas are allowed; their last result counts, so save the file in Excel. Do not add rows of totals. Headings are protected without a password.",
        "数式も使用できますが、保存時の計算結果を用いますので、Excelで保存してください。合計行は加えないでください。見出しはパスワードなしで保護しています。",
    ),
    (
        "When done, run `haibun check BOOK.xlsx`: it lists every problem with its cell and how to mend it.",
        "記入後は「haibun check BOOK.xlsx」を実行してください。すべての問題点を、セルの位置と修正方法とともに示します。",
    ),
)
EXAMPLES = (
    ("Regions", "region = EHA, name = Horn of Africa", "地域＝EHA、名称＝アフリカの角"),
    ("Objectives", "objective = peace, freedom = fear", "目標＝peace、自由＝恐怖"),
    ("Priorities", "region = EHA, objective = peace, weight = 1.1, need = 1000", "地域＝EHA、目標＝peace、重み＝1.1、必要量＝1000"),
    ("Accounts", "account = MOFA_GRANT, agency = MOFA, 2027 = 2100", "予算科目＝MOFA_GRANT、所管＝MOFA、2027＝2100"),
    ("Programmes", "programme = grant_EHA, family = oda, account = MOFA_GRANT, maximum = 60, region = EHA",
     "事業＝grant_EHA、区分＝ODA、予算科目＝MOFA_GRANT、上限額＝60、地域＝EHA"),
    ("Effects", "programme = grant_EHA, objective = peace, score = 0.8", "事業＝grant_EHA、目標＝peace、得点＝0.8"),
)


def write_front_page(book: Any, language: str) -> None:
    """Add the first sheet to an XlsxWriter workbook."""
    page = book.add_worksheet(TITLES[language])
    title = book.add_format({"bold": True, "font_size": 16, "font_color": INK})
    heading = book.add_format({"bold": True, "bg_color": INK, "font_color": "#FFFFFF", "border": 1})
    text = book.add_format({"text_wrap": True, "valign": "top"})
    page.set_column(0, 0, 22)
    page.set_column(1, 1, 18)
    page.set_column(2, 2, 12)
    page.set_column(3, 4, 62)
    page.write_string(0, 0, "Haibun 配分 — How to fill this in ／ 記入方法", title)
    row = 2
    for number, (english, japanese) in enumerate(STEPS, 1):
        page.write_number(row, 0, number, text)
        page.write_string(row, 3, english, text)
        page.write_string(row, 4, japanese, text)
        row += 1
    row = _table_of_sheets(page, row + 1, (heading, text))
    for position, words in enumerate(("Example ／ 記入例", "", "", "English", "日本語")):
        page.write_string(row, position, words, heading)
    for sheet, english, japanese in EXAMPLES:
        row += 1
        page.write_string(row, 0, schema.SHEETS[sheet].title(language), text)
        page.write_string(row, 3, english, text)
        page.write_string(row, 4, japanese, text)
    page.set_landscape()
    page.set_paper(9)
    page.fit_to_pages(1, 0)
    page.set_footer("&L&A&R&P / &N")
    page.hide_gridlines(2)
    page.protect("", {"format_columns": True, "format_rows": True})


def _table_of_sheets(page: Any, row: int, formats: tuple[Any, Any]) -> int:
    heading, text = formats
    titles = ("Sheet ／ シート", "", "Required ／ 必須", "What it holds", "内容")
    for position, words in enumerate(titles):
        page.write_string(row, position, words, heading)
    for sheet in schema.SHEETS.values():
        row += 1
        page.write_string(row, 0, sheet.name, text)
        page.write_string(row, 1, sheet.ja, text)
        page.write_string(row, 2, "yes ／ はい" if sheet.needed else "no ／ いいえ", text)
        page.write_string(row, 3, sheet.help, text)
        page.write_string(row, 4, sheet.help_ja, text)
    return row + 2
