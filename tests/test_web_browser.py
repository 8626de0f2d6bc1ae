"""The cockpit in a real browser, in both languages: the story of a planner, and what every page must hold to.

Screenshots go to tests/artefacts/ for people to look at.
"""

from __future__ import annotations

import re
import shutil
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_pdf import texts_of
from waitress.server import create_server
from web import INPUTS, broken_book

from optimizer import run
from webui import create_app

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), ""
)
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this computer")
ARTEFACTS = Path(__file__).parent / "artefacts"
LOCALES = {"ja": "ja-JP", "en": "en-GB"}
SIZES = {"laptop": (1366, 768), "wall": (1920, 1080), "phone": (390, 844)}
PATIENCE = 90_000


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> Iterator[str]:
    """A served site with an empty store."""
    app = create_app({"DATA_FOLDER": tmp_path_factory.mktemp("site")})
    server = create_server(app, host="127.0.0.1", port=0, threads=8)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.effective_port}"
    server.close()
    thread.join(timeout=10)
    app.extensions["site"].close()


@pytest.fixture(scope="module")
def chromium() -> Iterator:
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


class Watched:
    """A page that notes every complaint and every request that leaves the origin."""

    def __init__(self, chromium, address: str, language: str, size: str = "laptop") -> None:
        width, height = SIZES[size]
        self.context = chromium.new_context(viewport={"width": width, "height": height}, locale=LOCALES[language])
        self.page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.complaints: list[str] = []
        self.strangers: list[str] = []
        self.language, self.size = language, size
        self.page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self._note(request.url, address))
        self.page.goto(address)

    def _note(self, url: str, address: str) -> None:
        if not url.startswith((address, "data:", "blob:")):
            self.strangers.append(url)

    def picture(self, name: str) -> None:
        """Keep a screenshot of the whole page."""
        ARTEFACTS.mkdir(exist_ok=True)
        self.page.screenshot(path=ARTEFACTS / f"{name}_{self.size}_{self.language}.png", full_page=True)

    def settle(self) -> None:
        """Wait for the published plan."""
        self.page.wait_for_selector('body[data-status="published"]')

    def is_sound(self) -> None:
        """Nothing complained and nothing left."""
        assert self.complaints == []
        assert self.strangers == []
        self.context.close()

    def passes_axe(self) -> None:
        """axe-core finds nothing."""
        from axe_playwright_python.sync_playwright import Axe

        found = Axe().run(self.page)
        assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_planner_mends_a_book_and_asks_what_if(chromium, address, language, tmp_path):
    """Upload a broken book, mend it, move money and levers, pin a line, undo, save, and find it at home."""
    broken, good = tmp_path / "計画.xlsx", INPUTS / "japan.xlsx"
    broken.write_bytes(broken_book({("Programmes", "D3"): "n/a"}))
    watched = Watched(chromium, address, language)
    page = watched.page
    watched.passes_axe()
    page.set_input_files("#file", broken)
    page.click(".drop button")
    page.wait_for_url("**/problems")
    assert page.inner_text("#summary-title") == ("問題があります" if language == "ja" else "There is a problem")
    page.click(".links a >> nth=0")
    assert page.url.endswith("#problem-1")
    watched.passes_axe()
    watched.picture("problems")
    page.set_input_files("#file", good)
    page.click(".drop button")
    watched.settle()
    base = page.inner_text('[data-figure="score"] .tile-value')
    assert base.startswith("53.72")
    watched.picture("base")
    assert page.evaluate(
        "(({scrollHeight, clientHeight}) => scrollHeight <= clientHeight)(document.querySelector('.answer'))"
    )

    page.fill("#total-box", "９０")
    page.press("#total-box", "Enter")
    page.check(".lever input >> nth=0")
    watched.settle()
    assert "budget_factor%3D0.9" in page.url
    assert "p1_comprehensive%3Don" in page.url
    assert not page.inner_text('[data-figure="score"] .tile-value').startswith("53.72")
    page.click("#pins summary")
    page.select_option("#pin-programme", "grant_KEN")
    page.fill("#pin-amount", "20")
    page.click(".pin-form button")
    watched.settle()
    assert "pin%3Agrant_KEN%3D20" in page.url
    page.click("#undo")
    watched.settle()
    assert "pin%3A" not in page.url
    watched.passes_axe()
    watched.picture("whatif")

    page.fill("#scenario-name", f"<script>緊縮 {language}")
    page.click("#save button")
    page.wait_for_selector(f"#save-status:has-text('緊縮 {language}')")
    page.reload()
    watched.settle()
    assert page.input_value("#total-box") == "90"
    page.click(".brand")
    assert f"<script>緊縮 {language}" in page.inner_text("main")
    watched.passes_axe()
    watched.picture("home")
    watched.is_sound()


