// What the page says, in each language.

import { ApiError, isTooLong } from "./api.js";
import { inBrowser } from "./storage.js";

export const WORDS = {
  en: {
    switchLanguage: "Переключить на русский",
    otherLanguage: "RU",
    newChat: "New chat",
    chats: "Chats",
    search: "Search",
    searchChats: "Search chats…",
    nothingFound: "Nothing found.",
    noChats: "Your chats will be here. They stay on this server.",
    today: "Today",
    thisWeek: "This week",
    before: "Earlier",
    earlier: "Show earlier",
    untitled: "Untitled",
    rename: "Rename",
    remove: "Delete",
    removeTitle: "Delete this chat?",
    removeNote: "It cannot be brought back.",
    cancel: "Cancel",
    notSaved: "Not saved yet: the server does not answer. The next message will save it.",
    welcome: "What shall we talk about?",
    welcomeNote: "The model runs on this very server: nothing that you write goes any further.",
    suggestions: ["How much is 17*24?", "Who are you?", "Tell me a short story about a fox and a lantern."],
    conversation: "Conversation",
    message: "Message",
    placeholder: "Write a message…",
    send: "Send",
    stop: "Stop",
    caution: "A small model can be wrong: check what matters.",
    you: "You said",
    assistant: "The assistant said",
    thinking: "Thinking…",
    thought: "Thoughts",
    copy: "Copy",
    copied: "Copied",
    again: "Try again",
    good: "Good answer",
    bad: "Bad answer",
    compare: "Compare with another answer",
    left: "1 is better",
    right: "2 is better",
    tie: "Equally good",
    bothBad: "Both are bad",
    voted: "Thank you. Whoever runs this server can read this answer and what led to it, and teach the model by it.",
    sameAgain: "The model said the same again: there is nothing to compare.",
    stopped: "Stopped.",
    cutShort: "The answer reached its length limit.",
    further: "Continue",
    full: "The conversation is full: the model can hold no more than this question and answer.",
    spent: "It ended here: tools were called as often as they may be for one answer.",
    silent: "The model had nothing to say.",
    forgot: "The conversation is long: its beginning was left out.",
    tools: { calculator: "Calculator" },
    toolArguments: "asked",
    toolResult: "answered",
    toolFailed: "no result",
    keyTitle: "An API key is needed",
    keyNote: "Whoever started this server has it. It is kept until you close this tab.",
    keyWrong: "This key is not right. Please check it.",
    keyLabel: "API key",
    keySave: "Go on",
    errorOffline: "The server cannot be reached. Is it still running?",
    errorTooLong: "This message is too long for the model. Please shorten it, or start a new chat.",
    errorSpent: "This key has used up what it may for now. Please come again later.",
    errorBusy: "Many are asking at the moment. Please try again shortly.",
    errorBroken: "The connection broke before the answer was complete.",
    errorServer: "The server failed at this. Please try again; its log says what happened.",
    errorOther: "Something went wrong: ",
  },
  ru: {
    switchLanguage: "Switch to English",
    otherLanguage: "EN",
    newChat: "Новый чат",
    chats: "Чаты",
    search: "Поиск",
    searchChats: "Поиск по чатам…",
    nothingFound: "Ничего не найдено.",
    noChats: "Здесь будут ваши чаты. Они остаются на этом сервере.",
    today: "Сегодня",
    thisWeek: "На этой неделе",
    before: "Раньше",
    earlier: "Показать более ранние",
    untitled: "Без названия",
    rename: "Переименовать",
    remove: "Удалить",
    removeTitle: "Удалить этот чат?",
    removeNote: "Вернуть его будет нельзя.",
    cancel: "Отмена",
    notSaved: "Пока не сохранено: сервер не отвечает. Сохранится со следующим сообщением.",
    welcome: "О чём поговорим?",
    welcomeNote: "Модель работает прямо на этом сервере: ничего из написанного дальше не уходит.",
    suggestions: ["Сколько будет 17*24?", "Кто ты?", "Расскажи короткую сказку про лису и фонарь."],
    conversation: "Беседа",
    message: "Сообщение",
    placeholder: "Напишите сообщение…",
    send: "Отправить",
    stop: "Остановить",
    caution: "Маленькая модель может ошибаться: важное проверяйте.",
    you: "Вы сказали",
    assistant: "Помощник сказал",
    thinking: "Думаю…",
    thought: "Размышления",
    copy: "Скопировать",
    copied: "Скопировано",
    again: "Попробовать ещё раз",
    good: "Хороший ответ",
    bad: "Плохой ответ",
    compare: "Сравнить с другим ответом",
    left: "1 лучше",
    right: "2 лучше",
    tie: "Оба хороши",
    bothBad: "Оба плохи",
    voted: "Спасибо. Владелец сервера может прочитать этот ответ и беседу до него и учить по ним модель.",
    sameAgain: "Модель ответила то же самое: сравнивать нечего.",
    stopped: "Остановлено.",
    cutShort: "Ответ достиг предела длины.",
    further: "Продолжить",
    full: "Беседа заполнена: больше этого вопроса и ответа модель удержать не может.",
    spent: "На этом ответ закончен: инструменты вызваны столько раз, сколько можно за один ответ.",
    silent: "Модель ничего не ответила.",
    forgot: "Беседа длинная: её начало пришлось опустить.",
    tools: { calculator: "Калькулятор" },
    toolArguments: "запрос",
    toolResult: "ответ",
    toolFailed: "нет результата",
    keyTitle: "Нужен ключ API",
    keyNote: "Он есть у того, кто запустил этот сервер. Ключ хранится, пока открыта эта вкладка.",
    keyWrong: "Ключ не подошёл. Проверьте его, пожалуйста.",
    keyLabel: "Ключ API",
    keySave: "Продолжить",
    errorOffline: "Сервер недоступен. Он ещё запущен?",
    errorTooLong: "Сообщение слишком длинное для этой модели. Сократите его или начните новый чат.",
    errorSpent: "Этот ключ исчерпал свой предел. Попробуйте позже.",
    errorBusy: "Сейчас много запросов. Попробуйте чуть позже.",
    errorBroken: "Связь прервалась раньше, чем ответ был готов.",
    errorServer: "На сервере случилась ошибка. Попробуйте ещё раз; подробности в его журнале.",
    errorOther: "Что-то пошло не так: ",
  },
};

