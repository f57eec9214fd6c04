import assert from 'node:assert/strict';
import { after, before, test, type TestContext } from 'node:test';
import type { Browser } from 'playwright-core';

import { kOthers, kPhone, launch, person, Visit, type VisitOptions } from './visit.js';

let browser: Browser;
before(async () => {
    browser = await launch();
});
after(() => browser.close());

/// A test with a visit of its own; whatever it does, the page must keep to the protocol, to its host and to its policy.
function visiting(name: string, options: VisitOptions, act: (visit: Visit) => Promise<void>): void {
    test(name, { timeout: 60_000 }, async (context: TestContext) => {
        const visit = await Visit.open(browser, options);
        try {
            await act(visit);
            assert.deepEqual(visit.server.faults, []);
            assert.deepEqual(visit.strangers, []);
            const complaints = visit.complaints.filter((each) => !/WebSocket connection/.test(each));
            assert.deepEqual(complaints, []);
        } catch (error) {
            await visit.shot(context.name.replace(/\W+/g, '-')).catch(() => {});
            throw error;
        } finally {
            await visit.close();
        }
    });
}

async function until(what: string, holds: () => unknown): Promise<void> {
    const deadline = Date.now() + 15_000;
    while (!(await holds())) {
        if (Date.now() > deadline) assert.fail(`not in 15 s: ${what}`);
        await new Promise((done) => setTimeout(done, 50));
    }
}

const two = [person('p-1', 'Ben'), person('p-2', 'Cleo', { device: 'phone' })];
const others = () => structuredClone(two);

visiting('Who joins sees the mixed picture, and is seen and heard', {}, async (visit) => {
    await visit.people(others());
    await visit.join();

    const join = visit.server.last('join')!;
    assert.equal(join['device'], 'desktop');
    assert.equal(join['portrait'], false);
    assert.equal(await visit.page.locator('video').count(), 1);
    await until('pictures of ours', async () => (await visit.far_end.seen())[0]?.frames! > 5);
    await until('sound of ours', async () => (await visit.far_end.energy()) > 0);
});

visiting('One joins without camera and microphone, and adds the camera later', {}, async (visit) => {
    await visit.button('Microphone off').click();
    await visit.button('Camera off').click();
    await visit.page.getByText('without camera and microphone').waitFor();
    await visit.join();
    const offer = String(visit.server.last('join')!['offer']);
    assert.match(offer, /m=video(?:(?!m=).)*a=recvonly/s);

    await visit.button('Camera on').click();

    await until('an offer', () => visit.server.last('offer'));
    await until('pictures of ours', async () => (await visit.far_end.seen())[0]?.frames! > 5);
});

visiting('Muting is told, and what a moderator silences can be lifted', {}, async (visit) => {
    await visit.people(others());
    await visit.join();

    await visit.page.keyboard.press('m');
    await until('muted', () => visit.server.last('mute')?.['audio'] === true);
    await visit.button('Unmute').click();
    await until('unmuted', () => visit.server.last('mute')?.['audio'] === false);
    visit.server.change(visit.server.people.at(-1)!.id, { audio: 'silenced' });
    await visit.page.getByText('A moderator muted you').waitFor();
    await visit.button('Unmute').click();
    await until('lifted', () => visit.server.people.at(-1)!.audio === 'on');
});

visiting('The roster says who speaks, who is muted, and on what device', {}, async (visit) => {
    await visit.people(others());
    await visit.join();
    await visit.page.keyboard.press('p');
    const cleo = visit.page.locator('[data-person=p-2]');
    await cleo.getByLabel('on a phone').waitFor();

    visit.server.tell({ type: 'speaking', ids: ['p-2'] });
    await cleo.getByText('Speaking').waitFor();
    visit.server.change('p-2', { audio: 'muted' });
    await cleo.getByLabel('muted', { exact: true }).waitFor();
    visit.server.tell({ type: 'roster', joined: [], changed: [], left: ['p-1'] });
    await visit.page.getByText('Ben left').waitFor();
});

