// The chat: a conversation, kept by the server that sent this page and answers it; where it keeps none, by the browser.

import { fill, take } from "./answer.js";
import { followAnswer, keepKey, modelName, streamAnswer } from "./api.js";
import { forgetStream, newChat, notedStream, readChat, saveChat, toldBefore, toldNow, toldSoFar } from "./chats.js";
import { copyText } from "./clipboard.js";
import { make } from "./markup.js";
import { drawMessage } from "./message.js";
import { Sidebar } from "./sidebar.js";
import { inBrowser } from "./storage.js";
import { newOther, OTHERWISE, settle, toggleVote } from "./votes.js";
import { explain, preferredLanguage, speak, WORDS } from "./words.js";

const byId = (id) => document.getElementById(id);
const [scroller, list, input] = [byId("scroller"), byId("messages"), byId("input")];
const KEPT = "samovar.conversation";
const NEAR_END_PX = 80;

let language = preferredLanguage();
let words = WORDS[language];
let model = null;
let chat = newChat(restore());
let running = null; // the AbortController of the answer that is being made
let saving = Promise.resolve();
let wanted = null; // the id of the chat that was asked for last, while it is read
const sidebar = new Sidebar(words, { open: openChat, gone: leave, failed: tell });

// What this browser kept while no server did.
function restore() {
  try {
    const kept = JSON.parse(inBrowser((storage) => storage.getItem(KEPT)) ?? "[]");
    const isMessage = (one) => ["user", "assistant"].includes(one?.role) && typeof one.content === "string";
    const ended = (one) => ({ ...one, isLive: false, isSaved: false, isStopped: one.isLive || one.isStopped });
    return whole(kept.filter(isMessage).map(ended));
  } catch {
    return [];
  }
}

// The page was closed before there was any answer: the question can be asked again.
function whole(messages) {
  if (messages.at(-1)?.role === "user") messages.push({ role: "assistant", content: "", isStopped: true });
  return messages;
}

function keep(kept) {
  saving = saving.then(() => (sidebar.isThere ? keepOnServer(kept) : keepInBrowser(kept)));
}

async function keepOnServer(kept) {
  try {
    const isNew = kept.id === null;
    if (!(await saveChat(kept))) return;
    inBrowser((storage) => storage.removeItem(KEPT)); // of a server that kept no chats
    alarm("");
    if (isNew && kept === chat) show(kept.id);
    if (kept === chat && chat.messages.length) draw(chat.messages.length - 1);
    sidebar.refresh();
  } catch {
    alarm(words.notSaved);
  }
}

function keepInBrowser(kept) {
  inBrowser((storage) => storage.setItem(KEPT, JSON.stringify(kept.messages)));
}

// The server writes down itself what there is of an answer; where it keeps no chats, the browser has to.
addEventListener("pagehide", () => {
  if (running && !sidebar.isThere) keepInBrowser(chat);
});

// --- drawing

function drawAll() {
  byId("welcome").hidden = chat.messages.length > 0;
  list.replaceChildren(...chat.messages.map(() => make("li")));
  chat.messages.forEach((_, index) => draw(index));
}

function draw(index) {
  const isLast = index === chat.messages.length - 1;
  const [again, further] = isLast && !running ? [answer, goFurther] : [];
  const message = chat.messages[index];
  const vote = sidebar.isThere && message.isSaved ? (verdict) => judge(message, verdict) : null;
  const compare = vote && isLast && !running ? () => askAgain(message) : null;
  const choose = (verdict) => decide(message, verdict);
  drawMessage(list.children[index], message, words, { copy, again, further, begin, vote, compare, choose });
}

let isDrawingSoon = false;
function drawLastSoon() {
  if (isDrawingSoon) return;
  isDrawingSoon = true;
  requestAnimationFrame(() => {
    isDrawingSoon = false;
    if (chat.messages.length) keepingEnd(() => draw(chat.messages.length - 1));
  });
}

