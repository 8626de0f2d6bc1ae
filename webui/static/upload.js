// Upload with a progress bar, by button or by dropping a file; without scripts the form still works.

for (const form of document.querySelectorAll("form.drop")) {
  const input = form.querySelector("input[type=file]");
  const status = form.querySelector("[role=status]");
  const progress = form.querySelector("progress");

  // The browser's own field speaks the browser's language; with scripts the page's own stands in its place.
  const label = form.querySelector(".choose-file"), chosen = form.querySelector(".chosen-file");
  input.classList.add("visually-hidden");
  label.hidden = chosen.hidden = false;
  input.addEventListener("change", () => { if (input.files[0]) chosen.textContent = input.files[0].name; });

  const refusal = (file) => {
    if (file.size > Number(form.dataset.most)) return form.dataset.tooLarge;
    if (!file.name.toLowerCase().endsWith(".xlsx")) return form.dataset.notExcel;
    return "";
  };

  const send = (file) => {
    const problem = refusal(file);
    status.textContent = problem || form.dataset.sending.replace("{name}", file.name);
    status.classList.toggle("bad", Boolean(problem));
    if (problem) return;
    const body = new FormData(form);
    body.set("file", file);
    const request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.upload.onprogress = (event) => {
      progress.hidden = false;
      progress.value = event.lengthComputable ? event.loaded / event.total : 0;
      if (event.loaded === event.total) progress.removeAttribute("value");
    };
    request.onload = () => {
      if (request.status < 400) return location.assign(request.responseURL);
      document.documentElement.innerHTML = new DOMParser()
        .parseFromString(request.responseText, "text/html").documentElement.innerHTML;
      document.querySelector("main").focus();
    };
    request.onerror = () => form.submit();
    request.send(body);
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (input.files[0]) send(input.files[0]); else input.focus();
  });
  for (const kind of ["dragover", "dragleave", "drop"]) {
    form.addEventListener(kind, (event) => {
      event.preventDefault();
      form.classList.toggle("over", kind === "dragover");
      if (kind === "drop" && event.dataTransfer.files[0]) send(event.dataTransfer.files[0]);
    });
  }
}
