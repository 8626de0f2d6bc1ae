// Follow a question: the browser reconnects by itself, and the server says the state of now.
import { fill } from "./text.js";

const MANY = 120; // of a unit: from here on the next larger one says it

function inWords(seconds) {
  const { seconds: few, minutes, hours } = place.dataset;
  if (seconds < MANY) return fill(few, { count: seconds });
  return seconds / 60 < MANY ? fill(minutes, { count: Math.round(seconds / 60) }) : fill(hours, { count: Math.round(seconds / 3600) });
}

const place = document.getElementById("progress");
if (place) {
  const bar = place.querySelector("progress"), status = document.getElementById("progress-status");
  const events = new EventSource(place.dataset.events);
  events.onmessage = (event) => {
    const { state, done, total, left } = JSON.parse(event.data);
    if (state !== "waiting" && state !== "running") { events.close(); location.reload(); return; }
    if (!total) return;
    bar.max = total;
    bar.value = done;
    status.textContent = left === null ? place.dataset.begun : fill(place.dataset.left, { done, total, left: inWords(left) });
  };
}
