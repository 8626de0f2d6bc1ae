// The what-if page: controls → setting → address and answer. One request of each kind in flight, the latest wins.
import { numberOf, shown, fill, element } from "./text.js";
import { drawBars, drawFigures, drawMoved, drawBinding, drawFlow } from "./draw.js";

const page = JSON.parse(document.getElementById("page").textContent);
const words = page.words;
const byId = (id) => document.getElementById(id);
const token = document.querySelector("meta[name=csrf-token]").content;
const SLOW = 2; // seconds from which the page says how long an answer will take
const REST = 350; // milliseconds without a change after which the plan is published and proved

// The setting: factors by control, levers by id, and rules on single programmes.

const sliders = [...document.querySelectorAll(".control")].map((root) => ({
  root,
  items: root.dataset.items.split(" "),
  amount: root.dataset.amount === undefined ? null : Number(root.dataset.amount),
  range: root.querySelector("input[type=range]"),
  box: root.querySelector(".box input"),
  output: root.querySelector("output"),
  factor: 1,
}));
const levers = [...document.querySelectorAll(".lever")].map((root) => ({
  root, id: root.dataset.lever, box: root.querySelector("input"), normal: root.dataset.on === "yes",
}));
const rules = new Map(); // "pin:grant_KEN" → amount
const origin = byId("origin").value;

const percent = (factor) => Math.round(factor * 1e6) / 1e4;

function itemsNow() {
  const items = [];
  for (const slider of sliders) {
    if (slider.factor !== 1) for (const item of slider.items) items.push(`${item}=${percent(slider.factor) / 100}`);
  }
  for (const lever of levers) {
    if (lever.box.checked !== lever.normal) items.push(`lever:${lever.id}=${lever.box.checked ? "on" : "off"}`);
  }
  for (const [rule, amount] of rules) items.push(`${rule}=${amount}`);
  return items;
}

function show(items) {
  const values = new Map(items.map((item) => [item.slice(0, item.lastIndexOf("=")), item.slice(item.lastIndexOf("=") + 1)]));
  for (const slider of sliders) {
    const found = slider.items.map((item) => values.get(item));
    setFactor(slider, found[0] !== undefined && found.every((value) => value === found[0]) ? Number(found[0]) : 1);
  }
  for (const lever of levers) {
    const value = values.get(`lever:${lever.id}`);
    lever.box.checked = value === undefined ? lever.normal : value === "on";
  }
  rules.clear();
  for (const [item, value] of values) if (/^(pin|programme_maximum):/.test(item)) rules.set(item, value);
  showRules();
  showChanged();
}

function setFactor(slider, factor) {
  slider.factor = factor;
  slider.range.value = String(percent(factor));
  slider.range.setAttribute("aria-valuetext", `${shown(percent(factor))} %`);
  slider.box.value = shown(percent(factor));
  slider.box.removeAttribute("aria-invalid");
  slider.root.classList.toggle("moved", factor !== 1);
  if (slider.output) slider.output.textContent = `${shown(Math.round(slider.amount * factor * 100) / 100)} ${slider.output.dataset.unit}`;
}

function showChanged() {
  for (const group of document.querySelectorAll(".group")) {
    const count = group.querySelectorAll(".control.moved").length
      + levers.filter((lever) => group.contains(lever.root) && lever.box.checked !== lever.normal).length
      + (group.id === "pins" ? rules.size : 0);
    const badge = group.querySelector(".changed");
    badge.hidden = count === 0;
    badge.textContent = count ? fill(words.changed, { count }) : "";
  }
}

function showRules() {
  const list = byId("pin-list");
  list.replaceChildren(...[...rules].map(([rule, amount]) => {
    const [kind, programme] = rule.split(":");
    const option = [...byId("pin-programme").options].find((each) => each.value === programme);
    const name = option ? option.textContent : programme;
    const remove = element("button", { type: "button", class: "plain small" }, words.remove);
    remove.setAttribute("aria-label", `${words.remove}: ${name}`);
    remove.addEventListener("click", () => { rules.delete(rule); showRules(); changed(); });
    return element("li", {}, `${name} ${words[kind]} ${shown(Number(amount))} ${page.unit} `, remove);
  }));
}

