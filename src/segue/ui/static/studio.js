// Comfort on top of pages that work without it: filters as you type, forms that send themselves,
// and "/" to find somebody.

for (const field of document.querySelectorAll("[data-filter]")) {
  field.addEventListener("input", () => filter(field));
}
for (const field of document.querySelectorAll("[data-submit]")) {
  field.addEventListener("change", () => field.form.requestSubmit());
}
document.addEventListener("keydown", (event) => {
  const isTyping = event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key === "/" && !isTyping && !event.ctrlKey && !event.metaKey && !event.altKey) {
    const field = document.querySelector('[data-shortcut="/"]');
    if (field) {
      event.preventDefault();
      field.focus();
    }
  }
});

function filter(field) {
  const wanted = field.value.trim().toLowerCase();
  for (const row of document.querySelectorAll(field.dataset.filter)) {
    row.hidden = !row.dataset.name.includes(wanted);
  }
  for (const group of document.querySelectorAll("[data-group]")) {
    group.hidden = !group.querySelector("tr[data-name]:not([hidden])");
  }
}

// A part that comes later is filtered as what was there before it.
document.addEventListener("studio:shown", () => {
  for (const field of document.querySelectorAll("[data-filter]")) {
    if (field.value) filter(field);
  }
});

for (const place of document.querySelectorAll("[data-working]")) {
  lookAgain(place.dataset.working, 1000);
}

// A part of the page that is being worked on is looked at again, less and less often, until it is
// there. Only that part is replaced: what somebody writes elsewhere stays.
function lookAgain(id, wait) {
  setTimeout(async () => {
    try {
      const answer = await fetch(location.href, { headers: { accept: "text/html" } });
      const made = new DOMParser().parseFromString(await answer.text(), "text/html");
      const [now, then] = [document.getElementById(id), made.getElementById(id)];
      if (!now || !then) return;
      now.replaceWith(then);
      then.dispatchEvent(new CustomEvent("studio:shown", { bubbles: true }));
      if (!then.querySelector("[data-working]")) return;
    } catch {
      // offline: look again later
    }
    lookAgain(id, Math.min(wait * 1.3, 10000));
  }, wait);
}

for (const form of document.querySelectorAll("[data-try]")) {
  tryWhileWriting(form);
}

// What is written is tried half a second after the last key; an answer that comes too late for
// what stands there now is dropped.
function tryWhileWriting(form) {
  const field = form.elements.when;
  const place = form.querySelector("[data-tried]");
  let waiting = 0;
  let asked = 0;
  field.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(ask, 500);
  });
  for (const name of form.querySelectorAll("[data-insert]")) {
    name.addEventListener("click", () => insert(field, name.dataset.insert));
  }

  async function ask() {
    const mine = ++asked;
    place.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(form.dataset.try, {
        method: "POST",
        body: new URLSearchParams(new FormData(form)),
      });
      const text = await answer.text();
      if (mine === asked && answer.ok) {
        const made = new DOMParser().parseFromString(text, "text/html");
        place.replaceChildren(...made.body.childNodes);
      }
    } catch {
      // offline: what stands there stays, and Try it says so
    } finally {
      if (mine === asked) place.removeAttribute("aria-busy");
    }
  }
}

// Names that are no plain words are written in quotes.
function insert(field, name) {
  const written = /^[\p{L}0-9_$\-/:.]+$/u.test(name) ? name : `"${name}"`;
  field.setRangeText(written, field.selectionStart, field.selectionEnd, "end");
  field.focus();
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

// Light or dark as one chooses, kept in this browser; theme.js says so before a page is painted.
for (const choice of document.querySelectorAll(".theme")) {
  const root = document.documentElement;
  choice.hidden = false;
  choice.querySelector(`[value="${root.dataset.theme ?? ""}"]`).checked = true;
  choice.addEventListener("change", ({ target }) => {
    if (target.value) root.dataset.theme = target.value;
    else delete root.dataset.theme;
    try {
      localStorage.setItem("theme", target.value);
    } catch {
      // Nothing may be kept here: it lasts as long as the page.
    }
    document.dispatchEvent(new CustomEvent("studio:theme"));
  });
}

// A menu closes when something else is clicked, or by Escape.
const menus = [...document.querySelectorAll(".bar details")];
document.addEventListener("click", ({ target }) => {
  for (const menu of menus) if (!menu.contains(target)) menu.open = false;
});
document.addEventListener("keydown", ({ key }) => {
  const menu = key === "Escape" && menus.find((one) => one.open);
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});
