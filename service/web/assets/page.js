// The page at /: sends what is entered, shows the report, and gives back the rewrite.

import { Editor } from "./editor.js";
import { chosen, dropped, isArchive } from "./files.js";
import { START, pack, unpack } from "./link.js";
import { copy, marksOf, show } from "./report.js";
import { post } from "./service.js";
import { zip } from "./zip.js";

const PASTED = "pasted.yaml";
const SMALL = 500_000; // bytes up to which every pause in typing asks the service
const MOST_EDITED = 2_000_000; // bytes of a file that is shown in the text area
const MOST_LISTED = 200;
const TRIES = 3;

const byId = (id) => document.getElementById(id);
const form = byId("form");
const room = byId("report");
const bar = byId("progress");
const editor = new Editor(document.querySelector(".editor"));
const limits = { files: Number(form.dataset.files), bytes: Number(form.dataset.bytes) };

let files = new Map(); // path to text or File; empty where all there is was typed
let open = PASTED; // the path of what the text area holds
let asked = null; // the AbortController of the request under way
let timer = 0;
let turn = 0; // grows with whatever is entered: what was begun before it comes too late

// ---- what is sent

const isPasted = () => files.size === 0;
const current = () => (isPasted() ? new Map([[PASTED, editor.text]]) : files);
const sizeOf = (content) => (typeof content === "string" ? content.length : content.size);
const size = () => [...current().values()].reduce((sum, content) => sum + sizeOf(content), 0);
const isEmpty = () => isPasted() && !editor.text.trim();

function options() {
  const chosenOptions = new FormData(form);
  return Object.fromEntries(
    ["min_confidence", "apply", "stage"].map((name) => [name, chosenOptions.get(name)]),
  );
}

function address(format) {
  const query = new URLSearchParams({ ...options(), format });
  if (isPasted()) query.set("path", PASTED);
  return `v1/rewrite?${query}`;
}

function body() {
  if (isPasted()) return editor.text;
  const data = new FormData();
  for (const [path, content] of files) data.append("files", new Blob([content]), path);
  return data;
}

function ask(format, rest = {}) {
  return post(address(format), body(), { token: sessionStorage.getItem("token") ?? "", ...rest });
}

// ---- what is shown

function say(words, isError = false) {
  const status = byId("status");
  status.textContent = words;
  status.classList.toggle("error", isError);
}

function busy(share) {
  bar.classList.toggle("idle", share === null);
  room.setAttribute("aria-busy", String(share !== null));
  // Once all is sent nobody knows how long the service takes: then the bar doesn't claim to.
  if (share === null || share >= 1) bar.removeAttribute("value");
  else bar.value = share;
}

function mark() {
  editor.mark(marksOf(room, open));
}

function showNothing(words, isError = false) {
  room.replaceChildren();
  editor.mark([]);
  busy(null);
  say(words, isError);
}

async function look(tries = TRIES) {
  clearTimeout(timer);
  asked?.abort();
  byId("results").classList.toggle("idle", isEmpty());
  if (isEmpty()) return showNothing("");
  if (size() > limits.bytes) {
    return showNothing(`That is more than this service accepts (${limits.bytes} bytes).`, true);
  }
  const own = (asked = new AbortController());
  try {
    busy(0);
    const progress = (share) => {
      busy(share);
      if (size() > SMALL) say(share < 1 ? `sent ${Math.floor(share * 100)}%` : "sent; the service is at work");
    };
    const html = await ask("html", { signal: own.signal, progress });
    say(show(room, html));
    mark();
    byId("token-box")?.removeAttribute("open");
    busy(null);
  } catch (error) {
    if (error.name === "AbortError") return;
    busy(null);
    const isLast = !error.wait || tries <= 1;
    refused(error, isLast ? "" : `; asking again in ${error.wait} s`);
    if (!isLast) timer = setTimeout(() => look(tries - 1), error.wait * 1000);
  }
}

function refused(error, more = "") {
  if (error.status === 401 && byId("token-box")) {
    sessionStorage.removeItem("token");
    byId("token-box").open = true;
    byId("token").focus();
    return say("This service asks for a token.", true);
  }
  if (error.status === 401) return say("Somebody in front of this service asks who you are: load the page again.", true);
  say(`${error.message[0].toUpperCase()}${error.message.slice(1)}${more}.`, true);
}

function lookSoon() {
  clearTimeout(timer);
  timer = setTimeout(look, size() > SMALL ? 1500 : 400);
}

// ---- files

function list() {
  const names = [...files.keys()].slice(0, MOST_LISTED);
  byId("files").replaceChildren(
    ...names.map((path) => {
      const [item, name, remove] = ["li", "button", "button"].map((tag) => document.createElement(tag));
      name.type = remove.type = "button";
      name.textContent = path;
      name.disabled = isArchive(path) || sizeOf(files.get(path)) > MOST_EDITED;
      if (path === open) name.setAttribute("aria-current", "true");
      name.addEventListener("click", () => edit(path));
      remove.textContent = "×";
      remove.setAttribute("aria-label", `Remove ${path}`);
      remove.addEventListener("click", () => forget(path));
      item.append(name, remove);
      return item;
    }),
  );
  const rest = files.size - names.length;
  byId("more-files").textContent = rest > 0 ? `and ${rest} more` : "";
  editor.area.readOnly = !isPasted() && !files.has(open);
}

// Begins something new; gives a function that says whether it is still the newest.
function begin() {
  const own = ++turn;
  return () => own === turn;
}

async function edit(path, isNewest = begin()) {
  const content = files.get(path);
  if (content === undefined || isArchive(path) || sizeOf(content) > MOST_EDITED) return false;
  const text = typeof content === "string" ? content : await content.text();
  if (!isNewest()) return false;
  open = path;
  editor.text = text;
  list();
  mark();
  return true;
}

