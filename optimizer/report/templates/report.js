"use strict";
const settings = { displayModeBar: false, responsive: true };
function draw(language) {
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
    for (const row of document.querySelectorAll("#" + input.dataset.table + " tbody tr"))
      row.hidden = !row.textContent.normalize("NFKC").toLowerCase().includes(wanted);
  });
let opened = [];
addEventListener("beforeprint", () => {
  opened = [...document.querySelectorAll("details:not([open])")];
  for (const details of opened) details.open = true;
});
addEventListener("afterprint", () => {
  for (const details of opened) details.open = false;
});
draw(document.documentElement.lang);
