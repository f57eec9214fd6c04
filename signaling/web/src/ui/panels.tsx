/// What opens beside the picture: people, chat, the connection.
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';

import type { Meeting } from '../meeting.js';
import type { Person, Stream } from '../protocol.js';
import { roster_order, type ChatLine } from '../room_state.js';
import * as icons from './icons.js';
import { Avatar, DeviceIcon, IconButton } from './parts.js';

export type PanelName = 'people' | 'chat' | 'statistics';

function Panel(props: { title: string; close: () => void; children: ComponentChildren }) {
    const box = useRef<HTMLElement>(null);
    useLayoutEffect(() => box.current?.focus(), []);
    return (
        <aside class="panel" aria-label={props.title} tabIndex={-1} ref={box}>
            <header>
                <h2>{props.title}</h2>
                <IconButton label="Close" icon={<icons.Close />} on={props.close} class="quiet" />
            </header>
            {props.children}
        </aside>
    );
}

export function PeoplePanel({ meeting, close }: { meeting: Meeting; close: () => void }) {
    const state = meeting.state!;
    const people = roster_order(state);
    return (
        <Panel title={`People (${people.length})`} close={close}>
            <ul class="people">
                {people.map((person) => (
                    <PersonRow key={person.id} person={person} meeting={meeting} />
                ))}
            </ul>
            <div class="panel-foot">
                <CopyLink />
            </div>
        </Panel>
    );
}

const kHeard: Record<Stream, string> = {
    on: 'microphone on',
    muted: 'muted',
    silenced: 'muted by a moderator',
    off: 'no microphone',
};

function PersonRow({ person, meeting }: { person: Person; meeting: Meeting }) {
    const state = meeting.state!;
    const mine = person.id === state.me;
    const speaks = state.speaking.includes(person.id);
    const silent = person.audio !== 'on';
    return (
        <li class={speaks ? 'speaks' : ''} data-person={person.id}>
            <Avatar name={person.name} />
            <span class="who">
                <span class="person-name">
                    {person.name}
                    {mine && <span class="you"> (you)</span>}
                </span>
                <span class="person-note">
                    {person.role === 'moderator' && <span>Moderator</span>}
                    {person.role === 'viewer' && <span>Watching</span>}
                    {state.sharer === person.id && <span>Sharing the screen</span>}
                    {speaks && <span class="now">Speaking</span>}
                </span>
            </span>
            {person.hand &&
                (meeting.moderator || mine ? (
                    <button
                        type="button"
                        class="hand-up"
                        title="Lower the hand"
                        aria-label={`Lower the hand of ${person.name}`}
                        onClick={() =>
                            void (mine ? meeting.raise_hand(false) : meeting.lower_hand_of(person.id))
                        }
                    >
                        <icons.Hand />
                    </button>
                ) : (
                    <span class="hand-up" role="img" aria-label="hand raised">
                        <icons.Hand />
                    </span>
                ))}
            <DeviceIcon device={person.device} />
            {person.video !== 'on' && (
                <span class="state" role="img" aria-label="no picture" title="no picture">
                    <icons.CameraOff />
                </span>
            )}
            {meeting.moderator && !mine && !silent ? (
                <IconButton
                    class="quiet small"
                    label={`Mute ${person.name}`}
                    icon={<icons.Mic />}
                    on={() => void meeting.silence(person.id, 'audio')}
                />
            ) : (
                <span
                    class={`state ${silent ? 'silent' : ''}`}
                    role="img"
                    aria-label={kHeard[person.audio]}
                    title={kHeard[person.audio]}
                >
                    {silent ? <icons.MicOff /> : <icons.Mic />}
                </span>
            )}
        </li>
    );
}

export function CopyLink() {
    const [copied, set_copied] = useState(false);
    const copy = async (): Promise<void> => {
        // Without the fragment: a personal token is nobody else's.
        await navigator.clipboard?.writeText(location.origin + location.pathname).catch(() => {});
        set_copied(true);
        window.setTimeout(() => set_copied(false), 2000);
    };
    return (
        <button type="button" class="secondary wide" onClick={() => void copy()}>
            {copied ? <icons.Check /> : <icons.Link />}
            <span aria-live="polite">{copied ? 'Link copied' : 'Copy the link to this room'}</span>
        </button>
    );
}

export function ChatPanel({ meeting, close }: { meeting: Meeting; close: () => void }) {
    const { chat, me } = meeting.state!;
    const list = useRef<HTMLDivElement>(null);
    const field = useRef<HTMLTextAreaElement>(null);
    const at_end = useRef(true);
    const [text, set_text] = useState('');
    useLayoutEffect(() => field.current?.focus(), []);
    useLayoutEffect(() => {
        const box = list.current;
        if (box && at_end.current) box.scrollTop = box.scrollHeight;
        meeting.chat_read();
    }, [chat]);
    const send = (): void => {
        const trimmed = text.trim();
        if (trimmed === '') return;
        at_end.current = true;
        set_text('');
        void meeting.chat(trimmed.slice(0, 2000));
    };
    return (
        <Panel title="Chat" close={close}>
            <div
                class="chat"
                ref={list}
                role="log"
                aria-label="Messages"
                tabIndex={0}
                onScroll={() => {
                    const box = list.current!;
                    at_end.current = box.scrollHeight - box.scrollTop - box.clientHeight < 40;
                }}
            >
                {chat.length === 0 && (
                    <div class="empty">
                        <icons.Chat />
                        <p>Nothing has been written yet.</p>
                        <p class="help">Everyone in the room reads what you write.</p>
                    </div>
                )}
                {chat.map((line, index) => (
                    <Line key={line.key ?? index} line={line} mine={line.from === me} before={chat[index - 1]} />
                ))}
            </div>
            <form
                class="chat-form"
                onSubmit={(event) => {
                    event.preventDefault();
                    send();
                }}
            >
                <textarea
                    ref={field}
                    rows={1}
                    value={text}
                    maxLength={2000}
                    placeholder="Message to everyone"
                    aria-label="Message to everyone"
                    onInput={(event) => set_text(event.currentTarget.value)}
                    onKeyDown={(event) => {
                        if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
                        event.preventDefault();
                        send();
                    }}
                />
                <IconButton
                    label="Send"
                    icon={<icons.Send />}
                    on={send}
                    class="send"
                    disabled={text.trim() === ''}
                />
            </form>
        </Panel>
    );
}

