// Keeps the counters of the first page up to date, and notices when the first event arrives.

const counts = document.querySelector("[data-now]");
const first = document.querySelector("[data-first]");
const address = counts?.dataset.now ?? first?.dataset.first;

if (address) setInterval(look, first ? 2000 : 5000);

async function look() {
  if (document.hidden) return;
  try {
    const answer = await fetch(address, { headers: { accept: "application/json" } });
    if (!answer.ok || answer.redirected) return;
    const told = await answer.json();
    if (first) arrived(told);
    for (const place of counts?.querySelectorAll("[data-count]") ?? []) {
      place.textContent = told[place.dataset.count];
    }
  } catch {
    // offline: what stands there stays
  }
}

function arrived(told) {
  if (told.events === "0") return;
  const link = Object.assign(document.createElement("a"), { href: "", textContent: "See it" });
  first.replaceChildren("The first event has arrived. ", link);
}
