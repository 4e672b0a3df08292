// One message as an element of the page.

import { button, make, renderMarkup } from "./markup.js";
import { drawCompare, drawPair, drawThumbs } from "./votes.js";

// Draws `message` into `element`, anew on every change: a message is short, and a drawing has no history to go wrong.
export function drawMessage(element, message, words, actions) {
  element.className = `message ${message.role}`;
  element.setAttribute("aria-busy", String(Boolean(message.isLive)));
  const opened = new Set([...element.querySelectorAll("details[open]")].map((step) => step.dataset.number));
  const who = make("h3", { class: "hidden" }, message.role === "user" ? words.you : words.assistant);
  const body = make("div", { class: "body" });
  if (message.role === "user") {
    body.append(make("p", {}, message.content));
  } else {
    if (message.forgot) body.append(make("p", { class: "aside" }, words.forgot));
    if (message.thought) body.append(drawThought(message, opened, words));
    (message.steps ?? []).forEach((step, number) => body.append(drawStep(step, number, opened, words)));
    if (message.isSpent) body.append(make("p", { class: "step" }, words.spent));
    body.append(...(message.other ? drawPair(message, words, actions.choose) : [renderMarkup(message.content)]));
    if (message.isLive && !message.content && !message.thought) body.append(drawThinking(words));
    body.append(...drawEnd(message, words, actions));
  }
  element.replaceChildren(who, body);
}

// Folded, as what counts is the answer; while it comes, its last line shows that there is work going on.
function drawThought(message, opened, words) {
  const isLive = message.isLive && !message.content;
  const line = make("summary", {}, make("span", { class: "tool" }, isLive ? words.thinking : words.thought));
  if (isLive) line.append(make("span", { class: "glimpse", "aria-hidden": "true" }, glimpse(message.thought)));
  const details = make("details", { class: "step thought", "data-number": "thought" }, line);
  details.append(make("div", { class: "thoughts" }, renderMarkup(message.thought)));
  details.open = opened.has("thought");
  return details;
}

function glimpse(thought) {
  const last = thought.split("\n").at(-1);
  return last.length > 60 ? `…${last.slice(-60)}` : last;
}

function drawStep(step, number, opened, words) {
  const name = words.tools[step.name] ?? step.name;
  const sum = step.arguments.expression;
  const asked = sum ?? JSON.stringify(step.arguments);
  const told = step.result.startsWith("error") ? `: ${words.toolFailed}` : `${sum ? " =" : " →"} ${step.result}`;
  const line = make("summary", {}, make("span", { class: "tool" }, `${name}: `), asked + told);
  const rows = [
    make("dt", {}, words.toolArguments), make("dd", {}, make("code", {}, JSON.stringify(step.arguments))),
    make("dt", {}, words.toolResult), make("dd", {}, make("code", {}, step.result)),
  ];
  const details = make("details", { class: "step", "data-number": String(number) }, line, make("dl", {}, ...rows));
  details.open = opened.has(String(number));
  return details;
}

function drawThinking(words) {
  const dots = make("span", { class: "dots", "aria-hidden": "true" }, make("i"), make("i"), make("i"));
  return make("p", { class: "thinking" }, make("span", { class: "hidden" }, words.thinking), dots);
}

function drawEnd(message, words, actions) {
  if (message.isLive || message.other) return [];
  const parts = [];
  if (message.error) parts.push(make("p", { class: "error", role: "alert" }, message.error));
  else if (message.isStopped) parts.push(make("p", { class: "aside" }, words.stopped));
  else if (message.isFull) parts.push(make("p", { class: "aside" }, words.full));
  else if (message.isCutShort) parts.push(make("p", { class: "aside" }, words.cutShort));
  else if (!message.content && !message.isSpent) parts.push(make("p", { class: "aside" }, words.silent));
  const buttons = make("div", { class: "actions" });
  if (message.isFull) buttons.append(wordedButton(words.newChat, actions.begin));
  else if (message.isCutShort && message.content && actions.further) buttons.append(wordedButton(words.further, actions.further));
  if (message.content) buttons.append(button(words.copy, COPY_PATH, (event) => actions.copy(message, event)));
  if (actions.again) buttons.append(button(words.again, AGAIN_PATH, actions.again));
  if (message.content && actions.vote) buttons.append(...drawThumbs(message, words, actions.vote));
  if (message.content && actions.compare) buttons.append(drawCompare(words, actions.compare));
  parts.push(buttons);
  if (message.vote) parts.push(make("p", { class: "aside" }, words.voted));
  return parts;
}

function wordedButton(label, act) {
  const element = make("button", { type: "button", class: "suggestion" }, label);
  element.addEventListener("click", act);
  return element;
}

const COPY_PATH = "M9 9h10v10H9zM5 15V5h10";
const AGAIN_PATH = "M5 12a7 7 0 1 0 2.5-5.4M7 3v4h4";
