/// The messages of docs/websocket.md, as the page reads and writes them.
///
/// What is sent has no `n` and no `ack` here: Channel adds them.
export type Role = 'guest' | 'moderator' | 'viewer';
export type Stream = 'on' | 'muted' | 'silenced' | 'off';
export type Device = 'desktop' | 'phone' | 'tablet' | 'room' | 'stream';

export interface Person {
    id: string;
    name: string;
    device: Device;
    role: Role;
    audio: Stream;
    video: Stream;
    hand: boolean;
}

export interface LayoutChoice {
    mine: string | null;
    room: string | null;
    self?: boolean | null;
}

export interface LayoutOffer {
    name: string;
    title: string;
    preview: string;
    portrait: boolean;
}

export interface SendLimit {
    width: number;
    height: number;
    fps: number;
    bitrate_bps: number;
}

export interface Join {
    type: 'join';
    room: string;
    name: string;
    token?: string;
    pin?: string;
    seat?: string;
    offer?: string;
    device?: 'desktop' | 'phone' | 'tablet';
    portrait?: boolean;
    client?: string;
}

export type Request =
    | Join
    | { type: 'leave' }
    | { type: 'offer'; sdp: string }
    | { type: 'mute'; target?: string; audio?: boolean; video?: boolean }
    | { type: 'layouts' }
    | { type: 'layout'; scope: 'me' | 'room'; name: string | null }
    | { type: 'hand'; raised: boolean; target?: string }
    | { type: 'chat'; text: string; key: string }
    | { type: 'content'; action: 'start' | 'stop' | 'take' | 'allow' | 'refuse'; mid?: string }
    | { type: 'view'; portrait: boolean; visible: boolean; self?: boolean | null };

export type Answer = { type: 'answer'; re: number; sdp: string };

export interface Joined {
    type: 'joined';
    participant: string;
    role: Role;
    seat: string;
    seat_s: number;
    room: { id: string; name: string; locked: boolean };
    answer?: string;
    ice_servers?: { urls: string[]; username?: string; credential?: string }[];
    roster: Person[];
    layout: LayoutChoice;
    content: { sharer: string | null };
}

export interface Refusal {
    type: 'error';
    code: string;
    text: string;
    fatal: boolean;
    retry_after_s?: number;
}

export type Told =
    | Joined
    | Refusal
    | { type: 'ok' }
    | { type: 'offer'; n: number; sdp: string }
    | { type: 'answer'; sdp: string }
    | { type: 'send'; video: SendLimit | null; content: SendLimit | null }
    | {
          type: 'roster';
          joined: Person[];
          changed: (Partial<Person> & { id: string })[];
          left: string[];
      }
    | { type: 'speaking'; ids: string[] }
    | ({ type: 'layout' } & LayoutChoice)
    | { type: 'layouts'; layouts: LayoutOffer[] }
    | { type: 'chat'; from: string; name: string; text: string; key?: string; at: string }
    | { type: 'content'; sharer: string | null; asked_by: string | null }
    | { type: 'ended'; code: string; text: string };

export const kSubprotocol = 'tessera.1';
