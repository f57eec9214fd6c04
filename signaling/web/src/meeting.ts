/// One stay in a room, from the click on Join to the end: the connection, the media and what is known of the room.
///
/// It comes back by itself (reconnect.ts) and keeps its seat; what it cannot mend it says as an Ending.
import { Channel, ConnectionLost, Refused, type Timers } from './channel.js';
import type { Kind, LocalMedia } from './local_media.js';
import { Peer } from './peer.js';
import { kSubprotocol, type Joined, type LayoutOffer, type Request, type Told } from './protocol.js';
import {
    explain,
    judge,
    kFirstJudgement,
    sample_between,
    type Counters,
    type Judgement,
    type Sample,
} from './quality.js';
import { kTryForMs, next_state, type ReconnectEvent, type ReconnectState } from './reconnect.js';
import { me, on_joined, on_told, type Notice, type RoomState } from './room_state.js';
import { Watched } from './signal.js';
import {
    ending_of_close,
    ending_of_ended,
    ending_of_refusal,
    kLeft,
    kUnreachable,
    line_of_refusal,
    wants_pin,
    type Ending,
} from './words.js';

export interface MeetingOptions {
    room: string;
    name: string;
    token?: string;
    pin?: string;
    /// From before a reload.
    seat?: string;
    device: 'desktop' | 'phone' | 'tablet';
}

export interface MeetingEvents {
    /// A line for the person, said once.
    say(line: string, tone?: 'plain' | 'trouble'): void;
    notice(notice: Notice): void;
    /// The room asks for a PIN: the one that was given is wrong, or there was none.
    pin_wanted(wrong: boolean): void;
    ended(ending: Ending): void;
}

export type Phase = 'joining' | 'in' | 'reconnecting' | 'over';

const kVersion = 'page 1';
const kFirstTryForMs = 10_000;
/// As long as sound comes, a packet arrives each 20 ms.
const kStalledAfterMs = 2000;
const kMediaAnewAfterMs = 6000;
const kHeartbeatWithinMs = 2000;

const timers: Timers = {
    after: (ms, then) => window.setTimeout(then, ms),
    cancel: (timer) => window.clearTimeout(timer),
};

export class Meeting extends Watched {
    state: RoomState | null = null;
    phase: Phase = 'joining';
    stream: MediaStream | null = null;
    layouts: LayoutOffer[] | null = null;
    sample: Sample | null = null;
    history: Sample[] = [];
    judgement: Judgement = kFirstJudgement;
    screen: MediaStreamTrack | null = null;
    /// We asked the sharer, who has not answered.
    asked = false;
    /// The sharer gave way: one click and we share.
    may_share = false;
    self_view: boolean | null = null;
    portrait: boolean;
    readonly joined_at_ms = Date.now();

    private reconnect_: ReconnectState = { kind: 'trying', since_ms: 0, attempt: 0, began_ms: 0 };
    private socket_: WebSocket | null = null;
    private channel_: Channel | null = null;
    private peer_: Peer | null = null;
    private next_peer_: Peer | null = null;
    private ice_servers_: RTCIceServer[] = [];
    private retry_timer_ = 0;
    private watch_timer_ = 0;
    private seat_: string | null;
    private seat_s_ = 30;
    private was_in_ = false;
    private counters_: Counters | null = null;
    private heard_at_ms_ = 0;
    private media_anew_at_ms_ = 0;
    private checking_ = false;
    private negotiating_: Promise<void> = Promise.resolve();

    constructor(
        private readonly options_: MeetingOptions,
        private readonly local_: LocalMedia,
        private readonly events_: MeetingEvents,
    ) {
        super();
        this.seat_ = options_.seat ?? null;
        this.portrait = is_portrait(options_.device);
        local_.on_track = (kind, track) => void this.track_changed(kind, track);
        performance.mark('tessera-join');
        void this.try_to_connect(kFirstTryForMs);
        window.addEventListener('online', this.on_online_);
        network()?.addEventListener('change', this.on_online_);
        document.addEventListener('visibilitychange', this.on_visibility_);
        this.watch_timer_ = window.setInterval(() => void this.watch_media(), 1000);
    }

