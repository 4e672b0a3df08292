// An answer as it comes: its message is filled from the stream, and gone on with where the context was full.

import { isTooLong, streamAnswer } from "./api.js";
import { noteStream, placeOf } from "./chats.js";

// Takes in what a chunk tells.
export function take(message, chunk) {
  const choice = chunk.choices[0];
  if (!choice) return;
  const told = choice.delta.samovar ?? {};
  message.model = chunk.system_fingerprint ?? chunk.model;
  message.thought = (message.thought ?? "") + (choice.delta.reasoning_content ?? "");
  message.content += choice.delta.content ?? "";
  message.steps.push(...(told.steps ?? []));
  if (!choice.finish_reason) return;
  message.cutBy = told.cut_by;
  message.isSpent = told.cut_by === "rounds";
  message.isCutShort = choice.finish_reason === "length" && !message.isSpent;
}

// Fills `message`, which stands in the chat, with the answer to what was said; where it has words already, it goes on
// from them. Of what is longer than the model's context the older half is left out, which leaves room for the answer:
// before there is any of it, or in its middle. It stays full where all that is left is the question.
export async function fill(chat, message, said, { model, signal, news }) {
  let place = message.content ? null : placeOf(chat, message);
  const begun = (stream) => place && stream && noteStream(chat.id, stream);
  for (;;) {
    message.content = message.content.trimEnd();
    const { content } = message;
    let isFull;
    const asked = content ? [...said, { role: "assistant", content }] : said;
    const options = { place, begun, ...(content && { continue_final_message: true }) };
    try {
      for await (const chunk of streamAnswer(model, asked, signal, options)) {
        take(message, chunk);
        news();
      }
      isFull = message.cutBy === "context";
    } catch (error) {
      if (error.code === "chat_not_found" && place) {
        place = null;  // deleted on another page
        continue;
      }
      if (!isTooLong(error) || (said.length === 1 && !content)) throw error;
      isFull = true;
    }
    message.isFull = isFull && said.length === 1;
    if (!isFull || message.isFull) return;
    said = said.slice(said.findIndex(({ role }, index) => role === "user" && index >= said.length / 2));
    if (message.content) place = null;  // the server writes whole answers: what is said already is the page's to keep
    else Object.assign(message, { steps: [], thought: "" });
    Object.assign(message, { forgot: true, told: said.length });
  }
}