@pytest.mark.parametrize("language", ["ja", "en"])
def test_an_impossible_setting_shows_what_collides_and_leads_back(chromium, address, language):
    """The rows, the ways out, and one button back to the last plan."""
    watched = Watched(chromium, address, language)
    page = watched.page
    page.click(".example button")
    watched.settle()
    page.fill("#total-box", "45")
    page.press("#total-box", "Enter")
    page.wait_for_selector("#repairs form")
    assert page.locator("#conflict li").count() > 0
    watched.passes_axe()
    watched.picture("infeasible")
    page.click("#back")
    watched.settle()
    assert page.input_value("#total-box") == "100"
    watched.is_sound()


def test_what_no_control_shows_is_kept_and_can_be_removed(chromium, address):
    """An item of the address that has no control stays in the setting while others move, and is listed."""
    watched = Watched(chromium, address, "en")
    page = watched.page
    page.set_input_files("#file", INPUTS / "minimal.xlsx")
    page.click(".drop button")
    watched.settle()
    page.goto(page.url + "?set=cost_factor=1.25&set=lever:none=on&set=budget_factor=９")
    page.wait_for_selector("#other-list li")
    page.goto(page.url.split("?")[0] + "?set=cost_factor=1.25&set=budget_factor=０．９")
    watched.settle()
    assert page.input_value("#total-box") == "90"
    page.fill("#total-box", "95")
    page.press("#total-box", "Enter")
    watched.settle()
    assert "cost_factor%3D1.25" in page.url
    assert "budget_factor%3D0.95" in page.url
    page.click("#other-list button")
    watched.settle()
    assert "cost_factor" not in page.url
    assert page.locator("#others").is_hidden()
    watched.context.close()


def test_a_server_that_does_not_answer_is_told_and_the_page_goes_on_after_it(chromium, address):
    """For an answer and for saving alike; nothing waits for ever."""
    watched = Watched(chromium, address, "en")
    page = watched.page
    page.set_input_files("#file", INPUTS / "minimal.xlsx")
    page.click(".drop button")
    watched.settle()
    page.route("**/api/v1/**", lambda route: route.abort())
    page.fill("#total-box", "95")
    page.press("#total-box", "Enter")
    page.wait_for_selector("#sentence:has-text('does not answer')")
    page.fill("#scenario-name", "lost")
    page.click("#save button")
    page.wait_for_selector("#save-status:has-text('does not answer')")
    page.unroute("**/api/v1/**")
    page.fill("#total-box", "90")
    page.press("#total-box", "Enter")
    watched.settle()
    page.click("#save button")
    page.wait_for_selector("#save-status:has-text('lost is saved')")
    assert watched.strangers == []
    watched.context.close()


def test_a_rule_on_one_programme_has_a_slider_and_is_taken_back_where_it_collides(chromium, address):
    """Arrow keys move it; one too large shows what collides, and a button takes it back."""
    watched = Watched(chromium, address, "ja")
    page = watched.page
    page.set_input_files("#file", INPUTS / "minimal.xlsx")
    page.click(".drop button")
    watched.settle()
    page.click("#pins summary")
    page.select_option("#pin-programme", "clinics")
    page.fill("#pin-amount", "３")
    page.click(".pin-form button")
    watched.settle()
    page.focus("#pin-list input[type=range]")
    page.keyboard.press("ArrowRight")
    watched.settle()
    amount = page.input_value("#pin-list .box input")
    assert float(amount) > 3
    assert f"pin%3Aclinics%3D{amount}" in page.url
    page.fill("#pin-list .box input", "９９９")
    page.press("#pin-list .box input", "Enter")
    page.click("#conflict button")
    watched.settle()
    assert page.locator("#pin-list li").count() == 0
    assert "pin" not in page.url.split("?")[1]
    watched.is_sound()


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("size", ["wall", "phone"])
def test_the_pages_fit_other_screens(chromium, address, language, size):
    """No page is wider than its screen, on a wall or on a phone."""
    watched = Watched(chromium, address, language, size)
    watched.picture("home")
    watched.page.click(".example button")
    watched.settle()
    watched.picture("base")
    page, book = watched.page, watched.page.url.split("?")[0]
    for path in ("", "/programmes", "/compare", "/questions", "/report", "/runs", "/problems", "/../../api/v1/"):
        page.goto(book + path)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= SIZES[size][0], path
    watched.is_sound()


