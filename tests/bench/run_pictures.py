"""Every page of the cockpit at every size, in both languages, to be looked at: ``python tests/bench/run_pictures.py``.

The Japan case with a saved scenario, a comparison with its attribution, and an answered question; pictures go to
tests/artefacts/pages/. Names of pages or sizes as arguments take only these.
"""

from __future__ import annotations

import sys
import tempfile
import threading
from pathlib import Path

from playwright.sync_api import Page, sync_playwright
from waitress.server import create_server

from webui import create_app

sys.path.insert(0, str(Path(__file__).parents[1]))
from test_web_browser import ARTEFACTS, CHROMIUM, LOCALES, SIZES
from web import broken_book

PAGES = {
    "home": "/",
    "whatif": "/books/{book}?set=budget_factor%3D0.9&set=lever:p1_comprehensive%3Don",
    "infeasible": "/books/{book}?set=budget_factor%3D0.45",
    "problems": "/books/{broken}/problems",
    "warnings": "/books/{book}/problems",
    "programmes": "/books/{book}/programmes",
    "drawer": "/books/{book}/programmes",
    "compare": "/books/{book}/compare?s=base&s=practice_2026",
    "compare_four": "/books/{book}/compare?s=base&s=practice_2026&s=all_proposals&s=austerity",
    "questions": "/books/{book}/questions",
    "question": "/books/{book}/questions/{question}",
    "report": "/books/{book}/report",
    "runs": "/books/{book}/runs",
    "api": "/api/v1/",
    "missing": "/books/nothing",
}


def main(wanted: list[str]) -> None:
    """Take the pictures."""
    app = create_app({"DATA_FOLDER": Path(tempfile.mkdtemp())})
    server = create_server(app, host="127.0.0.1", port=0, threads=8)
    threading.Thread(target=server.run, daemon=True).start()
    address = f"http://127.0.0.1:{server.effective_port}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        places = prepare(browser.new_page(locale="en-GB"), address)
        for language, locale in LOCALES.items():
            for size, (width, height) in SIZES.items():
                page = browser.new_page(viewport={"width": width, "height": height}, locale=locale)
                for name, path in PAGES.items():
                    if {name, size, language} & set(wanted) or not wanted:
                        take(page, address + path.format(**places), f"{name}_{size}_{language}")
                page.close()
        browser.close()
    server.close()
    app.extensions["site"].close()


def prepare(page: Page, address: str) -> dict[str, str]:
    """A book with a saved scenario, an attribution and an answer, and a broken book."""
    page.set_default_timeout(120_000)
    broken = Path(tempfile.mkdtemp(), "計画.xlsx")
    broken.write_bytes(broken_book({("Programmes", "D3"): "n/a", ("Effects", "D3"): -1}))
    page.goto(address)
    page.set_input_files("#file", broken)
    page.click(".drop button")
    page.wait_for_url("**/problems")
    broken_id = page.url.split("/")[-2]
    page.goto(address)
    page.click(".example button")
    page.wait_for_selector('body[data-status="published"]')
    book = page.url.split("/")[-1].split("?")[0]
    page.fill("#scenario-name", "予算1割減")
    page.click("#save button")
    page.wait_for_selector("#save-status:has-text('予算1割減')")
    page.goto(f"{address}/books/{book}/questions")
    page.click("form:has([value=prices]) button")
    page.wait_for_selector("ul.said")
    question = page.url.split("/")[-1]
    page.goto(address + PAGES["compare"].format(book=book))
    page.click("form.card button")
    page.wait_for_selector("h3 + .still + p")
    return {"book": book, "broken": broken_id, "question": question}


def take(page: Page, address: str, name: str) -> None:
    """One picture, once the page has come to rest; says where a page is wider than its screen."""
    page.goto(address)
    if page.locator("body.cockpit").count():
        page.wait_for_selector('body[data-status="published"], #repairs form')
    if name.startswith("drawer"):
        page.click("#lines button.link >> nth=0")
        page.wait_for_selector("#drawer-body:not([hidden])")
    page.wait_for_timeout(200)
    wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    if wide > 0:
        print(f"{name}: {wide} pixels wider than the screen")
    folder = ARTEFACTS / "pages"
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=folder / f"{name}.png", full_page=True)


if __name__ == "__main__":
    main(sys.argv[1:])
