// The state of the server is looked at again every few seconds, as long as somebody looks at the
// page; only that part of it is replaced.

const state = document.getElementById("state");
const told = document.querySelector("[data-again]");
const seconds = Number(told.dataset.again);

setInterval(async () => {
  if (document.hidden) return;
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" } });
    if (!answer.ok || answer.redirected) return;
    const made = new DOMParser().parseFromString(await answer.text(), "text/html");
    // What is the same is left alone, so that nobody is told of it again.
    const now = made.getElementById("state");
    if (now && now.innerHTML !== state.innerHTML) state.replaceChildren(...now.childNodes);
    told.replaceChildren(...made.querySelector("[data-again]").childNodes);
  } catch {
    told.textContent = "The server does not answer. It is asked again.";
  }
}, seconds * 1000);