    get room(): string {
        return this.options_.room;
    }
    get name(): string {
        return this.options_.name;
    }
    get explanation(): string {
        return this.phase === 'reconnecting'
            ? 'The connection is lost. We are trying to get it back; your place is kept.'
            : explain(this.judgement.quality, this.sample);
    }
    get moderator(): boolean {
        return this.state?.role === 'moderator';
    }
    get sharing(): boolean {
        return this.screen !== null;
    }

    /// What a reload comes back with; null: there is nothing to come back to.
    seat_to_keep(): { seat: string; until_ms: number; pin?: string } | null {
        if (!this.seat_ || this.phase === 'over') return null;
        const kept = { seat: this.seat_, until_ms: Date.now() + this.seat_s_ * 1000 };
        return this.options_.pin ? { ...kept, pin: this.options_.pin } : kept;
    }

    // What the person does.

    async leave(): Promise<void> {
        const channel = this.channel_;
        if (channel) await channel.request({ type: 'leave' }, 1000).catch(() => {});
        this.over(kLeft, 'left');
    }

    async set_on(kind: Kind, on: boolean): Promise<void> {
        await this.local_.set_on(kind, on);
        await this.tell_mute(kind);
    }

    async raise_hand(raised: boolean): Promise<void> {
        await this.ask({ type: 'hand', raised });
    }
    async lower_hand_of(id: string): Promise<void> {
        await this.ask({ type: 'hand', raised: false, target: id });
    }
    async silence(id: string, kind: Kind): Promise<void> {
        const what = kind === 'audio' ? { audio: true } : { video: true };
        await this.ask({ type: 'mute', target: id, ...what });
    }

    async chat(text: string): Promise<void> {
        if (!this.state) return;
        const key = crypto.randomUUID?.() ?? String(Math.random()).slice(2);
        const at = new Date().toISOString();
        const line = { from: this.state.me, name: this.options_.name, text, at, key, waiting: true };
        this.update({ ...this.state, chat: [...this.state.chat, line] });
        if (await this.ask({ type: 'chat', text, key })) return;
        if (!this.state) return;
        const chat = this.state.chat.map((each) =>
            each.key === key && each.waiting ? { ...each, waiting: false, failed: true } : each,
        );
        this.update({ ...this.state, chat });
    }

    chat_read(): void {
        if (this.state && this.state.unread > 0) this.update({ ...this.state, unread: 0 });
    }

    async load_layouts(): Promise<void> {
        const answer = await this.ask({ type: 'layouts' });
        if (answer?.type !== 'layouts') return;
        this.layouts = answer.layouts;
        this.changed();
    }

    async choose_layout(scope: 'me' | 'room', name: string | null): Promise<void> {
        await this.ask({ type: 'layout', scope, name });
    }

    async set_self_view(shown: boolean | null): Promise<void> {
        this.self_view = shown;
        this.changed();
        await this.tell_view();
    }

    /// The window was turned, by what its shape is now.
    turned(): void {
        const portrait = is_portrait(this.options_.device);
        void this.peer_?.apply_limits();
        if (portrait === this.portrait) return;
        this.portrait = portrait;
        void this.tell_view();
    }

    async share(): Promise<void> {
        if (!this.state || this.screen) return;
        const { sharer, me: self } = this.state;
        if (sharer && sharer !== self) return this.ask_for_content();
        this.may_share = false;
        let track: MediaStreamTrack | undefined;
        try {
            const stream = await navigator.mediaDevices.getDisplayMedia({
                video: { frameRate: { ideal: 15, max: 30 } },
                audio: false,
            });
            track = stream.getVideoTracks()[0];
        } catch (error) {
            if ((error as DOMException).name !== 'NotAllowedError') {
                this.events_.say('The screen cannot be shared here.', 'trouble');
            }
        }
        if (!track) return this.changed();
        track.contentHint = 'detail';
        track.onended = () => void this.stop_sharing();
        this.screen = track;
        this.changed();
        await this.begin_content();
    }

