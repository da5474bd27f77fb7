// Search over words.js, which is loaded as a script so that it also works from the file system.
"use strict";
const field = document.getElementById("search");
const list = document.getElementById("found");

function load() {
  if (!document.getElementById("words")) {
    const script = document.createElement("script");
    script.id = "words";
    script.src = "words.js";
    script.onload = show;
    document.head.append(script);
  }
}

function marked(text, words) {
  const at = Math.max(0, text.toLowerCase().indexOf(words[0]) - 40);
  const piece = (at ? "…" : "") + text.slice(at, at + 150);
  const small = document.createElement("small");
  const pattern = new RegExp("(" + words.map((w) => w.replace(/\W/g, "\\$&")).join("|") + ")", "gi");
  piece.split(pattern).forEach((part, k) => {
    const node = document.createElement(k % 2 ? "mark" : "span");
    node.textContent = part;
    small.append(node);
  });
  return small;
}

function show() {
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  list.replaceChildren();
  list.hidden = !words.length || typeof SECTIONS === "undefined";
  if (list.hidden) return;
  const score = ([, page, heading, text]) => {
    const all = (page + " " + heading + " " + text).toLowerCase();
    if (!words.every((w) => all.includes(w))) return 0;
    const count = (t, weight) => words.filter((w) => t.toLowerCase().includes(w)).length * weight;
    return 1 + count(heading, 5) + count(page, 2);
  };
  const best = SECTIONS.map((s) => [score(s), s]).filter(([n]) => n);
  best.sort((a, b) => b[0] - a[0]);
  for (const [, [url, page, heading, text]] of best.slice(0, 12)) {
    const item = document.createElement("li");
    const link = document.createElement("a");
    link.href = url;
    link.append(heading === page ? page : page + ": " + heading, marked(text, words));
    item.append(link);
    list.append(item);
  }
  if (!best.length) {
    const item = document.createElement("li");
    item.textContent = "Nothing found; all words must occur in one section.";
    list.append(item);
  }
}

field.addEventListener("focus", load);
field.addEventListener("input", show);
list.addEventListener("click", () => (list.hidden = true));
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && document.activeElement !== field) {
    event.preventDefault();
    field.focus();
  } else if (event.key === "Escape") {
    list.hidden = true;
  } else if (event.key === "Enter" && document.activeElement === field) {
    list.querySelector("a")?.click();
  }
});
