#pragma once

#include <string>

/// Offers as browsers made them, camera and microphone on, letter by letter but for the line ends.
namespace browser_offers {

// clang-format off
/// Debian's Chromium 156, headless, bundlePolicy max-bundle.
inline const std::string kChromium = R"sdp(v=0
o=- 8988953397291070765 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0 1
a=extmap-allow-mixed
a=msid-semantic: WMS ce445881-c6eb-48de-97c1-8797d5209432
m=audio 44565 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126
c=IN IP4 192.0.2.2
a=rtcp:9 IN IP4 0.0.0.0
a=candidate:719078489 1 udp 2122194687 192.0.2.2 44565 typ host generation 0 network-id 1
a=candidate:766388457 1 udp 2122265343 fd00::2 56125 typ host generation 0 network-id 2
a=candidate:1410574017 1 tcp 1518214911 192.0.2.2 9 typ host tcptype active generation 0 network-id 1
a=candidate:1398917745 1 tcp 1518285567 fd00::2 9 typ host tcptype active generation 0 network-id 2
a=ice-ufrag:xA9c
a=ice-pwd:Mdsg4VwF1nxjiGvexG5iiQgd
a=ice-options:trickle
a=fingerprint:sha-256 CF:21:21:18:75:F2:E7:42:EB:42:44:E7:E4:4B:9D:E7:90:2B:CE:5B:20:2E:06:65:06:3A:5B:8D:8F:0D:45:FC
a=setup:actpass
a=mid:0
a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level
a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time
a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01
a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid
a=sendrecv
a=msid:ce445881-c6eb-48de-97c1-8797d5209432 1d04b7ad-2e96-4386-a786-6cf27b311e88
a=rtcp-mux
a=rtcp-rsize
a=rtcp-xr:rcvr-rtt=all
a=rtpmap:111 opus/48000/2
a=rtcp-fb:111 transport-cc
a=fmtp:111 minptime=10;useinbandfec=1
a=rtpmap:63 red/48000/2
a=fmtp:63 111/111
a=rtpmap:9 G722/8000
a=rtpmap:0 PCMU/8000
a=rtpmap:8 PCMA/8000
a=rtpmap:13 CN/8000
a=rtpmap:110 telephone-event/48000
a=rtpmap:126 telephone-event/8000
a=ssrc:550670501 cname:lKX+YQ+WsjXWdc//
a=ssrc:550670501 msid:ce445881-c6eb-48de-97c1-8797d5209432 1d04b7ad-2e96-4386-a786-6cf27b311e88
m=video 9 UDP/TLS/RTP/SAVPF 96 97 102 103 104 107 108 109 114 115 116 117 39 40 45 46 98 99 100 101 118 119 120
c=IN IP4 0.0.0.0
a=rtcp:9 IN IP4 0.0.0.0
a=ice-ufrag:xA9c
a=ice-pwd:Mdsg4VwF1nxjiGvexG5iiQgd
a=ice-options:trickle
a=fingerprint:sha-256 CF:21:21:18:75:F2:E7:42:EB:42:44:E7:E4:4B:9D:E7:90:2B:CE:5B:20:2E:06:65:06:3A:5B:8D:8F:0D:45:FC
a=setup:actpass
a=mid:1
a=extmap:14 urn:ietf:params:rtp-hdrext:toffset
a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time
a=extmap:13 urn:3gpp:video-orientation
a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01
a=extmap:5 http://www.webrtc.org/experiments/rtp-hdrext/playout-delay
a=extmap:6 http://www.webrtc.org/experiments/rtp-hdrext/video-content-type
a=extmap:7 http://www.webrtc.org/experiments/rtp-hdrext/video-timing
a=extmap:8 http://www.webrtc.org/experiments/rtp-hdrext/color-space
a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid
a=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id
a=extmap:11 urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id
a=sendrecv
a=msid:ce445881-c6eb-48de-97c1-8797d5209432 c39d04ed-5e28-4e9b-a1c3-87f4aa3cbfaf
a=rtcp-mux
a=rtcp-rsize
a=rtcp-xr:rcvr-rtt=all
a=rtpmap:96 VP8/90000
a=rtcp-fb:96 goog-remb
a=rtcp-fb:96 transport-cc
a=rtcp-fb:96 ccm fir
a=rtcp-fb:96 nack
a=rtcp-fb:96 nack pli
a=rtpmap:97 rtx/90000
a=fmtp:97 apt=96
a=rtpmap:102 H264/90000
a=rtcp-fb:102 goog-remb
a=rtcp-fb:102 transport-cc
a=rtcp-fb:102 ccm fir
a=rtcp-fb:102 nack
a=rtcp-fb:102 nack pli
a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f
a=rtpmap:103 rtx/90000
a=fmtp:103 apt=102
a=rtpmap:104 H264/90000
a=rtcp-fb:104 goog-remb
a=rtcp-fb:104 transport-cc
a=rtcp-fb:104 ccm fir
a=rtcp-fb:104 nack
a=rtcp-fb:104 nack pli
a=fmtp:104 level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42001f
a=rtpmap:107 rtx/90000
a=fmtp:107 apt=104
a=rtpmap:108 H264/90000
a=rtcp-fb:108 goog-remb
a=rtcp-fb:108 transport-cc
a=rtcp-fb:108 ccm fir
a=rtcp-fb:108 nack
a=rtcp-fb:108 nack pli
a=fmtp:108 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f
a=rtpmap:109 rtx/90000
a=fmtp:109 apt=108
a=rtpmap:114 H264/90000
a=rtcp-fb:114 goog-remb
a=rtcp-fb:114 transport-cc
a=rtcp-fb:114 ccm fir
a=rtcp-fb:114 nack
a=rtcp-fb:114 nack pli
a=fmtp:114 level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42e01f
a=rtpmap:115 rtx/90000
a=fmtp:115 apt=114
a=rtpmap:116 H264/90000
a=rtcp-fb:116 goog-remb
a=rtcp-fb:116 transport-cc
a=rtcp-fb:116 ccm fir
a=rtcp-fb:116 nack
a=rtcp-fb:116 nack pli
a=fmtp:116 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=4d001f
a=rtpmap:117 rtx/90000
a=fmtp:117 apt=116
a=rtpmap:39 H264/90000
a=rtcp-fb:39 goog-remb
a=rtcp-fb:39 transport-cc
a=rtcp-fb:39 ccm fir
a=rtcp-fb:39 nack
a=rtcp-fb:39 nack pli
a=fmtp:39 level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=4d001f
a=rtpmap:40 rtx/90000
a=fmtp:40 apt=39
a=rtpmap:45 AV1/90000
a=rtcp-fb:45 goog-remb
a=rtcp-fb:45 transport-cc
a=rtcp-fb:45 ccm fir
a=rtcp-fb:45 nack
a=rtcp-fb:45 nack pli
a=fmtp:45 level-idx=5;profile=0;tier=0
a=rtpmap:46 rtx/90000
a=fmtp:46 apt=45
a=rtpmap:98 VP9/90000
a=rtcp-fb:98 goog-remb
a=rtcp-fb:98 transport-cc
a=rtcp-fb:98 ccm fir
a=rtcp-fb:98 nack
a=rtcp-fb:98 nack pli
a=fmtp:98 profile-id=0
a=rtpmap:99 rtx/90000
a=fmtp:99 apt=98
a=rtpmap:100 VP9/90000
a=rtcp-fb:100 goog-remb
a=rtcp-fb:100 transport-cc
a=rtcp-fb:100 ccm fir
a=rtcp-fb:100 nack
a=rtcp-fb:100 nack pli
a=fmtp:100 profile-id=2
a=rtpmap:101 rtx/90000
a=fmtp:101 apt=100
a=rtpmap:118 red/90000
a=rtpmap:119 rtx/90000
a=fmtp:119 apt=118
a=rtpmap:120 ulpfec/90000
a=ssrc-group:FID 2560715490 1345519607
a=ssrc:2560715490 cname:lKX+YQ+WsjXWdc//
a=ssrc:2560715490 msid:ce445881-c6eb-48de-97c1-8797d5209432 c39d04ed-5e28-4e9b-a1c3-87f4aa3cbfaf
a=ssrc:1345519607 cname:lKX+YQ+WsjXWdc//
a=ssrc:1345519607 msid:ce445881-c6eb-48de-97c1-8797d5209432 c39d04ed-5e28-4e9b-a1c3-87f4aa3cbfaf
)sdp";