    async stop_sharing(): Promise<void> {
        if (!this.screen) return;
        this.screen.onended = null;
        this.screen.stop();
        this.screen = null;
        this.changed();
        await this.peer_?.set_screen(null);
        await this.ask({ type: 'content', action: 'stop' });
    }

    async answer_sharer(allow: boolean): Promise<void> {
        if (allow) {
            this.screen?.stop();
            this.screen = null;
            await this.peer_?.set_screen(null);
        }
        if (this.state) this.update({ ...this.state, asked_by: null });
        await this.ask({ type: 'content', action: allow ? 'allow' : 'refuse' });
    }

    not_now(): void {
        this.may_share = false;
        this.changed();
    }

    /// The statistics are asked once a second; this makes them be taken now.
    refresh(): void {
        void this.watch_media();
    }

    // The connection.

    private async try_to_connect(for_ms: number): Promise<void> {
        this.drop_connection();
        const anew = this.seat_ === null || !this.media_flow();
        const peer = anew ? this.new_peer() : null;
        const socket = new WebSocket(`${location.origin.replace(/^http/, 'ws')}/v1/ws`, kSubprotocol);
        this.socket_ = socket;
        const given_up = window.setTimeout(() => this.lost_connection(socket), for_ms);
        const opened = new Promise<void>((done) => (socket.onopen = () => done()));
        socket.onclose = (event) => {
            window.clearTimeout(given_up);
            this.closed(socket, event.code);
        };
        try {
            const offer = peer ? await peer.offer() : undefined;
            await opened;
            if (this.socket_ !== socket) return;
            const channel = new Channel(socket, timers, {
                told: (message) => this.told(message),
                broken: () => this.over(ending_of_close(4001)!, 'refused'),
            });
            this.channel_ = channel;
            socket.onmessage = (event) => channel.receive(String(event.data));
            const joined = await channel.request(this.join_message(offer), for_ms);
            window.clearTimeout(given_up);
            if (joined.type === 'joined') await this.on_joined(joined, peer);
        } catch (error) {
            window.clearTimeout(given_up);
            if (error instanceof Refused) this.refused(socket, error);
            else this.lost_connection(socket);
        }
    }

    private join_message(offer: string | undefined): Request {
        const { room, name, token, pin, device } = this.options_;
        return {
            type: 'join',
            room,
            name,
            ...(token && { token }),
            ...(pin && { pin }),
            ...(this.seat_ && { seat: this.seat_ }),
            ...(offer && { offer }),
            device,
            portrait: this.portrait,
            client: kVersion,
        };
    }

    private async on_joined(joined: Joined, peer: Peer | null): Promise<void> {
        const first = !this.was_in_;
        this.was_in_ = true;
        this.seat_ = joined.seat;
        this.seat_s_ = joined.seat_s;
        this.ice_servers_ = joined.ice_servers ?? [];
        this.asked = this.may_share = false;
        this.step({ kind: 'opened' });
        this.update(on_joined(joined, this.state));
        if (peer && joined.answer) await this.accept(peer, joined.answer);
        if (first && !this.options_.seat) {
            // What was switched off before joining.
            for (const kind of ['audio', 'video'] as const) {
                if (!this.local_[kind].on && this.local_[kind].track) await this.tell_mute(kind);
            }
        } else {
            await this.agree_on_mute();
        }
        if (this.self_view !== null || document.hidden) await this.tell_view();
        if (this.screen && joined.content.sharer !== joined.participant) await this.begin_content();
        if (!first) this.events_.say('You are back.');
    }

    /// Each request that had no answer may or may not have been obeyed: what the person sees here is what counts.
    private async agree_on_mute(): Promise<void> {
        const self = this.state && me(this.state);
        if (!self) return;
        for (const kind of ['audio', 'video'] as const) {
            const on = self[kind] === 'on';
            if (self[kind] !== 'off' && on !== this.local_[kind].on) await this.tell_mute(kind);
        }
    }