// Follows the text as it grows, unless the reader has scrolled up.
function keepingEnd(change) {
  const isAtEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR_END_PX;
  change();
  if (isAtEnd) scroller.scrollTop = scroller.scrollHeight;
}

function drawControls() {
  byId("send").hidden = running !== null;
  byId("stop").hidden = running === null;
  byId("send").disabled = input.value.trim() === "" || model === null;
  input.style.height = "auto";
  input.style.height = `${input.scrollHeight}px`;
}

function useLanguage(chosen) {
  language = chosen;
  words = speak(language);
  byId("language").textContent = words.otherLanguage;
  const buttons = words.suggestions.map((text) => {
    const button = make("button", { type: "button", class: "suggestion" }, text);
    button.addEventListener("click", () => send(text));
    return make("li", {}, button);
  });
  byId("suggestions").replaceChildren(...buttons);
  sidebar.use(words);
  drawAll();
}

// --- talking

function send(text) {
  const content = text.trim();
  if (!content || running || model === null) return;
  input.value = "";
  delete chat.messages.at(-1)?.other;
  chat.messages.push({ role: "user", content });
  keep(chat);
  answer();
}

// Answers the last question; the answer that stands there already is replaced.
async function answer() {
  if (running) return;
  const asked = chat;
  if (asked.messages.at(-1)?.role === "assistant") asked.messages.pop();
  const said = toldNow(asked.messages);
  const isLess = said.length < toldSoFar(asked.messages).length;
  await ask(asked, said, isLess ? { forgot: true, told: said.length } : {});
}

// Goes on with the last answer, which was cut.
async function goFurther() {
  if (running) return;
  const asked = chat;
  const said = toldBefore(asked.messages, asked.messages.at(-1));
  await ask(asked, said, { ...asked.messages.pop(), error: null, isStopped: false, isSaved: false, vote: null });
}

// What the model says to what was said; `begun` is what there is of it already.
async function ask(asked, said, begun = {}) {
  await grow(asked, async (message, signal) => {
    await saving;  // the chat has a place for the answer when all before it is kept
    await fill(asked, message, said, { model, signal, news: drawLastSoon });
  }, begun);
}

// Goes on showing the answer that was being made when the page was closed.
async function goOn(asked, stream) {
  await grow(asked, async (message, signal) => {
    try {
      for await (const chunk of followAnswer(stream, signal)) {
        take(message, chunk);
        drawLastSoon();
      }
    } catch (error) {
      if (error.status !== 404) throw error;
      const kept = (await readChat(asked.id)).messages.at(-1);  // it has ended meanwhile
      Object.assign(message, kept?.role === "assistant" ? kept : { isStopped: true });
    }
  });
}

// A message at the end of the chat, which is shown as `work` fills it.
async function grow(asked, work, begun = {}) {
  const message = { role: "assistant", content: "", steps: [], ...begun, isLive: true };
  asked.messages.push(message);
  running = new AbortController();
  drawAll();
  drawControls();
  scroller.scrollTop = scroller.scrollHeight;
  try {
    await work(message, running.signal);
  } catch (error) {
    if (error.name === "AbortError") message.isStopped = true;
    else message.error = explain(error, words);
    if (error.status === 401) askForKey(true);
  }
  finish(message, asked);
}

function finish(message, asked) {
  message.isLive = false;
  running = null;
  forgetStream(asked.id);
  if (asked.messages.at(-1) === message) keep(asked);
  if (asked === chat) {
    keepingEnd(() => draw(chat.messages.length - 1));
    byId("announcer").textContent = message.error ?? message.content;
  }
  drawControls();
  if (matchMedia("(pointer: fine)").matches) input.focus();
}

function stop() {
  running?.abort();
}

// --- voting

async function judge(message, verdict) {
  await toggleVote(chat, message, verdict).catch(tell);
  drawAll();
}

