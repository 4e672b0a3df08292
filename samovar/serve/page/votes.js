// What the reader thinks of an answer: thumbs on one, or a choice between two that stand side by side.

import { call } from "./api.js";
import { toldBefore } from "./chats.js";
import { button, make, renderMarkup } from "./markup.js";

// At its own temperature a model may well say the same once more.
const temperature = 1;
export const OTHERWISE = { temperature };

// Another answer, before there is anything of it; chance says where it is shown.
export function newOther() {
  return { content: "", thought: "", steps: [], side: Math.random() < 0.5 ? "left" : "right", isWhole: false, temperature };
}

// A verdict on one answer is kept; the same once more takes it back.
export async function toggleVote(chat, message, verdict) {
  if (message.vote?.vote === verdict) {
    await call(`api/chats/${chat.id}/votes/${message.vote.id}`, { method: "DELETE" });
    message.vote = null;
  } else {
    message.vote = await cast(chat, message, verdict, [message]);
  }
}

// A verdict on an answer and the one beside it; the chat goes on with the better one.
export async function settle(chat, message, verdict) {
  const { side, content, thought, steps, model, temperature, isCutShort, isSpent } = message.other;
  message.vote = await cast(chat, message, verdict, inOrder(message));
  if (verdict !== side) return;
  Object.assign(message, { content, thought, steps, model, temperature, isCutShort, isSpent });
  Object.assign(message, { isFull: false, isStopped: false, isSaved: false });
}

// The left one first.
function inOrder(message) {
  return message.other.side === "left" ? [message.other, message] : [message, message.other];
}

async function cast(chat, message, vote, seen) {
  const answers = seen.map(({ content, thought, steps, model, temperature }) => (
    { content, reasoning_content: thought, steps, model, temperature }));
  const messages = toldBefore(chat.messages, message);
  const body = JSON.stringify({ place: chat.messages.indexOf(message), messages, answers, vote });
  return (await call(`api/chats/${chat.id}/votes`, { method: "POST", body })).json();
}

// The buttons below an answer; the one that was pressed takes the vote back.
export function drawThumbs(message, words, act) {
  return [["good", words.good, GOOD_PATH], ["bad", words.bad, BAD_PATH]].map(([vote, label, path]) => {
    const element = button(label, path, () => act(vote));
    const isPressed = message.vote?.vote === vote;
    element.setAttribute("aria-pressed", String(isPressed));
    element.classList.toggle("done", isPressed);
    return element;
  });
}

export const drawCompare = (words, act) => button(words.compare, COMPARE_PATH, act);

// An answer and another one, each on the side where chance has put it, and what can be said of them. They are numbered:
// on a narrow screen one stands above the other.
export function drawPair(message, words, choose) {
  const { other } = message;
  const columns = inOrder(message).map((one, number) => {
    const column = make("section", { class: "side", "aria-busy": String(one === other && !other.isWhole) });
    column.append(make("p", { class: "aside" }, String(number + 1)), renderMarkup(one.content));
    return column;
  });
  const pair = make("div", { class: "pair" }, ...columns);
  const verdicts = [["left", words.left], ["right", words.right], ["tie", words.tie], ["both_bad", words.bothBad]];
  const buttons = verdicts.map(([vote, label]) => {
    const element = make("button", { type: "button", class: "suggestion" }, label);
    element.disabled = !other.isWhole;
    element.addEventListener("click", () => choose(vote));
    return element;
  });
  const leave = make("button", { type: "button", class: "quiet small" }, words.cancel);
  leave.addEventListener("click", () => choose(null));
  return [pair, make("div", { class: "verdicts" }, ...buttons, leave)];
}

const GOOD_PATH = "M7 11v9H4v-9zM7 11l4-8a2.5 2.5 0 0 1 2.5 2.5V9H19a1.5 1.5 0 0 1 1.5 1.8l-1.5 7.7a1.8 1.8 0 0 1-1.8 1.5H7";
const BAD_PATH = "M7 13V4H4v9zM7 13l4 8a2.5 2.5 0 0 0 2.5-2.5V15H19a1.5 1.5 0 0 0 1.5-1.8l-1.5-7.7A1.8 1.8 0 0 0 17.2 4H7";
const COMPARE_PATH = "M4 5h6v14H4zM14 5h6v14h-6z";
