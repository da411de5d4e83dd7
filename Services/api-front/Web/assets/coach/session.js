// One session on the screen: code, phones, live poses, data.

import { ask, byId, setText, setTone, show } from "../common/dom.js";
import { nextStep, roomWords } from "./advice.js";
import { deleteSession, endSession, sessionStatus, validateToken } from "./api.js";
import { CalibrationPanel } from "./calibration.js";
import { consentWords } from "./consent.js";
import { adaptData, offerPoses, showReceipt } from "./data.js";
import { DeviceList } from "./devices.js";
import { Feed } from "./feed.js";
import { codeOf, forgetCode, Invite } from "./invite.js";
import { Control } from "./control.js";
import { decodePose, medianError } from "./pose.js";
import { RecordingList } from "./recordings.js";
import { normalise, roomForRecordings } from "./status.js";
import { Viewer } from "./viewer.js";

const RATE_WINDOW_MS = 2000;

export class SessionPage {
  /** `onProblem(problem)`, `onGone(problem)` when the server does not know the session, `onDeleted()`. */
  constructor(on) {
    Object.assign(this, on);
    this.session = null;
    this.status = null;
    this.invite = new Invite({
      onExpired: () => this.feed && this.status && this.received(this.status),
      validate: validateToken,
    });
    this.control = new Control(this);
    this.devices = new DeviceList({
      onRename: (device, name) => this.control.askName(device, name),
      onRemove: (device, name) => this.control.askRemoval(device, name),
    });
    this.viewer = new Viewer(byId("view"));
    this.calibration = new CalibrationPanel();
    this.recordings = new RecordingList();
    this.listen();
  }

  /** Shows a session; `code` when it has just been made here. */
  open(session, code = codeOf(session)) {
    this.close();
    this.session = session;
    this.status = null;
    this.wantsCode = null;
    this.instants = [];
    this.showLink(code);
    this.viewer.clear();
    this.devices.clear();
    this.say({ headline: "Connecting…", detail: "", tone: "busy" });
    setText(byId("pose-figures"), "");
    setText(byId("consent-record"), "");
    offerPoses(null);
    this.calibration.open(session);
    this.recordings.open(session);
    this.showCode();
    this.follow();
  }

  /** From now on it shows what becomes of the session. */
  follow() {
    const { session } = this;
    this.feed = new Feed(session, {
      on: {
        status: (status) => this.received(normalise(status)),
        pose: (buffer) => this.showPose(decodePose(buffer)),
        state: (state) => this.showFeed(state),
        lost: (problem) => this.lost(problem),
      },
      check: () => sessionStatus(session),
    });
  }

  unfollow() {
    this.feed?.close();
    this.feed = null;
    show(byId("feed"), false);
  }

  close() {
    // A question about this session is not one about the next.
    for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close("");
    this.unfollow();
    this.session = null;
  }

  /** A link that is no address costs the code, not the page. */
  showLink(code) {
    try {
      this.invite.set(code);
    } catch (problem) {
      forgetCode(this.session);
      this.invite.set(null);
      this.onProblem(problem);
    }
  }

  /** The server will not show this session. */
  lost(problem) {
    if (problem.status !== 404) {
      this.fail();
      return this.onProblem(problem);
    }
    this.close();
    this.onGone(problem);
  }

  /** It cannot go on, for a reason that is shown above. */
  fail() {
    this.close();
    this.say({ headline: "This page cannot go on", detail: "The reason stands above. Reload the page afterwards.", tone: "bad" });
  }

  received(status) {
    const before = this.status;
    this.status = status;
    adaptData(status);
    this.calibration.update(status);
    if (before && before.state !== status.state && status.state === "ended") this.recordings.load();
    else this.recordings.update(status);
    show(byId("three"), status.mode === "3d");
    byId("page-session").classList.toggle("flat", status.mode !== "3d");
    byId("end").disabled = status.state === "ended";
    setText(byId("consent-record"), consentWords(status.consent_record));
    this.devices.update(status.devices, status.state === "ended" ? 0 : status.expected_devices, status.state === "ended");
    this.showRoom();
    this.showCode();
    this.showStep();
  }

  showRoom() {
    const room = roomWords(roomForRecordings(this.status.devices));
    show(byId("room"), room !== null && this.status.state !== "ended");
    if (room === null) return;
    setText(byId("room"), room.word);
    setTone(byId("room"), room.tone);
  }