    private refused(socket: WebSocket, error: Refused): void {
        if (this.socket_ !== socket) return;
        const { code, retry_after_s } = error.refusal;
        if (wants_pin(code)) {
            const wrong = code === 'bad_pin';
            this.shut();
            return this.events_.pin_wanted(wrong);
        }
        if (code === 'bad_seat') {
            // Kept too long: the same person, anew.
            this.seat_ = null;
            this.peer_?.close();
            this.peer_ = null;
            return void this.try_to_connect(kFirstTryForMs);
        }
        if (this.was_in_ && retry_after_s !== undefined) return this.lost_connection(socket);
        this.over(ending_of_refusal(error.refusal), 'refused');
    }

    private closed(socket: WebSocket, code: number): void {
        if (this.socket_ !== socket) return;
        const ending = ending_of_close(code);
        if (ending) return this.over(ending, code === 1000 ? 'left' : 'refused');
        this.lost_connection(socket);
    }

    private lost_connection(socket: WebSocket | null): void {
        if (this.socket_ !== socket || this.phase === 'over') return;
        this.drop_connection();
        if (!this.was_in_) {
            return this.over(
                {
                    kind: 'unreachable',
                    title: 'The server does not answer',
                    text: 'Check your network connection, then try again.',
                    again: 'Try again',
                },
                'refused',
            );
        }
        this.step({ kind: 'lost' });
    }

    private drop_connection(): void {
        const socket = this.socket_;
        this.socket_ = null;
        this.channel_?.end();
        this.channel_ = null;
        this.next_peer_?.close();
        this.next_peer_ = null;
        if (!socket) return;
        socket.onopen = socket.onclose = socket.onmessage = null;
        socket.close();
    }

    private step(event: ReconnectEvent): void {
        const before = this.reconnect_;
        const now = next_state(before, event, performance.now());
        this.reconnect_ = now;
        window.clearTimeout(this.retry_timer_);
        if (now.kind === 'ended') {
            if (now.reason === 'unreachable') this.over(kUnreachable, 'refused');
            return;
        }
        this.phase = now.kind === 'connected' ? 'in' : this.was_in_ ? 'reconnecting' : 'joining';
        if (now.kind === 'waiting') {
            const wait_ms = Math.max(0, now.next_try_ms - performance.now());
            this.retry_timer_ = window.setTimeout(() => this.step({ kind: 'timer' }), wait_ms + 1);
        } else if (now.kind === 'trying' && before.kind !== 'trying') {
            void this.try_to_connect(kTryForMs);
        }
        this.changed();
    }

    private over(ending: Ending, how: 'left' | 'refused'): void {
        if (this.phase === 'over') return;
        this.shut();
        this.reconnect_ = { kind: 'ended', reason: how };
        this.events_.ended(ending);
    }

    /// Ends everything that runs; the tracks are the page's, which may join again with them.
    private shut(): void {
        this.phase = 'over';
        window.clearTimeout(this.retry_timer_);
        window.clearInterval(this.watch_timer_);
        window.removeEventListener('online', this.on_online_);
        network()?.removeEventListener('change', this.on_online_);
        document.removeEventListener('visibilitychange', this.on_visibility_);
        this.drop_connection();
        this.peer_?.close();
        this.peer_ = null;
        this.screen?.stop();
        this.screen = null;
        this.local_.on_track = () => {};
        this.changed();
    }

    private readonly on_online_ = (): void => {
        if (this.phase === 'in') void this.heartbeat();
        else this.step({ kind: 'network-back' });
    };

    private readonly on_visibility_ = (): void => {
        if (document.visibilityState === 'visible') {
            void this.local_.revive();
            this.on_online_();
        }
        void this.tell_view();
    };

    // What the server tells.

    private told(message: Told): void {
        switch (message.type) {
            case 'offer':
                return void this.answer(message);
            case 'send':
                return this.peer_?.set_limits(message.video, message.content);
            case 'ended':
                return this.over(ending_of_ended(message.code, message.text), 'refused');
            case 'error':
                if (message.fatal) return this.over(ending_of_refusal(message), 'refused');
                return this.events_.say(line_of_refusal(message), 'trouble');
            default:
                return this.news(message);
        }
    }

