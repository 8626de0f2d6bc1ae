"use strict";
const settings = { displayModeBar: false, responsive: true };
function draw(language, width) {
  for (const [name, figure] of Object.entries(drawings[language])) {
    const layout = width ? { ...figure.layout, width, autosize: false } : { ...figure.layout, autosize: true };
    Plotly.react(name, figure.data, layout, settings);
  }
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
  draw(document.documentElement.lang, 1000);
});
addEventListener("afterprint", () => {
  for (const details of opened) details.open = false;
  draw(document.documentElement.lang);
});
draw(document.documentElement.lang);
