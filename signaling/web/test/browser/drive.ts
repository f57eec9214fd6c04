/// One Chromium with one page in it, driven by lines of JSON: what the integration tests in Python hold in their hand.
/// Each line has `do` and its arguments; each is answered by one line, {"value": …} or {"error": "…"}. The end of the
/// input closes the browser.
import { createInterface } from 'node:readline';
import { chromium, type Page } from 'playwright-core';

import { kFlags, kPhone } from './visit.js';

interface Order {
    do: string;
    [argument: string]: unknown;
}

const settings = JSON.parse(process.argv[2] ?? '{}') as {
    profile: string;
    video?: string;
    audio?: string;
    phone?: boolean;
};
const flags = [...kFlags, '--use-fake-ui-for-media-stream'];
if (settings.video) flags.push(`--use-file-for-fake-video-capture=${settings.video}`);
if (settings.audio) flags.push(`--use-file-for-fake-audio-capture=${settings.audio}`);
const context = await chromium.launchPersistentContext(settings.profile, {
    executablePath: '/usr/bin/chromium',
    args: flags,
    ignoreHTTPSErrors: true,
    viewport: { width: 1280, height: 720 },
    locale: 'en-GB',
    ...(settings.phone ? kPhone : {}),
});
const complaints: string[] = [];
const page = context.pages()[0] ?? (await context.newPage());
page.setDefaultTimeout(20_000);
page.on('pageerror', (error) => complaints.push(String(error)));
page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
});

/// The mixed picture, small: rows of red, green, blue.
function picture_of(wanted: Page): Promise<{ width: number; height: number; pixels: number[] } | null> {
    return wanted.evaluate(() => {
        const video = document.querySelector('video');
        if (!video?.videoWidth) return null;
        const canvas = document.createElement('canvas');
        [canvas.width, canvas.height] = video.videoWidth >= video.videoHeight ? [160, 90] : [90, 160];
        const pen = canvas.getContext('2d')!;
        pen.drawImage(video, 0, 0, canvas.width, canvas.height);
        const { data } = pen.getImageData(0, 0, canvas.width, canvas.height);
        return { width: canvas.width, height: canvas.height, pixels: [...data] };
    });
}

/// Sound as it is played, mono, as integers of 16 bits.
function listen(wanted: Page, seconds: number): Promise<{ rate: number; samples: number[] }> {
    return wanted.evaluate(async (duration) => {
        const stream = document.querySelector('video')!.srcObject as MediaStream;
        const sound = new AudioContext({ sampleRate: 48_000 });
        const source = sound.createMediaStreamSource(new MediaStream(stream.getAudioTracks()));
        const taker = sound.createScriptProcessor(4096, 1, 1);
        const samples: number[] = [];
        source.connect(taker).connect(sound.destination);
        await new Promise<void>((done) => {
            taker.onaudioprocess = (event) => {
                for (const each of event.inputBuffer.getChannelData(0)) samples.push(Math.round(each * 32767));
                if (samples.length >= duration * sound.sampleRate) done();
            };
        });
        const rate = sound.sampleRate;
        await sound.close();
        return { rate, samples };
    }, seconds);
}

const orders: Record<string, (order: Order) => unknown> = {
    open: async ({ url }) => {
        await page.goto(String(url));
        await page.getByLabel('Your name').waitFor();
    },
    /// Milliseconds from the click to the first decoded picture.
    join: async ({ name }) => {
        await page.getByLabel('Your name').fill(String(name));
        await page.waitForFunction(() => !document.querySelector('.preview .spinner'));
        await page.getByRole('button', { name: 'Join', exact: true }).click();
        return await orders['joined']!({ do: 'joined' });
    },
    joined: () =>
        page
            .waitForFunction(() => {
                const at = (name: string) => performance.getEntriesByName(name).at(-1)?.startTime;
                const [from, to] = [at('tessera-join'), at('tessera-first-picture')];
                return from !== undefined && to !== undefined && to >= from ? to - from : null;
            })
            .then((handle) => handle.jsonValue()),
    press: ({ key }) => page.keyboard.press(String(key)),
    click: ({ button }) => page.getByRole('button', { name: String(button) }).first().click(),
    see: ({ text }) => page.getByText(String(text)).first().waitFor(),
    text: ({ of }) => page.locator(String(of)).allInnerTexts(),
    picture: () => picture_of(page),
    listen: ({ seconds }) => listen(page, Number(seconds)),
    frames: () =>
        page.evaluate(() => document.querySelector('video')!.getVideoPlaybackQuality().totalVideoFrames),
    reload: async () => {
        await page.reload();
        await page.waitForSelector('.room');
    },
    evaluate: ({ script }) => page.evaluate(String(script)),
    shot: ({ path }) => page.screenshot({ path: String(path) }),
    complaints: () => complaints,
};

for await (const line of createInterface({ input: process.stdin })) {
    const order = JSON.parse(line) as Order;
    let answer: object;
    try {
        answer = { value: (await orders[order.do]!(order)) ?? null };
    } catch (error) {
        answer = { error: String(error).slice(0, 2000) };
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await context.close();
