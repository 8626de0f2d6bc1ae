// Answers as tables with bars, and the flow of money as a picture.
import { element } from "./text.js";

const direction = (change) => (change > 0 ? "up" : change < 0 ? "down" : "same");

export function drawFigures(place, answer) {
  place.replaceChildren(...[...answer.figures, answer.price || waiting(place)].map((figure) => element("div", { class: "tile", "data-figure": figure.id },
    element("p", { class: "tile-name" }, figure.label),
    element("p", { class: "tile-value" }, figure.text, element("span", { class: "tile-unit" }, ` ${figure.unit}`)),
    element("p", { class: `tile-change ${direction(figure.change)}` }, figure.change === 0 ? "±0" : figure.change_text))));
}

// The price keeps its place while a control moves; it is known again once the plan is published.
function waiting(place) {
  return { id: "price", label: place.dataset.price, text: "…", unit: "", change: null, change_text: "" };
}

// Rows stay where they are while their widths change, so that the eye can follow.
export function drawBars(table, bars) {
  const body = table.tBodies[0];
  const longest = Math.max(0.001, ...bars.map((bar) => Math.max(bar.value, bar.base)));
  if (body.rows.length !== bars.length) {
    body.replaceChildren(...bars.map((bar) => {
      const track = element("td", { class: "track" }, element("span", { class: "base" }), element("span", { class: "fill" }));
      return element("tr", { "data-id": bar.id }, element("th", { scope: "row" }), track, element("td", { class: "n" }), element("td", { class: "n change" }));
    }));
  }
  bars.forEach((bar, number) => {
    const [name, track, value, change] = body.rows[number].cells;
    const [base, fill] = track.children;
    name.textContent = name.title = bar.name;
    base.style.width = `${(100 * bar.base) / longest}%`;
    fill.style.width = `${(100 * bar.value) / longest}%`;
    value.textContent = bar.text;
    change.textContent = bar.change_text === "0" ? "±0" : bar.change_text;
    change.className = `n change ${direction(Math.round(bar.value - bar.base))}`;
  });
}

export function drawMoved(table, lines, words) {
  const rows = lines.map((line) => element("tr", {},
    element("th", { scope: "row" }, line.name), element("td", { class: "n" }, line.before), element("td", { class: "n" }, line.after),
    element("td", { class: `n ${direction(line.change)}` }, line.change_text), element("td", { class: "why" }, line.reason || "…")));
  if (!rows.length) rows.push(element("tr", {}, element("td", { colspan: "5" }, words.same)));
  table.tBodies[0].replaceChildren(...rows);
}

export function drawBinding(list, limits, words) {
  const items = limits.map((limit) => element("li", {}, limit.name, element("span", { class: "sub" }, ` ${limit.kind}${words.comma}${limit.years}`)));
  list.replaceChildren(...(items.length ? items : [element("li", {}, words.nothing)]));
}

// The flow of money as an SVG: every node keeps room for its label, whatever its size.
const LABEL = 13, LINE = 12, GAP = 3, BAR = 9, BESIDE = 4, WIDEST = 120, NARROWEST = 60;

export function drawFlow(svg, table, flow) {
  const { nodes, links } = flow;
  table.tBodies[0].replaceChildren(...links.map((link) => element("tr", {}, element("th", { scope: "row" }, nodes[link.from].name),
    element("td", {}, nodes[link.to].name), element("td", { class: "n" }, link.text))));
  const width = svg.clientWidth, height = svg.clientHeight;
  const placed = laidOut(nodes, links, width, height);
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const ribbons = ribbonsOf(links, placed).map(({ link, from, to, thick }) => {
    const middle = (from.x + to.x) / 2;
    const path = drawn("path", { d: `M${from.x},${from.y} C${middle},${from.y} ${middle},${to.y} ${to.x},${to.y}`,
      stroke: link.colour, "stroke-width": Math.max(thick, 0.4), fill: "none", "stroke-opacity": 0.38 });
    path.append(drawn("title", {}, `${nodes[link.from].name} → ${nodes[link.to].name}: ${link.text}`));
    return path;
  });
  const marks = placed.flatMap((node) => [
    drawn("rect", { x: node.x, y: node.top, width: BAR, height: Math.max(node.size, 0.8), fill: node.colour }),
    labelOf(node),
  ]);
  svg.replaceChildren(...ribbons, ...marks);
}

