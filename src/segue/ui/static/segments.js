// Segments: a slider over the days of a history, and the filter kept where a part was put in anew.

const DAY = 86400000;
const said = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeZone: "UTC" });

document.querySelectorAll("[data-travel]").forEach(travel);

function travel(slider) {
  const form = slider.form;
  const place = form.querySelector("output");
  const sizes = slider.dataset.sizes.split(" ");
  slider.parentElement.hidden = false;
  slider.addEventListener("input", tell);
  slider.addEventListener("change", () => {
    form.elements.on.value = day();
    form.requestSubmit();
  });
  tell();

  function day() {
    const first = Date.parse(`${slider.dataset.first}T00:00:00Z`);
    return new Date(first + slider.valueAsNumber * DAY).toISOString().slice(0, 10);
  }

  function tell() {
    const people = Number(sizes[slider.valueAsNumber]).toLocaleString();
    const text = `${said.format(new Date(day()))}: ${people} people`;
    place.textContent = text;
    slider.setAttribute("aria-valuetext", text);
  }
}

document.addEventListener("studio:shown", (event) => {
  event.target.querySelectorAll("[data-travel]").forEach(travel);
  for (const field of document.querySelectorAll("[data-filter]")) {
    if (field.value) field.dispatchEvent(new Event("input"));
  }
});
