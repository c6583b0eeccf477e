// The builder: clicking and typing in step, proposals while one writes, and what it would mean.
// Which sentences there are and what is wrong with a text says the server.

const text = document.getElementById("when");
const blocks = document.getElementById("blocks");
const place = blocks?.querySelector("[data-blocks]");
const form = document.getElementById("segment");
const tried = document.querySelector("[data-tried]");
const behind = document.querySelector(".behind");

function begin() {
  blocks.querySelector("fieldset").disabled = false;
  blocks.addEventListener("submit", (event) => event.preventDefault());
  blocks.addEventListener("change", (event) => {
    if (event.target.matches("select")) fromBlocks({}, event.target);
    else whileWriting(0);
  });
  blocks.addEventListener("input", (event) => {
    if (event.target.matches("input:not([type=date])")) whileWriting();
  });
  blocks.addEventListener("click", (event) => {
    const button = event.target.closest("[data-do]");
    if (button) fromBlocks({ do: button.dataset.do, at: button.dataset.at }, button);
  });
  blocks.addEventListener("keydown", (event) => {
    const menu = event.target.closest("details.more[open]");
    if (event.key !== "Escape" || !menu) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
  blocks.addEventListener("focusin", (event) => {
    for (const menu of blocks.querySelectorAll("details.more[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
    if (event.target.matches("[data-takes]")) proposing(event.target).ask(0);
  });
  text.addEventListener("input", () => {
    remember(text.value);
    fromText();
  });
  text.addEventListener("scroll", () => { behind.scrollTop = text.scrollTop; });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-mend]");
    if (button) write(button.dataset.mend);
  });
  for (const field of form.elements) {
    if (["kind", "stage"].includes(field.name)) field.addEventListener("change", () => tryLater(0));
  }
  steps();
  new Words(text);
  mark([]);
  if (text.value.trim()) {
    fromText(0);
    if (!tried.querySelector(".big, .trouble")) tryLater(0);
  }
}

// ------------------------------------------------------------------------- asking the server

const marked = () => form.querySelector('[name="mark"]').value;

async function send(path, fields, signal) {
  const body = new URLSearchParams({ mark: marked(), ...fields });
  const answer = await fetch(`/studio/builder/${path}`, { method: "POST", body, signal });
  if (!answer.ok) throw new Error(`${answer.status}`);
  return answer;
}

// Only the answer to the latest question counts; one that waits is asked no more. `stop`: nobody
// wants to know any more.
function latest(ask) {
  let waiting = 0;
  let under = null;
  const later = (wait, ...given) => {
    clearTimeout(waiting);
    waiting = setTimeout(async () => {
      under?.abort();
      const mine = under = new AbortController();
      try {
        await ask(mine.signal, ...given);
      } catch {
        // offline, or somebody wrote on: what stands there stays
      }
    }, wait);
  };
  later.stop = () => {
    clearTimeout(waiting);
    under?.abort();
  };
  return later;
}

// ------------------------------------------------------------------------- in step

const step = latest(async (signal, fields, { keep, focus }) => {
  const answer = await (await send("blocks", fields, signal)).json();
  if (signal.aborted) return;
  const isTyped = "text" in fields;
  if (isTyped) {
    mark(answer.problems);
    blocks.querySelector("[data-unread]").hidden = !answer.problems.length;
    place.inert = Boolean(answer.problems.length);
  } else {
    missing(answer.problems);
    if (answer.text !== undefined && answer.text !== text.value) {
      text.value = answer.text;
      remember(answer.text);
      mark([]);
    }
    if (answer.text !== undefined) tryLater(150);
  }
  if (answer.blocks && !keep) show(answer.blocks, focus, answer.focus);
});

function fromText(wait = 150) {
  older();
  mark([]);
  const comments = document.querySelector("[data-comments]");
  comments.hidden = !/#/.test(text.value);
  if (text.value.trim()) step(wait, { text: text.value }, {});
  tryLater(400);
}

function fromBlocks(deed, focus) {
  older();
  step(0, { ...fieldsOf(blocks), ...deed }, { focus });
}

// What is written into a field changes no sentence: the fields stay as they are.
function whileWriting(wait = 200) {
  older();
  step(wait, fieldsOf(blocks), { keep: true });
}

function fieldsOf(one) {
  return Object.fromEntries(new FormData(one));
}

function show(html, focus, at) {
  const made = new DOMParser().parseFromString(html, "text/html");
  const inside = focus && place.contains(focus) ? focus : document.activeElement;
  const had = place.contains(inside) ? inside : null;
  place.replaceChildren(...made.body.childNodes);
  for (const list of document.querySelectorAll(".proposals")) {
    if (!list.field.isConnected) list.remove();
  }
  place.inert = false;
  blocks.querySelector("[data-unread]").hidden = true;
  if (!had) return;
  const names = at !== undefined && had.dataset.do ? `b${at && "."}${at}` : had.name;
  const found = [...place.querySelectorAll("[name]:not([type=hidden])")].find(
    (one) => one.name === names || (had.dataset.do && one.name.startsWith(`${names}.`)),
  );
  (found ?? place.querySelector("select"))?.focus();
}

function missing(problems) {
  const said = blocks.querySelector("[data-missing]");
  said.hidden = !problems.length;
  said.textContent = problems.map((one) => one.message).join("; ");
}

// What is wrong is underlined in a copy of the text that lies behind it.
function mark(problems) {
  const value = text.value;
  const parts = [];
  let done = 0;
  for (const one of problems) {
    const lines = value.split("\n").slice(0, one.line - 1);
    const start = lines.reduce((sum, line) => sum + line.length + 1, 0) + one.column - 1;
    if (start < done) continue;
    const word = /^("[^"\n]*"?|[\p{L}\p{N}_$\-/:]+|\S)/u.exec(value.slice(start))?.[0] ?? " ";
    const element = document.createElement("mark");
    element.textContent = value.slice(start, start + word.length) || " ";
    parts.push(value.slice(done, start), element);
    done = start + word.length;
  }
  behind.replaceChildren(...parts, `${value.slice(done)}\u200b`);
  behind.scrollTop = text.scrollTop;
  if (problems.length) text.setAttribute("aria-invalid", "true");
  else text.removeAttribute("aria-invalid");
}

function write(value) {
  text.value = value;
  remember(value);
  text.focus();
  fromText(0);
}

// ------------------------------------------------------------------------- back and forth

const past = { texts: [text?.value ?? ""], at: 0 };

function remember(value) {
  if (value === past.texts[past.at]) return;
  past.texts.splice(past.at + 1, past.texts.length, value);
  past.at = past.texts.length - 1;
  stepsShown();
}

function steps() {
  document.querySelector("[data-steps]").hidden = false;
  const go = (by) => {
    past.at += by;
    text.value = past.texts[past.at];
    stepsShown();
    fromText(0);
  };
  document.querySelector("[data-back]").addEventListener("click", () => go(-1));
  document.querySelector("[data-again]").addEventListener("click", () => go(1));
}

function stepsShown() {
  document.querySelector("[data-back]").disabled = past.at === 0;
  document.querySelector("[data-again]").disabled = past.at >= past.texts.length - 1;
}

function older() {
  const said = document.querySelector("[data-older]");
  if (said) said.hidden = false;
}

// ------------------------------------------------------------------------- what it would mean

const ask = latest(async (signal, exact) => {
  tried.setAttribute("aria-busy", "true");
  const fields = fieldsOf(form);
  if (exact) fields.exact = "true";
  fields.title = document.querySelector('[name="title"]').value;
  try {
    const answer = await (await send("try", fields, signal)).text();
    if (signal.aborted) return;
    const made = new DOMParser().parseFromString(answer, "text/html");
    tried.replaceChildren(...made.body.childNodes);
    tried.dispatchEvent(new CustomEvent("studio:shown", { bubbles: true }));
    if (!exact && tried.querySelector("[data-exact]")) ask(600, true);
  } finally {
    if (!signal.aborted) tried.removeAttribute("aria-busy");
  }
});

function tryLater(wait) {
  ask(wait, false);
}

// ------------------------------------------------------------------------- proposals

let number = 0;

// A list of proposals below a field. The one that is chosen is told by aria-activedescendant: the
// focus stays where one writes.
class Proposals {
  constructor(field) {
    this.field = field;
    this.list = document.createElement("ul");
    this.list.id = `proposals-${++number}`;
    this.list.className = "proposals";
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", "Proposals");
    this.list.hidden = true;
    this.list.field = field;
    this.chosen = -1;
    field.setAttribute("aria-autocomplete", "list");
    field.setAttribute("aria-controls", this.list.id);
    field.setAttribute("autocomplete", "off");
    document.getElementById("main").append(this.list);
    field.addEventListener("keydown", (event) => this.key(event));
    field.addEventListener("blur", () => this.close());
    addEventListener("resize", () => this.close());
    this.list.addEventListener("mousedown", (event) => {
      event.preventDefault();
      const option = event.target.closest("[role=option]");
      if (option) this.take([...this.list.children].indexOf(option));
    });
    this.ask = latest(async (signal, again) => {
      const answer = await (await send("complete", this.asked(), signal)).json();
      if (signal.aborted || document.activeElement !== field) return;
      this.open(answer);
      if (!answer.found.length && !again) this.ask(1500, true); // values are being counted
    });
  }

  // What is proposed belongs to what was written before: a choice of it is none any more, and an
  // answer that is on its way is not wanted.
  written() {
    this.ask.stop();
    this.chosen = -1;
    this.field.removeAttribute("aria-activedescendant");
    for (const one of this.list.children) one.setAttribute("aria-selected", "false");
  }

  // As many as fit without scrolling: whoever wants others writes on. What was chosen meanwhile
  // stays so.
  open({ start, end, found }) {
    const chosen = this.answer?.found[this.chosen]?.text;
    const answer = { start, end, found: found.slice(0, 8) };
    this.answer = answer;
    this.after = [...this.field.value].length - end;
    this.chosen = -1;
    this.list.replaceChildren(...answer.found.map((one, place) => {
      const option = document.createElement("li");
      option.id = `${this.list.id}-${place}`;
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", "false");
      const what = document.createElement("span");
      what.className = "faint";
      what.textContent = one.what;
      option.append(one.text, " ", what);
      return option;
    }));
    this.list.hidden = !answer.found.length;
    this.expanded(!this.list.hidden);
    this.field.removeAttribute("aria-activedescendant");
    if (this.list.hidden) return;
    this.put();
    const place = answer.found.findIndex((one) => one.text === chosen);
    if (place >= 0) this.choose(place);
  }

  close() {
    this.list.hidden = true;
    this.chosen = -1;
    this.expanded(false);
    this.field.removeAttribute("aria-activedescendant");
    this.ask.stop();
  }

  key(event) {
    if (event.key === "Escape") this.ask.stop(); // also where nothing is proposed yet
    const many = this.list.children.length;
    if (event.ctrlKey && event.key === " ") {
      event.preventDefault();
      this.ask(0);
    } else if (this.list.hidden || event.ctrlKey || event.metaKey || event.altKey) {
      return;
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const by = event.key === "ArrowDown" ? 1 : -1;
      this.choose(this.chosen < 0 && by < 0 ? many - 1 : (this.chosen + by + many) % many);
    } else if (event.key === "Enter" && this.chosen >= 0) {
      event.preventDefault();
      this.take(this.chosen);
    } else if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      this.close();
    }
  }

  choose(place) {
    this.list.children[this.chosen]?.setAttribute("aria-selected", "false");
    this.chosen = place;
    const option = this.list.children[place];
    option.setAttribute("aria-selected", "true");
    option.scrollIntoView({ block: "nearest" });
    this.field.setAttribute("aria-activedescendant", option.id);
  }

  move(left, top) {
    const widest = document.documentElement.clientWidth - this.list.offsetWidth - 8;
    this.list.style.left = `${Math.max(8, Math.min(left, widest)) + scrollX}px`;
    this.list.style.top = `${top + scrollY}px`;
  }
}

