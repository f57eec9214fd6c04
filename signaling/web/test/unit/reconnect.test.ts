import assert from 'node:assert/strict';
import { test } from 'node:test';

import { kGiveUpMs, kTryForMs, next_state, type ReconnectState } from '../../src/reconnect.js';

const connected: ReconnectState = { kind: 'connected' };

/// Plays a network that is gone from 0 until `back_ms`, every try failing at once; returns when a try succeeds.
function recovery_ms(back_ms: number): number {
    let state = next_state(connected, { kind: 'lost' }, 0);
    for (let now_ms = 0; now_ms < kGiveUpMs * 2; now_ms += 10) {
        state = next_state(state, { kind: 'timer' }, now_ms);
        if (state.kind !== 'trying') continue;
        if (now_ms >= back_ms) return now_ms;
        state = next_state(state, { kind: 'lost' }, now_ms);
        if (state.kind === 'ended') return Infinity;
    }
    return Infinity;
}

test('A network that returns after ten seconds is used within two', () => {
    for (let back_ms = 10_000; back_ms < 11_500; back_ms += 70) {
        assert.ok(recovery_ms(back_ms) - back_ms <= 2000);
    }
});

test('A try that took long is followed by the next one at once', () => {
    const trying: ReconnectState = { kind: 'trying', since_ms: 0, attempt: 9, began_ms: 10_000 };

    const state = next_state(trying, { kind: 'lost' }, 10_000 + kTryForMs);

    assert.equal(state.kind === 'waiting' && state.next_try_ms, 10_000 + kTryForMs);
});

test('The browser saying that the network is back starts a try at once', () => {
    const waiting = next_state(connected, { kind: 'lost' }, 0);

    assert.equal(next_state(waiting, { kind: 'network-back' }, 1).kind, 'trying');
});

test('A loss reported twice does not put the next try off', () => {
    const waiting = next_state(connected, { kind: 'lost' }, 0);

    assert.deepEqual(next_state(waiting, { kind: 'lost' }, 200), waiting);
});

test('An early timer starts no try', () => {
    const waiting = next_state(connected, { kind: 'lost' }, 0);

    assert.deepEqual(next_state(waiting, { kind: 'timer' }, 249), waiting);
});

test('A server that cannot be reached for two minutes ends the call and says so', () => {
    assert.equal(recovery_ms(kGiveUpMs * 1.5), Infinity);
    const trying: ReconnectState = { kind: 'trying', since_ms: 0, attempt: 9, began_ms: 0 };

    const state = next_state(trying, { kind: 'lost' }, kGiveUpMs);

    assert.deepEqual(state, { kind: 'ended', reason: 'unreachable' });
});

test('A refusal is final', () => {
    const refused = next_state(connected, { kind: 'refused' }, 0);

    assert.deepEqual(next_state(refused, { kind: 'network-back' }, 5), refused);
});

test('The count of tries starts anew after a connection', () => {
    const trying: ReconnectState = { kind: 'trying', since_ms: 0, attempt: 9, began_ms: 0 };
    const again = next_state(trying, { kind: 'opened' }, 5000);

    const state = next_state(again, { kind: 'lost' }, 6000);

    assert.deepEqual(state, { kind: 'waiting', since_ms: 6000, attempt: 0, next_try_ms: 6250 });
});
