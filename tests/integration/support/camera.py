"""A camera's H.264, as pictures of NAL units that each fit a packet."""

import functools
import re
import subprocess


@functools.cache
def clip(size, pictures=30):
    """Moving pictures of `size` ("640x360") with a key picture first: a list of lists of NAL units."""
    made = subprocess.run(
        ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", f"testsrc2=size={size}:rate=15", "-frames:v", str(pictures), "-pix_fmt",
         "yuv420p", "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-profile:v", "baseline", "-b:v", "400k",
         "-x264-params", "slice-max-size=1100:keyint=infinite:scenecut=0:aud=1:threads=1", "-f", "h264", "-"],
        capture_output=True, check=True).stdout
    listed = []
    for nal in re.split(rb"\x00*\x00\x00\x01", made)[1:]:
        if nal[0] & 0x1F == 9:  # access unit delimiter
            listed.append([])
        elif nal[0] & 0x1F != 6:  # SEI
            listed[-1].append(nal)
    return listed