visiting('A moderator mutes somebody else and lowers a hand', {}, async (visit) => {
    visit.server.role = 'moderator';
    await visit.people([person('p-1', 'Ben', { hand: true })]);
    await visit.join();
    await visit.page.keyboard.press('p');

    await visit.button('Mute Ben').click();
    await until('silenced', () => visit.server.people[0]!.audio === 'silenced');
    await visit.button('Lower the hand of Ben').click();
    await until('lowered', () => !visit.server.people[0]!.hand);
});

visiting('A raised hand, chat both ways, and what came unread', {}, async (visit) => {
    await visit.people(others());
    await visit.join();

    await visit.page.keyboard.press('h');
    await until('a hand', () => visit.server.people.at(-1)!.hand);
    visit.server.tell({ type: 'chat', from: 'p-1', name: 'Ben', text: 'Hi <b>all</b>', at: new Date().toISOString() });
    await visit.page.getByLabel('Chat, 1 new').click();
    await visit.page.getByText('Hi <b>all</b>').first().waitFor();
    await visit.page.keyboard.type('Hello Ben, this is m for mute');
    await visit.page.keyboard.press('Enter');
    await until('sent', () => visit.server.last('chat')?.['text'] === 'Hello Ben, this is m for mute');
    await visit.page.locator('.mine .text:not(.waiting)').waitFor();
    assert.equal(visit.server.last('mute'), undefined);
});

visiting('Layouts are chosen by their pictures, for oneself or for everyone', {}, async (visit) => {
    visit.server.role = 'moderator';
    await visit.people(others());
    await visit.join();

    await visit.page.keyboard.press('l');
    await visit.button('Speaker').click();
    await until('mine', () => visit.server.layout.mine === 'speaker');
    await visit.page.waitForFunction(() => [...document.querySelectorAll<HTMLImageElement>('.layout img')].every((each) => each.naturalWidth > 0));
    await visit.page.getByRole('radio', { name: 'For everyone' }).click();
    await visit.button('Side by side').click();
    await until('the room', () => visit.server.layout.room === 'side-by-side');
    await visit.page.keyboard.press('Escape');
    await visit.page.locator('.popover').waitFor({ state: 'detached' });
});

visiting('A screen is shared as a third line and given back', {}, async (visit) => {
    await visit.people(others());
    await visit.join();

    await visit.button('Share screen').click();
    await until('shared', () => visit.server.sharer !== null);
    assert.equal(visit.server.last('content')!['mid'], '2');
    await until('both pictures', async () => (await visit.far_end.seen()).length === 2);
    await visit.button('Stop sharing').click();
    await until('given back', () => visit.server.sharer === null);
});

visiting('Who shares is asked before another takes over', {}, async (visit) => {
    await visit.people(others());
    await visit.join();
    await visit.button('Share screen').click();
    await until('shared', () => visit.server.sharer !== null);

    visit.server.tell({ type: 'content', sharer: visit.server.sharer, asked_by: 'p-1' });
    await visit.button('Let them').click();

    await until('allowed', () => visit.server.last('content')!['action'] === 'allow');
});

visiting('Whoever else shares is asked, not interrupted', {}, async (visit) => {
    visit.server.sharer = 'p-1';
    await visit.people(others());
    await visit.join();

    await visit.button('Share screen').click();
    await visit.page.getByText('Asking Ben').waitFor();
    assert.equal(visit.server.last('content')!['action'], 'take');
    visit.server.sharer = null;
    visit.server.tell({ type: 'content', sharer: null, asked_by: null });
    await visit.page.locator('.ask').getByRole('button', { name: 'Share screen' }).click();
    await until('shared', () => visit.server.sharer !== null);
});

visiting('No more is sent than the server wants', {}, async (visit) => {
    await visit.join();
    await until('pictures of ours', async () => (await visit.far_end.seen())[0]?.frames! > 0);

    visit.server.tell({ type: 'send', video: { width: 320, height: 180, fps: 15, bitrate_bps: 150_000 }, content: null });

    await until('320x180', async () => (await visit.far_end.seen())[0]?.width === 320);
});

