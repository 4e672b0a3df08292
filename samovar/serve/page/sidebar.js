// The list of chats beside the conversation: found again, renamed, deleted.

import { deleteChat, listChats, renameChat } from "./chats.js";
import { button, make } from "./markup.js";
import { inBrowser } from "./storage.js";

const byId = (id) => document.getElementById(id);
const PAUSE_MS = 250;
const DAY_S = 86400;
const RENAME_PATH = "M4 20l1-4L16 5l3 3L8 19zM14 7l3 3";
const DELETE_PATH = "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13";
const isNarrow = () => matchMedia("(max-width: 56rem)").matches;

// Draws into the page's sidebar. `actions`: open(id), gone(id) when a chat was deleted, failed(error).
export class Sidebar {
  constructor(words, actions) {
    this.words = words;
    this.actions = actions;
    this.chats = [];
    this.hasMore = false;
    this.current = null;
    this.isThere = false;
    this.asked = 0;
    byId("menu").addEventListener("click", () => this.show(!this.isShown));
    byId("shade").addEventListener("click", () => this.show(false));
    byId("earlier").addEventListener("click", () => this.more());
    let soon;
    byId("search").addEventListener("input", () => {
      clearTimeout(soon);
      soon = setTimeout(() => this.refresh(), PAUSE_MS);
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && isNarrow() && !event.target.closest("dialog")) this.show(false);
    });
    byId("delete-form").addEventListener("submit", (event) => {
      event.preventDefault();
      byId("delete-dialog").close();
      this.remove(byId("delete-dialog").dataset.id);
    });
    byId("delete-cancel").addEventListener("click", () => byId("delete-dialog").close());
  }

  get isShown() {
    return document.body.classList.contains("with-sidebar");
  }

  show(isShown) {
    document.body.classList.toggle("with-sidebar", isShown && this.isThere);
    byId("menu").setAttribute("aria-expanded", String(this.isShown));
    if (!isNarrow()) inBrowser((kept) => kept.setItem("samovar.sidebar", isShown ? "shown" : "hidden"));
  }

  // Asks for the list anew; whether the server keeps chats at all.
  async refresh() {
    const number = ++this.asked;
    const found = await listChats(byId("search").value.trim()).catch((error) => this.actions.failed(error));
    if (number !== this.asked || found === undefined) return this.isThere;
    const isFirst = !this.isThere;
    this.isThere = found !== null;
    byId("menu").hidden = !this.isThere;
    this.chats = found?.data ?? [];
    this.hasMore = found?.has_more ?? false;
    if (isFirst && !isNarrow()) this.show(inBrowser((kept) => kept.getItem("samovar.sidebar")) !== "hidden");
    this.draw();
    return this.isThere;
  }

  async more() {
    const number = ++this.asked;
    const before = this.chats.at(-1).changed_at;
    const found = await listChats(byId("search").value.trim(), before).catch((error) => this.actions.failed(error));
    if (number !== this.asked || !found) return;
    this.chats.push(...found.data);
    this.hasMore = found.has_more;
    this.draw();
  }

  use(words) {
    this.words = words;
    this.draw();
  }

  mark(id) {
    this.current = id;
    this.draw();
    if (isNarrow()) this.show(false);
  }

  draw() {
    if (byId("chats").querySelector("input")) return;  // a title is being written
    const rows = [];
    let last = null;
    for (const chat of this.chats) {
      const age = byId("search").value.trim() ? null : this.age(chat.changed_at);
      if (age !== last && age !== null) rows.push(make("li", { class: "age" }, this.words[age]));
      last = age;
      rows.push(this.row(chat));
    }
    byId("chats").replaceChildren(...rows);
    byId("earlier").hidden = !this.hasMore;
    byId("no-chats").hidden = this.chats.length > 0;
    byId("no-chats").textContent = byId("search").value.trim() ? this.words.nothingFound : this.words.noChats;
  }

  age(changed_s) {
    const midnight_s = new Date().setHours(0, 0, 0, 0) / 1000;
    if (changed_s >= midnight_s) return "today";
    return changed_s >= midnight_s - 6 * DAY_S ? "thisWeek" : "before";
  }

  row(chat) {
    const title = chat.title || this.words.untitled;
    const link = make("a", { href: `#${chat.id}`, title }, make("span", {}, title));
    if (chat.excerpt) link.append(make("small", {}, chat.excerpt));
    if (chat.id === this.current) link.setAttribute("aria-current", "page");
    const row = make("li", { class: "chat" }, link);
    link.addEventListener("click", (event) => {
      event.preventDefault();
      this.actions.open(chat.id);
    });
    row.append(
      button(this.words.rename, RENAME_PATH, () => this.write(row, chat)),
      button(this.words.remove, DELETE_PATH, () => this.ask(chat)),
    );
    return row;
  }

  // The title becomes a field; Enter and leaving it keep what it says, Escape does not.
  write(row, chat) {
    const field = make("input", { type: "text", maxlength: "200", "aria-label": this.words.rename });
    field.value = chat.title;
    let isOver = false;
    const end = async (isKept) => {
      if (isOver) return;
      isOver = true;
      const title = field.value.trim();
      field.remove();
      if (isKept && title && title !== chat.title) {
        await renameChat(chat.id, title).catch((error) => this.actions.failed(error));
      }
      await this.refresh();
    };
    field.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.isComposing) end(true);
      if (event.key === "Escape") end(false);
      event.stopPropagation();
    });
    field.addEventListener("blur", () => end(true));
    row.replaceChildren(field);
    field.select();
    field.focus();
  }

  ask(chat) {
    const dialog = byId("delete-dialog");
    dialog.dataset.id = chat.id;
    byId("delete-name").textContent = chat.title || this.words.untitled;
    dialog.showModal();
  }

  async remove(id) {
    try {
      await deleteChat(id);
    } catch (error) {
      if (error.status !== 404) return this.actions.failed(error);
    }
    this.actions.gone(id);
    return this.refresh();
  }
}