// History: what was, what was undone, and the address.

let past = [], future = [], present = new URLSearchParams(location.search).getAll("set");
let lastWithPlan = present;

function changed({ keep = true } = {}) {
  const items = itemsNow();
  if (items.join("\n") === present.join("\n")) return;
  if (keep) { past.push(present); future = []; }
  present = items;
  afterMove();
}

function goTo(items) {
  present = items;
  show(items);
  afterMove();
}

function afterMove() {
  byId("undo").disabled = past.length === 0;
  byId("redo").disabled = future.length === 0;
  byId("reset").disabled = present.length === 0;
  showChanged();
  ask();
}

function addressOf(items) {
  const query = new URLSearchParams({ origin });
  for (const item of items) query.append("set", item);
  return query;
}

// Asking: the live answer while a control moves, the published plan once it rests.

const flights = { live: null, full: null };
let timer = 0;

function ask() {
  document.body.dataset.status = "asking";
  fly("live");
  clearTimeout(timer);
  timer = setTimeout(() => { rememberAddress(); fly("full"); }, REST);
}

// The address of this page and of the tabs carries the setting.
function rememberAddress() {
  const query = addressOf(present);
  history.replaceState(null, "", `${page.show}?${query}`);
  for (const tab of document.querySelectorAll("a.tab")) tab.search = query;
  for (const back of document.querySelectorAll(".masthead [name=back]")) back.value = `${page.show}?${query}`;
}

async function fly(kind) {
  if (flights[kind]) return; // when it lands, the latest setting flies
  const items = present;
  flights[kind] = items;
  const begun = performance.now();
  if (kind === "full") byId("proof").textContent = patiently(words.checking, page.pace.full);
  else if (settled && page.pace.live > SLOW) byId("sentence").textContent = patiently(words.computing, page.pace.live);
  try {
    const answer = await fetch(`${page.answer}?${addressOf(items)}&detail=${kind}`, { headers: { Accept: "application/json" } });
    const said = await answer.json();
    if (settled) page.pace[kind] = (performance.now() - begun) / 1000;
    land(kind, items, said);
  } catch (error) {
    byId("sentence").textContent = fill(words.failed, { reason: error.message });
  } finally {
    flights[kind] = null;
    if (items !== present) { if (kind === "live") fly("live"); else { clearTimeout(timer); timer = setTimeout(() => fly("full"), REST); } }
  }
}

// What is being done, with the seconds that it will take where they are many.
function patiently(doing, seconds) {
  return seconds > SLOW ? fill(words.about, { doing, seconds: Math.round(seconds) }) : doing;
}

let settled = null, lastFlow = null;
window.addEventListener("resize", () => lastFlow && drawFlow(byId("flow"), byId("flow-table"), lastFlow));

function land(kind, items, answer) {
  const isLatest = items === present;
  if (kind === "full" && !isLatest) return;
  if (kind === "live" && settled === present) return;
  if (kind === "full") settled = items;
  byId("sentence").textContent = answer.sentence || answer.error;
  document.querySelector(".answer").setAttribute("aria-busy", "false");
  const hasPlan = answer.status === "live" || answer.status === "published";
  byId("infeasible").hidden = answer.status !== "infeasible";
  byId("charts").hidden = !hasPlan;
  document.querySelector(".below").hidden = !hasPlan;
  byId("figures").hidden = !hasPlan;
  if (answer.status === "infeasible" && kind === "full") showConflict(items);
  if (isLatest) document.body.dataset.status = answer.status;
  if (!hasPlan) return;
  if (isLatest) lastWithPlan = items;
  drawFigures(byId("figures"), answer, words);
  drawBars(byId("families"), answer.families);
  drawBars(byId("regions"), answer.regions);
  drawMoved(byId("moved"), answer.moved, words);
  if (kind === "full") {
    drawBinding(byId("binding"), answer.binding, words);
    lastFlow = answer.flow;
    drawFlow(byId("flow"), byId("flow-table"), lastFlow);
    byId("proof").textContent = answer.gap;
  } else byId("proof").textContent = "";
}