    private news(message: Told): void {
        if (!this.state) return;
        const before = this.state;
        const [state, notices] = on_told(before, message);
        this.update(state);
        for (const notice of notices) {
            if (notice.kind === 'silenced') this.local_.silence(notice.what);
            this.events_.notice(notice);
        }
        if (message.type === 'content') this.content_changed(before, state);
    }

    private content_changed(before: RoomState, now: RoomState): void {
        const gave_way = this.asked && now.sharer !== before.sharer;
        if (gave_way) {
            this.asked = false;
            this.may_share = now.sharer === null || now.sharer === now.me;
        } else if (this.asked && now.asked_by === null) {
            this.asked = false;
            this.events_.say('The presenter would like to go on sharing.');
        }
        // Taken by the server's policy, not by us.
        if (this.screen && before.sharer === now.me && now.sharer !== now.me) {
            this.screen.onended = null;
            this.screen.stop();
            this.screen = null;
            void this.peer_?.set_screen(null);
            this.events_.say('Your screen is not shared any more.');
        }
        this.changed();
    }

    // Media.

    private new_peer(): Peer {
        const peer: Peer = new Peer(
            this.ice_servers_,
            {
                audio: this.local_.audio.track,
                video: this.local_.video.track,
                screen: this.screen,
            },
            { state: (state) => this.peer_state(peer, state) },
        );
        this.next_peer_ = peer;
        return peer;
    }

    private async accept(peer: Peer, answer: string): Promise<void> {
        if (this.next_peer_ === peer) this.next_peer_ = null;
        await peer.accept(answer);
        if (peer === this.peer_) return;
        this.peer_?.close();
        this.peer_ = peer;
        this.stream = peer.stream;
        this.counters_ = null;
        this.heard_at_ms_ = performance.now();
        this.changed();
        // What was allowed while the offer was on its way.
        for (const kind of ['audio', 'video'] as const) {
            const { track } = this.local_[kind];
            if (track !== peer.sent(kind)) void this.track_changed(kind, track);
        }
    }

    private peer_state(peer: Peer, state: RTCPeerConnectionState): void {
        if (peer !== this.peer_) return;
        if (state === 'failed') void this.media_anew();
        this.changed();
    }

    private media_flow(): boolean {
        if (!this.peer_ || this.peer_.state !== 'connected') return false;
        return performance.now() - this.heard_at_ms_ < kMediaAnewAfterMs;
    }

    private async watch_media(): Promise<void> {
        const peer = this.peer_;
        if (!peer || this.phase === 'over' || this.checking_) return;
        this.checking_ = true;
        const now = await peer.counters(performance.now()).catch(() => null);
        this.checking_ = false;
        if (!now || peer !== this.peer_) return;
        const before = this.counters_;
        this.counters_ = now;
        if (before) {
            this.sample = sample_between(before, now);
            this.history = [...this.history, this.sample].slice(-60);
            this.judgement = judge(this.judgement, this.sample);
            if (this.sample.packets > 0) this.heard_at_ms_ = performance.now();
            this.changed();
        }
        const silent_ms = performance.now() - this.heard_at_ms_;
        if (this.phase !== 'in' || silent_ms < kStalledAfterMs) return;
        if (!(await this.heartbeat())) return;
        if (silent_ms >= kMediaAnewAfterMs) await this.media_anew();
    }

    /// False: the connection is dead too, and has been given up.
    private async heartbeat(): Promise<boolean> {
        const channel = this.channel_;
        const socket = this.socket_;
        if (!channel || this.phase !== 'in') return false;
        try {
            await channel.request(this.view_message(), kHeartbeatWithinMs);
            return true;
        } catch (error) {
            if (error instanceof Refused) return true;
            this.lost_connection(socket);
            return false;
        }
    }

