// The command palette, and the keys of the studio: Ctrl or Command K goes anywhere, g and a letter
// to a page, j and k through a list, ? tells all of them.

const pages = [...document.querySelectorAll("nav.pages a, .who a[data-key]")].map((link) => ({
  kind: "Page",
  name: link.textContent.trim(),
  hint: `g ${link.dataset.key}`,
  path: link.getAttribute("href"),
  key: link.dataset.key,
}));
let palette;
let help;
let isGoing = -Infinity;

const opener = document.querySelector("[data-goto]");
if (opener) {
  opener.hidden = false;
  if (/Mac|iP(hone|ad)/.test(navigator.platform)) opener.querySelector("kbd").textContent = "⌘ K";
  opener.addEventListener("click", open);
}

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    open();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (event.target.closest("input, textarea, select, dialog, [contenteditable]")) return;
  if (performance.now() - isGoing < 1500) {
    isGoing = -Infinity;
    const page = pages.find((one) => one.key === event.key);
    if (page) location.assign(page.path);
  } else if (event.key === "g") isGoing = performance.now();
  else if (event.key === "j") walk(1);
  else if (event.key === "k") walk(-1);
  else if (event.key === "?") tell();
});

// The links that rows of the page begin with, one after the other.
function walk(step) {
  const links = [...document.querySelectorAll("main tbody tr, main .stays li")]
    .map((row) => row.checkVisibility() && row.querySelector("a"))
    .filter(Boolean);
  const at = links.findIndex((link) => link.closest("tr, li").contains(document.activeElement));
  const next = links[at < 0 ? (step > 0 ? 0 : links.length - 1) : at + step];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

function made(name, attributes, ...inside) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...inside);
  return element;
}

function open() {
  palette ??= build();
  if (palette.dialog.open) return;
  palette.input.value = "";
  palette.dialog.showModal();
  palette.look();
}

function build() {
  const list = made("ul", { role: "listbox", id: "found", "aria-label": "What there is" });
  const status = made("p", { class: "faint", role: "status" });
  const input = made("input", {
    type: "text", role: "combobox", "aria-label": "Go to", "aria-controls": "found",
    "aria-expanded": "true", "aria-autocomplete": "list", autocomplete: "off", spellcheck: "false",
    placeholder: "A page, a segment, a campaign, somebody's id …", maxlength: "200",
  });
  const dialog = made("dialog", { class: "palette", "aria-label": "Go to" }, input, list, status);
  document.body.append(dialog);
  let at = 0;
  let asked = 0;
  let waiting = 0;
  let looking;

  function choose(place) {
    const options = [...list.children];
    at = Math.max(0, Math.min(place, options.length - 1));
    options.forEach((one, i) => one.setAttribute("aria-selected", String(i === at)));
    if (!options.length) return input.removeAttribute("aria-activedescendant");
    input.setAttribute("aria-activedescendant", options[at].id);
    options[at].scrollIntoView({ block: "nearest" });
  }

  function show(all) {
    list.replaceChildren(
      ...all.map((one, i) => {
        const option = made("li", { role: "option", id: `found-${i}` },
          made("span", { class: "faint" }, one.kind), made("b", {}, one.name), made("span", { class: "faint" }, one.hint));
        option.dataset.path = one.path;
        option.addEventListener("click", () => go(option));
        return option;
      }),
    );
    status.textContent = all.length ? "" : "Nothing is called so, and nobody's id begins so.";
    choose(0);
  }

  function go(option) {
    dialog.close();
    if (option) location.assign(option.dataset.path);
  }

  async function look() {
    const wanted = input.value.trim().toLowerCase();
    const own = pages.filter((one) => one.name.toLowerCase().includes(wanted));
    const mine = ++asked;
    if (!wanted || own.length) show(own);
    try {
      const answer = await fetch(`/studio/find?q=${encodeURIComponent(input.value)}`);
      const { found } = await answer.json();
      if (mine !== asked) return;
      const chosen = at;
      show(wanted ? [...own, ...found] : [...own, ...found.filter((one) => one.kind === "Do")]);
      if (own.length > chosen) choose(chosen);
    } catch {
      status.textContent = "The server does not answer.";
    }
  }

  function begin() {
    clearTimeout(waiting);
    waiting = 0;
    looking = look();
  }

  input.addEventListener("input", () => {
    clearTimeout(waiting);
    asked += 1;
    waiting = setTimeout(begin, 80);
  });
  input.addEventListener("keydown", async (event) => {
    const moves = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + 6, PageUp: at - 6 };
    if (event.key in moves) {
      event.preventDefault();
      choose(moves[event.key]);
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (waiting) begin();
      await looking;
      go(list.children[at]);
    }
  });
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  return { dialog, input, look: begin };
}

function tell() {
  help ??= document.body.appendChild(
    made("dialog", { class: "palette", "aria-labelledby": "keys" }, made("h2", { id: "keys" }, "Keys"),
      made("dl", {}, ...[
        ["Ctrl K", "go anywhere, or do something"], ["/", "find a person"], ["j, k", "down and up a list"],
        ...pages.map((one) => [one.hint, one.name]), ["?", "these keys"], ["Esc", "close"],
      ].flatMap(([key, what]) => [made("dt", {}, made("kbd", {}, key)), made("dd", {}, what)])),
      made("form", { method: "dialog" }, made("button", { class: "plain" }, "Close"))),
  );
  help.showModal();
}
