// A file is dropped or chosen, and one sees how much of it is sent. Without this the form does it.

const form = document.querySelector("[data-upload]");
if (form) prepare(form);

function prepare(form) {
  const field = form.elements.file;
  const progress = form.querySelector("[data-progress]");
  const problem = form.querySelector("[data-problem]");
  for (const kind of ["dragenter", "dragover"]) {
    form.addEventListener(kind, (event) => {
      event.preventDefault();
      form.classList.add("over");
    });
  }
  for (const kind of ["dragleave", "drop"]) {
    form.addEventListener(kind, () => form.classList.remove("over"));
  }
  form.addEventListener("drop", (event) => {
    event.preventDefault();
    if (!event.dataTransfer.files.length) return;
    field.files = event.dataTransfer.files;
    form.requestSubmit();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });

  function send() {
    const [file] = field.files;
    problem.hidden = true;
    if (!file) return;
    if (file.size > Number(form.dataset.room)) {
      return say(`${file.name} is too large: import it with the command, segue import.`);
    }
    const request = new XMLHttpRequest();
    request.upload.addEventListener("progress", ({ loaded, total }) => show(loaded / total));
    request.addEventListener("load", () => {
      if (request.status === 200) return location.assign(request.responseURL);
      const answer = new DOMParser().parseFromString(request.responseText, "text/html");
      const told = answer.querySelectorAll("main .trouble p, main h1 + p");
      say([...told].map((one) => one.textContent).join(". ") || "The server did not take it.");
    });
    request.addEventListener("error", () => say("The server does not answer: try again."));
    request.open("POST", form.action);
    request.send(new FormData(form));
    form.setAttribute("aria-busy", "true");
    show(0);
  }

  function show(share) {
    progress.hidden = false;
    progress.querySelector("progress").value = share;
    const done = share < 1 ? `${Math.floor(share * 100)} % sent` : "Looking at it";
    progress.querySelector("span").textContent = done;
  }

  function say(words) {
    progress.hidden = true;
    problem.hidden = false;
    problem.textContent = words;
    form.removeAttribute("aria-busy");
  }
}