// Proposals in the text follow the cursor.
class Words extends Proposals {
  constructor(field) {
    super(field);
    field.setAttribute("aria-haspopup", "listbox");
    field.addEventListener("input", () => {
      const before = field.value.slice(0, field.selectionStart);
      this.written();
      if (/(^|[\s(.,])$|[\p{L}\p{N}_$"]$/u.test(before)) this.ask(120);
      else this.close();
    });
    field.addEventListener("click", () => this.close());
  }

  expanded() {}

  asked() {
    return { text: this.field.value, at: [...this.field.value.slice(0, this.field.selectionStart)].length };
  }

  put() {
    const range = document.createRange();
    let left = this.field.selectionStart;
    const walker = document.createTreeWalker(behind, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (left <= node.length) {
        range.setStart(node, Math.max(0, left - 1));
        range.setEnd(node, left);
        break;
      }
      left -= node.length;
    }
    const rects = [...range.getClientRects()];
    const caret = rects.at(-1) ?? this.field.getBoundingClientRect();
    this.move(rects.length ? caret.right : caret.left, caret.bottom + 4);
  }

  take(place) {
    const { field, answer } = this;
    const taken = answer.found[place].text;
    const letters = [...field.value];
    const start = letters.slice(0, answer.start).join("").length;
    const written = Math.max(answer.start, letters.length - this.after);
    const end = letters.slice(0, written).join("").length;
    const space = taken.endsWith("(") || /^[\s),]/.test(field.value.slice(end)) ? "" : " ";
    this.close();
    field.setRangeText(taken + space, start, end, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

const fields = new WeakMap();

function proposing(field) {
  if (!fields.has(field)) fields.set(field, new Field(field));
  return fields.get(field);
}

// Proposals of names and values in the fields of blocks.
class Field extends Proposals {
  constructor(field) {
    super(field);
    field.setAttribute("role", "combobox");
    this.expanded(false);
    this.begun = "";
    field.addEventListener("input", () => {
      this.begun = field.value;
      this.written();
      this.ask(100);
    });
  }

  expanded(is) {
    this.field.setAttribute("aria-expanded", String(is));
  }

  asked() {
    return { ...fieldsOf(blocks), field: this.field.name, begun: this.begun };
  }

  put() {
    const box = this.field.getBoundingClientRect();
    this.move(box.left, box.bottom + 2);
  }

  take(place) {
    this.field.value = this.answer.found[place].text;
    this.close();
    this.field.dispatchEvent(new Event("change", { bubbles: true }));
  }
}

if (text) begin();