  showStep() {
    const rate = this.poseRate();
    const { unassigned } = this.calibration;
    this.say(nextStep(this.status, { hasCode: this.invite.isValid, poseRate: rate, unassigned }));
    const calibrated = this.status.reconstruction?.calibrated;
    const empty = rate > 0 ? ""
      : this.status.state === "ended" ? "The session has ended."
      : unassigned > 0 ? "Choose which phone stands for which camera of the calibration (below)."
      : calibrated === false ? "Load the calibration of the cameras (below) to see 3D poses."
      : "The athlete appears here as soon as two phones see them.";
    setText(byId("view-empty"), empty);
    show(byId("view-empty"), empty !== "");
    if (rate === 0) setText(byId("pose-figures"), "");
  }

  say({ headline, detail, tone }) {
    setText(byId("step-headline"), headline);
    setText(byId("step-detail"), detail);
    setTone(byId("step"), tone);
  }

  showPose(pose) {
    if (!pose) return;
    this.viewer.show(pose);
    const now = performance.now();
    this.instants.push(now);
    if (now - (this.saidAt ?? 0) < 500) return;
    this.saidAt = now;
    const error = medianError(pose);
    const parts = [
      `${this.poseRate().toFixed(0)} poses / s`,
      `${pose.cameras} cameras`,
      error === null ? "" : `${error.toFixed(1)} px error`,
      `clocks ± ${pose.boundMs.toFixed(1)} ms`,
    ];
    setText(byId("pose-figures"), parts.filter(Boolean).join(" · "));
  }

  poseRate() {
    const from = performance.now() - RATE_WINDOW_MS;
    while (this.instants.length > 0 && this.instants[0] < from) this.instants.shift();
    return (this.instants.length * 1000) / RATE_WINDOW_MS;
  }

  /** The code is on the screen while phones are missing, or when the coach asks for it. */
  showCode() {
    const status = this.status;
    const isMissing = !status || (status.state !== "ended" && status.devices.length < status.expected_devices);
    const visible = this.invite.code !== null && (this.wantsCode ?? isMissing);
    this.isInviting = visible;
    show(byId("invite"), visible);
    byId("page-session").classList.toggle("with-code", visible);
    const toggle = byId("toggle-invite");
    show(toggle, this.invite.code !== null && status?.state !== "ended");
    setText(toggle, visible ? "Hide the code" : "Show the code");
    toggle.setAttribute("aria-expanded", String(visible));
    this.control.update();
  }

  /** A code that was made, or withdrawn, for the session that is open. */
  showInvitation(code) {
    this.invite.set(code);
    this.wantsCode = code ? true : null;
    this.showCode();
    if (this.status) this.showStep();
    const { top } = byId("invite").getBoundingClientRect();
    if (code && (top < 0 || top > innerHeight / 2)) byId("invite").scrollIntoView();
  }

  showFeed(state) {
    const words = { connecting: "connecting…", open: "live", waiting: "connection lost, trying again…" };
    setText(byId("feed"), words[state]);
    setTone(byId("feed"), { open: "good", waiting: "bad" }[state] ?? "busy");
    show(byId("feed"), true);
  }

  listen() {
    byId("toggle-invite").addEventListener("click", () => {
      this.wantsCode = byId("invite").hidden;
      this.showCode();
    });
    byId("refresh").addEventListener("click", () => this.recordings.load());
    byId("end").addEventListener("click", () => this.act(byId("end"), () => endSession(this.session)));
    byId("delete").addEventListener("click", () => {
      const { session } = this;
      ask(byId("confirm"), (answer) => {
        if (answer === "delete") this.act(byId("delete"), () => this.remove(session));
      });
    });
  }

  async remove(session) {
    // The server knows the session no more while it still removes what was recorded: that is not to take the place of
    // the receipt.
    this.unfollow();
    this.say({ headline: "Deleting…", detail: "", tone: "busy" });
    let receipt;
    try {
      receipt = await deleteSession(session);
    } catch (problem) {
      if (session === this.session && !this.feed) {
        this.follow();
        if (this.status) this.received(this.status);
      }
      throw problem;
    }
    forgetCode(session);
    // Another one may have been opened meanwhile.
    if (session !== this.session) return;
    this.close();
    showReceipt(receipt);
    this.onDeleted();
  }

  /** Does what was asked for; `button`, if any, waits meanwhile. */
  async act(button, action) {
    if (button) button.disabled = true;
    try {
      await action();
      this.onProblem(null);
    } catch (problem) {
      this.onProblem(problem);
    } finally {
      if (button) button.disabled = this.status?.state === "ended" && button.id === "end";
    }
  }
}