visiting('A broken connection is taken up again with the seat, media untouched', {}, async (visit) => {
    await visit.people(others());
    await visit.join();
    const before = visit.server.people.length;

    visit.server.break_connections();
    await visit.page.getByText('You are back').waitFor();

    const join = visit.server.last('join')!;
    assert.equal(join['seat'], 'seat-1');
    assert.equal(join['offer'], undefined);
    assert.equal(visit.server.people.length, before);
});

visiting('A server that was away is used again within two seconds of its return', {}, async (visit) => {
    await visit.join();
    visit.server.reachable = false;
    visit.server.break_connections();
    await visit.page.getByText('Reconnecting…').waitFor();
    await visit.page.waitForTimeout(4000);

    visit.server.reachable = true;
    const back_at = Date.now();
    await visit.page.getByText('You are back').waitFor();

    assert.ok(Date.now() - back_at < 2000, `${Date.now() - back_at} ms`);
});

visiting('Media that ended are made anew over the connection that stands', {}, async (visit) => {
    await visit.join();

    await visit.far_end.hang_up();
    await until('a new offer', () => visit.server.last('offer'));
    await until('pictures of ours', async () => (await visit.far_end.seen())[0]?.frames! > 5);

    assert.equal(visit.server.said.filter((each) => each.type === 'join').length, 1);
});

visiting('A reload comes back to its seat by itself', {}, async (visit) => {
    await visit.people(others());
    await visit.join();
    await visit.page.keyboard.press('m');
    await until('muted', () => visit.server.last('mute'));

    await visit.page.reload();
    await visit.page.waitForSelector('.room');

    assert.equal(visit.server.last('join')!['seat'], 'seat-1');
    assert.equal(visit.server.people.length, 3);
    await visit.button('Unmute').waitFor();
    await visit.page.waitForFunction(() => (document.querySelector('video')?.videoWidth ?? 0) > 0);
});

visiting('A seat that has expired is joined anew, under the same name', {}, async (visit) => {
    await visit.join();
    await visit.page.evaluate(() =>
        sessionStorage.setItem('tessera-seat', JSON.stringify({ room: 'demo', name: 'Mara', seat: 'old', until_ms: Date.now() + 30000, microphone_on: true, camera_on: true })),
    );
    await visit.page.addInitScript(() => {
        const kept = sessionStorage.getItem('tessera-seat');
        if (kept) sessionStorage.setItem('tessera-seat', JSON.stringify({ ...JSON.parse(kept), seat: 'old' }));
    });

    await visit.page.reload();
    await visit.page.waitForSelector('.room');

    assert.equal(visit.server.last('join')!['seat'], undefined);
    assert.equal(visit.server.last('join')!['name'], 'Mara Lindqvist');
});

visiting('A place taken over elsewhere is not fought for', {}, async (visit) => {
    await visit.join();

    visit.server.break_connections(4005);
    await visit.page.getByText('You are in this meeting elsewhere').waitFor();
    await visit.page.waitForTimeout(1500);

    assert.equal(visit.server.said.filter((each) => each.type === 'join').length, 1);
});

visiting('A PIN is asked for where the room has one, and a wrong one is said', {}, async (visit) => {
    visit.server.pin = '4711';
    await visit.page.getByLabel('Your name').fill('Mara');
    await visit.button('Join').click();
    await visit.page.getByLabel('PIN of the room').fill('1');
    await visit.button('Join').click();
    await visit.page.getByText('That was not the PIN').waitFor();

    await visit.page.getByLabel('PIN of the room').fill('4711');
    await visit.button('Join').click();
    await visit.page.waitForSelector('.room');
});

visiting('A full room says so, and when to come again', {}, async (visit) => {
    visit.server.refusal = { code: 'full', text: 'the room is full', retry_after_s: 2 };
    await visit.page.getByLabel('Your name').fill('Mara');
    await visit.button('Join').click();
    await visit.page.getByText('The room is full').waitFor();
    assert.ok(await visit.button(/Try again in/).isDisabled());

    visit.server.refusal = null;
    await visit.button(/^Try again$/).click();
    await visit.join();
});

