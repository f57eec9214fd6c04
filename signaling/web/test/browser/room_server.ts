/// A room as docs/websocket.md has it, small enough for the page's own tests: serves the built page with the headers of
/// tessera-signald and holds one room whose other people exist on paper only. Media are answered by `answer_offer`.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { readFileSync } from 'node:fs';
import { extname, join, normalize } from 'node:path';
import type { AddressInfo, Socket } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';

import type { LayoutOffer, Person } from '../../src/protocol.js';
import { fault_of } from './schema.js';

const kContentPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; " +
    "media-src 'self' blob: mediastream:; font-src 'self'; connect-src 'self'; " +
    "manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; " +
    "frame-ancestors 'none'";
const kTypes: Record<string, string> = {
    '.html': 'text/html; charset=utf-8',
    '.js': 'text/javascript; charset=utf-8',
    '.css': 'text/css; charset=utf-8',
    '.svg': 'image/svg+xml',
    '.webmanifest': 'application/manifest+json',
};

interface Message {
    type: string;
    n?: number;
    re?: number;
    [member: string]: unknown;
}

interface Client {
    socket: WebSocket;
    sent: number;
    seen: number;
    id: string | null;
}

export class RoomServer {
    url = '';
    people: Person[] = [];
    layouts: LayoutOffer[] = [];
    layout: { mine: string | null; room: string | null } = { mine: null, room: 'grid' };
    sharer: string | null = null;
    role: Person['role'] = 'guest';
    pin: string | null = null;
    /// What a join is refused with.
    refusal: { code: string; text: string; retry_after_s?: number } | null = null;
    /// Everything that clients said, acks left out.
    readonly said: Message[] = [];
    /// What clients did against the document.
    readonly faults: string[] = [];
    answer_offer: (sdp: string) => Promise<string> = () => Promise.reject(new Error('no far end'));
    /// False: nothing that comes is read and no connection is taken, as when a network is gone.
    reachable = true;

    private readonly http_: Server;
    private readonly sockets_ = new Set<Socket>();
    private readonly doors_: WebSocketServer;
    private readonly clients_ = new Set<Client>();
    private readonly seats_ = new Map<string, Person>();
    private next_ = 1;

    private constructor(private readonly page_: string) {
        this.http_ = createServer((request, response) => this.serve(request, response));
        this.http_.on('connection', (socket) => {
            this.sockets_.add(socket);
            socket.on('close', () => this.sockets_.delete(socket));
            if (!this.reachable) socket.destroy();
        });
        this.doors_ = new WebSocketServer({ server: this.http_, path: '/v1/ws' });
        this.doors_.on('connection', (socket) => this.opened(socket));
    }

    static async open(page: string): Promise<RoomServer> {
        const server = new RoomServer(page);
        await new Promise<void>((done) => server.http_.listen(0, '127.0.0.1', done));
        server.url = `http://127.0.0.1:${(server.http_.address() as AddressInfo).port}`;
        return server;
    }

    close(): void {
        this.http_.close();
        for (const socket of this.sockets_) socket.destroy();
    }

    /// To everyone in the room.
    tell(message: Message): void {
        for (const client of this.clients_) if (client.id) this.send(client, message);
    }

    /// Somebody's state, told as it is.
    change(id: string, changed: Partial<Person>): void {
        const person = this.people.find((each) => each.id === id)!;
        Object.assign(person, changed);
        this.tell({ type: 'roster', joined: [], changed: [{ id, ...changed }], left: [] });
    }

    /// All connections break, as by a restart; seats are kept.
    break_connections(code?: number): void {
        for (const { socket } of [...this.clients_]) {
            if (code === undefined) socket.terminate();
            else socket.close(code);
        }
    }

    last(type: string): Message | undefined {
        return this.said.filter((each) => each.type === type).at(-1);
    }

