"""The reports of a run: one content, a writer for each file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from optimizer.report.document import Document
from optimizer.report.standing import Standing
from optimizer.results import Result

Writer = Callable[[Result], bytes]


def writers(
    language: str,
    with_pdf: bool = False,
    standing: Standing | None = None,
    answers: Sequence[Document] = (),
    with_tables: bool = False,
) -> Mapping[str, Writer]:
    """The reports by file name, report.pdf and tables.zip where wanted. What writes one is loaded when it is asked for.

    ``standing``: who has signed the run; where nothing is given it is a draft. The chapters of ``answers`` to
    questions about the same book and scenario stand before the assumptions.

    The writers share the content of the result that they were last given.
    """
    made: list[tuple[Result, Document]] = []

    def document(result: Result) -> Document:
        from optimizer.report.chapters.content import document_of, with_answers  # noqa: PLC0415  (checking must not pay for it)

        if not made or made[0][0] is not result:
            made[:] = [(result, with_answers(document_of(result, standing), answers))]
        return made[0][1]

    def excel(result: Result) -> bytes:
        from optimizer.report.files.excel import excel  # noqa: PLC0415

        return excel(document(result), language)

    def html(result: Result) -> bytes:
        from optimizer.report.files.html import html  # noqa: PLC0415

        return html(document(result), language)

    def pdf(result: Result) -> bytes:
        from optimizer.report.files.pdf import pdf  # noqa: PLC0415

        return pdf(document(result), language)

    def tables(result: Result) -> bytes:
        from optimizer.report.files.bundle import bundle  # noqa: PLC0415

        return bundle(document(result), language)

    also = {"report.pdf": pdf} if with_pdf else {}
    also |= {"tables.zip": tables} if with_tables else {}
    return {"report.xlsx": excel, "report.html": html, **also}


def briefs(language: str, with_pdf: bool, answers: Sequence[Document]) -> Mapping[str, Writer]:
    """The two-page brief by file name: a page that prints as it is and, where it is wanted, its PDF."""

    def html(result: Result) -> bytes:
        from optimizer.report.chapters.brief import brief_of  # noqa: PLC0415
        from optimizer.report.files.pdf import BRIEF, paper  # noqa: PLC0415

        return paper(brief_of(result, answers), language, BRIEF).encode()

    def pdf(result: Result) -> bytes:
        from optimizer.report.chapters.brief import brief_of  # noqa: PLC0415
        from optimizer.report.files.pdf import BRIEF, pdf  # noqa: PLC0415

        return pdf(brief_of(result, answers), language, BRIEF)

    return {"brief.html": html} | ({"brief.pdf": pdf} if with_pdf else {})


def pages(document: Document, language: str) -> Mapping[str, bytes]:
    """The reports of a question's answer, by file name."""
    from optimizer.report.files.excel import excel  # noqa: PLC0415
    from optimizer.report.files.html import html  # noqa: PLC0415

    return {"report.xlsx": excel(document, language), "report.html": html(document, language)}
