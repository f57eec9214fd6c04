/// Screenshots of each state, for somebody to look at: node out/test/browser/look.js FOLDER.
import { kOthers, kPhone, launch, Visit, type VisitOptions } from './visit.js';

process.env['TESSERA_SCREENSHOTS'] = process.argv[2] ?? 'out/screenshots';
const only = process.argv[3];

const browser = await launch();
const asking = await launch(false);

async function look(name: string, options: VisitOptions, act: (visit: Visit) => Promise<void>, denied = false): Promise<void> {
    if (only && !name.includes(only)) return;
    const visit = await Visit.open(denied ? asking : browser, options);
    try {
        await act(visit);
        await visit.page.waitForTimeout(500);
        await visit.shot(name);
        for (const each of [...visit.complaints, ...visit.server.faults, ...visit.strangers]) console.log(`${name}: ${each}`);
    } catch (error) {
        console.log(`${name}: ${error}`);
        await visit.shot(`${name}-failed`).catch(() => {});
    }
    await visit.close();
}

const light: VisitOptions = { colorScheme: 'light' };
const dark: VisitOptions = { colorScheme: 'dark' };
const phone: VisitOptions = { ...kPhone, colorScheme: 'dark' };
const phone_light: VisitOptions = { ...kPhone, colorScheme: 'light' };
const lying: VisitOptions = { ...phone, viewport: { width: 844, height: 390 } };

const full = async (visit: Visit, portrait = false): Promise<void> => {
    await visit.people(structuredClone(kOthers), portrait);
    await visit.join();
    visit.server.tell({ type: 'speaking', ids: ['p-2', 'p-4'] });
    await visit.page.waitForTimeout(1500);
};
const named = (visit: Visit) => visit.page.getByLabel('Your name').fill('Mara Lindqvist');

