// The chats that the server keeps: read, written, renamed, forgotten.

import { ApiError, call } from "./api.js";
import { inBrowser } from "./storage.js";

const PAGE_SIZE = 50;

// A conversation; `id` is null until the server has it. Whatever has `isSaved` is on the server's disk.
export function newChat(messages = []) {
  return { id: null, messages };
}

// Chats, those first that changed last; null where the server keeps none.
export async function listChats(search, before = null) {
  const asked = new URLSearchParams({ search, limit: PAGE_SIZE });
  if (before !== null) asked.set("before", before);
  try {
    const response = await call(`api/chats?${asked}`);
    return await response.json();
  } catch (error) {
    if (error.status === 404) return null;
    throw error;
  }
}

export async function readChat(id) {
  const kept = await (await call(`api/chats/${encodeURIComponent(id)}`)).json();
  return { id: kept.id, messages: kept.messages.map(asMessage) };
}

export async function renameChat(id, title) {
  await call(`api/chats/${encodeURIComponent(id)}`, { method: "PATCH", body: JSON.stringify({ title }) });
}

export async function deleteChat(id) {
  await call(`api/chats/${encodeURIComponent(id)}`, { method: "DELETE" });
}

// Writes what the server has not yet; whether there was anything to write.
export async function saveChat(chat) {
  const place = chat.messages.findIndex((one) => !one.isSaved);
  const fresh = place < 0 ? [] : chat.messages.slice(place).filter((one) => !one.isLive);
  if (!fresh.length) return false;
  const messages = fresh.map(asKept);
  if (chat.id === null) {
    chat.id = (await post("api/chats", { messages })).id;
  } else {
    try {
      await post(`api/chats/${chat.id}/messages`, { messages, place });
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 404) throw error;
      chat.id = null;  // deleted on another page: what is said here makes it anew
      for (const one of chat.messages) one.isSaved = false;
      return saveChat(chat);
    }
  }
  for (const one of fresh) one.isSaved = true;
  return true;
}

// What the model is told: the turns so far, without the questions that got no answer.
export function toldSoFar(messages) {
  const isAnswered = (index) => index === messages.length - 1 || Boolean(messages[index + 1]?.content);
  return messages
    .filter((one, index) => (one.role === "user" ? isAnswered(index) : one.content))
    .map(({ role, content }) => ({ role, content }));
}

// What the model is told now: the last answer was made without the beginning of a long chat, and so is the next.
export function toldNow(messages) {
  const said = toldSoFar(messages);
  const last = messages.findLastIndex((one) => one.told && one.content);
  return last < 0 ? said : said.slice(-messages[last].told - toldSoFar(messages.slice(last)).length);
}

// What the model was told before it answered with `message`.
export function toldBefore(messages, message) {
  const said = toldSoFar(messages.slice(0, messages.indexOf(message)));
  return said.slice(message.told ? -message.told : 0);
}

// Where in a chat that the server keeps the message stands; null while it does not keep all before it.
export function placeOf(chat, message) {
  const place = chat.messages.indexOf(message);
  const isKept = chat.id !== null && chat.messages.slice(0, place).every((one) => one.isSaved);
  return isKept ? { chat: chat.id, place } : null;
}

// The answer that is being made for a chat, by the name of its stream: a page that is opened again finds it. Where the
// browser keeps nothing, the answer is seen when the server has written it down.
const LIVE = "samovar.live.";
export const noteStream = (chatId, stream) => inBrowser((kept) => kept.setItem(LIVE + chatId, stream));
export const notedStream = (chatId) => inBrowser((kept) => kept.getItem(LIVE + chatId));
export const forgetStream = (chatId) => inBrowser((kept) => kept.removeItem(LIVE + chatId));

async function post(path, body) {
  return (await call(path, { method: "POST", body: JSON.stringify(body) })).json();
}

const NOTES = {
  isStopped: "stopped", isCutShort: "cut_short", isSpent: "rounds_spent", forgot: "forgot", error: "failed",
};

function asKept(message) {
  const kept = { role: message.role, content: message.content };
  const notes = Object.keys(NOTES).filter((name) => message[name]).map((name) => NOTES[name]);
  if (notes.length) kept.notes = notes;
  if (message.thought) kept.reasoning_content = message.thought;
  if (message.steps?.length) kept.steps = message.steps;
  if (message.model) kept.model = message.model;
  if (message.told) kept.told = message.told;
  return kept;
}

function asMessage(kept) {
  const { role, content, reasoning_content: thought = "", steps = [], model, told, vote } = kept;
  const message = { role, content, thought, steps, model, told, vote, isSaved: true };
  for (const [name, note] of Object.entries(NOTES)) {
    if (kept.notes?.includes(note)) message[name === "error" ? "isStopped" : name] = true;
  }
  return message;
}
