// A link that holds what was entered, behind its #: browsers never send that part to a server.

export const START = "#in=";
const MOST = 8000; // characters, which every browser and chat takes
const MOST_UNPACKED = 1_000_000;

// The fragment for a value; null where it is too long.
export async function pack(value) {
  const stream = new Blob([JSON.stringify(value)]).stream();
  const packed = await bytesOf(stream.pipeThrough(new CompressionStream("deflate-raw")));
  if (packed.length > MOST) return null;
  const text = btoa(String.fromCharCode(...packed));
  const fragment = START + text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  return fragment.length > MOST ? null : fragment;
}

// The value of a fragment; null where there is none, or it is damaged.
export async function unpack(fragment) {
  if (!fragment.startsWith(START) || fragment.length > MOST) return null;
  try {
    const text = fragment.slice(START.length).replaceAll("-", "+").replaceAll("_", "/");
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    return JSON.parse(new TextDecoder().decode(await bytesOf(stream, MOST_UNPACKED)));
  } catch {
    return null;
  }
}

async function bytesOf(stream, most = Infinity) {
  const pieces = [];
  let size = 0;
  for (const reader = stream.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) break;
    pieces.push(value);
    size += value.length;
    if (size > most) throw new RangeError("too long");
  }
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}