visiting('Leaving gives the seat back and switches the camera off', {}, async (visit) => {
    await visit.join();

    await visit.button('Leave').click();
    await visit.page.getByText('You have left').waitFor();

    assert.ok(visit.server.last('leave'));
    assert.deepEqual(visit.server.people, []);
});

visiting('Self-view is switched by one key', {}, async (visit) => {
    await visit.join();

    await visit.page.keyboard.press('o');

    await until('told', () => visit.server.last('view')?.['self'] === false);
});

visiting('Everything is reached by keyboard, and has a name', {}, async (visit) => {
    await visit.people(others());
    await visit.join();
    const reached = new Set<string>();
    for (let step = 0; step < 14; ++step) {
        await visit.page.keyboard.press('Tab');
        reached.add(await visit.page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? ''));
    }

    for (const name of ['Mute', 'Camera off', 'Share screen', 'Raise hand', 'Layouts', 'People, 3', 'Chat', 'More', 'Leave']) {
        assert.ok(reached.has(name), `${name}: ${[...reached]}`);
    }
    const nameless = await visit.page.evaluate(() =>
        [...document.querySelectorAll('button, input, select, textarea, video')]
            .filter((each) => !each.getAttribute('aria-label') && !each.textContent?.trim() && !(each as HTMLInputElement).labels?.length)
            .map((each) => each.outerHTML),
    );
    assert.deepEqual(nameless, []);
});

visiting('A phone gets an upright picture, and tells when it is turned', { ...kPhone }, async (visit) => {
    await visit.people(structuredClone(kOthers), true);
    await visit.join();
    const join = visit.server.last('join')!;
    assert.deepEqual([join['device'], join['portrait']], ['phone', true]);

    await visit.page.setViewportSize({ width: 844, height: 390 });
    await until('told', () => visit.server.last('view')?.['portrait'] === false);
    await visit.page.setViewportSize({ width: 390, height: 844 });
    await until('told', () => visit.server.last('view')?.['portrait'] === true);
});

const kWindows = [
    { width: 320, height: 568 },
    { width: 390, height: 844 },
    { width: 844, height: 390 },
    { width: 640, height: 360 }, // 1280x720 at 200 %
    { width: 1280, height: 720 },
];

visiting('No control is out of sight or too small for a finger, from small phones to 200 %', { ...kPhone }, async (visit) => {
    await visit.people(structuredClone(kOthers));
    await visit.join();
    for (const viewport of kWindows) {
        await visit.page.setViewportSize(viewport);
        await visit.page.mouse.move(viewport.width / 2, 100);
        const wrong = (): Promise<(string | null)[]> =>
            visit.page.evaluate(() =>
                [...document.querySelectorAll('.bar button, .top button')]
                    .map((each) => ({ each, box: each.getBoundingClientRect() }))
                    .filter(({ box }) => box.width > 0)
                    .filter(({ each, box }) => {
                        const out = box.left < 0 || box.top < 0 || box.right > innerWidth || box.bottom > innerHeight;
                        return out || (each.closest('.bar') && Math.min(box.width, box.height) < 44);
                    })
                    .map(({ each }) => each.getAttribute('aria-label')),
            );
        await until(`all in sight at ${viewport.width}x${viewport.height}`, async () => (await wrong()).length === 0);
    }
});

test('Who refuses the camera gets help, and joins all the same', { timeout: 60_000 }, async () => {
    const asking = await launch(false);
    const visit = await Visit.open(asking);
    try {
        await visit.page.getByText('The browser blocks your camera and microphone').waitFor();
        await visit.page.getByText('icon at the left end of the address bar').waitFor();

        await visit.join();

        assert.match(String(visit.server.last('join')!['offer']), /m=audio(?:(?!m=).)*a=recvonly/s);
    } finally {
        await visit.close();
        await asking.close();
    }
});
