"""The phone's page over WebRTC in Chromium, which hides its addresses behind names unless told otherwise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from axolotl_browser.people import CoachPage, PhonePage
from axolotl_kit.coach import Coach
from axolotl_kit.recordings import read_finished
from axolotl_kit.stack import Stack
from playwright.sync_api import expect

# Lets the test see the page's connections without the page knowing.
WATCH_PEERS = """
  globalThis.peers = [];
  const Real = globalThis.RTCPeerConnection;
  globalThis.RTCPeerConnection = class extends Real {
    constructor(...all) { super(...all); globalThis.peers.push(this); this.channels = []; }
    createDataChannel(...all) {
      const channel = super.createDataChannel(...all);
      this.channels.push(channel);
      return channel;
    }
  };
"""

# Offers wait on their way to the server, and answers on their way back.
SLOW_SIGNALLING = """
  globalThis.signallingMs = 0;
  const realFetch = globalThis.fetch;
  const pass = () => new Promise((resolve) => setTimeout(resolve, signallingMs));
  globalThis.fetch = async (...all) => {
    if (!String(all[0]).includes("signal_offer")) return realFetch(...all);
    await pass();
    const response = await realFetch(...all);
    await pass();
    return response;
  };
"""


# The page and the server may each stand still for seconds on a busy machine, and the page then takes the connection for
# dead. Not here: less than the 15 s after which the server does.
PATIENT_PAGE = """
  const realTimeout = globalThis.setTimeout;
  globalThis.setTimeout = (work, ms, ...rest) => realTimeout(work, ms === 3000 ? 12_000 : ms, ...rest);
