/// The whole page: where one is (before, in, after a room), and what leads from one to the other.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';

import { device_of, room_of } from '../device.js';
import { LocalMedia } from '../local_media.js';
import { Meeting } from '../meeting.js';
import { keep_seat, read_preferences, take_seat } from '../preferences.js';
import type { Ending } from '../words.js';
import * as icons from './icons.js';
import { Home, Lobby } from './lobby.js';
import { Room, toast_of, type Toast } from './room.js';

const kToastForMs = 6000;

export function App() {
    const [room, set_room] = useState(() => room_of(location.pathname));
    const go = (wanted: string): void => {
        history.pushState(null, '', `/r/${wanted}`);
        set_room(wanted);
    };
    useEffect(() => {
        const moved = (): void => set_room(room_of(location.pathname));
        window.addEventListener('popstate', moved);
        return () => window.removeEventListener('popstate', moved);
    }, []);
    return room === null ? <Home go={go} /> : <Visit key={room} room={room} />;
}

function Visit({ room }: { room: string }) {
    const media = useMemo(() => new LocalMedia(), []);
    const [meeting, set_meeting] = useState<Meeting | null>(null);
    const [inside, set_inside] = useState(false);
    const [ending, set_ending] = useState<Ending | null>(null);
    const [pin, set_pin] = useState<{ wrong: boolean } | null>(null);
    const [toasts, say] = useToasts();
    const name = useRef(read_preferences().name);
    const current = useRef<Meeting | null>(null);

    const join = (as: string, given_pin: string, seat?: string): void => {
        name.current = as;
        set_pin((before) => before && { wrong: false });
        const begun: Meeting = new Meeting(
            {
                room,
                name: as,
                device: device_of(navigator.userAgent, navigator.maxTouchPoints),
                ...(token_of(location.hash) && { token: token_of(location.hash)! }),
                ...(given_pin && { pin: given_pin }),
                ...(seat && { seat }),
            },
            media,
            {
                say: (line, tone = 'plain') => say(line, tone),
                notice: (notice) => {
                    if (notice.kind === 'chat') say(notice.line.text, 'plain', notice.line.name);
                    const line = toast_of(notice);
                    if (line) say(line, 'plain');
                },
                pin_wanted: (wrong) => {
                    current.current = null;
                    set_meeting(null);
                    set_inside(false);
                    set_pin({ wrong });
                },
                ended: (how) => {
                    current.current = null;
                    set_meeting(null);
                    set_inside(false);
                    set_ending(how);
                    media.stop();
                    if (document.fullscreenElement) void document.exitFullscreen();
                },
            },
        );
        const unwatch = begun.watch(() => {
            if (!begun.state) return;
            unwatch();
            set_inside(true);
        });
        current.current = begun;
        set_meeting(begun);
    };

    useEffect(() => {
        document.title = `${room} – Tessera`;
        const kept = take_seat(room, Date.now());
        if (kept) {
            media.begin_with(kept.microphone_on, kept.camera_on);
            void media.start().then(() => join(kept.name, kept.pin ?? '', kept.seat));
        } else {
            void media.start();
        }
        const leaving = (): void => {
            const seat = current.current?.seat_to_keep();
            if (!seat) return;
            keep_seat({
                ...seat,
                room,
                name: name.current,
                microphone_on: media.audio.on,
                camera_on: media.video.on,
            });
        };
        window.addEventListener('pagehide', leaving);
        return () => {
            window.removeEventListener('pagehide', leaving);
            void current.current?.leave();
            media.stop();
        };
    }, []);

    if (ending) {
        const again = (): void => {
            set_ending(null);
            void media.start();
        };
        return <Ended room={room} ending={ending} again={again} />;
    }
    if (meeting && inside) return <Room meeting={meeting} media={media} toasts={toasts} />;
    return (
        <Lobby
            room={room}
            media={media}
            name={name.current}
            pin={pin}
            joining={meeting !== null}
            join={join}
        />
    );
}

function Ended(props: { room: string; ending: Ending; again: () => void }) {
    const { ending, room } = props;
    const [wait_s, set_wait_s] = useState(ending.retry_after_s ?? 0);
    useEffect(() => {
        if (wait_s <= 0) return;
        const timer = window.setTimeout(() => set_wait_s(wait_s - 1), 1000);
        return () => window.clearTimeout(timer);
    }, [wait_s]);
    const calm = ending.kind === 'left' || ending.kind === 'ended';
    const button = useRef<HTMLButtonElement>(null);
    useEffect(() => button.current?.focus(), []);
    return (
        <div class="lobby home">
            <main class={`card ended ${calm ? '' : 'trouble-card'}`} role="alert">
                {calm ? <icons.Mark /> : <icons.Warning />}
                <p class="eyebrow">{room}</p>
                <h1>{ending.title}</h1>
                <p class="lead">{ending.text}</p>
                {ending.again && (
                    <button
                        ref={button}
                        type="button"
                        class="primary"
                        disabled={wait_s > 0}
                        onClick={props.again}
                    >
                        {wait_s > 0 ? `${ending.again} in ${wait_s} s` : ending.again}
                    </button>
                )}
                <a class={ending.again ? 'quiet-link' : 'primary'} href="/">
                    Go to another room
                </a>
            </main>
        </div>
    );
}

function useToasts(): [Toast[], (text: string, tone: Toast['tone'], from?: string) => void] {
    const [toasts, set_toasts] = useState<Toast[]>([]);
    const next = useRef(1);
    const say = (text: string, tone: Toast['tone'], from?: string): void => {
        const toast: Toast = { id: next.current++, text, tone, ...(from && { from }) };
        set_toasts((all) => [...all.filter((each) => each.text !== text), toast].slice(-3));
        window.setTimeout(
            () => set_toasts((all) => all.filter((each) => each.id !== toast.id)),
            kToastForMs,
        );
    };
    return [toasts, say];
}

/// In the fragment, which no server's log sees: /r/ROOM#token=JWT.
function token_of(fragment: string): string | null {
    return new URLSearchParams(fragment.slice(1)).get('token');
}