async function showConflict(items) {
  byId("conflict").replaceChildren();
  byId("repairs").replaceChildren();
  byId("repairs-status").textContent = words.looking;
  const found = await (await fetch(`${page.repairs}?${addressOf(items)}`, { headers: { Accept: "application/json" } })).json();
  if (items !== present) return;
  const places = (found.conflict || []).map((place) => element("li", {}, element("strong", {}, place.place), ` ${place.name}`));
  byId("conflict").replaceChildren(...places.slice(0, 12), ...(places.length > 12 ? [element("li", {}, fill(words.more, { count: places.length - 12 }))] : []));
  byId("repairs-status").textContent = found.error || (found.repairs.length ? "" : words.none);
  byId("repairs").replaceChildren(...(found.repairs || []).map((repair, number) => repairForm(repair, number + 1, items)));
}

function repairForm(repair, number, items) {
  const form = element("form", { method: "post", action: `${page.show}/repairs/${number}?${addressOf(items)}`, class: "card repair" });
  const changes = repair.changes.slice(0, 4).map((change) => element("li", {}, `${change.place} ${change.name}: ${change.before} → ${change.after}`));
  if (repair.changes.length > 4) changes.push(element("li", {}, fill(words.more, { count: repair.changes.length - 4 })));
  form.append(element("input", { type: "hidden", name: "csrf_token", value: token }), element("ul", {}, ...changes),
    element("button", { class: "primary" }, `${words.open} (${fill(words.then, { score: repair.score.toFixed(2) })})`));
  return form;
}

// Listening

for (const slider of sliders) {
  slider.range.addEventListener("input", () => { setFactor(slider, Number(slider.range.value) / 100); changed({ keep: !slider.isDragging }); slider.isDragging = true; });
  slider.range.addEventListener("change", () => { slider.isDragging = false; });
  slider.box.addEventListener("change", () => {
    const value = numberOf(slider.box.value);
    if (value === null || value < 0) {
      slider.box.setAttribute("aria-invalid", "true");
      byId("sentence").textContent = words.number;
      return;
    }
    setFactor(slider, value / 100);
    changed();
  });
}
for (const lever of levers) lever.box.addEventListener("change", () => changed());
byId("undo").addEventListener("click", () => { future.push(present); goTo(past.pop()); });
byId("redo").addEventListener("click", () => { past.push(present); goTo(future.pop()); });
byId("reset").addEventListener("click", () => { past.push(present); future = []; goTo([]); });
byId("back").addEventListener("click", () => { past.push(present); goTo(lastWithPlan); });
byId("origin").addEventListener("change", (event) => location.assign(`${page.show}?${new URLSearchParams({ origin: event.target.value })}`));
document.querySelector(".pin-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const value = numberOf(byId("pin-amount").value);
  byId("pin-amount").toggleAttribute("aria-invalid", value === null || value < 0);
  if (value === null || value < 0) { byId("sentence").textContent = words.number; return; }
  rules.set(`${byId("pin-kind").value}:${byId("pin-programme").value}`, String(value));
  showRules();
  changed();
});

byId("save").addEventListener("submit", (event) => { event.preventDefault(); save(""); });

async function save(seen) {
  const status = byId("save-status");
  status.textContent = words.saving;
  const body = new URLSearchParams(addressOf(present));
  body.set("name", byId("scenario-name").value);
  body.set("seen", seen);
  const answer = await fetch(page.save, { method: "POST", body, headers: { "X-Haibun": "page", Accept: "application/json" } });
  const said = await answer.json();
  if (answer.ok) { status.textContent = fill(words.saved, { name: said.name, score: said.score.toFixed(2) }); return; }
  status.textContent = `${said.error} `;
  if (answer.status === 409) {
    const replace = element("button", { type: "button", class: "plain small" }, words.replace);
    replace.addEventListener("click", () => save(said.version));
    status.append(replace);
  }
}

show(present);
past = []; future = [];
byId("reset").disabled = present.length === 0;
fly("live");
fly("full");
