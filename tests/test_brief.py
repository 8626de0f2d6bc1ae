"""The two-page brief: what it says of a plan worked out by hand, and that it keeps to two pages."""

from __future__ import annotations

import csv
import io
import re
import shutil
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import books
import pikepdf
import pytest
from support import opened
from test_cli import haibun
from test_pdf import spaceless, texts_of
from test_report import hostile

from optimizer import report, run
from optimizer.report.chapters.brief import brief_of
from optimizer.report.document import Column, Document, Figure, Mark, Section, table_of
from optimizer.report.files.pdf import BRIEF, paper, pdf
from optimizer.words import Name
from optimizer.workbook import write

MOST_WANTED = {
    "en": r"Morewouldbeworthmostat.*?points\.(?P<reason>.+?)Haibun\d",
    "ja": r"増額の効果が最も大きいのは.*?点上がる。(?P<reason>.+?)配分（Haibun",
}
"""Where the brief says of the line that is wanted most what stopped it, without spaces."""
SHORTEST_REASON = 10


def said(document: Document, section: str) -> list[str]:
    """The sentences of a section."""
    (found,) = (one for one in document.sections if one.name == section)
    return [str(sentence) for block in found.blocks for sentence in getattr(block, "sentences", ())]


def test_three_reasons_are_facts_of_the_plan() -> None:
    """Wells get 6 (baseline 2), roads 4 (baseline 5): 65 points, against (2·3 + 5·2) of 40, which are 40 points."""
    book = books.minimal()
    book["Programmes"][0]["baseline"], book["Programmes"][1]["baseline"] = 2, 5
    against, moved, wanted = said(brief_of(run.solve_book(opened(book))), "reasons")
    assert "scores 65.00 points" in against
    assert "would score 40.00 by the same measure" in against
    assert "+3.00" in against
    assert moved == "Programmes that gain against the baseline: 1; that give up money: 1."
    assert wanted.startswith("More would be worth most at roads (FY2027)")
    assert "would add 5.0000 points" in wanted
    assert wanted.endswith("“GRANT” is used up; its money does more in “wells”.")


def test_regions_that_gain_and_give_up_most_are_named() -> None:
    """Money that leaves a region of low weight is told with what is met in both."""
    book = books.minimal()
    book["Regions"].append(books.line(region="SAS", name="South Asia"))
    book["Priorities"].append(books.line(region="SAS", objective="health", weight=0.1, need=40))
    book["Programmes"][1] |= {"region": "SAS", "baseline": 8}
    book["Programmes"][0]["maximum"] = 10
    _, moved, _ = said(brief_of(run.solve_book(opened(book))), "reasons")
    assert moved.startswith("Southeast Asia gains most against the baseline, 10.00")
    assert "met to 75%; South Asia gives up most, 8.00" in moved
    assert moved.endswith("still met to 0%.")


def test_money_that_nobody_can_use_is_a_risk() -> None:
    """Unspent money is told, and that nothing more is wanted."""
    book = books.minimal()
    book["Accounts"][0][books.FIRST_YEAR] = 20
    document = brief_of(run.solve_book(opened(book)))
    assert said(document, "reasons")[2] == "Nowhere would more money add to the score."
    assert any("6.00" in risk and "unspent" in risk for risk in said(document, "risks"))


@pytest.mark.parametrize("language", ["en", "ja"])
def test_names_stay_text_in_the_brief(language: str) -> None:
    """Markup in names is shown as text; every sentence is in the reader's language."""
    page = paper(brief_of(run.solve_book(opened(hostile()))), language, BRIEF)
    assert "<script" not in page
    assert "<img" not in page
    assert f'<html lang="{language}">' in page


