// Light or dark, as its reader chose, before anything is painted; by itself, what the system says.
try {
  const kept = localStorage.getItem("theme");
  if (kept) document.documentElement.dataset.theme = kept;
} catch {
  // Nothing may be kept here: the system says.
}
