// What the model writes becomes elements: paragraphs, lists, code. Its text only ever becomes text nodes.
// Beside that, how elements and buttons are made.

export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

// A small button that is a line of an icon.
export function button(label, path, act) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  line.setAttribute("d", path);
  svg.append(line);
  const element = make("button", { type: "button", class: "quiet small", "aria-label": label, title: label }, svg);
  element.addEventListener("click", act);
  return element;
}

const FENCE = /^\s*```/;
const BULLET = /^\s*[-*•]\s+/;
const NUMBER = /^\s*\d{1,3}[.)]\s+/;

export function renderMarkup(text) {
  const fragment = document.createDocumentFragment();
  const lines = text.split("\n");
  let index = 0;
  while (index < lines.length) {
    const start = index;
    const isOf = (pattern) => index < lines.length && pattern.test(lines[index]);
    if (isOf(FENCE)) {
      index += 1;
      while (index < lines.length && !FENCE.test(lines[index])) index += 1;
      fragment.append(make("pre", {}, make("code", {}, lines.slice(start + 1, index).join("\n"))));
      index += 1;
    } else if (isOf(BULLET)) {
      while (isOf(BULLET)) index += 1;
      fragment.append(list("ul", lines.slice(start, index), BULLET));
    } else if (isOf(NUMBER)) {
      while (isOf(NUMBER)) index += 1;
      const element = list("ol", lines.slice(start, index), NUMBER);
      element.setAttribute("start", String(parseInt(lines[start], 10)));
      fragment.append(element);
    } else if (lines[index].trim() === "") {
      index += 1;
    } else {
      const isText = () => index < lines.length && lines[index].trim() !== "";
      while (isText() && !(index > start && [FENCE, BULLET, NUMBER].some(isOf))) index += 1;
      fragment.append(make("p", {}, ...inline(lines.slice(start, index).join("\n"))));
    }
  }
  return fragment;
}

function list(tag, lines, mark) {
  return make(tag, {}, ...lines.map((line) => make("li", {}, ...inline(line.replace(mark, "")))));
}

function inline(text) {
  return text
    .split(/(`[^`\n]+`|\*\*[^*\n]+\*\*)/)
    .filter((part) => part !== "")
    .map((part) => {
      if (/^`[^`\n]+`$/.test(part)) return make("code", {}, part.slice(1, -1));
      if (/^\*\*[^*\n]+\*\*$/.test(part)) return make("strong", {}, part.slice(2, -2));
      return part;
    });
}
