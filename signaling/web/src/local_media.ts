/// This device's camera and microphone: which there are, which is chosen, and why one cannot be had.
///
/// A camera that is off is released, so that its light goes out. A microphone that is off stays open and silent: it
/// must be there at once when somebody unmutes.
import { read_preferences, remember } from './preferences.js';
import { Watched } from './signal.js';

export type Trouble = 'denied' | 'dismissed' | 'missing' | 'busy' | 'insecure' | 'unknown';
export type Kind = 'audio' | 'video';

export interface DeviceState {
    on: boolean;
    asking: boolean;
    trouble: Trouble | null;
    track: MediaStreamTrack | null;
    chosen: string;
}

export interface Choice {
    id: string;
    label: string;
}

export function trouble_of(error: unknown): Trouble {
    const { name = '', message = '' } = (error ?? {}) as { name?: string; message?: string };
    switch (name) {
        case 'NotAllowedError':
        case 'SecurityError':
            return /dismissed/i.test(message) ? 'dismissed' : 'denied';
        case 'NotFoundError':
        case 'OverconstrainedError':
            return 'missing';
        case 'NotReadableError':
        case 'AbortError':
            return 'busy';
        case 'TypeError':
            return 'insecure';
        default:
            return 'unknown';
    }
}

export class LocalMedia extends Watched {
    readonly audio: DeviceState;
    readonly video: DeviceState;
    microphones: Choice[] = [];
    cameras: Choice[] = [];
    speakers: Choice[] = [];
    speaker: string;
    /// Whoever sends the tracks puts the new one in place of the old.
    on_track: (kind: Kind, track: MediaStreamTrack | null) => void = () => {};
    /// Said once when a device goes away while in use.
    on_lost: (kind: Kind) => void = () => {};
    private level_: LevelMeter | null = null;

    constructor() {
        super();
        const kept = read_preferences();
        const state = (on: boolean, chosen: string): DeviceState => ({
            on,
            asking: false,
            trouble: null,
            track: null,
            chosen,
        });
        this.audio = state(kept.microphone_on, kept.microphone);
        this.video = state(kept.camera_on, kept.camera);
        this.speaker = kept.speaker;
        navigator.mediaDevices?.addEventListener('devicechange', () => void this.list());
    }

    /// Both in one question to the person, where both are wanted; each by itself when that fails.
    async start(): Promise<void> {
        if (this.audio.on && this.video.on) {
            this.audio.asking = this.video.asking = true;
            this.changed();
            try {
                const stream = await get_media(this.wanted('audio'), this.wanted('video'));
                this.take('audio', stream.getAudioTracks()[0] ?? null);
                this.take('video', stream.getVideoTracks()[0] ?? null);
                // Switched off while the person was asked.
                if (!this.video.on) this.take('video', null);
                return await this.list();
            } catch (error) {
                // One of both may be there.
                if (trouble_of(error) === 'dismissed') {
                    this.failed('audio', error);
                    this.failed('video', error);
                    return;
                }
            }
        }
        for (const kind of ['audio', 'video'] as const) {
            if (this[kind].on) await this.open(kind);
        }
        await this.list();
    }

    /// Where the person has no choice to make (after a reload): the mute button's state counts, nothing is remembered.
    begin_with(microphone_on: boolean, camera_on: boolean): void {
        this.audio.on = microphone_on;
        this.video.on = camera_on;
    }

    async set_on(kind: Kind, on: boolean): Promise<void> {
        const state = this[kind];
        state.on = on;
        remember(kind === 'audio' ? { microphone_on: on } : { camera_on: on });
        if (!on) {
            state.trouble = null;
            if (kind === 'video') this.take('video', null);
            else if (state.track) state.track.enabled = false;
            return this.changed();
        }
        if (state.track?.readyState === 'live') {
            state.track.enabled = true;
            return this.changed();
        }
        await this.open(kind);
        await this.list();
    }

    async choose(kind: Kind, id: string): Promise<void> {
        this[kind].chosen = id;
        remember(kind === 'audio' ? { microphone: id } : { camera: id });
        if (this[kind].on) await this.open(kind);
        else if (kind === 'audio') this.take('audio', null);
        this.changed();
    }

    choose_speaker(id: string): void {
        this.speaker = id;
        remember({ speaker: id });
        this.changed();
    }

    /// Silenced from elsewhere: not what the person chose for next time.
    silence(kind: Kind): void {
        this[kind].on = false;
        if (kind === 'video') this.take('video', null);
        else if (this.audio.track) this.audio.track.enabled = false;
        this.changed();
    }