"""


def stream(coach_page: CoachPage, phone: PhonePage) -> str:
    """A session with one phone that streams."""
    session = coach_page.create_session(phones=None)
    phone.open(coach_page.scan())
    phone.turn_on("tripod")
    phone.wait_number("acknowledged", 30)
    return session


def stream_over_webrtc(stack: Stack, coach: Coach, coach_page: CoachPage, phone: PhonePage) -> str:
    """The same, over WebRTC.

    The first offer loads GStreamer: on a busy machine the phone takes the WebSocket meanwhile, and tries again when it
    hears of another network.
    """
    phone.page.add_init_script(WATCH_PEERS)
    session = stream(coach_page, phone)

    def is_there() -> bool:
        if coach.status(session)["devices"][0].get("transport") == "webrtc":
            return True
        phone.page.evaluate("dispatchEvent(new Event('online'))")
        phone.page.wait_for_timeout(1000)
        return False

    stack.wait("WebRTC", is_there, 60)
    return session


def test_a_phone_streams_over_webrtc(
    stack: Stack, coach: Coach, coach_page: CoachPage, phone_page: Callable[..., PhonePage]
) -> None:
    phone = phone_page()
    session = stream_over_webrtc(stack, coach, coach_page, phone)
    [device] = coach.wait_transport(session, "webrtc")
    stack.wait("a good clock", lambda: coach.device(session, device["device_id"])["sync"]["quality"] == "good", 15)
    described = "peers.at(-1).channels.map(c => [c.label, c.ordered, c.maxRetransmits, c.readyState])"
    wanted = [["control", True, None, "open"], ["frames", False, 0, "open"]]
    stack.wait("both channels, as PROTOCOL.md has them", lambda: sorted(phone.page.evaluate(described)) == wanted, 60)

    phone.page.get_by_role("button", name="Stop the camera").click()
    expect(phone.headline).to_have_text("Stopped", timeout=60_000)
    sent = phone.number("sent")
    folder = stack.recordings / session / device["device_id"]
    recorded = read_finished(folder).sequences
    assert len(recorded) >= sent and recorded == Counter(range(1, len(recorded) + 1))


def test_another_network_costs_neither_channels_nor_pairing(
    stack: Stack, coach: Coach, coach_page: CoachPage, phone_page: Callable[..., PhonePage]
) -> None:
    """ICE restart: new credentials on both sides, the same DTLS and the same channels.

    Over a network on which offer and answer take their time: meanwhile the browser must not try its new sockets with
    the server's old credentials.
    """
    phone = phone_page()
    phone.page.add_init_script(SLOW_SIGNALLING)
    phone.page.add_init_script(PATIENT_PAGE)
    session = stream_over_webrtc(stack, coach, coach_page, phone)
    phone.page.evaluate("() => { signallingMs = 300; }")
    connections, restarts = phone.page.evaluate("peers.length"), stack.metric("axolotl_webrtc_restarts_total")
    credentials = """() => {
      const { localDescription, remoteDescription, signalingState } = peers.at(-1);
      const of = (description) => /ice-ufrag:(.*)/.exec(description?.sdp)?.[1];
      return signalingState === "stable" && [of(localDescription), of(remoteDescription)];
    }"""
    for _ in range(3):
        before = phone.page.wait_for_function(credentials).json_value()

        def is_another(before: list[str] = before) -> bool:
            """Asked for again meanwhile: an offer that a busy server does not answer is not repeated by itself."""
            phone.page.evaluate("dispatchEvent(new Event('online'))")
            phone.page.wait_for_timeout(1000)
            now = phone.page.evaluate(credentials)
            return now and all(new != old for new, old in zip(now, before, strict=True))

        stack.wait("new credentials on both sides", is_another, 60)
        # The old way is gone for good once the new one is chosen; frames must go on over it.
        phone.wait_number("acknowledged", phone.number("acknowledged") + 60)
    # The first may have been under way when they were counted: the page takes no notice of another one meanwhile.
    stack.wait("restarts", lambda: stack.metric("axolotl_webrtc_restarts_total") >= restarts + 2, 15)
    phone.page.wait_for_function("() => peers.at(-1).connectionState === 'connected'")
    assert phone.page.evaluate("peers.at(-1).channels.map(c => c.readyState)") == ["open", "open"]
    assert phone.page.evaluate("peers.length") == connections
    [device] = coach.wait_transport(session, "webrtc")
    stack.wait("no gap", lambda: coach.device(session, device["device_id"])["frames_lost"] == 0, 10)


def test_a_browser_without_webrtc_uses_the_websocket(
    coach: Coach, coach_page: CoachPage, phone_page: Callable[..., PhonePage]
) -> None:
    phone = phone_page()
    phone.page.add_init_script("delete globalThis.RTCPeerConnection")
    session = stream(coach_page, phone)
    coach.wait_transport(session, "websocket")


def test_a_network_that_lets_no_webrtc_through_costs_seconds(
    coach: Coach, coach_page: CoachPage, phone_page: Callable[..., PhonePage]
) -> None:
    """Relays only, and there is none: no candidate, and none of the server's checks is answered."""
    phone = phone_page()
    phone.page.add_init_script(
        """
        const Real = globalThis.RTCPeerConnection;
        globalThis.RTCPeerConnection = class extends Real {
          constructor(wanted) { super({ ...wanted, iceTransportPolicy: "relay" }); }
        };
        """
    )
    session = stream(coach_page, phone)
    coach.wait_transport(session, "websocket")


def test_a_hidden_address_is_no_hindrance(stack: Stack, coach: Coach, phone_page: Callable[..., PhonePage]) -> None:
    """Without the camera Chromium names its host candidates `….local`: the phone's own checks show where it is."""
    session = coach.create_session(expected_devices=1, mode="single")
    page = phone_page(is_camera_allowed=False).page
    page.goto(f"{stack.base_url}/pair?token={session['pairing_token']}")
    offer, said = page.evaluate(
        """
        async (token) => {
          const { register } = await import("/assets/phone/api.js");
          const { WebRTCTransport } = await import("/assets/phone/transports/webrtc.js");
          const { device_token, session_id } = await register(token, "hidden", "an-attempt", {});
          let transport;
          const said = await new Promise((text, broken) => {
            const events = {
              opened: () => transport.sendText(JSON.stringify({ type: "hello" })),
              text,
              broken: (reason) => broken(new Error(reason)),
            };
            transport = new WebRTCTransport({ session: session_id, device: "hidden", token: device_token }, events);
            transport.open();
          });
          const offer = transport.peer.localDescription.sdp;
          transport.close();
          return [offer, JSON.parse(said)];
        }
        """,
        session["pairing_token"],
    )
    candidates = [line.split() for line in offer.splitlines() if line.startswith("a=candidate:")]
    assert candidates and all(fields[4].endswith(".local") for fields in candidates)
    assert said == {"type": "welcome", "next_seq": 1}