def test_a_number_that_is_none_is_refused_at_its_field(chromium, address):
    """Words leave the plan as it is; the field says so."""
    watched = Watched(chromium, address, "en")
    page = watched.page
    page.click(".example button")
    watched.settle()
    page.fill("#total-box", "ninety")
    page.press("#total-box", "Enter")
    assert page.get_attribute("#total-box", "aria-invalid") == "true"
    assert "Write a number" in page.inner_text("#sentence")
    assert "budget_factor" not in page.url
    watched.is_sound()


def test_no_plan_is_published_while_a_live_answer_is_awaited(chromium, address):
    """The two would compete for the processor while a hand is on the slider."""
    watched = Watched(chromium, address, "en")
    page, held, published = watched.page, [], []
    page.set_input_files("#file", INPUTS / "minimal.xlsx")
    page.click(".drop button")
    watched.settle()
    page.on("request", lambda request: published.append(request.url) if "detail=full" in request.url else None)
    page.route("**/answer*detail=live", lambda route: held.extend([route]))
    with page.expect_request("**/answer*detail=live"):
        page.fill("#total-box", "95")
        page.press("#total-box", "Enter")
    page.wait_for_timeout(800)
    assert published == []
    held[0].continue_()
    watched.settle()
    watched.is_sound()


def test_a_move_before_the_first_plan_says_how_long_it_takes(chromium, address):
    """On a large workbook, whose answers take seconds, also while its base plan is still on its way."""
    watched = Watched(chromium, address, "en")
    page = watched.page
    page.click(".example button")
    watched.settle()
    nine = {"repl": r"\g<1>9", "pattern": r'("pace": \{[^}]*"live": )[\d.]+'}
    page.route("**/books/*", lambda r: r.fulfill(body=re.sub(string=r.fetch().text(), **nine)))
    page.route("**/answer*detail=full", lambda route: None)
    page.reload()
    page.wait_for_selector('body[data-status="live"]')
    page.route("**/answer*detail=live", lambda route: None)
    page.fill("#total-box", "95")
    page.press("#total-box", "Enter")
    page.wait_for_selector("#sentence:has-text('about 9 seconds')")
    watched.is_sound()


def test_the_keyboard_alone_moves_a_slider(chromium, address):
    """Arrow keys on the range, and the answer follows."""
    watched = Watched(chromium, address, "en")
    page = watched.page
    page.click(".example button")
    watched.settle()
    page.focus("#total-range")
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    watched.settle()
    assert page.input_value("#total-box") == "97"
    assert "budget_factor%3D0.97" in page.url
    watched.is_sound()


@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_line_is_found_explained_and_pinned(chromium, address, language):
    """Search, open the drawer, and pin: the answer comes under the setting that was there before."""
    watched = Watched(chromium, address, language)
    page = watched.page
    page.click(".example button")
    watched.settle()
    page.fill("#total-box", "90")
    page.press("#total-box", "Enter")
    watched.settle()
    page.click("a.tab >> nth=1")
    page.fill("#search", "ケニア" if language == "ja" else "kenya")
    assert 0 < page.locator("#lines tbody tr:visible").count() < 20
    names = page.locator("#lines tbody tr:visible th").all_inner_texts()
    assert all("ケニア" in name or "Kenya" in name for name in names)  # not what only a reason speaks of
    watched.passes_axe()
    watched.picture("programmes")
    page.click("#lines button.link:visible >> nth=0")
    page.wait_for_selector("#drawer-body:not([hidden])")
    watched.passes_axe()
    watched.picture("drawer")
    page.fill("#pin-value", "△５")
    page.click("#pin .primary")
    assert page.get_attribute("#pin-value", "aria-invalid") == "true"
    page.fill("#pin-value", "２０")
    page.click("#pin .primary")
    watched.settle()
    assert page.input_value("#total-box") == "90"
    assert page.locator("#pin-list li").count() == 1
    watched.is_sound()


def test_the_programmes_are_read_on_paper(chromium, address):
    """Each printed page names its columns and keeps all of them inside its margins; what is pressed is not printed."""
    watched = Watched(chromium, address, "en")
    page = watched.page
    page.click(".example button")
    watched.settle()
    page.click("a.tab >> nth=1")
    pages = texts_of(page.pdf(format="A4"))
    assert len(pages) > 3
    for text in pages[:-1]:
        assert all(heading in text for heading in ("Programme", "Region", "Amount", "Baseline kept", "Why not more"))
    assert "Indonesia" in pages[0]
    assert "japan.xlsx · SHA-256" in pages[0]  # and the workbook that it speaks of
    page.emulate_media(media="print")
    assert not page.locator("#search").is_visible() and not page.locator(".masthead").is_visible()
    watched.is_sound()


