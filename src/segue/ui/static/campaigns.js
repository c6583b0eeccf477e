// Writing a campaign: only the fields that its channel and look have, problems beside the field
// they are about, and how it would look, half a second after the last key. Without this everything
// is there too, after "Look at it".

const form = document.querySelector("[data-write]");
const place = form.querySelector("[data-tried]");
let waiting = 0;
let asked = 0;
let last = null;

// Of `channel=email,in_app` whether the field has one of these values.
function holds(rule) {
  const [name, values] = rule.split("=");
  const field = form.elements[name === "look" ? "show.look" : name];
  const value = field ? field.value || (name === "look" ? "card" : "in_app") : "";
  return values.split(",").includes(value);
}

function isThere(part) {
  const { if: ifs, unless, only, kind } = part.dataset;
  const inApp = holds("channel=in_app");
  if (ifs && !holds(ifs)) return false;
  if (unless && holds(unless) && (inApp || unless.startsWith("when"))) return false;
  if (only && inApp && !holds(only)) return false;
  if (kind) return kind.split(",").includes(part.closest("fieldset").querySelector("[name$='.kind']").value);
  return true;
}

function suit() {
  for (const part of form.querySelectorAll("[data-if], [data-unless], [data-only], [data-kind]")) {
    part.hidden = !isThere(part);
  }
  for (const field of form.querySelectorAll("input, select, textarea")) {
    if (field.type !== "hidden") field.disabled = Boolean(field.closest("[hidden]"));
  }
}

function tell(list) {
  for (const said of form.querySelectorAll("[data-said]")) {
    said.replaceChildren();
    form.elements[said.dataset.said]?.removeAttribute?.("aria-invalid");
  }
  for (const one of list.children) {
    const said = form.querySelector(`[data-said="${CSS.escape(one.dataset.field)}"]`);
    const text = document.createElement("span");
    text.className = one.className;
    text.append(...one.cloneNode(true).childNodes);
    said?.append(text);
    if (one.className === "error") form.elements[one.dataset.field]?.setAttribute?.("aria-invalid", "true");
  }
}

async function ask() {
  const mine = ++asked;
  place.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(form.dataset.write, { method: "POST", body: new URLSearchParams(new FormData(form)) });
    const text = await answer.text();
    if (mine === asked && answer.ok) {
      const made = new DOMParser().parseFromString(text, "text/html");
      tell(made.querySelector("[data-problems]"));
      place.replaceChildren(...made.body.childNodes);
    }
  } catch {
    // offline: what stands there stays, and the buttons say so
  } finally {
    if (mine === asked) place.removeAttribute("aria-busy");
  }
}

form.addEventListener("input", () => {
  suit();
  clearTimeout(waiting);
  waiting = setTimeout(ask, 500);
});
form.addEventListener("focusin", (event) => {
  if (event.target.matches("input:not([name=person]), textarea") && event.target.type !== "checkbox") last = event.target;
});
for (const name of form.querySelectorAll("[data-put]")) {
  name.addEventListener("click", () => {
    const field = last && !last.disabled ? last : form.querySelector("textarea:enabled");
    field.setRangeText(name.dataset.put, field.selectionStart, field.selectionEnd, "end");
    field.focus();
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
}
suit();
