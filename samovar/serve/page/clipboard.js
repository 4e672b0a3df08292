// The clipboard, also where the page came over plain http: there a browser lends it to no script, but copies what is
// selected.

import { make } from "./markup.js";

// Whether `text` could be copied.
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = make("textarea");
    field.value = text;
    document.body.append(field);
    field.select();
    const isCopied = document.execCommand("copy");
    field.remove();
    return isCopied;
  }
}
