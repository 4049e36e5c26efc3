// Files as they are dropped or chosen: those that can be manifests, and archives.

const MANIFEST = /\.(ya?ml|json)$/i;
const ARCHIVE = /\.(zip|tar|tgz|gz)$/i;
const PASSED_OVER = new Set([".git", "node_modules"]);

export const isArchive = (path) => ARCHIVE.test(path);
const isWanted = (path) => MANIFEST.test(path) || ARCHIVE.test(path);

// What was chosen by a file input, or dropped without folders: [path, File] pairs.
export function chosen({ files }) {
  return [...files]
    .map((file) => [file.webkitRelativePath || file.name, file])
    .filter(([path]) => isWanted(path) && !path.split("/").some((part) => PASSED_OVER.has(part)))
    .sort(([one], [other]) => (one < other ? -1 : 1));
}

// What was dropped, folders with all that is in them: [path, File] pairs, at most `most`.
export async function dropped(transfer, most) {
  // The entries have to be taken before anything is waited for: then the transfer is emptied.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return chosen(transfer); // what a program drops has no entries
  const found = [];
  while (entries.length && found.length < most) {
    const entry = entries.shift();
    if (entry.isDirectory) {
      if (!PASSED_OVER.has(entry.name)) entries.unshift(...(await children(entry)));
    } else if (isWanted(entry.name)) {
      const file = await new Promise((done, fail) => entry.file(done, fail));
      found.push([entry.fullPath.replace(/^\//, ""), file]);
    }
  }
  return found;
}

async function children(folder) {
  const reader = folder.createReader();
  const all = [];
  for (;;) {
    // A reader gives a hundred entries at a time.
    const some = await new Promise((done, fail) => reader.readEntries(done, fail));
    if (!some.length) return all.sort((one, other) => (one.name < other.name ? -1 : 1));
    all.push(...some);
  }
}
