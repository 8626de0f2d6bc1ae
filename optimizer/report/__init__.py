"""The reports of a run: one content, a writer for each file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from optimizer.report.document import Document
from optimizer.report.standing import Standing
from optimizer.results import Result

Writer = Callable[[Result], bytes]


@dataclass(frozen=True)
class Printer:
    """The writer of a PDF: what it prints is a page."""

    page: Callable[[Result], str]

    def __call__(self, result: Result) -> bytes:
        """The PDF. Raises ``WrongUsage`` where what prints it is not installed."""
        from optimizer.report.files.pdf import printed  # noqa: PLC0415  (only a PDF needs it)

        return printed(self.page(result))


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

    def page(result: Result) -> str:
        from optimizer.report.files.pdf import paper  # noqa: PLC0415

        return paper(document(result), language)

    def tables(result: Result) -> bytes:
        from optimizer.report.files.bundle import bundle  # noqa: PLC0415

        return bundle(document(result), language)

    also: dict[str, Writer] = {"report.pdf": Printer(page)} if with_pdf else {}
    also |= {"tables.zip": tables} if with_tables else {}
    return {"report.xlsx": excel, "report.html": html, **also}


def written(writers: Mapping[str, Writer], result: Result) -> dict[str, bytes]:
    """The files of several writers. A second process prints the first PDF, which takes longer than all the others.

    It loads what it prints with while this one makes the page.
    """
    from concurrent.futures import BrokenExecutor, ProcessPoolExecutor  # noqa: PLC0415  (only a PDF needs them)
    from multiprocessing import get_context  # noqa: PLC0415

    from optimizer.report.files.pdf import load, printed  # noqa: PLC0415

    printers = {name: writer for name, writer in writers.items() if isinstance(writer, Printer)}
    if not printers or len(writers) == 1:
        return {name: write(result) for name, write in writers.items()}
    slow, printer = next(iter(printers.items()))
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        pool.submit(load)
        printing = pool.submit(printed, printer.page(result))
        files = {name: write(result) for name, write in writers.items() if name != slow}
        try:
            files[slow] = printing.result()
        except BrokenExecutor:
            files[slow] = printer(result)
    return {name: files[name] for name in writers}


def briefs(language: str, with_pdf: bool, answers: Sequence[Document]) -> Mapping[str, Writer]:
    """The two-page brief by file name: a page that prints as it is and, where it is wanted, its PDF."""

    def page(result: Result) -> str:
        from optimizer.report.chapters.brief import brief_of  # noqa: PLC0415
        from optimizer.report.files.pdf import BRIEF, paper  # noqa: PLC0415

        return paper(brief_of(result, answers), language, BRIEF)

    return {"brief.html": lambda result: page(result).encode()} | ({"brief.pdf": Printer(page)} if with_pdf else {})


def pages(document: Document, language: str) -> Mapping[str, bytes]:
    """The reports of a question's answer, by file name."""
    from optimizer.report.files.excel import excel  # noqa: PLC0415
    from optimizer.report.files.html import html  # noqa: PLC0415

    return {"report.xlsx": excel(document, language), "report.html": html(document, language)}
