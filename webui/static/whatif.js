// The what-if page: controls → setting → address and answer. One request of each kind in flight, the latest wins.
import { numberOf, shown, fill, element, asked } from "./text.js";
import { drawBars, drawFigures, drawMoved, drawBinding, drawFlow } from "./draw.js";

const page = JSON.parse(document.getElementById("page").textContent);
const words = page.words;
const byId = (id) => document.getElementById(id);
const token = document.querySelector("meta[name=csrf-token]").content;
const SLOW = 2; // seconds from which the page says how long an answer will take
const MOST_PLACES = 6; // of one collision, as far as a page lists them
const REST = 350; // milliseconds that a hand rests on an answer before its plan is published and proved

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
const programmes = new Map([...byId("pin-programme").options].map((option) => [option.value, option]));
let others = []; // items that no control of this page can show, as they are written
const origin = byId("origin").value;

const percent = (factor) => Math.round(factor * 1e6) / 1e4;

function itemsNow() {
  const items = [];
  for (const slider of sliders) {
    if (slider.factor !== 1) for (const item of slider.items) items.push(`${item}=${slider.factor}`);
  }
  for (const lever of levers) {
    if (lever.box.checked !== lever.normal) items.push(`lever:${lever.id}=${lever.box.checked ? "on" : "off"}`);
  }
  for (const [rule, amount] of rules) items.push(`${rule}=${amount}`);
  return [...items, ...others];
}

const YES = ["on", "yes", "true", "1", "はい"], NO = ["off", "no", "false", "0", "いいえ"];
const plain = (text) => (/^(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : NaN);
const isOfASlider = (factor) => percent(factor) / 100 === factor;

// Every item goes to the control that shows exactly it; the others are kept, and listed.
function show(items) {
  const values = new Map();
  others = [];
  for (const item of items) {
    const text = item.normalize("NFKC"), at = text.lastIndexOf("=");
    if (at < 0 || values.has(text.slice(0, at))) others.push(item); else values.set(text.slice(0, at), text.slice(at + 1));
  }
  for (const slider of sliders) {
    const found = slider.items.map((item) => plain(values.get(item)));
    const isShown = isOfASlider(found[0]) && found.every((factor) => factor === found[0]);
    setFactor(slider, isShown ? found[0] : 1);
    if (isShown) for (const item of slider.items) values.delete(item);
  }
  for (const lever of levers) {
    const value = (values.get(`lever:${lever.id}`) || "").toLowerCase();
    const isKnown = YES.includes(value) || NO.includes(value);
    lever.box.checked = isKnown ? YES.includes(value) : lever.normal;
    if (isKnown) values.delete(`lever:${lever.id}`);
  }
  rules.clear();
  for (const [rule, value] of [...values]) {
    const [kind, programme] = rule.split(":");
    if (!["pin", "programme_maximum"].includes(kind) || !programmes.has(programme) || Number.isNaN(plain(value))) continue;
    rules.set(rule, String(plain(value)));
    values.delete(rule);
  }
  others.push(...[...values].map(([item, value]) => `${item}=${value}`));
  showRules();
  showOthers();
  showChanged();
}

function setFactor(slider, wanted) {
  const factor = percent(wanted) / 100;
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
      + (group.id === "others" ? others.length : 0);
    const badge = group.querySelector(".changed");
    badge.hidden = count === 0;
    badge.textContent = count ? fill(words.changed, { count }) : "";
  }
}

// A rule on one programme: slider and number box together; the mark is what is spent this year.
function showRules() {
  byId("pin-list").replaceChildren(...[...rules.keys()].map(ruleRow));
}

function ruleRow(rule, number) {
  const [kind, id] = rule.split(":"), { maximum, baseline } = programmes.get(id).dataset;
  const most = Math.max(Number(maximum), Number(rules.get(rule))) || 1;
  const name = `${programmes.get(id).textContent}${words.colon}${words[kind]}`;
  const range = element("input", { type: "range", id: `rule-${number}`, min: 0, max: most, step: 10 ** (Math.floor(Math.log10(most)) - 2) });
  if (baseline) range.setAttribute("list", `rule-mark-${number}`);
  const box = element("input", { type: "text", inputmode: "decimal", size: 7, "aria-label": `${name} (${page.unit})` });
  const remove = element("button", { type: "button", class: "plain small", "aria-label": `${words.remove}: ${name}` }, words.remove);
  const set = (amount) => {
    rules.set(rule, String(amount));
    range.value = String(amount);
    range.setAttribute("aria-valuetext", `${shown(amount)} ${page.unit}`);
    box.value = shown(amount);
    box.removeAttribute("aria-invalid");
  };
  set(Number(rules.get(rule)));
  whileMoved(range, (options) => { set(Number(range.value)); changed(options); });
  box.addEventListener("change", () => typed(box, (amount) => { set(amount); changed(); }));
  remove.addEventListener("click", () => { rules.delete(rule); showRules(); byId("pin-programme").focus(); changed(); });
  return element("li", { class: "control moved rule" },
    element("label", { for: range.id }, name), range, element("span", { class: "box" }, box),
    ...(baseline ? [element("datalist", { id: `rule-mark-${number}` }, element("option", { value: baseline })),
      element("span", { class: "amount" }, fill(words.this_year, { amount: shown(Number(baseline)), unit: page.unit }))] : []),
    element("p", { class: "removing" }, remove));
}

