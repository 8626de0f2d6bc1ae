// Follow a question: the browser reconnects by itself, and the server says the state of now.
import { fill } from "./text.js";

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
    status.textContent = left === null ? place.dataset.begun : fill(place.dataset.left, { done, total, left });
  };
}
