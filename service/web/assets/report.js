// Puts the report, which the service answers as a whole page, into this one.

const SEVERITY = ["container", "together", "apart", "warning"];

// Shows a report; what was open stays open. Gives its headline.
export function show(room, html) {
  // Without its head: the style in it is there already, and inline ones are not allowed.
  const page = new DOMParser().parseFromString(html.slice(html.indexOf("<body>")), "text/html");
  const opened = new Set([...room.querySelectorAll("details[open]")].map(nameOf));
  const stage = room.querySelector(".tabs > input:checked + label")?.textContent;
  const parts = [...page.querySelector("header").childNodes, ...page.querySelector("main").childNodes];
  room.replaceChildren(...parts.map((part) => document.adoptNode(part)));
  for (const details of room.querySelectorAll("details")) {
    if (opened.has(nameOf(details))) details.open = true;
  }
  for (const label of room.querySelectorAll(".tabs > label")) {
    if (label.textContent === stage) label.previousElementSibling.checked = true;
  }
  // A place whose line the report doesn't list still leads to the line of the text.
  for (const place of room.querySelectorAll("code[data-line]")) {
    const link = document.createElement("a");
    link.href = `#line-${place.dataset.line}`; // taken over by a click
    Object.assign(link.dataset, place.dataset);
    place.replaceWith(link);
    link.append(place);
    delete place.dataset.line;
  }
  for (const command of room.querySelectorAll("pre")) addCopy(command);
  return room.querySelector("h1").textContent;
}

function nameOf(details) {
  let before = details;
  while (before && before.tagName !== "H3") before = before.previousElementSibling;
  return `${before?.textContent} ${details.querySelector("strong")?.textContent}`;
}

function addCopy(command) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "Copy";
  const words = command.textContent;
  button.addEventListener("click", async () => {
    button.textContent = (await copy(words)) ? "Copied" : "Select it and copy";
  });
  command.prepend(button);
}

// Puts a text on the clipboard; false where the browser doesn't let a page do so.
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Without HTTPS there is no such object: then by the way that browsers had before.
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    const isDone = document.execCommand("copy");
    area.remove();
    return isDone;
  }
}

// What a report says of the lines of a file: [{ line, kind, words }], the gravest of each line.
export function marksOf(room, path) {
  const marks = new Map();
  for (const link of room.querySelectorAll("a[data-line]")) {
    if (link.dataset.path !== path) continue;
    const line = Number(link.dataset.line);
    const row = link.closest("li, tr, summary, p, h3");
    const kind = row.matches("tr, li:not(.bars li)")
      ? "warning"
      : row.querySelector(".apart")
        ? "apart"
        : row.querySelector(".together")
          ? "together"
          : "container";
    const known = marks.get(line) ?? { line, kind, words: "" };
    if (SEVERITY.indexOf(kind) > SEVERITY.indexOf(known.kind)) known.kind = kind;
    const words = row.textContent.replace(/\s+/g, " ").trim();
    if (known.words.length < 600 && !known.words.includes(words)) {
      known.words += (known.words ? "\n" : "") + words;
    }
    marks.set(line, known);
  }
  return [...marks.values()];
}