// Another answer comes beside the last one, for the reader to choose.
async function askAgain(message) {
  if (running) return;
  const said = toldBefore(chat.messages, message);
  const other = (message.other = newOther());
  running = new AbortController();
  drawControls();
  drawAll();
  try {
    for await (const chunk of streamAnswer(model, said, running.signal, OTHERWISE)) {
      take(other, chunk);
      drawLastSoon();
    }
    other.isWhole = other.content !== "" && other.content !== message.content;
    if (!other.isWhole) alarm(words.sameAgain);
  } catch (error) {
    if (error.name !== "AbortError") tell(error);
  }
  if (!other.isWhole) message.other = null;
  running = null;
  drawControls();
  keepingEnd(drawAll);
}

async function decide(message, verdict) {
  stop();
  if (verdict) await settle(chat, message, verdict).then(() => keep(chat), tell);
  message.other = null;
  drawAll();
}

// --- chats

// The address names the chat that is shown, so that a reload and the button back find it.
function show(id) {
  const address = id === null ? location.pathname : `#${id}`;
  if ((location.hash.slice(1) || null) !== id) history.pushState(null, "", address);
  sidebar.mark(id);
}

function begin() {
  wanted = null;
  stop();
  chat = newChat();
  if (!sidebar.isThere) keepInBrowser(chat);
  show(null);
  drawAll();
  input.focus();
}

async function openChat(id) {
  wanted = id;
  if (id === chat.id) return sidebar.mark(id);
  stop();
  try {
    const found = await readChat(id);
    if (wanted !== id) return;
    chat = found;
    const stream = chat.messages.at(-1)?.role === "user" && !running ? notedStream(id) : null;
    if (stream) goOn(chat, stream);
    else whole(chat.messages);
    show(id);
  } catch (error) {
    if (wanted !== id) return;
    if (error.status !== 404) return tell(error);
    begin();
  }
  drawAll();
  drawControls();
  scroller.scrollTop = scroller.scrollHeight;
}

function leave(id) {
  if (id === chat.id) begin();
}

function tell(error) {
  if (error.status === 401) askForKey(true);
  else alarm(explain(error, words));
}

function alarm(text) {
  byId("alarm").textContent = text;
  byId("alarm").hidden = text === "";
  byId("note").hidden = text !== "";
}

// The chat that the address names; and what the browser kept goes to the server, once there is one that keeps chats.
async function findChats() {
  await saving;
  if (!sidebar.isThere) return;
  if (chat.messages.length) keep(chat);
  else if (location.hash) await openChat(location.hash.slice(1));
}

async function copy(message, event) {
  const button = event.currentTarget; // which an event tells only while it is handled
  if (!(await copyText(message.content))) return;
  byId("announcer").textContent = words.copied;
  button.classList.add("done");
  setTimeout(() => button.classList.remove("done"), 1200);
}

// --- the server

async function connect() {
  try {
    model = await modelName();
    byId("model").textContent = model;
    document.title = model;
    saving = saving.then(() => sidebar.refresh());  // where chats are kept is known before the first is
    findChats();
  } catch (error) {
    if (error.status === 401) askForKey(false);
    else setTimeout(connect, 2000);
  }
  drawControls();
}

function askForKey(isWrong) {
  byId("key-note").textContent = isWrong ? words.keyWrong : words.keyNote;
  if (!byId("key-dialog").open) byId("key-dialog").showModal();
}

byId("key-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  keepKey(byId("key").value);
  byId("key").value = "";
  try {
    await modelName();
  } catch (error) {
    askForKey(error.status === 401);
    return;
  }
  byId("key-dialog").close();
  connect();
});

// --- hands

byId("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  send(input.value);
});
input.addEventListener("input", drawControls);
input.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  send(input.value);
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") stop();
});
byId("stop").addEventListener("click", stop);
byId("new-chat").addEventListener("click", begin);
addEventListener("popstate", () => (location.hash ? openChat(location.hash.slice(1)) : begin()));
byId("language").addEventListener("click", () => {
  useLanguage(language === "ru" ? "en" : "ru");
  inBrowser((storage) => storage.setItem("samovar.language", language));
});

useLanguage(language);
drawControls();
scroller.scrollTop = scroller.scrollHeight;
connect();