async function forget(path) {
  const isNewest = begin();
  files.delete(path);
  if (isPasted()) enter("");
  else if (path === open) await openFirst(isNewest);
  if (!isNewest()) return;
  list();
  look();
}

// Puts a text into the text area, in the place of all files.
function enter(text) {
  begin();
  files = new Map();
  open = PASTED;
  editor.text = text;
  list();
  changed();
  look();
}

async function openFirst(isNewest) {
  open = "";
  editor.text = "";
  list(); // so that nothing is typed where a file is about to be
  for (const path of files.keys()) if ((await edit(path, isNewest)) || !isNewest()) return;
}

async function take(found, isNewest = begin()) {
  if (!isNewest()) return;
  if (!found.length) return say("There is no manifest and no archive in that.", true);
  if (found.length > limits.files) {
    return say(`More files than this service accepts (${limits.files}).`, true);
  }
  files = new Map(found);
  await openFirst(isNewest);
  if (!isNewest()) return;
  list();
  changed();
  look();
}

function changed() {
  // The address would go on to name what was there before.
  if (location.hash || location.search) history.replaceState(null, "", location.pathname);
}

// ---- what comes back

function save(content, name, type = "application/yaml") {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

async function archive() {
  const answer = JSON.parse(await ask("json"));
  const kept = answer.files.filter((file) => file.status !== "deleted");
  save(zip(kept.map((file) => [file.path, file.content])), "podsplit.zip", "application/zip");
}

async function shareLink() {
  const texts = await Promise.all(
    [...current()].map(async ([path, content]) => [
      path,
      typeof content === "string" ? content : await content.text(),
    ]),
  );
  const isText = ![...current().keys()].some(isArchive);
  const fragment = isText ? await pack({ files: texts, options: options() }) : null;
  if (!fragment) return say("That is too much for a link.", true);
  history.replaceState(null, "", fragment);
  const isCopied = await copy(location.href);
  say(isCopied ? "The link is copied. It holds the whole text." : "The link is in the address bar.");
}

// Fills the page with what a link holds.
async function restore(fragment) {
  const isNewest = begin();
  const shared = await unpack(fragment);
  if (!isNewest()) return;
  const isOurs = (file) => file?.length === 2 && file.every((part) => typeof part === "string");
  if (!Array.isArray(shared?.files) || !shared.files.every(isOurs)) return;
  for (const select of form.querySelectorAll("select")) {
    const value = shared.options?.[select.name];
    if ([...select.options].some((option) => option.value === value)) select.value = value;
  }
  const [[path, text] = []] = shared.files;
  const isTyped = shared.files.length === 1 && path === PASTED;
  files = new Map(isTyped ? [] : shared.files);
  if (!isTyped) return openFirst(isNewest);
  open = PASTED;
  editor.text = text;
  list();
}

const oneName = () => (files.size === 1 ? [...files.keys()][0].split("/").pop() : "podsplit.yaml");
const ACTIONS = {
  copy: async () => say((await copy(await ask("yaml"))) ? "Copied." : "The browser doesn't let this page copy."),
  download: async () => save(await ask("yaml"), isArchive(oneName()) ? "podsplit.yaml" : oneName()),
  patch: async () => save(await ask("diff"), "podsplit.patch", "text/x-diff"),
  archive,
  page: async () => save(await ask("html"), "podsplit.html", "text/html"),
  link: shareLink,
};

// ---- wiring

form.addEventListener("submit", (event) => {
  event.preventDefault();
  look();
});
form.addEventListener("change", (event) => {
  if (event.target.matches("select")) look();
});
editor.area.addEventListener("input", () => {
  begin();
  if (files.has(open)) files.set(open, editor.asRead);
  changed();
  lookSoon();
});
for (const input of [byId("choose-files"), byId("choose-folder")]) {
  input.addEventListener("change", async () => {
    const found = chosen(input);
    input.value = "";
    await take(found);
  });
}
for (const kind of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(kind, (event) => {
    if (!event.dataTransfer.types.includes("Files")) return; // text goes where it is dropped
    event.preventDefault();
    form.classList.toggle("over", kind === "dragover");
  });
}
document.addEventListener("drop", async (event) => {
  if (!event.dataTransfer.files.length) return;
  const isNewest = begin();
  await take(await dropped(event.dataTransfer, limits.files + 1), isNewest);
});
byId("examples").addEventListener("click", async (event) => {
  const name = event.target.dataset.example;
  if (!name) return;
  event.preventDefault();
  const isNewest = begin();
  const answer = await fetch(`assets/examples/${name}.yaml`);
  const text = await answer.text();
  if (!answer.ok) say("The example can't be read.", true);
  else if (isNewest()) enter(text);
});
byId("clear").addEventListener("click", () => enter(""));
byId("results").addEventListener("click", async (event) => {
  const action = ACTIONS[event.target.dataset.action];
  if (!action) return;
  try {
    await action();
  } catch (error) {
    refused(error);
  }
});
room.addEventListener("click", async (event) => {
  const link = event.target.closest("a[data-line]");
  if (!link) return;
  const { path, line } = link.dataset;
  // A file of an archive isn't in the text area: then to the line in the report.
  if (path !== open && !files.has(path)) return;
  event.preventDefault();
  if (path === open || (await edit(path))) editor.select(Number(line));
});
byId("token")?.addEventListener("change", (event) => {
  sessionStorage.setItem("token", event.target.value.trim());
  event.target.value = "";
  look();
});

window.addEventListener("hashchange", async () => {
  if (!location.hash.startsWith(START)) return;
  await restore(location.hash);
  look();
});
await restore(location.hash);
look();
