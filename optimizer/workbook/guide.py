"""The workbook guide in Markdown, made from the schema."""

from __future__ import annotations

from optimizer import schema
from optimizer.schema import Column, Item, Sheet

WORDS = {
    "en": {
        "title": "The workbook",
        "columns": (
            "column",
            "Japanese heading",
            "required",
            "what it holds",
            "unit",
            "allowed",
            "blank means",
        ),
        "items": ("item", "Japanese", "target", "year", "what it does"),
        "yes": "yes",
        "setting": "Settings keys",
        "item": "Scenario items",
        "needed": "Required sheet.",
        "years": "one column a fiscal year, headed 2027, FY2027, 2027年度 or 令和9年度",
        "all": "blank: all",
    },
    "ja": {
        "title": "ワークブックの手引",
        "columns": (
            "見出し（英語）",
            "見出し（日本語）",
            "必須",
            "内容",
            "単位",
            "使用できる値",
            "空欄の意味",
        ),
        "items": ("項目（英語）", "項目（日本語）", "対象", "年度", "内容"),
        "yes": "必須",
        "setting": "設定の項目",
        "item": "シナリオの項目",
        "needed": "必須のシート。",
        "years": "会計年度ごとに1列。見出しは2027、FY2027、2027年度又は令和9年度",
        "all": "空欄（全て）",
    },
}


def guide(language: str = "en") -> str:
    """Every sheet, column, setting and scenario item as a Markdown page in ``language``."""
    words = WORDS[language]
    steps = [f"{number}. {step[language == 'ja']}" for number, step in enumerate(schema.STEPS, 1)]
    parts = [f"# {words['title']}", "\n".join(steps)]
    for sheet in schema.SHEETS.values():
        parts += _sheet(sheet, language)
        if sheet.name == "Settings":
            parts += [f"### {words['setting']}", _table(list(schema.SETTINGS.values()), language)]
        if sheet.name == "Scenarios":
            parts += [f"### {words['item']}", _items(language)]
    return "\n\n".join(parts) + "\n"


def _sheet(sheet: Sheet, language: str) -> list[str]:
    words = WORDS[language]
    title = f"## {sheet.ja}（{sheet.name}）" if language == "ja" else f"## {sheet.name} ({sheet.ja})"
    text = sheet.help_ja if language == "ja" else sheet.help
    if sheet.needed:
        text += ("" if language == "ja" else " ") + str(words["needed"])
    parts = [title, text, _table(list(sheet.columns.values()), language)]
    if sheet.years:
        about = f"：{sheet.years.help_ja}" if language == "ja" else f": {sheet.years.help}"
        parts.append(f"{words['years']}{about}")
    return parts


def _table(columns: list[Column], language: str) -> str:
    japanese = language == "ja"
    rows: list[tuple[str, ...]] = [
        (
            f"`{column.name}`",
            column.ja,
            str(WORDS[language]["yes"]) if column.required else "",
            column.help_ja if japanese else column.help,
            column.unit_ja if japanese else column.unit,
            _allowed(column, language),
            column.blank_ja if japanese else column.blank,
        )
        for column in columns
    ]
    return _markdown(WORDS[language]["columns"], rows)


def _items(language: str) -> str:
    def row(item: Item) -> tuple[str, ...]:
        everything = [str(WORDS[language]["all"])] if item.all else []
        targets = _listed([*(_target(target, language) for target in item.targets), *everything], language)
        spelling = schema.SHEETS["Scenarios"].columns["item"].choices[item.name][0]
        year = str(WORDS[language]["yes"]) if item.year and language == "en" else "可" if item.year else ""
        return f"`{item.name}`", spelling, targets, year, item.help_ja if language == "ja" else item.help

    return _markdown(WORDS[language]["items"], [row(item) for item in schema.ITEMS.values()])


def _target(name: str, language: str) -> str:
    columns = schema.SHEETS["Programmes"].columns
    return (columns[name] if name in columns else schema.SHEETS[name]).title(language)


def _allowed(column: Column, language: str) -> str:
    japanese = language == "ja"
    if column.choices:
        pattern = "`{}`（{}）" if japanese else "`{}` ({})"
        return _listed([pattern.format(name, others[0]) for name, others in column.choices.items()], language)
    if column.refers:
        sheet = schema.SHEETS[column.refers[0]]
        return f"→ {sheet.title(language)}"
    if column.kind == "yes_no":
        return "はい、いいえ" if japanese else "yes, no"
    patterns = ("{:g}以上", "{:g}を超える値", "{:g}以下") if japanese else ("≥ {:g}", "> {:g}", "≤ {:g}")
    bounds = zip(patterns, (column.least, column.above, column.most), strict=True)
    return _listed([pattern.format(float(bound)) for pattern, bound in bounds if bound is not None], language)


def _listed(items: list[str], language: str) -> str:
    return ("、" if language == "ja" else ", ").join(items)


def _markdown(headings: object, rows: list[tuple[str, ...]]) -> str:
    titles = list(headings) if isinstance(headings, tuple) else [str(headings)]
    lines = [titles, ["---"] * len(titles), *[[cell.replace("|", "\\|") for cell in row] for row in rows]]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)
