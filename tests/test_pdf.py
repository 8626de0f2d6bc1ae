"""report.pdf: tagged, with its fonts, numbered, and holding the numbers of the content."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import books
import openpyxl
import pikepdf
import pytest
from page import validate_pdf_bytes
from support import opened
from test_cli import haibun
from test_report import hostile

from optimizer import report, run
from optimizer.cli.planning import ANSWERS
from optimizer.errors import WrongUsage
from optimizer.report.chapters.content import document_of
from optimizer.report.document import Column, Document, Quantity, Section, number_text, table_of, tables_of
from optimizer.report.files.pdf import BRIEF, MOST_WHOLE, REPORT, ROOMS, _Paper, parts_of, pdf
from optimizer.words import Name
from optimizer.workbook import write

HASH = "0123456789abcdef" * 4


@pytest.fixture(scope="module")
def document() -> Document:
    """The content of a report of a run folder."""
    result = run.solve_book(opened(books.with_everything()))
    return document_of(replace(result, facts=dict(result.facts) | {"run_sha256": HASH, "book_sha256": HASH[::-1]}))


@pytest.fixture(scope="module", params=["en", "ja"])
def written(request: pytest.FixtureRequest, document: Document) -> tuple[str, bytes]:
    """A language and report.pdf in it."""
    return request.param, pdf(document, request.param)


def texts_of(data: bytes) -> list[str]:
    """The text of each page, as it stands on it."""
    if shutil.which("pdftotext") is None:
        pytest.skip("poppler-utils (pdftotext) is not installed")
    done = subprocess.run(["pdftotext", "-layout", "-", "-"], input=data, capture_output=True, check=True)
    return done.stdout.decode().rstrip("\f").split("\f")


def spaceless(text: str) -> str:
    return "".join(text.split())


def elements(node: Any) -> Iterator[Any]:
    """Every element of the tree of tags."""
    for kid in node.get("/K", []) if isinstance(node.get("/K"), pikepdf.Array) else [node.get("/K")]:
        if isinstance(kid, pikepdf.Dictionary) and kid.get("/Type") == "/StructElem":
            yield kid
            yield from elements(kid)


def test_it_is_tagged_for_readers_who_hear_it(written: tuple[str, bytes], document: Document) -> None:
    """PDF/UA-1 with its language and title; figures have a text, cells their headings."""
    language, data = written
    with pikepdf.open(io.BytesIO(data)) as paper:
        root = paper.Root
        assert root.MarkInfo.Marked
        assert str(root.Lang) == language
        assert root.ViewerPreferences.DisplayDocTitle
        with paper.open_metadata() as metadata:
            assert metadata["pdfuaid:part"] == "1"
            assert metadata["dc:title"] == document.title.into(language)
        found = list(elements(root.StructTreeRoot))
        figures = [element for element in found if element.S == "/Figure"]
        assert len(figures) == 6
        assert all(str(figure.Alt) for figure in figures)
        tables = [table for section in document.sections for block in section.on_paper for table in tables_of(block)]
        assert sum(element.S == "/Table" for element in found) >= len(tables)
        assert all(len(element.A.Headers) >= 1 for element in found if element.S == "/TD")
        assert {"/H1", "/H2", "/H3", "/TH", "/L", "/Link"} <= {str(element.S) for element in found}


def test_a_validator_of_pdf_ua_accepts_it(written: tuple[str, bytes], document: Document) -> None:
    """No rule of PDF/UA-1 is broken, in the report or in the brief; the validator itself refuses what has no title."""
    language, data = written
    brief = pdf(document, language, BRIEF)
    for paper in (data, brief):
        found = validate_pdf_bytes(paper, profile="ua1")
        assert found.rules.total >= 100
        assert not [f"{failure.rule_id}: {failure.message}" for failure in found.failures]
        assert found.is_compliant
    with pikepdf.open(io.BytesIO(data)) as untitled:
        del untitled.Root.ViewerPreferences
        broken = io.BytesIO()
        untitled.save(broken)
    assert not validate_pdf_bytes(broken.getvalue(), profile="ua1").is_compliant


def test_its_fonts_are_inside_and_its_charts_are_drawn(written: tuple[str, bytes]) -> None:
    """Every font is embedded, Japanese ones among them; no picture is made of dots."""
    _, data = written
    with pikepdf.open(io.BytesIO(data)) as paper:
        fonts = [thing for thing in paper.objects if isinstance(thing, pikepdf.Dictionary) and "/FontName" in thing]
        assert fonts
        assert all("/FontFile2" in font or "/FontFile3" in font for font in fonts)
        assert any("CJK" in str(font.FontName) for font in fonts)
        streams = [thing for thing in paper.objects if isinstance(thing, pikepdf.Stream)]
        assert not [stream for stream in streams if stream.get("/Subtype") == "/Image"]


def test_every_page_says_which_run_it_is_of(written: tuple[str, bytes], document: Document) -> None:
    """Run, state and number of the page stand at the foot of each."""
    language, data = written
    pages = texts_of(data)
    for number, page in enumerate(pages, 1):
        foot = spaceless(page.rstrip().splitlines()[-1])
        assert HASH[:16] in foot
        assert spaceless(document.fingerprint.into(language)) in foot
        assert foot.endswith(f"{document.standing.state.into(language)}{number}/{len(pages)}")


def test_its_contents_name_the_right_pages(written: tuple[str, bytes], document: Document) -> None:
    """Each chapter begins on the page that the contents say."""
    language, data = written
    pages = texts_of(data)
    chapters = [section for section in document.sections[1:] if section.on_paper]
    for section in chapters:
        title = section.title.into(language)
        said = re.search(rf"{re.escape(title)}[ .]*?\s(\d+)(\s|$)", pages[0])
        assert said, title
        assert title in map(str.strip, pages[int(said[1]) - 1].splitlines())


def test_its_totals_are_the_plans(written: tuple[str, bytes], document: Document) -> None:
    """The score, and the total row of every table, read as the content says."""
    language, data = written
    text = spaceless("".join(texts_of(data)))
    key = next(table for table in document.tables() if table.name == "key_figures")
    assert all(spaceless(row[1].into(language)) in text for row in key.rows if isinstance(row[1], Quantity))
    for section in document.sections:
        for table in (table for block in section.on_paper for table in tables_of(block) if table.total):
            shown = [n for n, column in enumerate(table.columns) if column.page and n not in table.grouped_by]
            cells = [(table.columns[n], table.total[n]) for n in shown if table.total[n] is not None]
            row = [
                number_text(cell, column.kind, column.decimals, language) if isinstance(cell, Fraction) else str(cell)
                for column, cell in cells[1:]
            ]
            assert spaceless("".join(row)) in text, table.name


def test_headings_are_repeated_and_a_total_is_never_alone() -> None:
    """A table over several pages has its headings on each; its last page holds three rows beside the total."""
    columns = [Column(Name("Thing")), Column(Name("Money"), "money", 2, summed=True)]
    for count in range(60, 64):
        table = table_of("long", Name("Long table"), columns, [(f"thing {n}", Fraction(n)) for n in range(count)])
        paper = Document(Name("T"), Name("M"), Name("S"), Name("F"), (Section("one", Name("One"), (table,)),))
        pages = texts_of(pdf(paper, "en"))[1:]
        assert len(pages) > 1
        assert all("Thing" in page and "Money" in page for page in pages)
        assert pages[-1].count("thing") >= 3
        assert "Total" in pages[-1]


def test_short_chapters_share_a_page() -> None:
    """One follows the other, so that no page is nearly empty; the first, and one with a long table, begin a page."""
    names = ["One", "Two", "Three"]
    columns = (Column(Name("Thing")), Column(Name("Money"), "money"))
    tables = [table_of(f"table_{name}", Name(f"{name} table"), columns, [("a", Fraction(1))]) for name in names]
    chapters = [Section(name, Name(name), (table,)) for name, table in zip(names, tables, strict=True)]
    many = table_of("many", Name("Many"), columns, [(str(n), Fraction(n)) for n in range(MOST_WHOLE + 1)])
    long = Section("long", Name("Long"), (many,))
    sections = (Section("cover", Name("Cover"), (Name("Words"),)), *chapters, long)
    _, first, second = texts_of(pdf(Document(Name("T"), Name("M"), Name("S"), Name("F"), sections), "en"))
    assert [line.strip() for line in first.splitlines() if line.strip() in names] == names
    assert second.split("\n")[0].strip() == "Long"


def test_an_id_keeps_its_column() -> None:
    """A word that cannot break is never wider than its column, however much the texts beside it take."""
    columns = (Column(Name("Limit")), Column(Name("Id")), Column(Name("Source"), "long"))
    long = "a sentence of many words " * 12
    table = table_of("t", Name("t"), columns, [(long, "loan_concentration_IND", long), (long, "floor", long)])
    paper = _Paper("en", ROOMS[REPORT])
    assert paper.looks_of(table)[1] == "short"
    widths = paper.widths_of(table, range(3))
    assert widths[1] >= 0.5 * len("loan_concentration_IND")
    assert sum(widths) <= ROOMS[REPORT].table + 1e-9


def test_a_caption_makes_a_narrow_table_wide_enough() -> None:
    """A title with its unit stands in one line above two short columns, and a wide table is left as it is."""
    short = (Column(Name("A")), Column(Name("B"), "money"))
    (title, unit), rows = (Name("地域別・区分別の計画額"), Name("億円、令和9～10年度計")), [("a", Fraction(1))]
    narrow, titled = table_of("t", Name("t"), short, rows), table_of("t", title, short, rows, unit=unit)
    before, after = (_Paper("ja", ROOMS[REPORT]).widths_of(table, range(2)) for table in (narrow, titled))
    assert sum(after) >= 1.1 * len(str(title) + str(unit)) > sum(before)
    many = [*short[:1], *short[1:] * 6]
    wide = [table_of("t", words, many, [("a", *rows[0][1:] * 6)]) for words in (Name("t"), Name("title"))]
    assert _Paper("en", ROOMS[REPORT]).widths_of(wide[0], range(7)) == _Paper("en", ROOMS[REPORT]).widths_of(
        wide[1], range(7)
    )


def test_long_texts_share_a_page_as_they_usually_need_it() -> None:
    """One very long name among many short ones leaves the room to the column whose texts are all long."""
    columns = (Column(Name("Programmes")), Column(Name("Reason"), "long"))
    rows = [("name " * (1 + 99 * (n == 0)), "a reason of some length " * 4) for n in range(40)]
    widths = _Paper("en", ROOMS[REPORT]).widths_of(table_of("t", Name("T"), columns, rows), range(2))
    assert widths[1] > widths[0]
    assert sum(widths) <= ROOMS[REPORT].table + 1e-9


@pytest.mark.parametrize("name", [REPORT, BRIEF])
def test_a_table_too_wide_for_paper_is_printed_in_parts(name: str) -> None:
    """Thirty years: each part names its rows and fits the page, and no column is left out."""
    columns = [Column(Name("Programme")), *(Column(Name(f"FY{2027 + n}"), "money", summed=True) for n in range(30))]
    table = table_of("t", Name("Money"), columns, [("a programme of some name", *[Fraction(1_234)] * 30)])
    paper = _Paper("en", ROOMS[name])
    parts = paper.stretches(table)
    assert len(parts) > 1
    assert [number for part in parts for number in part[1:]] == list(range(1, 31))
    assert all(part[0] == 0 and sum(paper.widths_of(table, part)) <= ROOMS[name].wide_table for part in parts)
    sections = (Section("cover", Name("Cover"), (Name("Words"),)), Section("one", Name("One"), (table,)))
    document = Document(Name("T"), Name("M"), Name("S"), Name("F"), sections)
    text = "".join(texts_of(pdf(document, "en", name)))
    assert f"({len(parts)} of {len(parts)})" in text
    assert text.count("a programme") == len(parts)
    assert all(str(column.heading) in text for column in columns)


def test_rows_that_belong_together_are_kept_together() -> None:
    """Names of groups stay with their first row, the last rows with the total; nothing is lost or doubled."""
    columns = [Column(Name("Id")), Column(Name("Region")), Column(Name("Family")), Column(Name("Money"), summed=True)]
    rows = [(f"{r}{f}{n}", r, f, n) for r in "RS" for f in "fg" for n in range(3)]
    table = table_of("t", Name("t"), columns, rows, grouped_by=(1, 2))
    parts = parts_of(table)
    assert [row for _, part in parts for _, row in part] == [*(row for _, row in table.body()), table.total]
    for kind, part in parts:
        names = [name for name, _ in part]
        assert kind == "kept" if any(names) else kind == ""
        assert names in (["group1", "group2", ""], ["group2", ""], ["", "", "total"], ["", ""], [])
    single = parts_of(table_of("t", Name("t"), columns, rows[:3] + rows[9:10], grouped_by=(1, 2)))
    assert [name for name, _ in single[-1][1]] == ["group1", "", "total"], "a last group of one row stays with its name"


def test_names_stay_text_and_nothing_is_fetched() -> None:
    """Markup in names is shown as it is written."""
    data = pdf(document_of(run.solve_book(opened(hostile()))), "en")
    assert "<script>alert('x')</script>" in "".join(texts_of(data))
    assert b"example.org" not in data


@pytest.mark.parametrize("broken", ["raise ImportError('no weasyprint')", "print('-----'); raise OSError('libpango')"])
def test_without_its_library_one_sentence_says_what_to_install(broken: str, tmp_path: Path) -> None:
    """No traceback, no banner: what is missing, and what to do instead."""
    (tmp_path / "weasyprint.py").write_text(broken)
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "from optimizer.report.files.pdf import pdf\n"
        "from optimizer.report.document import Document\n"
        "from optimizer.errors import WrongUsage\n"
        "from optimizer.words import Name\n"
        "try: pdf(Document(*[Name('x')] * 4, ()), 'en')\n"
        "except WrongUsage as error: print(error.message)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.count("\n") == 1
    assert "haibun[pdf]" in done.stdout
    assert "report.html" in done.stdout


def test_printed_beside_the_other_files_it_is_the_same() -> None:
    """A second process prints the first PDF; the names keep their order, and what is missing there is told as here."""
    result = run.solve_book(opened(books.minimal()))
    brief = report.briefs("ja", True, [])
    writers = {"first.pdf": brief["brief.pdf"], **brief}
    files = report.written(writers, result)
    assert list(files) == list(writers)
    assert texts_of(files["first.pdf"]) == texts_of(files["brief.pdf"])

    def page(_result: object) -> str:
        raise WrongUsage(Name("nothing prints"))

    with pytest.raises(WrongUsage, match="nothing prints"):
        report.written({"a.pdf": report.Printer(page), "b": writers["brief.html"]}, result)


def test_where_the_second_process_dies_the_first_prints(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be ended for the memory that it takes."""
    monkeypatch.setattr("optimizer.report.files.pdf.printed", dying)
    files = report.written({"a.pdf": report.Printer(lambda _result: str(os.getpid())), "b": lambda _result: b"b"}, None)  # type: ignore[arg-type]
    assert files == {"a.pdf": b"here", "b": b"b"}