    private serve(request: IncomingMessage, response: ServerResponse): void {
        const path = new URL(request.url!, this.url).pathname;
        const preview = /^\/v1\/layouts\/([^/]+)\/preview\.png$/.exec(path);
        if (preview) {
            response.writeHead(200, { 'Content-Type': 'image/svg+xml' });
            return void response.end(picture_of(decodeURIComponent(preview[1]!)));
        }
        if (path === '/far-end') {
            response.writeHead(200, { 'Content-Type': 'text/html' });
            return void response.end('<!doctype html><title>far end</title>');
        }
        const file = path === '/' || path.startsWith('/r/') ? '/index.html' : normalize(path);
        try {
            const bytes = readFileSync(join(this.page_, file));
            response.writeHead(200, {
                'Content-Type': kTypes[extname(file)] ?? 'application/octet-stream',
                'Content-Security-Policy': kContentPolicy,
                'X-Content-Type-Options': 'nosniff',
                'Referrer-Policy': 'no-referrer',
            });
            response.end(bytes);
        } catch {
            response.writeHead(404).end();
        }
    }

    private opened(socket: WebSocket): void {
        const client: Client = { socket, sent: 0, seen: 0, id: null };
        this.clients_.add(client);
        if (socket.protocol !== 'tessera.1') this.faults.push(`subprotocol ${socket.protocol}`);
        socket.on('close', () => this.clients_.delete(client));
        socket.on('message', (data) => {
            if (this.reachable) void this.received(client, JSON.parse(String(data)) as Message);
        });
    }

    private async received(client: Client, message: Message): Promise<void> {
        const fault = fault_of(message, 'client');
        if (fault) this.faults.push(fault);
        if (message.type === 'ack') return;
        if (message.n !== ++client.seen) this.faults.push(`n ${message.n}, not ${client.seen}`);
        this.said.push(message);
        const handler = this.handlers_[message.type];
        if (!handler) return this.refuse(client, message, 'unknown_type', message.type);
        if (!client.id && message.type !== 'join') {
            return this.refuse(client, message, 'join_first', 'join comes first');
        }
        await handler(client, message);
    }

    private readonly handlers_: Record<string, (client: Client, message: Message) => unknown> = {
        join: (client, message) => this.join(client, message),
        leave: (client, message) => {
            this.ok(client, message);
            this.people = this.people.filter((each) => each.id !== client.id);
            client.socket.close(1000);
        },
        offer: async (client, message) => {
            const sdp = await this.answer_offer(String(message['sdp']));
            this.send(client, { type: 'answer', re: message.n!, sdp });
        },
        answer: () => {},
        trickle: (client, message) => this.ok(client, message),
        view: (client, message) => this.ok(client, message),
        mute: (client, message) => {
            const target = String(message['target'] ?? client.id);
            const word = (muted: unknown): Person['audio'] =>
                muted ? (message['target'] ? 'silenced' : 'muted') : 'on';
            const changed: Partial<Person> = {};
            if ('audio' in message) changed.audio = word(message['audio']);
            if ('video' in message) changed.video = word(message['video']);
            this.ok(client, message);
            this.change(target, changed);
        },
        hand: (client, message) => {
            this.ok(client, message);
            this.change(String(message['target'] ?? client.id), { hand: message['raised'] === true });
        },
        chat: (client, message) => {
            this.ok(client, message);
            const { name } = this.people.find((each) => each.id === client.id)!;
            const { text, key } = message;
            this.tell({ type: 'chat', from: client.id!, name, text, key, at: new Date().toISOString() });
        },
        layouts: (client, message) => {
            this.send(client, { type: 'layouts', re: message.n!, layouts: this.layouts });
        },
        layout: (client, message) => {
            this.ok(client, message);
            this.layout[message['scope'] === 'me' ? 'mine' : 'room'] = message['name'] as string | null;
            this.tell({ type: 'layout', ...this.layout });
        },
        content: (client, message) => this.content(client, message),
    };

    private async join(client: Client, message: Message): Promise<void> {
        if (this.refusal) {
            const { code, text, ...more } = this.refusal;
            return this.refuse(client, message, code, text, more);
        }
        const returning = this.seats_.get(String(message['seat']));
        if (message['seat'] && !returning) return this.refuse(client, message, 'bad_seat', 'expired');
        if (this.pin && !returning && message['pin'] !== this.pin) {
            const code = message['pin'] ? 'bad_pin' : 'need_pin';
            return this.refuse(client, message, code, 'the room has a PIN');
        }
        const person: Person = returning ?? {
            id: `p-${100 + this.next_}`,
            name: String(message['name']),
            device: (message['device'] as Person['device']) ?? 'desktop',
            role: this.role,
            audio: /^m=audio.*?a=sendrecv/ms.test(String(message['offer'])) ? 'on' : 'off',
            video: /^m=video.*?a=sendrecv/ms.test(String(message['offer'])) ? 'on' : 'off',
            hand: false,
        };
        if (!returning) this.people.push(person);
        const seat = `seat-${this.next_++}`;
        this.seats_.delete(String(message['seat']));
        this.seats_.set(seat, person);
        const offer = message['offer'];
        const answer = offer === undefined ? {} : { answer: await this.answer_offer(String(offer)) };
        client.id = person.id;
        this.send(client, {
            type: 'joined',
            re: message.n!,
            participant: person.id,
            role: person.role,
            seat,
            seat_s: 30,
            room: { id: 'demo', name: 'Weekly review', locked: false },
            ...answer,
            roster: this.people,
            layout: this.layout,
            content: { sharer: this.sharer },
        });
    }