function laidOut(nodes, links, width, height) {
  const into = nodes.map(() => 0), out = nodes.map(() => 0);
  for (const link of links) { out[link.from] += link.value; into[link.to] += link.value; }
  const last = Math.max(0, ...nodes.map((node) => node.level));
  const levels = Array.from({ length: last + 1 }, (_, level) => nodes.map((node, number) => ({ ...node, number,
    value: Math.max(into[number], out[number]) })).filter((node) => node.level === level));
  const scale = Math.min(...levels.map((level) => largestScale(level, height)));
  const rooms = roomsOf(levels, width);
  let left = 0;
  for (const [level, group] of levels.entries()) {
    const slots = group.map((node) => Math.max(node.value * scale, LABEL));
    const used = slots.reduce((sum, slot) => sum + slot, 0);
    const gap = group.length > 1 ? Math.min(14, (height - used) / (group.length - 1)) : 0;
    let top = (height - used - gap * (group.length - 1)) / 2;
    group.forEach((node, number) => {
      node.size = node.value * scale;
      node.top = top + (slots[number] - node.size) / 2;
      node.x = left;
      node.room = rooms[level] - BESIDE;
      node.lines = Math.floor((slots[number] + 2) / LINE);
      node.scale = scale;
      top += slots[number] + gap;
    });
    left += BAR + rooms[level];
  }
  return levels.flat().sort((a, b) => a.number - b.number);
}

// The room beside the bars of each level: more for one with long names, and all of the width together.
function roomsOf(levels, width) {
  const wishes = levels.map((group) => Math.min(WIDEST, Math.max(NARROWEST, ...group.map((node) => BESIDE + lengthOf(node.name)))));
  const share = (width - BAR * levels.length) / wishes.reduce((sum, wish) => sum + wish, 0);
  return wishes.map((wish) => wish * share);
}

// The largest scale at which a level fits, each node taking at least a label's height.
function largestScale(level, height) {
  let low = 0, high = height / Math.max(1e-9, level.reduce((sum, node) => sum + node.value, 0));
  const room = height - GAP * (level.length - 1);
  for (let round = 0; round < 40; round += 1) {
    const middle = (low + high) / 2;
    const need = level.reduce((sum, node) => sum + Math.max(node.value * middle, LABEL), 0);
    if (need <= room) low = middle; else high = middle;
  }
  return low;
}

function ribbonsOf(links, placed) {
  const left = placed.map((node) => node.top), right = placed.map((node) => node.top);
  const ends = new Map();
  for (const link of [...links].sort((a, b) => placed[a.to].top - placed[b.to].top)) {
    const thick = link.value * placed[link.from].scale;
    ends.set(link, { link, thick, from: { x: placed[link.from].x + BAR, y: right[link.from] + thick / 2 } });
    right[link.from] += thick;
  }
  for (const link of [...links].sort((a, b) => placed[a.from].top - placed[b.from].top)) {
    const { thick } = ends.get(link);
    ends.get(link).to = { x: placed[link.to].x, y: left[link.to] + thick / 2 };
    left[link.to] += thick;
  }
  return [...ends.values()];
}

function labelOf(node) {
  const lines = linesOf(node.name, node.room, node.lines), x = node.x + BAR + BESIDE, first = node.top + (node.size - LINE * (lines.length - 1)) / 2;
  const label = drawn("text", {}, ...lines.map((line, number) => drawn("tspan", { x, y: first + LINE * number, "dominant-baseline": "central" }, line)));
  if (lines.at(-1).endsWith("…")) label.append(drawn("title", {}, node.name));
  return label;
}

const lengthOf = (text) => [...text].reduce((sum, letter) => sum + (letter.charCodeAt(0) > 0x2e80 ? 11.2 : 5.9), 0);

// A name in as many lines as its node has room for; what is too long even so is cut. No line begins with a closing sign.
function linesOf(name, room, most) {
  const pieces = name.match(/[\u2e80-\uffff][・、。）」ー]*|[^\s\u2e80-\uffff]+|\s+/g) || [];
  const lines = [""];
  for (const piece of pieces) {
    if (lines.at(-1) && lines.length < most && lengthOf(lines.at(-1) + piece) > room) lines.push("");
    lines.push(lines.pop() + piece);
  }
  return lines.map((line) => cut(line.trim(), room));
}

function cut(line, room) {
  const letters = [...line];
  if (lengthOf(line) <= room) return line;
  while (letters.length && lengthOf(`${letters.join("")}…`) > room) letters.pop();
  return `${letters.join("")}…`;
}

function drawn(name, attributes, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}
