// The server, as the page sees it: which model there is, and an answer as a stream of chunks.

export class ApiError extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

const KEY = "samovar.key";

// A key is kept for the tab and not for the machine.
export function keepKey(key) {
  sessionStorage.setItem(KEY, key);
}

export async function modelName() {
  const response = await call("v1/models");
  return (await response.json()).data[0].id;
}

// Yields the chunks of one answer.
export async function* streamAnswer(model, messages, signal) {
  const body = JSON.stringify({ model, messages, stream: true });
  const response = await call("v1/chat/completions", { method: "POST", body, signal });
  let isWhole = false;
  for await (const line of eventLines(response.body)) {
    if (line === "[DONE]") {
      isWhole = true;
      break;
    }
    const chunk = JSON.parse(line);
    if (chunk.error) throw new ApiError(500, chunk.error.code, chunk.error.message);
    yield chunk;
  }
  if (!isWhole) throw new ApiError(0, "broken", "the stream ended early");
}

async function call(path, options = {}) {
  const headers = { "Content-Type": "application/json" };
  const key = sessionStorage.getItem(KEY);
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

async function* eventLines(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let pending = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const lines = (pending + value).split("\n");
      pending = lines.pop();
      for (const line of lines) if (line.startsWith("data: ")) yield line.slice(6);
    }
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, "broken", error.message);
  } finally {
    reader.cancel().catch(() => {});
  }
}
