/// The other end of the media, as a page of the same browser: what it sends is a drawn mosaic and a tone, what it
/// receives can be asked for.
import type { Page } from 'playwright-core';

export interface Seen {
    width: number;
    height: number;
    frames: number;
}

export class FarEnd {
    private constructor(private readonly page_: Page) {}

    static async open(page: Page, url: string): Promise<FarEnd> {
        await page.goto(`${url}/far-end`);
        await page.evaluate(install);
        return new FarEnd(page);
    }

    answer(sdp: string): Promise<string> {
        return this.page_.evaluate((offer) => (window as unknown as Hooks).answer(offer), sdp);
    }
    /// Who is drawn, and whether upright.
    draw(names: string[], portrait: boolean): Promise<void> {
        return this.page_.evaluate(
            ([who, upright]) => (window as unknown as Hooks).draw(who, upright),
            [names, portrait] as const,
        );
    }
    /// What the newest connection receives, by m-line of video.
    seen(): Promise<Seen[]> {
        return this.page_.evaluate(() => (window as unknown as Hooks).seen());
    }
    /// The media end, the signalling does not.
    hang_up(): Promise<void> {
        return this.page_.evaluate(() => (window as unknown as Hooks).hang_up());
    }
    /// Sends nothing any more, while the connection stands.
    fall_silent(): Promise<void> {
        return this.page_.evaluate(() => (window as unknown as Hooks).fall_silent());
    }
    /// Sound energy that came in so far.
    energy(): Promise<number> {
        return this.page_.evaluate(() => (window as unknown as Hooks).energy());
    }
}

interface Hooks {
    answer(offer: string): Promise<string>;
    draw(names: readonly string[], portrait: boolean): void;
    seen(): Promise<Seen[]>;
    hang_up(): void;
    fall_silent(): Promise<void>;
    energy(): Promise<number>;
}

/// Runs in the browser: must stand by itself.
function install(): void {
    const canvas = document.createElement('canvas');
    const pen = canvas.getContext('2d')!;
    const tints = ['#1d7f6e', '#b6543d', '#9a6b12', '#3d6ea8', '#7a5299', '#557a2e', '#4b5563', '#8c3f63', '#2f7d8c'];
    let names: readonly string[] = ['Anna'];
    let frame = 0;
    canvas.width = 1280;
    canvas.height = 720;

    function tile(name: string, index: number, x: number, y: number, w: number, h: number): void {
        const light = pen.createLinearGradient(x, y, x + w, y + h);
        light.addColorStop(0, tints[index % tints.length]!);
        light.addColorStop(1, '#20252c');
        pen.fillStyle = light;
        pen.fillRect(x, y, w, h);
        const sway = Math.sin(frame / 22 + index * 1.7) * h * 0.012;
        const [cx, cy, r] = [x + w / 2, y + h * 0.46 + sway, Math.min(w, h) * 0.17];
        pen.fillStyle = '#0000002e';
        pen.beginPath();
        pen.ellipse(cx, y + h * 1.02, r * 2.3, h * 0.42 - sway, 0, Math.PI, 0);
        pen.fill();
        pen.fillStyle = '#f1d8c2';
        pen.beginPath();
        pen.arc(cx, cy, r, 0, Math.PI * 2);
        pen.fill();
        pen.fillStyle = '#2a211c';
        pen.beginPath();
        pen.arc(cx, cy - r * 0.15, r * 1.04, Math.PI, 0);
        pen.fill();
        const size = Math.max(14, Math.round(h * 0.052));
        pen.font = `600 ${size}px sans-serif`;
        const wide = pen.measureText(name).width + size;
        pen.fillStyle = '#000000a0';
        pen.fillRect(x + size * 0.6, y + h - size * 2.3, wide, size * 1.7);
        pen.fillStyle = '#fff';
        pen.fillText(name, x + size * 1.1, y + h - size * 1.1);
    }

    function paint(): void {
        ++frame;
        const { width, height } = canvas;
        pen.fillStyle = '#111419';
        pen.fillRect(0, 0, width, height);
        const square = Math.ceil(Math.sqrt(names.length));
        const upright = height > width;
        const columns = upright ? Math.min(2, names.length) : square;
        const rows = Math.ceil(names.length / columns);
        const [w, h] = [width / columns, height / rows];
        names.forEach((name, index) => {
            const row = Math.floor(index / columns);
            const here = row === rows - 1 ? names.length - row * columns : columns;
            const shift = ((columns - here) * w) / 2;
            tile(name, index, shift + (index % columns) * w + 3, row * h + 3, w - 6, h - 6);
        });
    }
    paint();
    setInterval(paint, 40);
    const picture = canvas.captureStream(25).getVideoTracks()[0]!;

    const sound = new AudioContext();
    const tone = sound.createOscillator();
    const quiet = sound.createGain();
    const out = sound.createMediaStreamDestination();
    quiet.gain.value = 0.05;
    tone.connect(quiet).connect(out);
    tone.start();

    let connection: RTCPeerConnection | null = null;
    async function answer(offer: string): Promise<string> {
        const fingerprint = (sdp: string | undefined): string | undefined => /a=fingerprint:(.*)/.exec(sdp ?? '')?.[1];
        const anew = fingerprint(connection?.remoteDescription?.sdp) !== fingerprint(offer);
        if (anew) {
            connection?.close();
            connection = new RTCPeerConnection();
            // Energy is counted of what is played.
            connection.ontrack = (event) => {
                if (event.track.kind !== 'audio') return;
                const player = new Audio();
                player.srcObject = new MediaStream([event.track]);
                void player.play();
            };
        }
        const now = connection!;
        await now.setRemoteDescription({ type: 'offer', sdp: offer });
        if (anew) {
            now.addTrack(out.stream.getAudioTracks()[0]!);
            now.addTrack(picture);
        }
        await now.setLocalDescription();
        while (now.iceGatheringState !== 'complete') await new Promise((done) => setTimeout(done, 10));
        return now.localDescription!.sdp;
    }
    const hooks: Hooks = {
        answer,
        draw: (who, portrait) => {
            names = who;
            const [width, height] = portrait ? [720, 1280] : [1280, 720];
            if (canvas.width !== width) [canvas.width, canvas.height] = [width, height];
        },
        seen: async () => {
            const seen: Seen[] = [];
            (await connection!.getStats()).forEach((each) => {
                if (each.type !== 'inbound-rtp' || each.kind !== 'video') return;
                seen.push({ width: each.frameWidth ?? 0, height: each.frameHeight ?? 0, frames: each.framesDecoded ?? 0 });
            });
            return seen;
        },
        hang_up: () => connection?.close(),
        fall_silent: async () => {
            for (const sender of connection!.getSenders()) await sender.replaceTrack(null);
        },
        energy: async () => {
            let energy = 0;
            (await connection!.getStats()).forEach((each) => {
                if (each.type === 'inbound-rtp' && each.kind === 'audio') energy += each.totalAudioEnergy ?? 0;
            });
            return energy;
        },
    };
    Object.assign(window, hooks);
}
