import assert from 'node:assert/strict';
import { test } from 'node:test';

import { browser_of, device_of, permission_steps, room_of } from '../../src/device.js';
import { judge, kFirstJudgement, quality_of, sample_between, type Counters, type Sample } from '../../src/quality.js';
import { encoding_for } from '../../src/send_limits.js';
import { action_of, kShortcuts } from '../../src/shortcuts.js';
import { ending_of_close, ending_of_ended, ending_of_refusal, line_of_refusal } from '../../src/words.js';

const camera = { width: 1280, height: 720 };
const quarter = { width: 320, height: 180, fps: 15, bitrate_bps: 150_000 };

test('A camera is scaled to what is shown', () => {
    assert.deepEqual(encoding_for(quarter, camera), {
        active: true,
        scaleResolutionDownBy: 4,
        maxBitrate: 150_000,
        maxFramerate: 15,
    });
});

test('A camera smaller than what is shown is sent as it is', () => {
    assert.equal(encoding_for(quarter, { width: 160, height: 90 }).scaleResolutionDownBy, 1);
});

test('A picture of another shape still covers its tile', () => {
    assert.equal(encoding_for(quarter, { width: 640, height: 480 }).scaleResolutionDownBy, 2);
});

test('An upright phone is limited by the same size, turned', () => {
    assert.equal(encoding_for(quarter, { width: 720, height: 1280 }).scaleResolutionDownBy, 4);
});

test('What nobody looks at is not sent, and what nobody spoke of is not limited', () => {
    assert.deepEqual(encoding_for(null, camera), { active: false });
    assert.deepEqual(encoding_for(undefined, camera), { active: true });
});

const counters: Counters = {
    at_ms: 0,
    packets_received: 0,
    packets_lost: 0,
    bytes_received: 0,
    bytes_sent: 0,
    frames_decoded: 0,
    freezes: 0,
    freeze_s: 0,
    jitter_ms: 5,
    rtt_ms: 20,
    concealed_samples: 0,
    samples: 0,
    remote_lost_share: null,
    picture: null,
    sent_picture: null,
    codecs: [],
    transport: null,
};
function sample(changed: Partial<Sample> = {}): Sample {
    const now = { ...counters, at_ms: 1000, packets_received: 100, samples: 48_000 };
    return { ...sample_between(counters, now), ...changed };
}

test('A sample is what was counted in between, by the second', () => {
    const now: Counters = {
        ...counters,
        at_ms: 2000,
        packets_received: 90,
        packets_lost: 10,
        bytes_received: 250_000,
        frames_decoded: 60,
        samples: 1000,
        concealed_samples: 100,
    };

    const seen = sample_between(counters, now);

    assert.equal(seen.loss_share, 0.1);
    assert.equal(seen.received_bps, 1_000_000);
    assert.equal(seen.fps, 30);
    assert.equal(seen.concealed_share, 0.1);
});

test('Counters that began anew count as nothing, not as less than nothing', () => {
    const seen = sample_between({ ...counters, packets_received: 500, bytes_received: 9e6 }, { ...counters, at_ms: 1000 });

    assert.equal(seen.packets, 0);
    assert.equal(seen.received_bps, 0);
});

test('Loss, delay, made-up sound and stops make a connection weak; silence makes it bad', () => {
    assert.equal(quality_of(sample()), 'good');
    assert.equal(quality_of(sample({ loss_share: 0.05 })), 'weak');
    assert.equal(quality_of(sample({ sent_loss_share: 0.05 })), 'weak');
    assert.equal(quality_of(sample({ rtt_ms: 500 })), 'weak');
    assert.equal(quality_of(sample({ freezes: 1 })), 'weak');
    assert.equal(quality_of(sample({ loss_share: 0.2 })), 'bad');
    assert.equal(quality_of(sample({ packets: 0 })), 'bad');
});

test('One bad second changes nothing, two do; five good ones mend it', () => {
    const bad = sample({ loss_share: 0.2 });
    const once = judge(kFirstJudgement, bad);
    const twice = judge(once, bad);
    assert.deepEqual([once.quality, twice.quality], ['good', 'bad']);

    let judgement = twice;
    for (let second = 0; second < 4; ++second) judgement = judge(judgement, sample());
    assert.equal(judgement.quality, 'bad');
    assert.equal(judge(judgement, sample()).quality, 'good');
});

