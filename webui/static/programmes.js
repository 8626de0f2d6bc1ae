// The table of programmes: filter, sort, and a drawer with the reasons of one line.
import { numberOf, shown, fill, element, asked } from "./text.js";

const page = JSON.parse(document.getElementById("page").textContent);
const byId = (id) => document.getElementById(id);
const body = byId("lines").tBodies[0];
const rows = [...body.rows];
const NUMBERS = ["amount", "baseline", "change"];
const fold = (text) => text.normalize("NFKC").toLowerCase();

function filter() {
  const words = fold(byId("search").value).split(/\s+/).filter(Boolean);
  let count = 0, total = 0;
  for (const row of rows) {
    const { name, family, region, amount, verdict } = row.dataset;
    const text = fold([name, family, region, verdict].join(" "));
    row.hidden = !(words.every((word) => text.includes(word)) && ["", family].includes(byId("family").value) && ["", region].includes(byId("region").value));
    if (!row.hidden) { count += 1; total += Number(amount); }
  }
  const status = byId("count");
  status.textContent = fill(status.dataset.pattern, { shown: count, all: rows.length, total: shown(Math.round(total * 10) / 10) });
}

for (const id of ["search", "family", "region"]) byId(id).addEventListener("input", filter);
document.querySelector(".filters").addEventListener("submit", (event) => event.preventDefault());

for (const button of document.querySelectorAll(".sort")) {
  button.addEventListener("click", () => {
    const heading = button.closest("th"), { key } = button.dataset;
    const isNumber = NUMBERS.includes(key);
    const up = heading.getAttribute("aria-sort") === (isNumber ? "descending" : "none") || heading.getAttribute("aria-sort") === "descending";
    for (const other of document.querySelectorAll("[aria-sort]")) other.setAttribute("aria-sort", "none");
    heading.setAttribute("aria-sort", up ? "ascending" : "descending");
    const compare = isNumber ? (a, b) => a.dataset[key] - b.dataset[key] : (a, b) => a.dataset[key].localeCompare(b.dataset[key], document.documentElement.lang);
    body.replaceChildren(...rows.sort((a, b) => (up ? compare(a, b) : compare(b, a))));
  });
}

const here = new URLSearchParams(location.search);
let opened = null;

async function open(id, name) {
  opened = null;
  byId("drawer-title").textContent = name;
  byId("drawer-status").textContent = page.words.computing;
  byId("drawer-body").hidden = true;
  byId("drawer").showModal();
  const query = new URLSearchParams(here);
  query.set("id", id);
  const answer = await asked(`${page.one}?${query}`);
  byId("drawer-status").textContent = answer ? answer.said.error || "" : page.words.away;
  if (!answer || !answer.ok) return;
  const found = answer.said;
  opened = found;
  byId("sentences").replaceChildren(...found.sentences.map((sentence) => element("li", {}, sentence)));
  byId("years").replaceChildren(...found.years.map((year) => cells(year.year, [year.amount], year.verdict, year.reason)));
  byId("effects").replaceChildren(...found.effects.map((effect) => cells(effect.objective, effect.region, [effect.score], [effect.points], effect.lag)));
  byId("drawer-body").hidden = false;
}

// A row of text cells; a cell in brackets holds a number.
function cells(first, ...others) {
  return element("tr", {}, element("th", { scope: "row" }, first),
    ...others.map((cell) => (Array.isArray(cell) ? element("td", { class: "n" }, cell[0]) : element("td", {}, cell))));
}

body.addEventListener("click", (event) => {
  const button = event.target.closest("button.link");
  if (button) open(button.dataset.id, button.textContent);
});

byId("pin").addEventListener("submit", (event) => {
  event.preventDefault();
  const value = event.submitter.value === "maximum" ? opened.maximum : numberOf(byId("pin-value").value);
  if (value === null || value < 0) {
    byId("pin-value").setAttribute("aria-invalid", "true");
    byId("drawer-status").textContent = page.words.number;
    return;
  }
  const kept = here.getAll("set").filter((item) => !item.startsWith(`pin:${opened.id}=`));
  const query = new URLSearchParams({ origin: here.get("origin") || "base" });
  for (const item of [...kept, `pin:${opened.id}=${value}`]) query.append("set", item);
  location.assign(`${page.whatif}?${query}`);
});

filter();
