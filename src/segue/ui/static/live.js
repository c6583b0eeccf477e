// What happens, as it happens: the page lists the latest when it comes, this adds what comes after.
// Every text is set as text; lists stay short; while one does not look, nothing is fetched.

const most = 100;
const place = document.querySelector("[data-live]");
const pause = document.querySelector("[data-pause]");
const state = document.querySelector("[data-state]");
const rate = document.querySelector("[data-rate]");
let stream;

pause.hidden = false;
pause.addEventListener("click", () => (stream ? stop("Paused") : start()));
document.addEventListener("visibilitychange", () => {
  if (document.hidden && stream) stop("");
  else if (!document.hidden && !stream && state.textContent !== "Paused") start();
});
start();

function start() {
  stream = new EventSource(place.dataset.live);
  stream.onopen = () => say("Live", "on");
  stream.onmessage = ({ data }) => show(JSON.parse(data));
  stream.onerror = () => (stream?.readyState === EventSource.CLOSED ? lost() : say("Connecting …"));
  pause.textContent = "Pause";
  say("Connecting …");
}

function stop(why) {
  stream.close();
  stream = undefined;
  pause.textContent = "Go on";
  say(why);
}

// Who is no longer signed in, or has no server, finds the page itself.
function lost() {
  stop("");
  const again = Object.assign(document.createElement("a"), { href: "", textContent: "Look again" });
  state.replaceChildren(again);
}

function say(text, kind = "") {
  state.textContent = text;
  state.className = `state ${kind}`;
}

function show(told) {
  rate.textContent = told.rate;
  add("events", told.events, told.more_events, (row, [at, person, event, properties]) => {
    fill(row, at, person);
    row.querySelector("b").textContent = event;
    row.querySelector("td:last-child span").textContent = properties;
  });
  add("changes", told.changes, told.more_changes, (row, [at, person, kind, id, segment]) => {
    fill(row, at, person);
    const word = row.querySelector("td:last-child span");
    word.textContent = kind;
    word.className = { entered: "up", left: "down" }[kind] ?? "faint";
    const link = row.querySelector("td:last-child a");
    link.textContent = segment;
    link.href = `/studio/segments/${encodeURIComponent(id)}`;
  });
}

function fill(row, at, person) {
  row.querySelector("time").textContent = at;
  const link = row.querySelector("th a");
  link.textContent = person;
  link.href = `/studio/people/${encodeURIComponent(person)}`;
}

function add(name, rows, more, write) {
  const list = document.querySelector(`[data-list="${name}"]`);
  if (!list || !rows.length) return;
  const model = document.querySelector(`[data-row="${name}"]`).content;
  const made = rows.map((one) => {
    const row = model.cloneNode(true);
    write(row, one);
    return row;
  });
  list.prepend(...made);
  while (list.rows.length > most) list.lastElementChild.remove();
  document.querySelector(`[data-more="${name}"]`).textContent = more;
  document.querySelector(`[data-none="${name}"]`).hidden = true;
}