def dying(page: str) -> bytes:
    """Prints in this process alone; any other dies."""
    if page != str(os.getpid()):
        os._exit(1)
    return b"here"


# --------------------------------------------------------------------------------------------------- haibun report


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that no test changes."""
    folder = tmp_path_factory.mktemp("report")
    write(folder / "book.xlsx", books.with_everything())
    assert haibun("solve", folder / "book.xlsx", "--out", folder / "run").exit_code == 0
    return folder / "run"


def test_a_run_is_reported_again_in_another_language_with_its_own_hash(run_folder: Path, tmp_path: Path) -> None:
    """All files, each with the hash of the run; a second time they replace the first, with or without PDF."""
    out, before = tmp_path / "out", {path.name: path.read_bytes() for path in run_folder.iterdir()}
    assert haibun("report", run_folder, "--pdf", "--out", out, lang="ja").exit_code == 0
    assert {path.name for path in out.iterdir()} == {"report.xlsx", "report.html", "report.pdf", "tables.zip"}
    assert run.hash_of(run_folder)[:16] in (out / "report.html").read_text(encoding="utf-8")
    assert run.hash_of(run_folder)[:16] in spaceless(texts_of((out / "report.pdf").read_bytes())[0])
    assert {path.name: path.read_bytes() for path in run_folder.iterdir()} == before
    again = haibun("report", run_folder, "--out", out)
    assert again.exit_code == 0
    assert "report.html" in again.output
    assert {path.name for path in out.iterdir()} == {"report.xlsx", "report.html", "tables.zip"}


def test_a_run_that_was_edited_is_not_reported(run_folder: Path, tmp_path: Path) -> None:
    """The check of verify comes first; nothing is written, and never over the run itself."""
    edited = tmp_path / "run"
    shutil.copytree(run_folder, edited)
    with (edited / "allocation.csv").open("a", encoding="utf-8") as file:
        file.write("\n")
    assert haibun("report", edited, "--out", tmp_path / "out").exit_code == 5
    assert not (tmp_path / "out").exists()
    assert haibun("report", run_folder, "--out", run_folder).exit_code == 2


def test_answers_are_chapters_of_the_report(run_folder: Path, tmp_path: Path) -> None:
    """What was asked of the run's book and scenario stands before the assumptions, in every writer."""
    asked = [word for kind in ANSWERS for word in ("--with", kind)]
    assert haibun("report", run_folder, "--pdf", *asked, "--out", tmp_path / "out").exit_code == 0
    pages = texts_of((tmp_path / "out" / "report.pdf").read_bytes())
    assert "Provenance" in pages[0]
    text = "".join(pages)
    sheets = openpyxl.load_workbook(tmp_path / "out" / "report.xlsx").sheetnames
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    chapters = ("What requirements cost", "What the levers are worth", "Room to move", "What money buys")
    for chapter in (*chapters, "Want against fear"):
        assert chapter in text
        assert sheets.index("What binds") < sheets.index(chapter) < sheets.index("Assumptions")
        assert chapter in page
