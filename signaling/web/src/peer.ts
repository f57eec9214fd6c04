/// The media of one participant: one RTCPeerConnection with a line for sound, a line for the picture, and a third one
/// while a screen is shared.
///
/// Candidates are never waited for nor trickled: the server is ICE-lite and learns this side's addresses by its checks.
import { encoding_for } from './send_limits.js';
import type { SendLimit } from './protocol.js';
import type { Counters } from './quality.js';

export interface PeerEvents {
    state(state: RTCPeerConnectionState): void;
}

export interface LocalTracks {
    audio: MediaStreamTrack | null;
    video: MediaStreamTrack | null;
    screen: MediaStreamTrack | null;
}

export class Peer {
    /// What comes: the mixed picture and sound.
    readonly stream = new MediaStream();
    private readonly connection_: RTCPeerConnection;
    private readonly audio_: RTCRtpTransceiver;
    private readonly video_: RTCRtpTransceiver;
    private screen_: RTCRtpTransceiver | null = null;
    private limits_: { video?: SendLimit | null; content?: SendLimit | null } = {};

    constructor(ice_servers: RTCIceServer[], local: LocalTracks, events: PeerEvents) {
        this.connection_ = new RTCPeerConnection({
            bundlePolicy: 'max-bundle',
            iceServers: ice_servers,
        });
        this.connection_.ontrack = (event) => this.stream.addTrack(event.track);
        this.connection_.onconnectionstatechange = () => events.state(this.state);
        this.audio_ = this.line('audio', local.audio);
        this.video_ = this.line('video', local.video);
        if (local.screen) this.screen_ = this.screen_line(local.screen);
    }

    get state(): RTCPeerConnectionState {
        return this.connection_.connectionState;
    }
    get screen_mid(): string | null {
        return this.screen_?.mid ?? null;
    }

    sent(kind: 'audio' | 'video'): MediaStreamTrack | null {
        return (kind === 'audio' ? this.audio_ : this.video_).sender.track;
    }

    async offer(): Promise<string> {
        await this.connection_.setLocalDescription();
        return this.connection_.localDescription!.sdp;
    }

    async accept(sdp: string): Promise<void> {
        await this.connection_.setRemoteDescription({ type: 'answer', sdp });
        await this.apply_limits();
    }

    /// The offer was refused: nothing has changed.
    async withdraw(): Promise<void> {
        if (this.connection_.signalingState !== 'have-local-offer') return;
        await this.connection_.setLocalDescription({ type: 'rollback' });
    }

    /// Null: an offer of ours is under way and wins, the server's is void.
    async answer(sdp: string): Promise<string | null> {
        if (this.connection_.signalingState !== 'stable') return null;
        await this.connection_.setRemoteDescription({ type: 'offer', sdp });
        await this.connection_.setLocalDescription();
        return this.connection_.localDescription!.sdp;
    }

    /// True: the line had no such direction, a new offer is needed.
    set_audio(track: MediaStreamTrack | null): Promise<boolean> {
        return replace(this.audio_, track);
    }
    async set_video(track: MediaStreamTrack | null): Promise<boolean> {
        const anew = await replace(this.video_, track);
        await this.apply_limits();
        return anew;
    }
    async set_screen(track: MediaStreamTrack | null): Promise<boolean> {
        if (this.screen_) {
            await this.screen_.sender.replaceTrack(track);
            await this.apply_limits();
            return false;
        }
        if (!track) return false;
        this.screen_ = this.screen_line(track);
        return true;
    }

    set_limits(video: SendLimit | null, content: SendLimit | null): void {
        this.limits_ = { video, content };
        void this.apply_limits();
    }

    /// Again when the camera's picture was turned or its size has changed.
    async apply_limits(): Promise<void> {
        await limit(this.video_, this.limits_.video);
        if (this.screen_) await limit(this.screen_, this.limits_.content ?? undefined);
    }

    close(): void {
        this.connection_.onconnectionstatechange = null;
        this.connection_.close();
    }

    async counters(now_ms: number): Promise<Counters> {
        return counters_of(await this.connection_.getStats(), now_ms);
    }