/// Debian's Firefox ESR 153, headless, bundlePolicy max-bundle: no H.264, its video on port 0 and
/// bundle-only, its addresses hidden behind names.
inline const std::string kFirefox = R"sdp(v=0
o=mozilla...THIS_IS_SDPARTA-99.0 9107998795911973715 0 IN IP4 0.0.0.0
s=-
t=0 0
a=sendrecv
a=fingerprint:sha-256 5F:1B:FD:AE:9F:15:B9:E2:E3:13:0E:AA:C6:F7:C8:38:25:1D:A5:EC:DD:46:35:BE:AE:55:09:DF:33:CE:B9:DA
a=group:BUNDLE 0 1
a=ice-options:trickle
a=msid-semantic:WMS *
m=audio 9 UDP/TLS/RTP/SAVPF 109 9 0 8 101
c=IN IP4 0.0.0.0
a=candidate:0 1 UDP 2122187007 0d68be61-78e0-4ab4-8c0d-01ae8d201b06.local 48311 typ host
a=candidate:1 1 UDP 2122252543 2d0866bf-8343-49d5-8362-4a91737f3db1.local 38679 typ host
a=candidate:2 1 TCP 2105458943 0d68be61-78e0-4ab4-8c0d-01ae8d201b06.local 9 typ host tcptype active
a=candidate:3 1 TCP 2105524479 2d0866bf-8343-49d5-8362-4a91737f3db1.local 9 typ host tcptype active
a=candidate:0 2 UDP 2122187006 0d68be61-78e0-4ab4-8c0d-01ae8d201b06.local 47109 typ host
a=candidate:1 2 UDP 2122252542 2d0866bf-8343-49d5-8362-4a91737f3db1.local 56764 typ host
a=candidate:2 2 TCP 2105458942 0d68be61-78e0-4ab4-8c0d-01ae8d201b06.local 9 typ host tcptype active
a=candidate:3 2 TCP 2105524478 2d0866bf-8343-49d5-8362-4a91737f3db1.local 9 typ host tcptype active
a=sendrecv
a=end-of-candidates
a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level
a=extmap:2/recvonly urn:ietf:params:rtp-hdrext:csrc-audio-level
a=extmap:3 urn:ietf:params:rtp-hdrext:sdes:mid
a=extmap:7 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01
a=extmap-allow-mixed
a=fmtp:109 maxplaybackrate=48000;stereo=1;useinbandfec=1
a=fmtp:101 0-15
a=ice-pwd:d1673b7204474512ae1483dc77aaf501
a=ice-ufrag:36e6c23a
a=mid:0
a=msid:{dbfeca3a-b642-4a2f-b2e2-382bc8bd21ab} {69275f25-21fd-4380-b054-4f80228e7390}
a=rtcp:47109 IN IP4 0d68be61-78e0-4ab4-8c0d-01ae8d201b06.local
a=rtcp-fb:109 transport-cc
a=rtcp-fb:9 transport-cc
a=rtcp-fb:0 transport-cc
a=rtcp-fb:8 transport-cc
a=rtcp-mux
a=rtpmap:109 opus/48000/2
a=rtpmap:9 G722/8000/1
a=rtpmap:0 PCMU/8000
a=rtpmap:8 PCMA/8000
a=rtpmap:101 telephone-event/8000
a=setup:actpass
a=ssrc:1952120915 cname:{5209485d-4fe2-4e4c-80e3-b6a9a9b67c42}
m=video 0 UDP/TLS/RTP/SAVPF 120 124 121 125 99 100 123 122 119
c=IN IP4 0.0.0.0
a=bundle-only
a=sendrecv
a=extmap:3 urn:ietf:params:rtp-hdrext:sdes:mid
a=extmap:4 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time
a=extmap:5 urn:ietf:params:rtp-hdrext:toffset
a=extmap:6/recvonly http://www.webrtc.org/experiments/rtp-hdrext/playout-delay
a=extmap:7 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01
a=extmap-allow-mixed
a=fmtp:120 max-fs=12288;max-fr=60
a=fmtp:124 apt=120
a=fmtp:121 max-fs=12288;max-fr=60
a=fmtp:125 apt=121
a=fmtp:100 apt=99
a=fmtp:119 apt=122
a=ice-pwd:d1673b7204474512ae1483dc77aaf501
a=ice-ufrag:36e6c23a
a=mid:1
a=msid:{dbfeca3a-b642-4a2f-b2e2-382bc8bd21ab} {c0058f6b-45b3-48f4-8beb-fdf6c8b2a784}
a=rtcp-fb:120 nack
a=rtcp-fb:120 nack pli
a=rtcp-fb:120 ccm fir
a=rtcp-fb:120 goog-remb
a=rtcp-fb:120 transport-cc
a=rtcp-fb:121 nack
a=rtcp-fb:121 nack pli
a=rtcp-fb:121 ccm fir
a=rtcp-fb:121 goog-remb
a=rtcp-fb:121 transport-cc
a=rtcp-fb:99 nack
a=rtcp-fb:99 nack pli
a=rtcp-fb:99 ccm fir
a=rtcp-fb:99 goog-remb
a=rtcp-fb:99 transport-cc
a=rtcp-fb:123 nack
a=rtcp-fb:123 nack pli
a=rtcp-fb:123 ccm fir
a=rtcp-fb:123 goog-remb
a=rtcp-fb:123 transport-cc
a=rtcp-fb:122 nack
a=rtcp-fb:122 nack pli
a=rtcp-fb:122 ccm fir
a=rtcp-fb:122 goog-remb
a=rtcp-fb:122 transport-cc
a=rtcp-mux
a=rtcp-rsize
a=rtpmap:120 VP8/90000
a=rtpmap:124 rtx/90000
a=rtpmap:121 VP9/90000
a=rtpmap:125 rtx/90000
a=rtpmap:99 AV1/90000
a=rtpmap:100 rtx/90000
a=rtpmap:123 ulpfec/90000
a=rtpmap:122 red/90000
a=rtpmap:119 rtx/90000
a=setup:actpass
a=ssrc:2649448190 cname:{5209485d-4fe2-4e4c-80e3-b6a9a9b67c42}
a=ssrc:1118315749 cname:{5209485d-4fe2-4e4c-80e3-b6a9a9b67c42}
a=ssrc-group:FID 2649448190 1118315749
)sdp";
// clang-format on

}  // namespace browser_offers
