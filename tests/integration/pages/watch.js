// Watches the room by WHEP and logs five times a second what came, as JSON. `?via=ADDRESS`: media go there instead of to the
// server itself.
"use strict";
const room = location.pathname.split("/")[2];
const via = new URLSearchParams(location.search).get("via");
const say = (kind, said) => console.log(JSON.stringify({ kind, ...said }));
const led = (sdp) => (via ? sdp.replace(/^(a=candidate:\S+ 1 udp \d+) \S+/gm, `$1 ${via}`) : sdp);

async function numbers(connection) {
  const found = {};
  for (const each of (await connection.getStats()).values()) {
    if (each.type === "candidate-pair" && each.nominated) found.rtt_ms = 1000 * each.currentRoundTripTime;
    if (each.type !== "inbound-rtp") continue;
    found[each.kind] = {
      bytes: each.bytesReceived + each.headerBytesReceived, frames: each.framesDecoded, width: each.frameWidth,
      frozen_s: each.totalFreezesDuration, freezes: each.freezeCount, concealed: each.concealedSamples,
      samples: each.totalSamplesReceived, lost: each.packetsLost,
    };
  }
  return found;
}

async function main() {
  const watcher = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
  const screen = document.querySelector("video");
  screen.srcObject = new MediaStream();
  watcher.ontrack = (event) => screen.srcObject.addTrack(event.track);
  watcher.addTransceiver("audio", { direction: "recvonly" });
  watcher.addTransceiver("video", { direction: "recvonly" });
  await watcher.setLocalDescription();
  const answer = await fetch(`/v1/whep/${room}?name=Watcher`, {
    method: "POST", headers: { "Content-Type": "application/sdp" }, body: watcher.localDescription.sdp,
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(text);
  await watcher.setRemoteDescription({ type: "answer", sdp: led(text) });
  for (;;) {
    say("seen", { at: Date.now() / 1000, ...(await numbers(watcher)) });
    await new Promise((done) => setTimeout(done, 200));
  }
}

main().catch((error) => say("error", { text: String(error) }));
