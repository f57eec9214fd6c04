"""What tests over a bad link have in common: how bad it is, how long they look, and what the server says of a caller."""

import os
import time

# Set: all losses at length, figures shown (`tools/bench/run.sh network`). Otherwise the middle of the road, shortly.
FIGURES = os.environ.get("TESSERA_NETWORK_FIGURES")
LOSSES = [0.01, 0.05, 0.10] if FIGURES else [0.05]
FREEZES_A_MINUTE = 2


def listen(seconds):
    """Real time in which real peers talk: the length of the recording, not a wait for something."""
    time.sleep(seconds)


def stream_of(tessera, name, codec):
    """None until the statistics of the first second are there."""
    participant = next(p for p in tessera.participants() if p["name"] == name)
    return next((s for s in participant["streams"] if s["codec"] == codec), None)


def has_pictures(tessera, name):
    video = stream_of(tessera, name, "H264")
    return video is not None and video["packets_received"] > 50


def figures_of(tessera, name):
    video, audio = stream_of(tessera, name, "H264"), stream_of(tessera, name, "opus")
    return {
        "name": name,
        "packets_lost": video["packets_lost"],
        "recovered": video["packets_recovered"],
        "freezes": video["freezes"],
        "longest_repair_ms": round(video["longest_repair_ms"]),
        "starts_wanted": video["starts_wanted"],
        "round_trip_ms": round(video["round_trip_ms"]),
        "concealed_percent": round(audio["concealed_percent"], 2),
        "playout_delay_ms": round(audio["playout_delay_ms"]),
        "lost_at_peer_percent": round(audio["remote_loss_percent"], 1),
        "starts_asked": video["starts_asked"],
        "rung": next(p["rung"] for p in tessera.participants() if p["name"] == name),
    }