    private content(client: Client, message: Message): void {
        const id = client.id!;
        switch (message['action']) {
            case 'start':
                if (this.sharer && this.sharer !== id) {
                    return this.refuse(client, message, 'content_taken', 'somebody shares', {}, false);
                }
                this.sharer = id;
                break;
            case 'stop':
                if (this.sharer === id) this.sharer = null;
                break;
            case 'allow':
                this.sharer = null;
                break;
            case 'take':
            case 'refuse':
                return this.ok(client, message);
        }
        this.ok(client, message);
        this.tell({ type: 'content', sharer: this.sharer, asked_by: null });
    }

    private ok(client: Client, message: Message): void {
        this.send(client, { type: 'ok', re: message.n! });
    }

    private refuse(
        client: Client,
        message: Message,
        code: string,
        text: string,
        more: object = {},
        fatal = true,
    ): void {
        this.send(client, { type: 'error', re: message.n!, code, text, fatal, ...more });
        if (fatal) client.socket.close(4003);
    }

    private send(client: Client, message: Message): void {
        const whole = { ...message, n: ++client.sent, ack: client.seen };
        const fault = fault_of(whole, 'server');
        if (fault) throw new Error(fault);
        client.socket.send(JSON.stringify(whole));
    }
}

/// A drawing of a layout, in the manner of the server's.
function picture_of(name: string): string {
    const kTints = ['#2b6d61', '#8f4a38', '#7d5a18', '#35597f', '#5d4373', '#46612b'];
    const portrait = name === 'portrait';
    const [width, height] = portrait ? [180, 320] : [320, 180];
    const boxes = kPictures[name] ?? kPictures['grid']!;
    const tiles = boxes.map(([x, y, w, h], index) => {
        const [left, top, wide, high] = [x! * width, y! * height, w! * width, h! * height];
        const middle = `cx="${left + wide / 2}" cy="${top + high / 2}" r="${Math.min(wide, high) / 5}"`;
        return (
            `<rect x="${left + 2}" y="${top + 2}" width="${wide - 4}" height="${high - 4}" rx="4" ` +
            `fill="${kTints[index % kTints.length]}"/><circle ${middle} fill="#ffffff66"/>`
        );
    });
    return (
        `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}">` +
        `<rect width="${width}" height="${height}" fill="#16191e"/>${tiles.join('')}</svg>`
    );
}

const kPictures: Record<string, number[][]> = {
    grid: [0, 0.5].flatMap((y) => [0, 0.5].map((x) => [x, y, 0.5, 0.5])),
    one: [[0, 0, 1, 1]],
    'side-by-side': [
        [0, 0.25, 0.5, 0.5],
        [0.5, 0.25, 0.5, 0.5],
    ],
    '1+5': [
        [0, 0, 0.667, 0.667],
        [0.667, 0, 0.333, 0.333],
        [0.667, 0.333, 0.333, 0.333],
        [0.667, 0.667, 0.333, 0.333],
        [0.333, 0.667, 0.333, 0.333],
        [0, 0.667, 0.333, 0.333],
    ],
    speaker: [
        [0, 0, 1, 0.78],
        ...[0, 1, 2, 3, 4].map((each) => [each * 0.2, 0.78, 0.2, 0.22]),
    ],
    pip: [
        [0, 0, 1, 1],
        [0.7, 0.66, 0.26, 0.28],
    ],
    portrait: [0, 1, 2].flatMap((y) => [0, 0.5].map((x) => [x, y / 3, 0.5, 1 / 3])),
};
