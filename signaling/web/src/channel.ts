/// One WebSocket connection that speaks docs/websocket.md: numbers what goes out, acknowledges what comes in, and gives
/// every request its answer.
///
/// Time and socket are injected; a Channel is used for one connection and then thrown away.
import type { Answer, Refusal, Request, Told } from './protocol.js';

export interface Socket {
    send(text: string): void;
    close(code?: number): void;
}

export interface Timers {
    after(ms: number, then: () => void): number;
    cancel(timer: number): void;
}

export interface ChannelEvents {
    /// What came by itself: no answer to a request.
    told(message: Told): void;
    /// The envelope is broken, so the other side is not what we think it is.
    broken(why: string): void;
}

/// What a request fails with when the connection ends, or stays silent, before its answer.
export class ConnectionLost extends Error {}

/// What a request fails with when the server says no.
export class Refused extends Error {
    constructor(readonly refusal: Refusal) {
        super(refusal.text);
    }
}

interface Pending {
    done: (answer: Told) => void;
    failed: (why: Error) => void;
    timer: number;
}

/// The server drops who leaves 64 messages unacknowledged; the document asks for 16 or one second.
const kAckAfterMessages = 16;
const kAckAfterMs = 500;
export const kAnswerWithinMs = 10_000;

export class Channel {
    private sent_ = 0;
    private seen_ = 0;
    private acknowledged_ = 0;
    private ack_timer_: number | null = null;
    private pending_ = new Map<number, Pending>();
    private over_ = false;

    constructor(
        private readonly socket_: Socket,
        private readonly timers_: Timers,
        private readonly events_: ChannelEvents,
    ) {}

    /// Resolves with the answer (`ok`, or the one named in the document); fails with Refused or ConnectionLost.
    request(message: Request, within_ms = kAnswerWithinMs): Promise<Told> {
        return new Promise((done, failed) => {
            if (this.over_) return failed(new ConnectionLost('closed'));
            const n = this.write(message);
            const timer = this.timers_.after(within_ms, () => {
                this.pending_.delete(n);
                failed(new ConnectionLost('no answer'));
            });
            this.pending_.set(n, { done, failed, timer });
        });
    }

    /// The answer to the server's own offer: nobody answers an answer.
    answer(message: Answer): void {
        if (!this.over_) this.write(message);
    }

    receive(text: string): void {
        if (this.over_) return;
        const message = parsed(text);
        if (!message) return this.broken('not a message');
        if (message.type === 'ack') return;
        if (message.n !== this.seen_ + 1) {
            return this.broken(`message ${message.n} after ${this.seen_}`);
        }
        this.seen_ = message.n;
        this.acknowledge_soon();
        const waiting = this.pending_.get(message.re ?? 0);
        if (waiting && message.re !== undefined) {
            this.pending_.delete(message.re);
            this.timers_.cancel(waiting.timer);
            if (message.type === 'error') waiting.failed(new Refused(message as unknown as Refusal));
            else waiting.done(message as unknown as Told);
            return;
        }
        // An answer that came too late is nobody's any more.
        if (message.re === undefined || message.type === 'joined') {
            this.events_.told(message as unknown as Told);
        }
    }

    /// The connection is gone: whoever waits hears of it.
    end(why = 'closed'): void {
        if (this.over_) return;
        this.over_ = true;
        if (this.ack_timer_ !== null) this.timers_.cancel(this.ack_timer_);
        for (const waiting of this.pending_.values()) {
            this.timers_.cancel(waiting.timer);
            waiting.failed(new ConnectionLost(why));
        }
        this.pending_.clear();
    }

    private write(message: Request | Answer): number {
        const n = ++this.sent_;
        this.socket_.send(JSON.stringify({ ...message, n, ack: this.seen_ }));
        this.acknowledged_ = this.seen_;
        return n;
    }

    private acknowledge_soon(): void {
        if (this.seen_ - this.acknowledged_ >= kAckAfterMessages) return this.acknowledge();
        this.ack_timer_ ??= this.timers_.after(kAckAfterMs, () => this.acknowledge());
    }

    private acknowledge(): void {
        if (this.ack_timer_ !== null) this.timers_.cancel(this.ack_timer_);
        this.ack_timer_ = null;
        if (this.over_ || this.acknowledged_ === this.seen_) return;
        this.acknowledged_ = this.seen_;
        this.socket_.send(JSON.stringify({ type: 'ack', ack: this.seen_ }));
    }

    private broken(why: string): void {
        this.socket_.close(4001);
        this.end(why);
        this.events_.broken(why);
    }
}

interface Envelope {
    type: string;
    n: number;
    re?: number;
}

function parsed(text: string): Envelope | null {
    let message: unknown;
    try {
        message = JSON.parse(text);
    } catch {
        return null;
    }
    if (typeof message !== 'object' || message === null) return null;
    return typeof (message as Envelope).type === 'string' ? (message as Envelope) : null;
}
