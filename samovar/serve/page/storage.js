// What the browser keeps, for good or for this tab. Where that is full or switched off, the page does without.

export const inBrowser = (act) => attempt(() => act(localStorage));
export const inTab = (act) => attempt(() => act(sessionStorage));

function attempt(act) {
  try {
    return act();
  } catch {
    return null;
  }
}
