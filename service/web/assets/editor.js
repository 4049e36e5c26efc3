// The text area, with the numbers of its lines and marks at those that a report speaks of.

const LINE = 20; // pixels of a line, as page.css has it
const MOST_MARKS = 2000;

export class Editor {
  constructor(root) {
    this.area = root.querySelector("textarea");
    this.numbers = root.querySelector(".numbers");
    this.marks = root.querySelector(".marks");
    this.lines = 0;
    this.lineEnd = "\n";
    this.area.addEventListener("scroll", () => this.follow());
    this.area.addEventListener("input", () => this.number());
    this.number();
  }

  get text() {
    return this.area.value;
  }

  // The text with the line ends that it came with: a text area has one kind.
  get asRead() {
    return this.text.replaceAll("\n", this.lineEnd);
  }

  set text(value) {
    this.lineEnd = /\r\n/.test(value) && !/[^\r]\n/.test(value) ? "\r\n" : "\n";
    this.area.value = value;
    this.area.scrollTop = 0;
    this.mark([]);
    this.number();
  }

  // Keeps the numbers and marks beside their lines.
  follow() {
    const shift = `translateY(${-this.area.scrollTop}px)`;
    this.numbers.style.transform = shift;
    this.marks.style.transform = shift;
  }

  number() {
    const lines = this.text.split("\n").length;
    if (lines !== this.lines) {
      this.numbers.textContent = Array.from({ length: lines }, (_, index) => index + 1).join("\n");
      this.lines = lines;
    }
    this.follow();
  }

  // Marks lines: [{ line, kind, words }].
  mark(marks) {
    this.marks.replaceChildren(
      ...marks.slice(0, MOST_MARKS).map(({ line, kind, words }) => {
        const mark = document.createElement("i");
        mark.className = kind;
        mark.title = words;
        mark.style.top = `${(line - 1) * LINE}px`;
        return mark;
      }),
    );
  }

  // Selects a line and brings it into sight.
  select(line) {
    const lines = this.text.split("\n");
    const start = lines.slice(0, line - 1).reduce((sum, own) => sum + own.length + 1, 0);
    this.area.focus({ preventScroll: true });
    this.area.setSelectionRange(start, start + (lines[line - 1] ?? "").length);
    this.area.scrollTop = Math.max(0, (line - 4) * LINE);
    this.area.closest(".editor").scrollIntoView({ block: "nearest" });
  }
}
