/// One test's browser, room and far end.
import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from 'playwright-core';

import type { Person } from '../../src/protocol.js';
import { FarEnd } from './far_end.js';
import { RoomServer } from './room_server.js';

export const kFlags = [
    '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', '--autoplay-policy=no-user-gesture-required',
    '--use-fake-device-for-media-stream', '--allow-loopback-in-peer-connection',
    '--disable-features=WebRtcHideLocalIpsWithMdns', '--auto-select-desktop-capture-source=Entire screen',
    '--auto-accept-this-tab-capture',
];

export const kPhone: BrowserContextOptions = {
    viewport: { width: 390, height: 844 },
    deviceScaleFactor: 2,
    isMobile: true,
    hasTouch: true,
    userAgent:
        'Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36',
};

export function launch(ask_nothing = true): Promise<Browser> {
    return chromium.launch({
        executablePath: '/usr/bin/chromium',
        args: [...kFlags, ...(ask_nothing ? ['--use-fake-ui-for-media-stream'] : [])],
    });
}

export interface VisitOptions extends BrowserContextOptions {
    permissions?: string[];
    path?: string;
}

export class Visit {
    readonly strangers: string[] = [];
    readonly complaints: string[] = [];

    private constructor(
        readonly server: RoomServer,
        readonly context: BrowserContext,
        readonly page: Page,
        readonly far_end: FarEnd,
    ) {}

    static async open(browser: Browser, options: VisitOptions = {}): Promise<Visit> {
        const { path = '/r/demo', ...rest } = options;
        const server = await RoomServer.open(process.env['TESSERA_PAGE'] ?? 'dist');
        const behind = await browser.newContext();
        const far_end = await FarEnd.open(await behind.newPage(), server.url);
        server.answer_offer = (sdp) => far_end.answer(sdp);
        server.layouts = kLayouts;
        const context = await browser.newContext({
            viewport: { width: 1280, height: 720 },
            locale: 'en-GB',
            ...rest,
        });
        const page = await context.newPage();
        page.setDefaultTimeout(15_000);
        const visit = new Visit(server, context, page, far_end);
        page.on('request', (request) => {
            if (!request.url().startsWith(server.url)) visit.strangers.push(request.url());
        });
        page.on('console', (message) => {
            if (message.type() === 'error') visit.complaints.push(message.text());
        });
        page.on('pageerror', (error) => visit.complaints.push(String(error)));
        await page.goto(server.url + path);
        return visit;
    }

    async close(): Promise<void> {
        await this.page.close();
        this.server.close();
        for (const context of this.context.browser()!.contexts()) await context.close();
    }

    /// Fills the room before one joins.
    async people(others: Person[], portrait = false): Promise<void> {
        this.server.people.push(...others);
        await this.far_end.draw([...others.map((each) => each.name), 'Mara Lindqvist'].slice(0, 9), portrait);
    }

    async join(name = 'Mara Lindqvist'): Promise<void> {
        await this.page.getByLabel('Your name').fill(name);
        await this.page.getByRole('button', { name: 'Join', exact: true }).click();
        await this.page.waitForSelector('.room');
        await this.page.waitForFunction(() => (document.querySelector('video')?.videoWidth ?? 0) > 0);
    }

    button(name: string | RegExp) {
        return this.page.getByRole('button', { name });
    }

    async shot(name: string): Promise<void> {
        const folder = process.env['TESSERA_SCREENSHOTS'] ?? join(tmpdir(), `tessera-page-${process.pid}`);
        mkdirSync(folder, { recursive: true });
        await this.page.screenshot({ path: join(folder, `${name}.png`) });
    }
}

export function person(id: string, name: string, changed: Partial<Person> = {}): Person {
    return { id, name, device: 'desktop', role: 'guest', audio: 'on', video: 'on', hand: false, ...changed };
}

export const kOthers: Person[] = [
    person('p-1', 'Boardroom Lyon', { device: 'room' }),
    person('p-2', 'Tomasz Wójcik', { role: 'moderator' }),
    person('p-3', 'Amara Okafor', { device: 'phone', audio: 'muted' }),
    person('p-4', '李明', { device: 'tablet' }),
    person('p-5', 'Stage camera', { device: 'stream', audio: 'off' }),
    person('p-6', 'Jean-Baptiste de la Rochefoucauld-Montmorency', { audio: 'muted', video: 'muted' }),
    person('p-7', 'Priya Raman', { hand: true }),
    person('p-8', 'Ólafur', { device: 'phone', video: 'off', audio: 'silenced' }),
];

const layout = (name: string, title: string, portrait = false) => ({
    name,
    title,
    preview: `/v1/layouts/${name}/preview.png?people=6`,
    portrait,
});
const kLayouts = [
    layout('grid', 'Grid'),
    layout('1+5', '1 + 5'),
    layout('speaker', 'Speaker'),
    layout('side-by-side', 'Side by side'),
    layout('pip', 'Picture in picture'),
    layout('one', 'One'),
    layout('portrait', 'Upright', true),
];