    /// After the screen was locked: what the system took away is opened again.
    async revive(): Promise<void> {
        for (const kind of ['audio', 'video'] as const) {
            const { on, track } = this[kind];
            if (on && track?.readyState === 'ended') await this.open(kind);
        }
    }

    stop(): void {
        this.take('audio', null);
        this.take('video', null);
        this.level_?.close();
        this.level_ = null;
    }

    /// How loud the microphone is now, 0 to 1.
    level(): number {
        const track = this.audio.track;
        if (!track || !track.enabled) return 0;
        if (this.level_?.track !== track) {
            this.level_?.close();
            this.level_ = new LevelMeter(track);
        }
        return this.level_.read();
    }

    private wanted(kind: Kind): MediaTrackConstraints {
        const chosen = this[kind].chosen;
        // Ideal, not exact: a device that is gone gives way to another.
        const device = chosen ? { deviceId: { ideal: chosen } } : {};
        if (kind === 'audio') {
            return { ...device, echoCancellation: true, noiseSuppression: true, autoGainControl: true };
        }
        return { ...device, width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };
    }

    private async open(kind: Kind): Promise<void> {
        this[kind].asking = true;
        this.changed();
        try {
            // Some systems give a camera to one user at a time: the old track goes first.
            if (kind === 'video') this.video.track?.stop();
            const stream = await get_media(
                kind === 'audio' && this.wanted('audio'),
                kind === 'video' && this.wanted('video'),
            );
            const track = stream.getTracks()[0] ?? null;
            this.take(kind, track);
            if (kind === 'video' && !this.video.on) this.take('video', null);
        } catch (error) {
            this.take(kind, null);
            this.failed(kind, error);
        }
    }

    private take(kind: Kind, track: MediaStreamTrack | null): void {
        const state = this[kind];
        state.asking = false;
        if (state.track === track) return;
        if (state.track) {
            state.track.onended = null;
            state.track.stop();
        }
        state.track = track;
        if (track) {
            state.trouble = null;
            track.enabled = state.on;
            if (kind === 'video') track.contentHint = 'motion';
            const id = track.getSettings().deviceId;
            if (id) state.chosen = id;
            track.onended = () => void this.lost(kind);
        }
        this.on_track(kind, track);
        this.changed();
    }

    /// The device is gone: another one may be there.
    private async lost(kind: Kind): Promise<void> {
        if (document.visibilityState === 'hidden') return this.changed(); // `revive` sees to it
        this.on_lost(kind);
        await this.open(kind);
        await this.list();
    }

    private failed(kind: Kind, error: unknown): void {
        const state = this[kind];
        state.asking = false;
        state.on = false;
        state.trouble = trouble_of(error);
        this.changed();
    }

    private async list(): Promise<void> {
        const all = (await navigator.mediaDevices?.enumerateDevices().catch(() => [])) ?? [];
        const of = (kind: MediaDeviceKind, word: string): Choice[] =>
            all
                .filter((each) => each.kind === kind && each.deviceId !== '')
                .map((each, index) => ({
                    id: each.deviceId,
                    label: each.label || `${word} ${index + 1}`,
                }));
        this.microphones = of('audioinput', 'Microphone');
        this.cameras = of('videoinput', 'Camera');
        this.speakers = of('audiooutput', 'Speaker');
        this.changed();
    }
}

async function get_media(
    audio: MediaTrackConstraints | false,
    video: MediaTrackConstraints | false,
): Promise<MediaStream> {
    // Without HTTPS there is no such thing.
    if (!navigator.mediaDevices?.getUserMedia) throw new TypeError('insecure');
    return navigator.mediaDevices.getUserMedia({ audio, video });
}

class LevelMeter {
    private readonly context_ = new AudioContext();
    private readonly analyser_ = this.context_.createAnalyser();
    private readonly samples_: Float32Array<ArrayBuffer>;
    private shown_ = 0;

    constructor(readonly track: MediaStreamTrack) {
        this.analyser_.fftSize = 1024;
        this.samples_ = new Float32Array(this.analyser_.fftSize);
        this.context_.createMediaStreamSource(new MediaStream([track])).connect(this.analyser_);
        void this.context_.resume().catch(() => {});
    }

    /// Up at once, down slowly, from -55 dBFS to -5 dBFS.
    read(): number {
        this.analyser_.getFloatTimeDomainData(this.samples_);
        let sum = 0;
        for (const sample of this.samples_) sum += sample * sample;
        const db = 10 * Math.log10(sum / this.samples_.length + 1e-9);
        const level = Math.min(1, Math.max(0, (db + 55) / 50));
        this.shown_ = Math.max(level, this.shown_ * 0.88);
        return this.shown_;
    }

    close(): void {
        void this.context_.close().catch(() => {});
    }
}
