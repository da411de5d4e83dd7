// Small helpers around the DOM. Text only ever goes in as text, never as markup.

/** The element with that id; a page without it is a mistake worth failing on. */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`The page has no element “${id}”.`);
  return element;
}

/**
 * Makes an element. `attributes`: `class`, `text`, `on` (listeners by event), and plain attributes; `undefined`, `null`
 * and `false` leave an attribute out.
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "class") element.className = value;
    else if (name === "text") element.textContent = value;
    else if (name === "on") {
      for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    } else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Opens a dialog; `then(value)` is called with the button's value when it closes, and with "" when it is turned away. */
export function ask(dialog, then) {
  // Otherwise Escape leaves the answer of the last time.
  dialog.returnValue = "";
  dialog.addEventListener("close", () => then(dialog.returnValue), { once: true });
  dialog.showModal();
}

/** Sets text only when it changed, so that screen readers are not made to repeat it. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function show(element, visible) {
  if (element.hidden === visible) element.hidden = !visible;
}

/** Marks an element with a tone that the style sheets colour: good, warn, bad, busy, or plain. */
export function setTone(element, tone) {
  if (element.dataset.tone !== tone) element.dataset.tone = tone;
}