test('A bad second between good ones begins the count anew', () => {
    const weak = { quality: 'weak', against: 4, towards: 'good' } as const;

    const judgement = judge(weak, sample({ loss_share: 0.05 }));

    assert.deepEqual(judgement, { quality: 'weak', against: 0, towards: 'weak' });
});

const press = { key: 'm', ctrlKey: false, metaKey: false, altKey: false, repeat: false, typing: false };

test('Keys do what the help says, unless somebody types or means the browser', () => {
    assert.equal(action_of(press), 'mute');
    assert.equal(action_of({ ...press, key: 'M' }), 'mute');
    assert.equal(action_of({ ...press, typing: true }), null);
    assert.equal(action_of({ ...press, ctrlKey: true }), null);
    assert.equal(action_of({ ...press, repeat: true }), null);
    assert.equal(action_of({ ...press, key: 'z' }), null);
    assert.equal(action_of({ ...press, key: 'Escape', typing: true }), 'close');
});

test('No two shortcuts share a key', () => {
    assert.equal(new Set(kShortcuts.map((each) => each.key)).size, kShortcuts.length);
});

const kIphone = 'Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Version/17.0 Mobile/15E148 Safari/604.1';
const kPixel = 'Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/126.0.0.0 Mobile Safari/537.36';
const kAndroidTablet = 'Mozilla/5.0 (Linux; Android 14; SM-X700) AppleWebKit/537.36 Chrome/126.0.0.0 Safari/537.36';
const kMac = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/17.0 Safari/605.1.15';
const kFirefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0';

test('Phones, tablets and computers are told apart, an iPad by its touch screen', () => {
    assert.equal(device_of(kIphone, 5), 'phone');
    assert.equal(device_of(kPixel, 5), 'phone');
    assert.equal(device_of(kAndroidTablet, 5), 'tablet');
    assert.equal(device_of(kMac, 5), 'tablet');
    assert.equal(device_of(kMac, 0), 'desktop');
    assert.equal(device_of(kFirefox, 0), 'desktop');
});

test('Help for a refused permission speaks of the browser at hand', () => {
    assert.deepEqual([kIphone, kPixel, kMac, kFirefox].map((agent) => browser_of(agent, 0)), ['ios', 'chromium', 'safari', 'firefox']);
    for (const browser of ['ios', 'chromium', 'safari', 'firefox'] as const) {
        assert.match(permission_steps(browser).at(-1)!, /Ask again/);
    }
});

test('The room is in the path', () => {
    assert.equal(room_of('/r/demo'), 'demo');
    assert.equal(room_of('/r/demo/'), 'demo');
    assert.equal(room_of('/'), null);
    assert.equal(room_of('/r/'), null);
    assert.equal(room_of('/r/%E0%A4%A'), null);
});

test('The page comes back by itself where the document says so, and says why where it does not', () => {
    for (const code of [1001, 1006, 1012, 4002, 4008, 4029]) assert.equal(ending_of_close(code), null);
    for (const code of [1000, 1009, 4001, 4003, 4004, 4005]) assert.ok(ending_of_close(code)!.text.length > 20);
});

test('Being removed is not offered a second try, being taken over is', () => {
    assert.equal(ending_of_ended('kicked', 'removed by a moderator').again, null);
    assert.equal(ending_of_close(4005)!.again, 'Join here');
});

test('Each refusal of the document has words of its own, others say what the server said', () => {
    const refusal = (code: string, text: string) => ({ type: 'error', code, text, fatal: true }) as const;
    const known = ['unknown_room', 'room_ended', 'need_token', 'bad_token', 'expired_token', 'full', 'overloaded', 'media_away', 'too_many', 'nothing_in_common'];
    for (const code of known) assert.doesNotMatch(ending_of_refusal(refusal(code, 'xyzzy')).text, /xyzzy/);
    assert.equal(ending_of_refusal(refusal('not_bundled', 'media 1: not in the bundle')).text, 'Media 1: not in the bundle.');
    assert.equal(line_of_refusal(refusal('internal', '')), 'The server did not say why.');
});

test('When to come again is kept', () => {
    const ending = ending_of_refusal({ type: 'error', code: 'full', text: '', fatal: true, retry_after_s: 30 });

    assert.equal(ending.retry_after_s, 30);
});
