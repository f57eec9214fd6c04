/// Decides when the page tries again after its connection is lost, and when it gives up and says why.
///
/// Pure: time comes in with each event and the only thing that goes out is the next state; whoever holds it sets timers.
/// A seat is kept while the state is `waiting` or `trying`; `ended` is final.
export type ReconnectState =
    | { kind: 'connected' }
    | { kind: 'waiting'; since_ms: number; attempt: number; next_try_ms: number }
    | { kind: 'trying'; since_ms: number; attempt: number; began_ms: number }
    | { kind: 'ended'; reason: EndReason };

export type EndReason = 'left' | 'refused' | 'unreachable';

export type ReconnectEvent =
    | { kind: 'opened' }
    | { kind: 'lost' }
    | { kind: 'network-back' } // the browser's `online` event, or the tab became visible again
    | { kind: 'timer' }
    | { kind: 'refused' } // the server said no: trying again would hear the same
    | { kind: 'left' };

/// At most a second between tries, so that a network that returns unannounced is used within two.
export const kLongestWaitMs = 1000;
/// A try that has not come through by then is given up for a new one: its packets may be waiting for a retransmission
/// that is seconds away. Longer than TLS and a join take on a slow path.
export const kTryForMs = 2500;
const kFirstWaitMs = 250;
/// As long as the media node keeps a session that neither sends nor is asked for.
export const kGiveUpMs = 120_000;

export function wait_ms(attempt: number): number {
    return Math.min(kLongestWaitMs, kFirstWaitMs * 2 ** attempt);
}

export function next_state(
    state: ReconnectState,
    event: ReconnectEvent,
    now_ms: number,
): ReconnectState {
    if (state.kind === 'ended') return state;
    switch (event.kind) {
        case 'left':
            return { kind: 'ended', reason: 'left' };
        case 'refused':
            return { kind: 'ended', reason: 'refused' };
        case 'opened':
            return { kind: 'connected' };
        case 'lost':
            return lost(state, now_ms);
        case 'network-back':
            return state.kind === 'waiting' ? started(state, now_ms) : state;
        case 'timer':
            return state.kind === 'waiting' && now_ms >= state.next_try_ms
                ? started(state, now_ms)
                : state;
    }
}

function started(
    state: { since_ms: number; attempt: number },
    now_ms: number,
): ReconnectState {
    return {
        kind: 'trying',
        since_ms: state.since_ms,
        attempt: state.attempt,
        began_ms: now_ms,
    };
}

function lost(state: ReconnectState, now_ms: number): ReconnectState {
    // A second report of the same loss must not put the next try off.
    if (state.kind === 'waiting') return state;
    const since_ms = state.kind === 'trying' ? state.since_ms : now_ms;
    const attempt = state.kind === 'trying' ? state.attempt + 1 : 0;
    if (now_ms - since_ms >= kGiveUpMs) return { kind: 'ended', reason: 'unreachable' };
    // The wait is from try to try: one that took long is followed at once.
    const began_ms = state.kind === 'trying' ? state.began_ms : now_ms;
    const next_try_ms = Math.max(now_ms, began_ms + wait_ms(attempt));
    return { kind: 'waiting', since_ms, attempt, next_try_ms };
}