function Line({ line, mine, before }: { line: ChatLine; mine: boolean; before: ChatLine | undefined }) {
    const soon = before && Date.parse(line.at) - Date.parse(before.at) < 120_000;
    const goes_on = soon && before.from === line.from;
    return (
        <div class={`line ${mine ? 'mine' : ''} ${goes_on ? 'goes-on' : ''}`}>
            {!goes_on && (
                <p class="from">
                    {mine ? 'You' : line.name} <time dateTime={line.at}>{clock_of(line.at)}</time>
                </p>
            )}
            <p class={`text ${line.waiting ? 'waiting' : ''}`}>
                <WithLinks text={line.text} />
            </p>
            {line.failed && <p class="help wrong">Not sent</p>}
        </div>
    );
}

function WithLinks({ text }: { text: string }) {
    return (
        <>
            {text.split(/(https?:\/\/[^\s<>"]+[^\s<>".,;:!?)])/).map((part, index) =>
                index % 2 === 1 ? (
                    <a href={part} target="_blank" rel="noopener noreferrer">
                        {part}
                    </a>
                ) : (
                    part
                ),
            )}
        </>
    );
}

function clock_of(at: string): string {
    const time = new Date(at);
    return Number.isNaN(time.getTime())
        ? ''
        : time.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
}

export const kQualityWords = {
    good: { level: 3, word: 'Good connection' },
    weak: { level: 2, word: 'Weak connection' },
    bad: { level: 1, word: 'Very weak connection' },
    reconnecting: { level: 0, word: 'Reconnecting' },
} as const;

export function StatisticsPanel({ meeting, close }: { meeting: Meeting; close: () => void }) {
    const sample = meeting.sample;
    const quality = meeting.phase === 'reconnecting' ? 'reconnecting' : meeting.judgement.quality;
    const { level, word } = kQualityWords[quality];
    const rows: [string, string][] = sample
        ? [
              ['Round trip', sample.rtt_ms === null ? '–' : `${Math.round(sample.rtt_ms)} ms`],
              ['Lost on the way to you', percent(sample.loss_share)],
              ['Lost on the way from you', sample.sent_loss_share === null ? '–' : percent(sample.sent_loss_share)],
              ['Unevenness (jitter)', `${Math.round(sample.jitter_ms)} ms`],
              ['Sound made up', percent(sample.concealed_share)],
              ['Picture', picture(sample.picture, sample.fps)],
              ['Your picture', picture(sample.sent_picture, sample.sent_picture?.fps ?? 0)],
              ['Coded as', [...new Set(sample.codecs)].join(', ') || '–'],
              ['Transport', sample.transport ?? '–'],
          ]
        : [];
    return (
        <Panel title="Connection" close={close}>
            <div class="statistics">
                <div class={`verdict ${quality}`}>
                    <icons.Bars level={level} />
                    <div>
                        <p class="word">{word}</p>
                        <p>{meeting.explanation}</p>
                    </div>
                </div>
                <Curve
                    title="To you"
                    values={meeting.history.map((each) => each.received_bps)}
                    now={sample ? rate(sample.received_bps) : '–'}
                />
                <Curve
                    title="From you"
                    values={meeting.history.map((each) => each.sent_bps)}
                    now={sample ? rate(sample.sent_bps) : '–'}
                />
                <dl>
                    {rows.map(([what, value]) => (
                        <div key={what}>
                            <dt>{what}</dt>
                            <dd>{value}</dd>
                        </div>
                    ))}
                </dl>
            </div>
        </Panel>
    );
}

/// The last minute.
function Curve({ title, values, now }: { title: string; values: number[]; now: string }) {
    const top = Math.max(100_000, ...values);
    const points = values.map(
        (value, index) => `${60 - values.length + index},${(24 - (value / top) * 22).toFixed(2)}`,
    );
    return (
        <figure class="curve">
            <figcaption>
                <span>{title}</span>
                <strong>{now}</strong>
            </figcaption>
            <svg viewBox="0 0 59 25" preserveAspectRatio="none" aria-hidden="true">
                {points.length > 1 && (
                    <>
                        <polygon points={`${60 - values.length},25 ${points.join(' ')} 59,25`} />
                        <polyline points={points.join(' ')} vector-effect="non-scaling-stroke" />
                    </>
                )}
            </svg>
        </figure>
    );
}

function rate(bps: number): string {
    return bps >= 1_000_000
        ? `${(bps / 1_000_000).toFixed(1)} Mbit/s`
        : `${Math.round(bps / 1000)} kbit/s`;
}

function percent(share: number): string {
    return `${(share * 100).toFixed(share > 0 && share < 0.1 ? 1 : 0)} %`;
}

function picture(size: { width: number; height: number } | null, fps: number): string {
    return size ? `${size.width} × ${size.height}, ${Math.round(fps)} fps` : '–';
}
