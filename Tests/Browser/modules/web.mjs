// Loads the pages' own modules.

const web = new URL("../../../Services/api-front/Web/assets/", import.meta.url);

/** The module at that path under `assets/`. */
export const load = (path) => import(new URL(path, web).href);

/** Something that behaves like localStorage. */
export class MemoryStorage {
  values = new Map();
  getItem(key) { return this.values.get(key) ?? null; }
  setItem(key, value) { this.values.set(key, String(value)); }
  removeItem(key) { this.values.delete(key); }
}