// What went wrong, for the reader.
export function explain(error, words) {
  if (!(error instanceof ApiError)) return words.errorOther + error.message;
  if (error.code === "offline") return words.errorOffline;
  if (error.code === "broken") return words.errorBroken;
  if (isTooLong(error)) return words.errorTooLong;
  if (error.status === 401) return words.keyTitle;
  if (error.code === "rate_limit_exceeded") return words.errorSpent;
  if (error.status === 429) return words.errorBusy;
  if (error.status >= 500) return words.errorServer;
  return words.errorOther + error.message;
}

export function preferredLanguage() {
  const chosen = inBrowser((kept) => kept.getItem("samovar.language"));
  if (chosen in WORDS) return chosen;
  return navigator.languages.some((language) => language.startsWith("ru")) ? "ru" : "en";
}

// Puts the words of a language wherever the page asks for them by name.
export function speak(language) {
  const words = WORDS[language];
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll("[data-text]")) element.textContent = words[element.dataset.text];
  for (const element of document.querySelectorAll("[data-placeholder]")) {
    element.placeholder = words[element.dataset.placeholder];
  }
  for (const element of document.querySelectorAll("[data-label]")) {
    element.setAttribute("aria-label", words[element.dataset.label]);
    if (element.tagName === "BUTTON") element.title = words[element.dataset.label];
  }
  return words;
}
