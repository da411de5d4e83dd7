// The coach's hold on the phones of a session: names, removals, more places, fresh codes.

import { ask, byId, setText, show } from "../common/dom.js";
import { freshCode, removeDevice, renameDevice, setExpectedDevices } from "./api.js";
import { forgetCode, keepCode } from "./invite.js";

/** What may be done about places now. Pure. */
export function places(status) {
  const isOpen = status !== null && status.state !== "ended";
  const taken = status?.devices.length ?? 0;
  return {
    isFree: isOpen && taken < status.expected_devices,
    mayGrow: isOpen && status.expected_devices < status.maximum_devices,
  };
}

/**
 * The buttons and dialogs. `page` has `session`, `status`, `invite`, `act(button, action)`, `showInvitation(code)` and
 * `isInviting`, whether a code is on the screen.
 */
export class Control {
  constructor(page) {
    this.page = page;
    for (const id of ["renew", "new-code"]) {
      byId(id).addEventListener("click", () => page.act(byId(id), () => this.renew(page.session)));
    }
    byId("add-phone").addEventListener("click", () => page.act(byId("add-phone"), () => this.grow()));
  }

  update() {
    const { isFree, mayGrow } = places(this.page.status);
    show(byId("new-code"), isFree && !this.page.isInviting && !this.page.invite.isValid);
    show(byId("renew"), isFree);
    show(byId("add-phone"), mayGrow);
  }

  askName(device, name) {
    const { session } = this.page;
    byId("rename-label").value = name;
    ask(byId("rename"), (answer) => {
      if (answer === "save") this.rename(session, device);
    });
    byId("rename-label").select();
  }

  askRemoval(device, name) {
    const { session } = this.page;
    setText(byId("removal-title"), `Remove “${name}”?`);
    ask(byId("confirm-removal"), (answer) => {
      if (answer === "remove") this.remove(session, device);
    });
  }

  rename(session, device) {
    const label = byId("rename-label").value.replace(/\s+/g, " ").trim();
    if (label) this.page.act(null, () => renameDevice(session, device, label));
  }

  remove(session, device) {
    const { page } = this;
    page.act(null, async () => {
      const wasInviting = page.isInviting;
      // The phone's owner may have kept the code: the server withdraws it together with the phone.
      forgetCode(session);
      page.showInvitation(null);
      await removeDevice(session, device);
      if (wasInviting && session === page.session) await this.renew(session);
    });
  }

  async grow() {
    const { session, status } = this.page;
    await setExpectedDevices(session, status.expected_devices + 1);
    await this.renew(session);
  }

  async renew(session) {
    const code = keepCode(await freshCode(session));
    if (session === this.page.session) this.page.showInvitation(code);
  }
}
