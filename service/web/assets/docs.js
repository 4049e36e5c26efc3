// Searches /docs: what doesn't hold every word is hidden.

const field = document.getElementById("search");
const entries = [...document.querySelectorAll("main > details, main > dl > div")];
const words = new Map(entries.map((entry) => [entry, entry.textContent.toLowerCase()]));

function search() {
  const wanted = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  let found = 0;
  for (const [entry, text] of words) {
    entry.hidden = !wanted.every((word) => text.includes(word));
    found += !entry.hidden;
  }
  for (const heading of document.querySelectorAll("main > h2")) {
    let next = heading.nextElementSibling;
    let isEmpty = true;
    for (; next && next.tagName !== "H2"; next = next.nextElementSibling) {
      const own = next.matches("dl") ? [...next.children] : [next];
      isEmpty &&= !own.some((entry) => words.has(entry) && !entry.hidden);
    }
    heading.hidden = isEmpty;
  }
  document.getElementById("found").textContent = wanted.length ? `${found} found` : "";
}

function reveal() {
  const entry = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (entry?.matches("details")) entry.open = true;
}

field.closest("search, form, p").hidden = false;
field.addEventListener("input", search);
window.addEventListener("hashchange", reveal);
reveal();
