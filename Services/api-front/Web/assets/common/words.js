// Numbers and states in words, the same on both pages.

/** `45 s`, `9:05`, `1:00:00`. */
export function countdown(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole} s`;
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (n) => String(n).padStart(2, "0");
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** `just now`, `12 s ago`, `3 min ago`; `never` without a time. */
export function ago(milliseconds) {
  if (milliseconds === null || milliseconds === undefined) return "never";
  const seconds = Math.floor(milliseconds / 1000);
  if (seconds < 2) return "just now";
  if (seconds < 120) return `${seconds} s ago`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 120 ? `${minutes} min ago` : `${Math.floor(minutes / 60)} h ago`;
}

/** `1,234` in a form every reader knows. */
export function count(number) {
  return Math.round(number ?? 0).toLocaleString("en");
}

/** `1.4 MB`. */
export function bytes(number) {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  let value = Math.max(0, number ?? 0);
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** One of something is singular: `1 phone`, `2 phones`. */
export function plural(number, one, many = `${one}s`) {
  return `${count(number)} ${number === 1 ? one : many}`;
}

/** `± 0.4 ms`, `± 12 ms`. */
export function plusMinus(milliseconds) {
  return `± ${milliseconds < 10 ? milliseconds.toFixed(1) : Math.round(milliseconds)} ms`;
}

/** A time of the server as a Date: ISO 8601 text, or seconds or milliseconds since 1970. */
export function instant(value) {
  if (value === null || value === undefined || value === "") return null;
  const date = typeof value === "number" ? new Date(value < 1e11 ? value * 1000 : value) : new Date(value);
  return Number.isNaN(date.getTime()) ? null : date;
}