@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_question_is_followed_to_its_answer_and_another_is_cancelled(chromium, address, language):
    """Prices run to their picture and tables; the levers are cancelled on the way."""
    watched = Watched(chromium, address, language)
    page = watched.page
    page.click(".example button")
    watched.settle()
    page.click("a.tab >> nth=3")
    watched.passes_axe()
    watched.picture("questions")
    asking = page.url
    page.click("form:has([value=prices]) button")
    page.wait_for_selector("ul.said")
    assert page.locator(".still svg").count() == 1
    page.click(".still summary")
    watched.passes_axe()
    watched.picture("prices")
    page.goto(asking)
    page.click("form:has([value=levers]) button")
    page.wait_for_selector("progress[value]")
    page.click("#progress button")
    page.wait_for_selector(".summary")
    watched.passes_axe()
    watched.is_sound()


@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_plan_is_compared_doubted_and_taken_home(chromium, address, language, tmp_path):
    """Compare with what makes the difference, in another unit; ask how it stands up; download the reports.

    axe finds nothing on the way, nor on the page of the API.
    """
    watched = Watched(chromium, address, language)
    page = watched.page
    page.set_input_files("#file", INPUTS / "minimal.xlsx")
    page.click(".drop button")
    watched.settle()
    page.click("a.tab >> nth=2")
    page.wait_for_selector(".beside")
    assert page.locator(".still svg").count() == 1
    page.click("form.card button")
    page.wait_for_selector("#rows ~ .still", timeout=4 * PATIENCE)
    page.click("#rows ~ .still summary")
    watched.passes_axe()
    page.click(".units summary")
    watched.passes_axe()
    page.click(".units button >> nth=1")
    page.wait_for_selector(f"h2:has-text('{'百万円' if language == 'ja' else 'JPY million'}')")
    watched.picture("compare")

    page.click("a.tab >> nth=3")
    page.click("form:has([value=robust]) button")
    page.wait_for_selector("ul.said", timeout=4 * PATIENCE)
    assert page.locator(".still svg").count() > 0
    for details in page.locator(".still summary").all():
        details.click()
    watched.passes_axe()
    watched.picture("robust")
    with page.expect_download() as taken:
        page.click(".files a[href$='report.html']")
    taken.value.save_as(tmp_path / "robust.html")
    assert "<html" in (tmp_path / "robust.html").read_text(encoding="utf-8")

    page.click("a.tab >> nth=4")
    watched.passes_axe()
    watched.picture("report")
    for name in ("report.xlsx", "report.html"):
        with page.expect_download() as taken:
            page.click(f".parts a[href*='{name}']")
        taken.value.save_as(tmp_path / name)
    assert (tmp_path / "report.xlsx").read_bytes().startswith(b"PK")
    assert f'<html lang="{language}"' in (tmp_path / "report.html").read_text(encoding="utf-8")
    with page.expect_download() as taken:
        page.click("form button.primary")
    taken.value.save_as(tmp_path / "all.zip")
    with zipfile.ZipFile(tmp_path / "all.zip") as package:
        package.extractall(tmp_path / "run")
    assert run.verify(tmp_path / "run")
    for link in range(page.locator(".foot a").count()):
        page.click(f".foot a >> nth={link}")
        watched.passes_axe()
    watched.is_sound()


@pytest.mark.parametrize("language", ["ja", "en"])
def test_three_scenarios_of_the_japan_case_stand_side_by_side(chromium, address, language):
    """Chosen by their boxes."""
    watched = Watched(chromium, address, language)
    page = watched.page
    page.click(".example button")
    watched.settle()
    page.click("a.tab >> nth=2")
    page.click(".choose summary")
    page.check('input[value="all_proposals"]')
    page.click(".choose button")
    page.wait_for_selector(".beside th:has-text('all_proposals')")
    watched.passes_axe()
    watched.picture("compare_three")
    watched.is_sound()


@pytest.mark.parametrize("typed", ["９５", "95％", "９５．０", " 95 ", "+95"])
def test_numbers_are_taken_as_people_type_them(chromium, address, typed):
    """Full-width digits, a sign of per cent, spaces."""
    watched = Watched(chromium, address, "ja")
    page = watched.page
    page.set_input_files("#file", INPUTS / "minimal.xlsx")
    page.click(".drop button")
    watched.settle()
    page.fill("#total-box", typed)
    page.press("#total-box", "Enter")
    page.wait_for_selector('body:not([data-status="asking"])')
    assert page.input_value("#total-box") == "95"
    page.fill("#total-box", "△９５")
    page.press("#total-box", "Enter")
    assert page.get_attribute("#total-box", "aria-invalid") == "true"
    watched.is_sound()
