// Which sequence numbers this phone has used, and who it is: kept over a reload, so that it takes its own place again.

const PREFIX = "axolotl:";
const HOLDER_PREFIX = "axolotl:holder:";
const ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789";

/** A name for this phone in one session: `phone-` and 10 characters from the browser's random source. */
export function makeDeviceID(random = (bytes) => crypto.getRandomValues(bytes)) {
  const bytes = random(new Uint8Array(10));
  return `phone-${letters(bytes)}`;
}

function letters(bytes) {
  return Array.from(bytes, (byte) => ALPHABET[byte % ALPHABET.length]).join("");
}

/** What one phone remembers of one session, in a `Storage` (localStorage, or a Map-like stand-in). */
export class Place {
  constructor(session, storage) {
    this.session = session;
    this.key = PREFIX + session;
    this.storage = storage;
    this.holder = null;
    this.value = read(storage, this.key);
  }

  /** Made once per session. */
  get deviceID() {
    if (!this.value.deviceID) this.update({ deviceID: makeDeviceID() });
    return this.value.deviceID;
  }

  /** Names this phone's registration, made once per session: asking again with it is not a second use of the code. */
  get attempt() {
    if (!this.hasAttempted) this.update({ attempt: letters(crypto.getRandomValues(new Uint8Array(32))) });
    return this.value.attempt;
  }

  get hasAttempted() {
    return typeof this.value.attempt === "string";
  }

  /** `{ socket, token, label }` of the registration, or null. */
  get registration() {
    return this.value.registration ?? null;
  }

  set registration(registration) {
    this.update({ registration });
  }

  /** Highest sequence number ever used; the next page begins above it. */
  get usedSequence() {
    return this.value.used ?? 0;
  }

  set usedSequence(used) {
    this.update({ used });
  }

  /**
   * Its registration is good no more, and a fresh code brings it back: under the same names, and with numbers that go
   * on. (In a session that was made anew under the same name meanwhile, those before are told as lost.)
   */
  lapse() {
    const { deviceID, used } = this.value;
    const { label } = this;
    this.value = {};
    this.update({ deviceID, used, label });
  }

  /** The name that its owner gave it when it joined; undefined before. */
  get label() {
    return this.value.registration?.label ?? this.value.label;
  }

  /** This page streams; whichever page said so last has the place, and the others of this phone leave it alone. */
  hold() {
    this.holder = letters(crypto.getRandomValues(new Uint8Array(16)));
    this.write(HOLDER_PREFIX + this.session, this.holder);
  }

  /** It streams no more; another page may. */
  letGo() {
    if (this.holder !== null && !this.isElsewhere) this.remove(HOLDER_PREFIX + this.session);
    this.holder = null;
  }

  /** Another page of this phone streams, as far as it is known. */
  get isElsewhere() {
    try {
      return ![null, this.holder].includes(this.storage.getItem(HOLDER_PREFIX + this.session));
    } catch {
      return false;
    }
  }

  /** A place that was lost (deleted session, removed phone) is no use to anyone. */
  forget() {
    this.value = {};
    this.remove(this.key);
    this.remove(HOLDER_PREFIX + this.session);
  }

  update(change) {
    this.value = { ...this.value, ...change };
    this.write(this.key, JSON.stringify(this.value));
  }

  write(key, text) {
    try {
      this.storage.setItem(key, text);
    } catch {
      // Without storage the phone works, but a reload makes it a new device.
    }
  }

  remove(key) {
    try {
      this.storage.removeItem(key);
    } catch {
      // Storage may be switched off; there is nothing to remove then.
    }
  }
}

function read(storage, key) {
  try {
    const value = JSON.parse(storage.getItem(key) ?? "{}");
    return value !== null && typeof value === "object" ? value : {};
  } catch {
    return {};
  }
}