    /// A new peer connection over the signalling that stands, as the old one cannot be mended.
    private async media_anew(): Promise<void> {
        const channel = this.channel_;
        const now_ms = performance.now();
        if (!channel || this.phase !== 'in' || now_ms - this.media_anew_at_ms_ < 5000) return;
        this.media_anew_at_ms_ = now_ms;
        await this.alone(async () => {
            const peer = this.new_peer();
            try {
                const answer = await channel.request({ type: 'offer', sdp: await peer.offer() });
                if (answer.type === 'answer') await this.accept(peer, answer.sdp);
            } catch {
                peer.close();
            }
        });
    }

    private async negotiate(): Promise<boolean> {
        let done = false;
        await this.alone(async () => {
            const peer = this.peer_;
            const channel = this.channel_;
            if (!peer || !channel) return;
            try {
                const answer = await channel.request({ type: 'offer', sdp: await peer.offer() });
                if (answer.type !== 'answer') return;
                await peer.accept(answer.sdp);
                done = true;
            } catch (error) {
                await peer.withdraw().catch(() => {});
                if (error instanceof Refused) {
                    this.events_.say(line_of_refusal(error.refusal), 'trouble');
                }
            }
        });
        return done;
    }

    private alone(work: () => Promise<void>): Promise<void> {
        this.negotiating_ = this.negotiating_.then(work, work);
        return this.negotiating_;
    }

    private async answer(offer: Extract<Told, { type: 'offer' }>): Promise<void> {
        const channel = this.channel_;
        const sdp = await this.peer_?.answer(offer.sdp).catch(() => null);
        if (sdp) channel?.answer({ type: 'answer', re: offer.n, sdp });
    }

    private async track_changed(kind: Kind, track: MediaStreamTrack | null): Promise<void> {
        const peer = this.peer_;
        if (!peer) return;
        const anew = kind === 'audio' ? await peer.set_audio(track) : await peer.set_video(track);
        if (anew && (await this.negotiate())) await this.tell_mute(kind);
    }

    // Requests.

    private async begin_content(): Promise<void> {
        const screen = this.screen;
        if (!screen || !this.peer_) return;
        const anew = await this.peer_.set_screen(screen);
        const ready = !anew || (await this.negotiate());
        const mid = this.peer_?.screen_mid;
        const started =
            ready && mid && (await this.ask({ type: 'content', action: 'start', mid }));
        if (started || this.screen !== screen) return;
        screen.onended = null;
        screen.stop();
        this.screen = null;
        await this.peer_?.set_screen(null);
        this.changed();
    }

    private async ask_for_content(): Promise<void> {
        this.asked = true;
        this.changed();
        if (await this.ask({ type: 'content', action: 'take' })) return;
        this.asked = false;
        this.changed();
    }

    private async tell_mute(kind: Kind): Promise<void> {
        const muted = !this.local_[kind].on;
        const self = this.state && me(this.state);
        if (!this.channel_ || !self) return;
        await this.ask({ type: 'mute', ...(kind === 'audio' ? { audio: muted } : { video: muted }) });
    }

    private async tell_view(): Promise<void> {
        if (this.phase === 'in') await this.ask(this.view_message());
    }

    private view_message(): Request {
        return {
            type: 'view',
            portrait: this.portrait,
            visible: document.visibilityState === 'visible',
            ...(this.self_view !== null && { self: this.self_view }),
        };
    }

    /// Null: refused, which has been said, or without answer, which the reconnect sees to.
    private async ask(request: Request): Promise<Told | null> {
        const channel = this.channel_;
        const socket = this.socket_;
        if (!channel) return null;
        try {
            return await channel.request(request);
        } catch (error) {
            if (error instanceof Refused) {
                this.events_.say(line_of_refusal(error.refusal), 'trouble');
            } else if (error instanceof ConnectionLost && socket === this.socket_) {
                this.lost_connection(socket);
            }
            return null;
        }
    }

    private update(state: RoomState): void {
        this.state = state;
        this.changed();
    }
}

/// Tells when a phone goes from one network to another, where the browser has it.
function network(): EventTarget | undefined {
    return (navigator as Navigator & { connection?: EventTarget }).connection;
}

function is_portrait(device: MeetingOptions['device']): boolean {
    return device !== 'desktop' && window.innerHeight > window.innerWidth;
}