    private line(kind: 'audio' | 'video', track: MediaStreamTrack | null): RTCRtpTransceiver {
        return this.connection_.addTransceiver(track ?? kind, {
            direction: track ? 'sendrecv' : 'recvonly',
        });
    }

    private screen_line(track: MediaStreamTrack): RTCRtpTransceiver {
        return this.connection_.addTransceiver(track, { direction: 'sendonly' });
    }
}

async function replace(line: RTCRtpTransceiver, track: MediaStreamTrack | null): Promise<boolean> {
    await line.sender.replaceTrack(track);
    if (!track || line.direction === 'sendrecv') return false;
    line.direction = 'sendrecv';
    return true;
}

async function limit(line: RTCRtpTransceiver, wanted: SendLimit | null | undefined): Promise<void> {
    const track = line.sender.track;
    if (!track) return;
    const parameters = line.sender.getParameters();
    const first = parameters.encodings?.[0];
    if (!first) return; // not negotiated yet
    Object.assign(first, encoding_for(wanted, track.getSettings()));
    try {
        await line.sender.setParameters(parameters);
    } catch {
        // Negotiated anew in between: `accept` applies them again.
    }
}

/// The numbers of RTCStatsReport that the page shows or judges by.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Entry = Record<string, any>;

function counters_of(report: RTCStatsReport, at_ms: number): Counters {
    const found: Counters = {
        at_ms,
        packets_received: 0,
        packets_lost: 0,
        bytes_received: 0,
        bytes_sent: 0,
        frames_decoded: 0,
        freezes: 0,
        freeze_s: 0,
        jitter_ms: 0,
        rtt_ms: null,
        concealed_samples: 0,
        samples: 0,
        remote_lost_share: null,
        picture: null,
        sent_picture: null,
        codecs: [],
        transport: null,
    };
    report.forEach((entry: Entry) => {
        switch (entry['type']) {
            case 'inbound-rtp':
                add_inbound(found, entry, report);
                break;
            case 'outbound-rtp':
                found.bytes_sent += entry['bytesSent'] ?? 0;
                if (entry['kind'] === 'video' && entry['frameWidth']) {
                    found.sent_picture = {
                        width: entry['frameWidth'],
                        height: entry['frameHeight'],
                        fps: entry['framesPerSecond'] ?? 0,
                    };
                }
                break;
            case 'remote-inbound-rtp':
                found.remote_lost_share = Math.max(
                    found.remote_lost_share ?? 0,
                    entry['fractionLost'] ?? 0,
                );
                break;
            case 'candidate-pair':
                if (!entry['nominated'] || entry['state'] !== 'succeeded') break;
                if (entry['currentRoundTripTime'] !== undefined) {
                    found.rtt_ms = entry['currentRoundTripTime'] * 1000;
                }
                found.transport = transport_of(entry, report);
                break;
        }
    });
    return found;
}

function add_inbound(found: Counters, entry: Entry, report: RTCStatsReport): void {
    found.packets_received += entry['packetsReceived'] ?? 0;
    found.packets_lost += entry['packetsLost'] ?? 0;
    found.bytes_received += entry['bytesReceived'] ?? 0;
    const codec = report.get(entry['codecId']) as Entry | undefined;
    if (codec) found.codecs.push(String(codec['mimeType']).replace(/^(audio|video)\//, ''));
    if (entry['kind'] === 'audio') {
        found.jitter_ms = (entry['jitter'] ?? 0) * 1000;
        found.concealed_samples = entry['concealedSamples'] ?? 0;
        found.samples = entry['totalSamplesReceived'] ?? 0;
        return;
    }
    found.frames_decoded = entry['framesDecoded'] ?? 0;
    found.freezes = entry['freezeCount'] ?? 0;
    found.freeze_s = entry['totalFreezesDuration'] ?? 0;
    if (entry['frameWidth']) {
        found.picture = { width: entry['frameWidth'], height: entry['frameHeight'] };
    }
}

function transport_of(pair: Entry, report: RTCStatsReport): string | null {
    const local = report.get(pair['localCandidateId']) as Entry | undefined;
    if (!local) return null;
    const relayed = local['candidateType'] === 'relay' ? ', by a relay' : '';
    return `${String(local['protocol']).toUpperCase()}${relayed}`;
}
