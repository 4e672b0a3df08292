// The server, as the page sees it: which model there is, and an answer as a stream of chunks.

import { inTab } from "./storage.js";

export class ApiError extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

// Whether a request was refused as longer than the context, or than this server takes.
export const isTooLong = (error) => ["context_length_exceeded", "prompt_too_long"].includes(error.code);

// A key is kept for the tab and not for the machine.
const KEY = "samovar.key";
let key = inTab((kept) => kept.getItem(KEY));

export function keepKey(given) {
  key = given;
  inTab((kept) => kept.setItem(KEY, given));
}

export async function modelName() {
  const response = await call("v1/models");
  return (await response.json()).data[0].id;
}

const TRIES = 5;
const PAUSE_MS = 1000;

// Yields the chunks of one answer. A connection that drops is taken up again where it was.
// `place`, {chat, place}, is where the server writes the answer too; `begun` is told the name of the stream.
export async function* streamAnswer(model, messages, signal, { place = null, begun = () => {}, ...more } = {}) {
  const body = JSON.stringify({ model, messages, stream: true, ...(place && { samovar: place }), ...more });
  const options = { method: "POST", body, signal, headers: { "Samovar-Resumable": "1" } };
  const response = await call("v1/chat/completions", options);
  const stream = response.headers.get("Samovar-Stream");
  begun(stream);
  yield* whole(response, stream, signal);
}

// Yields the chunks of an answer that was asked for before this page was opened, from the first on.
export async function* followAnswer(stream, signal) {
  yield* whole(await call(`v1/streams/${stream}`, { signal }), stream, signal);
}

// Who stops reading stops the answer.
async function* whole(response, stream, signal) {
  try {
    yield* unbroken(response, stream, signal);
  } catch (error) {
    if (error.name === "AbortError" && stream) leave(stream);
    throw error;
  }
}

async function* unbroken(response, stream, signal) {
  const place = { last: "" };
  for (let left = TRIES; ; left--) {
    try {
      yield* chunks(response, place);
      return;
    } catch (error) {
      if (error.code !== "broken" || !stream || left === 0) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    response = await again(stream, place.last, signal);
  }
}

// The chunks up to the end of the answer; place.last is the id of the last event that came.
async function* chunks(response, place) {
  for await (const { id, data } of events(response.body)) {
    place.last = id;
    if (data === "[DONE]") return;
    const chunk = JSON.parse(data);
    if (chunk.error) throw new ApiError(500, chunk.error.code, chunk.error.message);
    yield chunk;
  }
  throw new ApiError(0, "broken", "the stream ended early");
}

async function again(stream, last, signal) {
  try {
    return await call(`v1/streams/${stream}`, { signal, headers: last ? { "Last-Event-ID": last } : {} });
  } catch (error) {
    if (error.code === "offline") return new Response("");  // not yet: the next try may find it
    throw error;
  }
}

// The answer ends at once, instead of waiting for a reader that will not come.
function leave(stream) {
  call(`v1/streams/${stream}`, { method: "DELETE", keepalive: true }).catch(() => {});
}

export async function call(path, options = {}) {
  const headers = { "Content-Type": "application/json", ...options.headers };
  if (key) headers.Authorization = `Bearer ${key}`;
  let response;
  try {
    response = await fetch(path, { ...options, headers });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, "offline", error.message);
  }
  if (response.ok) return response;
  const told = await response.json().catch(() => ({}));
  throw new ApiError(response.status, told.error?.code, told.error?.message ?? response.statusText);
}

async function* events(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let pending = "";
  let id = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const lines = (pending + value).split("\n");
      pending = lines.pop();
      for (const line of lines) {
        if (line.startsWith("id: ")) id = line.slice(4);
        if (line.startsWith("data: ")) yield { id, data: line.slice(6) };
      }
    }
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, "broken", error.message);
  } finally {
    reader.cancel().catch(() => {});
  }
}