for (const [tone, options] of [['light', light], ['dark', dark]] as const) {
    await look(`lobby-${tone}`, options, async (visit) => {
        await named(visit);
        await visit.page.waitForTimeout(1500);
    });
    await look(`home-${tone}`, { ...options, path: '/' }, async () => {});
    await look(`room-${tone}`, options, full);
    await look(`people-${tone}`, options, async (visit) => {
        await full(visit);
        await visit.page.keyboard.press('p');
    });
    await look(`chat-${tone}`, options, async (visit) => {
        await full(visit);
        await visit.page.keyboard.press('c');
        const { server } = visit;
        const at = (minute: number): string => `2026-01-31T12:0${minute}:00Z`;
        server.tell({ type: 'chat', from: 'p-2', name: 'Tomasz Wójcik', text: 'Good morning! The agenda is at https://example.org/agenda.', at: at(0) });
        server.tell({ type: 'chat', from: 'p-2', name: 'Tomasz Wójcik', text: 'We begin in two minutes.', at: at(1) });
        server.tell({ type: 'chat', from: 'p-4', name: '李明', text: '大家好', at: at(4) });
        await visit.page.keyboard.type('Hello everyone, nice to see you');
        await visit.page.keyboard.press('Enter');
        server.tell({ type: 'chat', from: 'p-7', name: 'Priya Raman', text: 'I have a question about the second point, about what we do where the network is narrow and people sit on trains.', at: new Date().toISOString() });
    });
    await look(`layouts-${tone}`, options, async (visit) => {
        visit.server.role = 'moderator';
        visit.server.layout.mine = '1+5';
        await full(visit);
        await visit.page.keyboard.press('l');
    });
    await look(`more-${tone}`, options, async (visit) => {
        await full(visit);
        await visit.button('More').click();
    });
    await look(`statistics-${tone}`, options, async (visit) => {
        await full(visit);
        await visit.page.keyboard.press('i');
        await visit.page.waitForTimeout(12_000);
    });
    await look(`empty-room-${tone}`, options, async (visit) => {
        await visit.join();
    });
    await look(`reconnecting-${tone}`, options, async (visit) => {
        await full(visit);
        visit.server.reachable = false;
        visit.server.break_connections();
        await visit.page.waitForTimeout(1000);
    });
    await look(`full-${tone}`, options, async (visit) => {
        visit.server.refusal = { code: 'full', text: 'the room is full', retry_after_s: 30 };
        await named(visit);
        await visit.button('Join').click();
    });
    await look(`removed-${tone}`, options, async (visit) => {
        await full(visit);
        visit.server.tell({ type: 'ended', code: 'kicked', text: 'removed by a moderator' });
    });
    await look(`denied-${tone}`, options, named, true);
    await look(`pin-${tone}`, options, async (visit) => {
        visit.server.pin = '4711';
        await named(visit);
        await visit.button('Join').click();
        await visit.page.getByLabel('PIN').fill('1');
        await visit.button('Join').click();
        await visit.page.waitForSelector('.wrong');
    });
}
await look('left', light, async (visit) => {
    await full(visit);
    await visit.button('Leave').click();
});
await look('devices', dark, async (visit) => {
    await full(visit);
    await visit.button('More').click();
    await visit.button('Camera and sound').click();
    await visit.page.waitForTimeout(1000);
});
await look('shortcuts', light, async (visit) => {
    await full(visit);
    await visit.page.keyboard.press('?');
});
await look('idle', dark, async (visit) => {
    await full(visit);
    await visit.page.waitForTimeout(5500);
});
await look('muted-and-toasts', light, async (visit) => {
    await full(visit);
    await visit.page.keyboard.press('m');
    await visit.page.keyboard.press('v');
    await visit.page.keyboard.press('h');
    visit.server.tell({ type: 'chat', from: 'p-2', name: 'Tomasz Wójcik', text: 'Can you see my slides?', at: new Date().toISOString() });
    visit.server.change('p-4', { hand: true });
    await visit.page.mouse.move(400, 300);
});
await look('weak', dark, async (visit) => {
    await full(visit);
    await visit.far_end.fall_silent();
    await visit.page.waitForTimeout(5000);
});
await look('asked-to-give-way', light, async (visit) => {
    await full(visit);
    await visit.page.keyboard.press('s');
    await visit.page.waitForTimeout(800);
    visit.server.tell({ type: 'content', sharer: visit.server.sharer, asked_by: 'p-2' });
});
await look('focus', light, async (visit) => {
    await full(visit);
    await visit.page.keyboard.press('Tab');
    await visit.page.keyboard.press('Tab');
    await visit.page.keyboard.press('Tab');
});
await look('zoom-200-room', { ...light, viewport: { width: 640, height: 360 }, deviceScaleFactor: 2 }, full);
await look('zoom-200-lobby', { ...light, viewport: { width: 640, height: 360 }, deviceScaleFactor: 2 }, named);
await look('zoom-200-people', { ...light, viewport: { width: 640, height: 360 }, deviceScaleFactor: 2 }, async (visit) => {
    await full(visit);
    await visit.page.keyboard.press('p');
});

await look('phone-lobby', phone, named);
await look('phone-lobby-light', phone_light, named);
await look('phone-room', phone, (visit) => full(visit, true));
await look('phone-room-light', phone_light, (visit) => full(visit, true));
await look('phone-more', phone, async (visit) => {
    await full(visit, true);
    await visit.button('More').click();
});
await look('phone-layouts', phone_light, async (visit) => {
    await full(visit, true);
    await visit.button('More').click();
    await visit.button('Layout').click();
});
await look('phone-people', phone, async (visit) => {
    await full(visit, true);
    await visit.button('More').click();
    await visit.button(/^People/).click();
});
await look('phone-chat', phone_light, async (visit) => {
    await full(visit, true);
    await visit.button('Chat').click();
    visit.server.tell({ type: 'chat', from: 'p-4', name: '李明', text: '大家好', at: new Date().toISOString() });
});
await look('phone-denied', phone_light, named, true);
await look('phone-lying', lying, full);
await look('phone-lying-lobby', lying, named);
await look('phone-small', { ...phone, viewport: { width: 320, height: 568 } }, (visit) => full(visit, true));
await browser.close();
await asking.close();