function showOthers() {
  byId("others").hidden = others.length === 0;
  byId("other-list").replaceChildren(...others.map((item) => {
    const remove = element("button", { type: "button", class: "plain small", "aria-label": `${words.remove}: ${inWords(item)}` }, words.remove);
    remove.addEventListener("click", () => { others = others.filter((each) => each !== item); showOthers(); byId("origin").focus(); changed(); });
    return element("li", {}, inWords(item), " ", remove);
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

function turnTo(items) {
  past.push(present);
  future = [];
  goTo(items);
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

// Asking: the live answer while a control moves, the published plan once the hand rests on it. The two would compete for
// the processor, so that none is published while a live answer is awaited.

const flights = { live: null, full: null };
let timer = 0;

function ask() {
  document.body.dataset.status = "asking";
  fly("live");
  awaitRest();
}

function awaitRest() {
  clearTimeout(timer);
  timer = setTimeout(() => { rememberAddress(); if (!flights.live) fly("full"); }, REST);
}

// The address of this page and of the tabs carries the setting; on paper a line says it.
function rememberAddress() {
  tellSetting();
  const query = addressOf(present);
  history.replaceState(null, "", `${page.show}?${query}`);
  for (const tab of document.querySelectorAll("a.tab")) tab.search = query;
  for (const back of document.querySelectorAll(".masthead [name=back]")) back.value = `${page.show}?${query}`;
}

// What each item says, as far as an answer has told it.
const said = new Map(Object.entries(page.said));
const inWords = (item) => said.get(item) || item;

function tellSetting() {
  const { plain: asWritten, changed: pattern } = byId("setting").dataset;
  byId("setting").textContent = present.length ? fill(pattern, { changes: present.map(inWords).join(words.comma) }) : asWritten;
}

async function fly(kind) {
  if (flights[kind]) return; // when it lands, the latest setting flies
  const items = present;
  flights[kind] = items;
  const begun = performance.now();
  if (kind === "full") byId("proof").textContent = patiently(words.checking, page.pace.full);
  else if ((settled || items !== opening) && page.pace.live > SLOW) byId("sentence").textContent = patiently(words.computing, page.pace.live);
  const answer = await asked(`${page.answer}?${addressOf(items)}&detail=${kind}`);
  flights[kind] = null;
  if (answer && settled) page.pace[kind] = (performance.now() - begun) / 1000;
  if (answer) land(kind, items, answer.said); else { document.body.dataset.status = "away"; byId("sentence").textContent = words.away; }
  const isOutdated = items !== present, isPublished = [settled, flights.full].includes(present); // or will be
  if (kind === "live" && isOutdated) fly("live"); else if (!isPublished && (kind === "live" || isOutdated)) awaitRest();
}

// What is being done, with the seconds that it will take where they are many.
function patiently(doing, seconds) {
  return seconds > SLOW ? fill(words.about, { doing, seconds: Math.round(seconds) }) : doing;
}

let settled = null, lastFlow = null;
const opening = present; // of which the page itself has said that it is being computed
window.addEventListener("resize", () => lastFlow && drawFlow(byId("flow"), byId("flow-table"), lastFlow));

function land(kind, items, answer) {
  const isLatest = items === present;
  if (kind === "full" && !isLatest) return;
  if (kind === "live" && settled === present) return;
  if (kind === "full") settled = items;
  byId("sentence").textContent = answer.sentence || answer.error;
  (answer.setting || []).forEach((told, number) => said.set(items[number], told));
  if (isLatest) tellSetting();
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
  drawFigures(byId("figures"), answer);
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
  const answer = await asked(`${page.repairs}?${addressOf(items)}`);
  if (items !== present) return;
  if (!answer) { byId("repairs-status").textContent = words.away; return; }
  const found = answer.said;
  byId("conflict").replaceChildren(element("p", {}, found.title || ""), ...(found.conflicts || []).flatMap(collisionList));
  byId("repairs-status").textContent = found.error || found.outcome;
  byId("repairs").replaceChildren(...(found.repairs || []).map((repair, number) => repairForm(repair, number + 1, items)));
}

// What was set here comes first: it can be taken back.
function collisionList({ title, places }) {
  const ordered = [...places].sort((a, b) => b.sets.length - a.sets.length);
  const rows = ordered.slice(0, MOST_PLACES).map((place) => element("li", {}, element("strong", {}, place.place), ` ${place.name}`,
    ...(place.sets.length ? [" ", takeBack(place)] : [])));
  if (places.length > MOST_PLACES) rows.push(element("li", {}, fill(words.more, { count: places.length - MOST_PLACES })));
  return [...(title ? [element("p", {}, title)] : []), element("ul", {}, ...rows)];
}

// What was set on this page, and collides, is taken back by a button of its own.
function takeBack({ name, sets }) {
  const button = element("button", { type: "button", class: "plain small", "aria-label": `${words.take_back}: ${name}` }, words.take_back);
  button.addEventListener("click", () => turnTo(present.filter((each) => !sets.includes(each))));
  return button;
}

function repairForm(repair, number, items) {
  const form = element("form", { method: "post", action: `${page.show}/repairs/${number}?${addressOf(items)}`, class: "card repair" });
  const changes = repair.changes.slice(0, 4).map((change) => element("li", {}, `${change.place} ${change.name}${words.colon}${change.column} ${change.before} → ${change.after}`));
  if (repair.changes.length > 4) changes.push(element("li", {}, fill(words.more, { count: repair.changes.length - 4 })));
  form.append(element("input", { type: "hidden", name: "csrf_token", value: token }), element("ul", {}, ...changes),
    element("button", { class: "primary" }, fill(words.open, { score: repair.score.toFixed(2) })));
  return form;
}

// Listening

// One drag is one step to undo.
function whileMoved(range, move) {
  let isDragging = false;
  range.addEventListener("input", () => { move({ keep: !isDragging }); isDragging = true; });
  range.addEventListener("change", () => { isDragging = false; });
}

// What is typed into a box: a number from 0, or the box says that it is none.
function typed(box, take) {
  const value = numberOf(box.value);
  if (value !== null && value >= 0) return take(value);
  box.setAttribute("aria-invalid", "true");
  byId("sentence").textContent = words.number;
}

for (const slider of sliders) {
  whileMoved(slider.range, (options) => { setFactor(slider, Number(slider.range.value) / 100); changed(options); });
  slider.box.addEventListener("change", () => typed(slider.box, (value) => { setFactor(slider, value / 100); changed(); }));
}
for (const lever of levers) lever.box.addEventListener("change", () => changed());
byId("undo").addEventListener("click", () => { future.push(present); goTo(past.pop()); });
byId("redo").addEventListener("click", () => { past.push(present); goTo(future.pop()); });
byId("reset").addEventListener("click", () => turnTo([]));
byId("back").addEventListener("click", () => turnTo(lastWithPlan));
const offerThisYear = () => { const { baseline } = programmes.get(byId("pin-programme").value).dataset; byId("pin-amount").value = baseline ? shown(Number(baseline)) : ""; };
byId("pin-programme").addEventListener("change", offerThisYear);
offerThisYear();
byId("origin").addEventListener("change", (event) => location.assign(`${page.show}?${new URLSearchParams({ origin: event.target.value })}`));
document.querySelector(".pin-form").addEventListener("submit", (event) => {
  event.preventDefault();
  byId("pin-amount").removeAttribute("aria-invalid");
  typed(byId("pin-amount"), (amount) => {
    rules.set(`${byId("pin-kind").value}:${byId("pin-programme").value}`, String(amount));
    showRules();
    changed();
  });
});

byId("save").addEventListener("submit", (event) => { event.preventDefault(); save(""); });

async function save(seen) {
  const status = byId("save-status");
  status.textContent = words.saving;
  const body = new URLSearchParams(addressOf(present));
  body.set("name", byId("scenario-name").value);
  body.set("seen", seen);
  const answer = await asked(page.save, { method: "POST", body, headers: { "X-Haibun": "page" } });
  if (!answer) { status.textContent = words.away; return; }
  const { said } = answer;
  if (answer.ok) { status.textContent = fill(words.saved, { name: said.name, score: said.score.toFixed(2) }); return; }
  status.textContent = `${said.error} `;
  if (answer.status === 409) {
    const replace = element("button", { type: "button", class: "plain small" }, words.replace);
    replace.addEventListener("click", () => save(said.version));
    status.append(replace);
  }
}

show(present);
tellSetting();
past = []; future = [];
byId("reset").disabled = present.length === 0;
fly("live");
fly("full");
