// The coach's page: which of its five faces to show. `#/` is the start, `#/session/<id>` a session.

import { Backoff } from "../common/backoff.js";
import { byId, setText, show } from "../common/dom.js";
import { asProblem, mayChange } from "../common/problem.js";
import { listSessions, signIn, signOut } from "./api.js";
import { setUpForm, showTerms } from "./create.js";
import { forgetCodes, keepCode } from "./invite.js";
import { SessionPage } from "./session.js";
import { showSessions } from "./sessionlist.js";

const FACES = ["locked", "start", "session", "gone", "receipt"];

function face(name, title) {
  for (const one of FACES) show(byId(`page-${one}`), one === name);
  show(byId("sign-out"), name !== "locked");
  setText(byId("where"), title);
  document.title = title ? `${title} – Axolotl` : "Axolotl";
}

function showProblem(problem) {
  if (problem?.status === 401) {
    page.close();
    forgetCodes();
    face("locked", "");
    problem = null;
  }
  setText(byId("problem"), problem ? problem.message : "");
  show(byId("problem"), Boolean(problem));
  if (problem) byId("problem").scrollIntoView({ block: "nearest" });
}

function showGone(problem) {
  showProblem(null);
  setText(byId("gone-words"), problem.message);
  face("gone", "");
}

const page = new SessionPage({
  onProblem: showProblem,
  onGone: showGone,
  onDeleted: () => face("receipt", ""),
});
let fresh = null;

setUpForm({
  onCreated: (answer) => {
    fresh = { session: answer.session_id, code: keepCode(answer) };
    location.hash = `#/session/${encodeURIComponent(answer.session_id)}`;
  },
  onProblem: showProblem,
});

/** Counts the turns: what answers late must not change the page that was gone to meanwhile. */
let turn = 0;

async function route() {
  turn += 1;
  showProblem(null);
  try {
    const session = /^#\/session\/(.+)$/.exec(location.hash)?.[1];
    if (session) return openSession(decodeURIComponent(session));
    page.close();
    face("start", "");
  } catch (error) {
    page.fail();
    return showProblem(asProblem(error));
  }
  await showList(turn, new Backoff({ first: 2000, longest: 30_000 }));
}

/** Asks for the list until it comes or the page is left: without it no session can be made. */
async function showList(mine, backoff) {
  try {
    const list = await listSessions();
    if (mine !== turn) return;
    showProblem(null);
    showTerms(list);
    showSessions(list, { older: listSessions, onProblem: (error) => showProblem(asProblem(error)) });
  } catch (error) {
    if (mine !== turn) return;
    const problem = asProblem(error);
    showProblem(problem);
    if (mayChange(problem)) setTimeout(() => mine === turn && showList(mine, backoff), backoff.next());
  }
}

function openSession(name) {
  face("session", name);
  const code = fresh?.session === name ? fresh.code : undefined;
  fresh = null;
  page.open(name, code);
  byId("content").focus({ preventScroll: true });
}

byId("key-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    await signIn(byId("key").value.trim());
    byId("key").value = "";
    await route();
  } catch (error) {
    const { message } = asProblem(error);
    setText(byId("problem"), message);
    show(byId("problem"), true);
  }
});
byId("sign-out").addEventListener("click", async () => {
  const button = byId("sign-out");
  button.disabled = true;
  try {
    // Whoever was signed out already wants to leave as well.
    await signOut().catch((error) => {
      if (asProblem(error).status !== 401) throw error;
    });
    page.close();
    forgetCodes();
    // Loaded anew, so that nothing of what was shown stays behind the closed door.
    location.replace("/");
  } catch (error) {
    showProblem(asProblem(error));
  } finally {
    button.disabled = false;
  }
});
globalThis.addEventListener("hashchange", route);
route();
