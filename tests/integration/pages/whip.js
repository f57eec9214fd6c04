// Publishes the fake camera by WHIP and watches the same room by WHEP, as any page could; logs what came of it as JSON.
"use strict";
const room = location.pathname.split("/")[2];
window.said = [];
const say = (kind, said) => {
  window.said.push({ kind, ...said });
  console.log(JSON.stringify({ kind, ...said }));
};
// Not every browser says how loud it is.
const heard = (audio) => (audio?.energy === undefined ? audio?.packets > 100 : audio.energy > 0);

// As if a firewall let no UDP through: such candidates of the server are not looked at.
const by_tcp = (sdp) => sdp.split("\r\n").filter((line) => !/^a=candidate:\S+ 1 udp /.test(line)).join("\r\n");

async function begin(door, connection) {
  await connection.setLocalDescription();
  const answer = await fetch(`/v1/${door}/${room}?name=${door}`, {
    method: "POST",
    headers: { "Content-Type": "application/sdp" },
    body: connection.localDescription.sdp,
  });
  const text = await answer.text();
  say(door, { status: answer.status, code: answer.ok ? "" : JSON.parse(text).code });
  if (!answer.ok) throw new Error(text);
  await connection.setRemoteDescription({ type: "answer", sdp: location.search === "?tcp" ? by_tcp(text) : text });
  return answer.headers.get("Location");
}

async function numbers(connection, wanted) {
  const found = { state: connection.connectionState };
  const stats = [...(await connection.getStats()).values()];
  const pair = stats.find((each) => each.type === "candidate-pair" && each.nominated);
  found.protocol = stats.find((each) => each.id === pair?.remoteCandidateId)?.protocol;
  const mime = (each) => stats.find((other) => other.id === each.codecId)?.mimeType;
  for (const each of stats) {
    if (each.type !== wanted) continue;
    found[each.kind] = {
      packets: each.packetsReceived ?? each.packetsSent, frames: each.framesDecoded ?? each.framesEncoded,
      width: each.frameWidth, energy: each.totalAudioEnergy, codec: mime(each),
    };
  }
  return found;
}

// What is in the middle of the picture, as red, green and blue; null: there is no picture.
function middle_of(video) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  const [x, y] = [video.videoWidth, video.videoHeight];
  const pen = canvas.getContext("2d");
  pen.drawImage(video, x * 0.4, y * 0.4, x * 0.2, y * 0.2, 0, 0, 1, 1);
  return x && [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3);
}

async function main() {
  const camera = await navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 640, height: 360 } });
  const publisher = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
  for (const track of camera.getTracks()) publisher.addTransceiver(track, { direction: "sendonly", streams: [camera] });
  const published = await begin("whip", publisher);

  const watcher = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
  const screen = document.querySelector("video");
  screen.srcObject = new MediaStream();
  watcher.ontrack = (event) => screen.srcObject.addTrack(event.track);
  watcher.addTransceiver("audio", { direction: "recvonly" });
  watcher.addTransceiver("video", { direction: "recvonly" });
  const watched = await begin("whep", watcher);

  for (let second = 0; location.hash !== "#end"; ++second) {
    say("numbers", { sent: await numbers(publisher, "outbound-rtp"), seen: await numbers(watcher, "inbound-rtp") });
    await new Promise((done) => setTimeout(done, 500));
    if (second === 240) location.hash = "end";
    const seen = await numbers(watcher, "inbound-rtp");
    const colour = middle_of(screen);
    if (seen.video?.frames > 60 && heard(seen.audio) && colour) {
      say("picture", { width: screen.videoWidth, height: screen.videoHeight, colour });
      break;
    }
  }
  for (const path of [published, watched]) {
    const answer = await fetch(path, { method: "DELETE" });
    say("deleted", { status: answer.status });
  }
  say("done", {});
}

main().catch((error) => say("error", { text: String(error) }));
