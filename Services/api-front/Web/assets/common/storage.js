// What the browser keeps for a page, or a stand-in for as long as the page lives.

/** As much of `Storage` as the pages use. */
export class MemoryStorage {
  values = new Map();

  getItem(key) {
    return this.values.get(key) ?? null;
  }

  setItem(key, value) {
    this.values.set(key, String(value));
  }

  removeItem(key) {
    this.values.delete(key);
  }
}

/** `localStorage` by its name: where a browser blocks a site's data, reading the name alone throws. */
export function storageOf(name, scope = globalThis) {
  try {
    return scope[name] ?? new MemoryStorage();
  } catch {
    return new MemoryStorage();
  }
}
