"""The media daemon stands still for half a second, as on a machine that has too much to do: nobody hears it for long."""

import signal
import statistics
import sys
import time

import pytest

from support.caller import Caller
from support.hiss import HissLeg
from support.wait import until

STALL_S = 0.5
BACK_WITHIN_S = 2
STAYS_S = 6
# Where a pitch period may be left out or repeated, and where the grid of ticks lies.
AS_BEFORE_S = 0.010


class Line(Caller):
    """A caller whose sound is a hiss of its own."""

    def __init__(self, server, seed, video):
        super().__init__(server, tone=None, video=video)
        self.audio.close()
        self.audio = HissLeg(seed)


@pytest.fixture
def make_lines(tessera):
    made = []

    def make(video):
        made.extend(Line(tessera, seed, video).dial() for seed in (1, 2))
        return made

    # Their threads take turns: packets are to leave in time.
    usual = sys.getswitchinterval()
    sys.setswitchinterval(0.0002)
    yield make
    sys.setswitchinterval(usual)
    for line in made:
        line.hang_up()
        line.close()


def pass_until(moment):
    """Real time in which real peers talk: the length of the recording, not a wait for something."""
    time.sleep(max(0, moment - time.monotonic()))


def clock_offsets(packets, hertz):
    """By how much each packet's arrival is later than its RTP time says, beginning anywhere."""
    start, at = packets[0].timestamp, packets[0].arrived
    return [(p.arrived - at) - ((p.timestamp - start + 2**31) % 2**32 - 2**31) / hertz for p in packets]


def shift(packets, stalled, resumed, hertz):
    """How far the RTP clock and real time have drifted apart over a stall, in seconds."""
    offsets = list(zip(packets, clock_offsets(packets, hertz)))
    before = statistics.median(o for p, o in offsets if p.arrived < stalled)
    after = statistics.median(o for p, o in offsets if p.arrived > resumed + 0.2)
    return after - before


def test_after_a_stall_of_500_ms_sound_is_as_old_as_before_within_2_s_and_stays(tessera, make_lines):
    first, second = make_lines(video=False)
    until(lambda: first.audio.packets and second.audio.packets, 10, "media flows")
    # What the beginning of a call says about jitter is forgotten by a third every two seconds.
    settled = time.monotonic() + 6
    pass_until(settled + 4)

    stalled = time.monotonic()
    tessera.mcud.popen.send_signal(signal.SIGSTOP)
    pass_until(stalled + STALL_S)
    tessera.mcud.popen.send_signal(signal.SIGCONT)
    resumed = time.monotonic()
    ended = resumed + BACK_WITHIN_S + STAYS_S
    pass_until(ended)

    for name, line, other in (("first", first, second), ("second", second, first)):
        ages = list(line.audio.ages(other.audio, settled, ended))
        before = [age for at, age in ages if at < stalled - 0.1]
        after = [(at - resumed, age) for at, age in ages if at > resumed]
        late = [age for at, age in after if at >= BACK_WITHIN_S]
        usual = statistics.median(before)
        assert len(before) >= 20 and len(late) >= 0.9 * STAYS_S * 10, (len(before), len(late))
        worst = max(age for _, age in after)
        back = max((at for at, age in after if age > usual + AS_BEFORE_S), default=after[0][0])
        print(f"{name}: {usual * 1e3:.1f} ms before; {worst * 1e3:.1f} ms at worst, back {back:.2f} s after the stall; "
              f"then {statistics.median(late) * 1e3:.1f} ms, at most {max(late) * 1e3:.1f} ms; "
              f"sent with {other.audio.jitter(settled, ended) * 1e3:.1f} ms of jitter")
        assert statistics.median(late) <= usual + AS_BEFORE_S
        assert sorted(late)[int(0.95 * len(late))] <= usual + AS_BEFORE_S


def test_after_a_stall_times_of_pictures_and_sound_have_gone_on_and_nothing_is_caught_up(tessera, make_lines):
    line = make_lines(video=True)[0]
    until(lambda: line.video.packets and line.audio.packets, 10, "media flows")
    begun = time.monotonic()
    pass_until(begun + 2)

    stalled = time.monotonic()
    tessera.mcud.popen.send_signal(signal.SIGSTOP)
    pass_until(stalled + STALL_S)
    tessera.mcud.popen.send_signal(signal.SIGCONT)
    resumed = time.monotonic()
    pass_until(resumed + 2)

    for kind, leg, hertz in (("pictures", line.video, 90000), ("sound", line.audio, 8000)):
        packets = leg.since(begun)
        drift = shift(packets, stalled, resumed, hertz)
        print(f"{kind}: {drift * 1e3:.1f} ms between RTP time and real time over the stall")
        assert abs(drift) < 0.03, kind
        sequences = [p.sequence for p in packets]
        assert all((b - a) % 65536 == 1 for a, b in zip(sequences, sequences[1:])), f"{kind}: no packet is missing"
        burst = {p.timestamp for p in packets if resumed <= p.arrived < resumed + 0.1}
        assert len(burst) <= 8, f"{kind}: {len(burst)} in the first 100 ms"
