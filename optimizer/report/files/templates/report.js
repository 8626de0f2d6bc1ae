"use strict";
const settings = { displayModeBar: false, responsive: true };
async function unpack() {
  const packed = Uint8Array.from(atob(plotly), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const script = document.createElement("script");
  script.textContent = await new Response(stream).text();
  document.head.append(script);
  for (const plot of document.querySelectorAll(".plot")) plot.replaceChildren();
  draw(document.documentElement.lang);
}
function draw(language) {
  if (!window.Plotly) return;
  for (const [name, figure] of Object.entries(drawings[language]))
    Plotly.react(name, figure.data, figure.layout, settings);
}
function speak(language) {
  document.documentElement.lang = language;
  document.title = document.querySelector("title").dataset[language];
  for (const button of document.querySelectorAll("[data-language]"))
    button.setAttribute("aria-pressed", String(button.dataset.language === language));
  draw(language);
}
for (const button of document.querySelectorAll("[data-language]"))
  button.addEventListener("click", () => speak(button.dataset.language));
for (const input of document.querySelectorAll("[data-table]"))
  input.addEventListener("input", () => {
    const wanted = input.value.normalize("NFKC").toLowerCase();
    for (const row of document.querySelectorAll("#" + input.dataset.table + " tbody tr:not(.told)")) {
      const told = row.nextElementSibling?.className === "told" ? row.nextElementSibling : null;
      const text = row.textContent + (told ? told.textContent : "");
      row.hidden = !text.normalize("NFKC").toLowerCase().includes(wanted);
      if (told) told.hidden = row.hidden;
    }
  });
let opened = [];
addEventListener("beforeprint", () => {
  opened = [...document.querySelectorAll("details:not([open])")];
  for (const details of opened) details.open = true;
});
addEventListener("afterprint", () => {
  for (const details of opened) details.open = false;
});
unpack();
