"""Real callers in one room, and how soon each sees and hears all others."""

import time

from . import picture
from .ear import Ear
from .wait import until

CALLERS = {
    "Anna Berg": {"hertz": 440, "colour": "0x2050c0", "audio_codec": "opus/48000/2"},
    "Boris Klein": {"hertz": 700, "colour": "0x20a040", "audio_codec": "G722/16000/1"},
    "Clara Wolf": {"hertz": 1100, "colour": "0xc03030", "audio_codec": "PCMU/8000/1"},
    "Dora Lind": {"hertz": 1550, "colour": "0xc0a020", "audio_codec": "opus/48000/2"},
}


class Meeting:
    """Callers in one room who were all seen and heard by each other."""

    def __init__(self, tessera, make_baresip, names, seconds=20):
        self.tessera, self.make_baresip = tessera, make_baresip
        self.callers, self.ears, self.seconds = {}, {}, seconds
        for name in names:
            self.join(name)
        self.wait_all_meet(time.monotonic(), seconds)

    def join(self, name):
        settings = CALLERS[name]
        caller = self.make_baresip(name, settings["hertz"], settings["colour"], audio_codec=settings["audio_codec"],
                                   clip_seconds=40)
        self.callers[name] = caller.dial(self.tessera.uri(), self.seconds)
        self.ears[name] = Ear(caller)

    def others(self, name, key):
        return [CALLERS[other][key] for other in self.callers if other != name]

    def wait_heard(self, after, seconds):
        """Seconds from `after` until each heard all others."""
        def heard():
            times = {n: ear.first(self.others(n, "hertz"), after) for n, ear in self.ears.items()}
            return times if all(times.values()) else None

        return {n: at - after for n, at in until(heard, seconds, "everybody hears the others").items()}

    def sees_others(self, name, png):
        return all(picture.share_of_colour(png, colour) > 0.03 for colour in self.others(name, "colour"))

    def wait_seen(self, after, seconds):
        """Seconds from `after` until each had decoded a picture that shows all others."""
        seen = {}
        while len(seen) < len(self.callers):
            for name in self.callers.keys() - seen.keys():
                png = self.callers[name].snapshot()
                at = time.monotonic() - after
                assert at < seconds, f"{name} does not see all others after {at:.1f} s: {png}"
                if self.sees_others(name, png):
                    seen[name] = at
        return seen

    def wait_all_meet(self, after, seconds):
        return self.wait_seen(after, seconds), self.wait_heard(after, seconds)

    def leave(self, name):
        self.ears.pop(name).stop()
        self.callers.pop(name).hang_up()

    def nobody_was_cut_off(self):
        return not any(caller.saw("CALL_CLOSED") for caller in self.callers.values())