def test_the_brief_of_a_run_is_two_pages_in_both_languages(tmp_path: Path) -> None:
    """haibun report --brief writes a page and its PDF with what each lever is worth, tagged as reports are."""
    write(tmp_path / "book.xlsx", books.with_everything())
    assert haibun("solve", tmp_path / "book.xlsx", "--out", tmp_path / "run").exit_code == 0
    with (tmp_path / "run" / "allocation.csv").open(encoding="utf-8-sig", newline="") as table:
        wanted = max(csv.DictReader(table), key=lambda line: float(line["next_points"] or 0))
    for language, worth, reason in (
        ("en", "What the levers are worth", wanted["reason"]),
        ("ja", "レバーの寄与", wanted["reason_ja"]),
    ):
        out = tmp_path / language
        assert haibun("report", tmp_path / "run", "--brief", "--pdf", "--out", out, lang=language).exit_code == 0
        assert worth in (out / "brief.html").read_text(encoding="utf-8")
        data = (out / "brief.pdf").read_bytes()
        with pikepdf.open(io.BytesIO(data)) as brief:
            assert len(brief.pages) == 2
            assert brief.Root.MarkInfo.Marked
            assert str(brief.Root.Lang) == language
        pages = texts_of(data)
        assert worth in "".join(pages)
        told = re.search(MOST_WANTED[language], spaceless("".join(pages)))
        assert told is not None
        assert len(told["reason"]) > SHORTEST_REASON
        assert spaceless(reason).startswith(told["reason"])
        assert all(run.hash_of(tmp_path / "run")[:16] in page for page in pages)


def test_a_plan_that_spends_nothing_has_a_brief() -> None:
    """Without any appropriation, and without levers, there are still two pages at most."""
    book = books.minimal()
    book["Accounts"][0][books.FIRST_YEAR] = 0
    with pikepdf.open(io.BytesIO(pdf(brief_of(run.solve_book(opened(book))), "ja", BRIEF))) as brief:
        assert len(brief.pages) == 2


def test_many_levers_and_long_names_keep_to_two_pages() -> None:
    """Thirty rows beside thirty bars would not fit: the bars stay, their table is left to the report."""
    name = Name("A lever whose name is " + "very " * 20 + "long")
    marks = tuple(Mark(name) for _ in range(30))
    table = table_of("worths", Name("t"), [Column(Name("Lever")), Column(Name("Worth"), "change")], [(name, 1)] * 30)
    rows = tuple((Fraction(1), Fraction(0), Fraction(2)) for _ in marks)
    key = (Mark(Name("Range")), Mark(Name("Worth")))
    figure = Figure("f", "spans", Name("m"), Name("s"), (table,), marks, rows, key)
    answer = Document(*[Name("x")] * 4, (Section("worth", Name("Worth"), (figure,)),))
    for book in (books.minimal(), books.with_everything()):
        with pikepdf.open(io.BytesIO(pdf(brief_of(run.solve_book(opened(book)), [answer]), "ja", BRIEF))) as brief:
            assert len(brief.pages) == 2


@pytest.fixture(scope="module")
def axe() -> Iterator[Callable[[Path], list[str]]]:
    """What axe-core finds on a page of a file with all that it folds open: on a narrow screen, and on paper."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium on this computer")
    from axe_playwright_python.sync_playwright import Axe

    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])

        def found(path: Path) -> list[str]:
            page = browser.new_context(bypass_csp=True, viewport={"width": 390, "height": 900}).new_page()
            page.goto(path.as_uri())
            page.evaluate("for (const folded of document.querySelectorAll('details')) folded.open = true")
            assert page.evaluate("document.documentElement.scrollWidth") <= 390
            on_screen = Axe().run(page).generate_report()
            page.emulate_media(media="print")
            return [on_screen, Axe().run(page).generate_report()]

        yield found
        browser.close()


def test_axe_finds_nothing_in_the_pages(axe: Callable[[Path], list[str]], tmp_path: Path) -> None:
    """Report and brief can be heard, and worked without a mouse, in both languages; none is wider than its screen."""
    result = run.solve_book(opened(books.with_everything()))
    for language in ("en", "ja"):
        pages = report.writers(language) | report.briefs(language, False, [])
        for name in ("report.html", "brief.html"):
            (tmp_path / name).write_bytes(pages[name](result))
            for found in axe(tmp_path / name):
                assert "Found 0 accessibility violations" in found, found
