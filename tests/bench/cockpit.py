"""How quickly the cockpit answers, in headless Chromium on the Japan case: ``python tests/bench/cockpit.py``.

In seconds: first page, upload of the book to its plan on screen, slider to redrawn figures while the hand keeps moving.
"""

from __future__ import annotations

import shutil
import statistics
import tempfile
import threading
import time
from pathlib import Path

from playwright.sync_api import sync_playwright
from waitress.server import create_server

from webui import create_app

JAPAN = Path(__file__).parents[2] / "inputs" / "japan.xlsx"
MOVES = 40
MOVE_AND_WAIT = """async (moves) => {
  const times = [], range = document.getElementById("total-range");
  for (let move = 0; move < moves; move += 1) {
    const begun = performance.now();
    range.value = String(80 + (move * 7) % 40);
    range.dispatchEvent(new Event("input"));
    while (document.body.dataset.status === "asking") await new Promise((done) => setTimeout(done, 2));
    await new Promise((done) => requestAnimationFrame(done));
    times.push((performance.now() - begun) / 1000);
    await new Promise((done) => setTimeout(done, 150));
  }
  return times;
}"""


def measure(address: str) -> dict[str, float]:
    """Seconds of each thing that a planner waits for."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1366, "height": 768})
        page.set_default_timeout(180_000)  # on a busy machine too there shall be figures
        begun = time.perf_counter()
        page.goto(address)
        first = time.perf_counter() - begun
        page.set_input_files("#file", JAPAN)
        begun = time.perf_counter()
        page.click(".drop button")
        page.wait_for_selector("body[data-status=live], body[data-status=published]")
        upload = time.perf_counter() - begun
        page.wait_for_selector("body[data-status=published]")
        page.wait_for_timeout(2000)
        moves = sorted(page.evaluate(MOVE_AND_WAIT, MOVES))
        page.wait_for_selector("body[data-status=published]")
        browser.close()
    return {
        "first page": first,
        "upload to plan": upload,
        "slider, median": statistics.median(moves),
        "slider, 95th percentile": moves[int(0.95 * len(moves))],
    }


def main() -> None:
    """Serve a site with an empty store, measure, and print."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_app({"DATA_FOLDER": Path(folder)})
        site = app.extensions["site"]
        site.warm()
        server = create_server(app, host="127.0.0.1", port=0, threads=8)
        threading.Thread(target=server.run, daemon=True).start()
        time.sleep(5)  # as long as a planner takes to find the button
        for name, seconds in measure(f"http://127.0.0.1:{server.effective_port}").items():
            print(f"{name:<26}{seconds:8.3f} s")
        server.close()
        site.close()


if __name__ == "__main__":
    main()
