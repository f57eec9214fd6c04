import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Channel, ConnectionLost, Refused, kAnswerWithinMs, type Timers } from '../../src/channel.js';
import type { Told } from '../../src/protocol.js';

/// Time that stands until it is told to go on.
class StandingTime implements Timers {
    private now_ = 0;
    private next_ = 1;
    private readonly waiting_ = new Map<number, { at: number; then: () => void }>();

    after(ms: number, then: () => void): number {
        this.waiting_.set(this.next_, { at: this.now_ + ms, then });
        return this.next_++;
    }
    cancel(timer: number): void {
        this.waiting_.delete(timer);
    }
    advance(ms: number): void {
        this.now_ += ms;
        for (const [timer, { at, then }] of [...this.waiting_]) {
            if (at > this.now_) continue;
            this.waiting_.delete(timer);
            then();
        }
    }
    get waiting(): number {
        return this.waiting_.size;
    }
}

function open() {
    const sent: Record<string, unknown>[] = [];
    const told: Told[] = [];
    const broken: string[] = [];
    const closed: (number | undefined)[] = [];
    const time = new StandingTime();
    const channel = new Channel(
        { send: (text) => sent.push(JSON.parse(text)), close: (code) => closed.push(code) },
        time,
        { told: (message) => told.push(message), broken: (why) => broken.push(why) },
    );
    const receive = (message: unknown): void => channel.receive(JSON.stringify(message));
    return { channel, sent, told, broken, closed, time, receive };
}

test('Requests are numbered from one, and each gets the answer that names it', async () => {
    const { channel, sent, receive } = open();
    const first = channel.request({ type: 'hand', raised: true });
    const second = channel.request({ type: 'layouts' });

    receive({ type: 'layouts', n: 1, re: 2, layouts: [] });
    receive({ type: 'ok', n: 2, re: 1 });

    assert.deepEqual(sent.map((each) => each['n']), [1, 2]);
    assert.equal((await first).type, 'ok');
    assert.equal((await second).type, 'layouts');
});

test('What goes out acknowledges what came in', () => {
    const { channel, sent, receive } = open();
    receive({ type: 'speaking', n: 1, ids: [] });
    void channel.request({ type: 'layouts' });

    assert.equal(sent[0]!['ack'], 1);
});

test('Sixteen messages, or half a second, are acknowledged by themselves', () => {
    const { sent, receive, time } = open();
    for (let n = 1; n <= 16; ++n) receive({ type: 'speaking', n, ids: [] });
    assert.deepEqual(sent, [{ type: 'ack', ack: 16 }]);

    receive({ type: 'speaking', n: 17, ids: [] });
    time.advance(500);

    assert.deepEqual(sent[1], { type: 'ack', ack: 17 });
});

test('What was acknowledged already is not acknowledged again', () => {
    const { channel, sent, receive, time } = open();
    receive({ type: 'speaking', n: 1, ids: [] });
    void channel.request({ type: 'layouts' });

    time.advance(1000);

    assert.equal(sent.length, 1);
});

test('An ack of the other side has no number and tells nobody anything', () => {
    const { told, receive, broken } = open();

    receive({ type: 'ack', ack: 1 });
    receive({ type: 'speaking', n: 1, ids: ['a'] });

    assert.equal(told.length, 1);
    assert.deepEqual(broken, []);
});

test('A gap in the numbers ends the connection as broken', () => {
    const { receive, broken, closed } = open();

    receive({ type: 'speaking', n: 2, ids: [] });

    assert.deepEqual(closed, [4001]);
    assert.deepEqual(broken, ['message 2 after 0']);
});

for (const bad of ['{', '7', 'null', '{"n": 1}']) {
    test(`What is no message ends the connection as broken: ${bad}`, () => {
        const { channel, closed } = open();

        channel.receive(bad);

        assert.deepEqual(closed, [4001]);
    });
}

test('A refusal fails the request with its code', async () => {
    const { channel, receive } = open();
    const asked = channel.request({ type: 'hand', raised: true });

    receive({ type: 'error', n: 1, re: 1, code: 'forbidden', text: 'no', fatal: false });

    await assert.rejects(asked, (error) => error instanceof Refused && error.refusal.code === 'forbidden');
});

test('An error that answers nothing is told', () => {
    const { receive, told } = open();

    receive({ type: 'error', n: 1, code: 'too_many', text: 'slow down', fatal: false });

    assert.equal(told[0]!.type, 'error');
});

test('Silence fails a request after ten seconds, and a late answer is nobody’s', async () => {
    const { channel, receive, time, told } = open();
    const asked = channel.request({ type: 'hand', raised: true });

    time.advance(kAnswerWithinMs);
    receive({ type: 'ok', n: 1, re: 1 });

    await assert.rejects(asked, ConnectionLost);
    assert.deepEqual(told, []);
});

test('The end of the connection fails all that wait, and leaves no timer', async () => {
    const { channel, time, receive } = open();
    receive({ type: 'speaking', n: 1, ids: [] });
    const asked = channel.request({ type: 'layouts' });

    channel.end();

    await assert.rejects(asked, ConnectionLost);
    await assert.rejects(channel.request({ type: 'layouts' }), ConnectionLost);
    assert.equal(time.waiting, 0);
});

test('Messages of unknown types are acknowledged and told, members unknown are kept out of the way', () => {
    const { receive, told, time, sent } = open();

    receive({ type: 'weather', n: 1, sun: true });
    time.advance(500);

    assert.equal(told.length, 1);
    assert.deepEqual(sent, [{ type: 'ack', ack: 1 }]);
});
