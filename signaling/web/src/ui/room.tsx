/// In the room: the mixed picture, and around it what one can do.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

import type { LocalMedia } from '../local_media.js';
import type { Meeting } from '../meeting.js';
import type { LayoutOffer } from '../protocol.js';
import { me, type Notice } from '../room_state.js';
import { action_of, kShortcuts, type Action } from '../shortcuts.js';
import * as icons from './icons.js';
import {
    ChatPanel,
    CopyLink,
    kQualityWords,
    PeoplePanel,
    StatisticsPanel,
    type PanelName,
} from './panels.js';
import { Avatar, DeviceFields, IconButton, Modal, useWatched } from './parts.js';

export interface Toast {
    id: number;
    text: string;
    tone: 'plain' | 'trouble';
    from?: string;
}

const kIdleAfterMs = 4000;

export function toast_of(notice: Notice): string | null {
    const names = (people: { name: string }[]): string =>
        people.length <= 2
            ? people.map((each) => each.name).join(' and ')
            : `${people[0]!.name} and ${people.length - 1} others`;
    switch (notice.kind) {
        case 'joined':
            return `${names(notice.people)} joined`;
        case 'left':
            return `${names(notice.people)} left`;
        case 'hand':
            return `${notice.person.name} raised a hand`;
        case 'silenced':
            return notice.what === 'audio'
                ? 'A moderator muted you. You can unmute yourself whenever you want to speak.'
                : 'A moderator switched off your picture. You can switch it on again.';
        case 'sharing':
            return `${notice.person.name} is sharing the screen`;
        case 'chat':
            return null;
    }
}

export function Room(props: { meeting: Meeting; media: LocalMedia; toasts: Toast[] }) {
    const { meeting, media, toasts } = props;
    useWatched(meeting);
    useWatched(media);
    const [panel, set_panel] = useState<PanelName | null>(null);
    const [menu, set_menu] = useState<'layouts' | 'more' | null>(null);
    const [modal, set_modal] = useState<'devices' | 'help' | null>(null);
    const root = useRef<HTMLDivElement>(null);
    const [idle, wake] = useIdle(root, panel === null && menu === null && modal === null);
    useWakeLock();
    useTurning(meeting);

    const state = meeting.state;
    const self = state && me(state);
    const hand = self?.hand ?? false;
    const watches = state?.role === 'viewer';
    const can_share = !watches && 'getDisplayMedia' in (navigator.mediaDevices ?? {});
    const can_fill = document.fullscreenEnabled === true;

    const show_panel = (name: PanelName): void => {
        set_menu(null);
        set_panel(panel === name ? null : name);
    };
    const act: Record<Action, () => unknown> = {
        mute: () => watches || void meeting.set_on('audio', !media.audio.on),
        camera: () => watches || void meeting.set_on('video', !media.video.on),
        share: () => void (meeting.sharing ? meeting.stop_sharing() : can_share && meeting.share()),
        hand: () => void meeting.raise_hand(!hand),
        chat: () => show_panel('chat'),
        people: () => show_panel('people'),
        statistics: () => show_panel('statistics'),
        layouts: () => set_menu(menu === 'layouts' ? null : 'layouts'),
        'self-view': () => void meeting.set_self_view(!(meeting.self_view ?? true)),
        'full-screen': () => {
            if (document.fullscreenElement) void document.exitFullscreen();
            else if (can_fill) void document.documentElement.requestFullscreen();
        },
        help: () => set_modal('help'),
        close: () => {
            if (menu) set_menu(null);
            else set_panel(null);
        },
    };
    useKeys(act, modal === null);

    if (!state) return null;
    const quality = meeting.phase === 'reconnecting' ? 'reconnecting' : meeting.judgement.quality;
    const { level, word } = kQualityWords[quality];
    const do_and_close = (action: Action) => (): void => {
        set_menu(null);
        act[action]();
    };
    return (
        <div
            ref={root}
            class={`room ${idle ? 'idle' : ''} ${panel ? 'with-panel' : ''} ${meeting.phase}`}
            onPointerMove={wake}
            onFocusCapture={wake}
        >
            <Stage meeting={meeting} media={media} wake={wake} close={() => set_menu(null)} />

            <header class="top">
                <div class="chip title">
                    <icons.Mark />
                    <h1>{state.room.name || state.room.id}</h1>
                </div>
                <div class="chips">
                    {state.sharer && state.sharer !== state.me && (
                        <span class="chip">
                            <icons.Share />
                            {state.people.find((each) => each.id === state.sharer)?.name} shares
                        </span>
                    )}
                    <button
                        type="button"
                        class={`chip quality ${quality}`}
                        aria-label={`${word}. Statistics`}
                        aria-expanded={panel === 'statistics'}
                        data-tip={meeting.explanation}
                        onClick={act.statistics}
                    >
                        <icons.Bars level={level} />
                        {quality !== 'good' && <span>{word}</span>}
                    </button>
                </div>
            </header>

            <div class="bar" role="group" aria-label="Meeting controls">
                <div class="group">
                    {!watches && (
                        <>
                            <IconButton
                                label={media.audio.on ? 'Mute' : 'Unmute'}
                                caption={media.audio.on ? 'Mute' : 'Unmute'}
                                shortcut="m"
                                icon={media.audio.on ? <icons.Mic /> : <icons.MicOff />}
                                class={media.audio.on ? '' : 'off'}
                                on={() => act.mute()}
                            />
                            <IconButton
                                label={media.video.on ? 'Camera off' : 'Camera on'}
                                caption="Camera"
                                shortcut="v"
                                icon={media.video.on ? <icons.Camera /> : <icons.CameraOff />}
                                class={media.video.on ? '' : 'off'}
                                on={() => act.camera()}
                            />
                        </>
                    )}
                    {can_share && (
                        <IconButton
                            label={meeting.sharing ? 'Stop sharing' : 'Share screen'}
                            caption="Share"
                            shortcut="s"
                            icon={meeting.sharing ? <icons.ShareStop /> : <icons.Share />}
                            class={meeting.sharing ? 'on wide-only' : 'wide-only'}
                            on={act.share}
                        />
                    )}
                    <IconButton
                        label={hand ? 'Lower hand' : 'Raise hand'}
                        caption="Hand"
                        shortcut="h"
                        icon={<icons.Hand />}
                        class={hand ? 'raised' : ''}
                        on={act.hand}
                    />
                </div>
                <div class="group">
                    <IconButton
                        label="Layouts"
                        caption="Layout"
                        shortcut="l"
                        icon={<icons.Layouts />}
                        class={menu === 'layouts' ? 'open wide-only' : 'wide-only'}
                        expanded={menu === 'layouts'}
                        on={act.layouts}
                    />
                    <IconButton
                        label={`People, ${state.people.length}`}
                        caption="People"
                        shortcut="p"
                        icon={<icons.People />}
                        class={panel === 'people' ? 'open wide-only' : 'wide-only'}
                        expanded={panel === 'people'}
                        on={act.people}
                    />
                    <IconButton
                        label="Chat"
                        caption="Chat"
                        shortcut="c"
                        icon={<icons.Chat />}
                        class={panel === 'chat' ? 'open' : ''}
                        expanded={panel === 'chat'}
                        badge={panel === 'chat' ? 0 : state.unread}
                        on={act.chat}
                    />
                    <IconButton
                        label="More"
                        caption="More"
                        icon={<icons.More />}
                        class={menu === 'more' ? 'open' : ''}
                        expanded={menu === 'more'}
                        on={() => set_menu(menu === 'more' ? null : 'more')}
                    />
                </div>
                <div class="group">
                    <IconButton
                        label="Leave"
                        caption="Leave"
                        icon={<icons.Leave />}
                        class="leave"
                        on={() => void meeting.leave()}
                    />
                </div>
            </div>

            {menu === 'layouts' && <LayoutMenu meeting={meeting} close={() => set_menu(null)} />}
            {menu === 'more' && (
                <Popover label="More" close={() => set_menu(null)}>
                    <div class="menu narrow-only">
                        {can_share && (
                            <Item icon={<icons.Share />} on={do_and_close('share')}>
                                {meeting.sharing ? 'Stop sharing' : 'Share screen'}
                            </Item>
                        )}
                        <Item icon={<icons.People />} on={do_and_close('people')}>
                            People <span class="count">{state.people.length}</span>
                        </Item>
                        <Item icon={<icons.Layouts />} on={() => set_menu('layouts')}>
                            Layout
                        </Item>
                    </div>
                    <div class="menu">
                        <Item icon={<icons.SelfView />} on={act['self-view']} checked={meeting.self_view ?? true} shortcut="O">
                            Show me to myself
                        </Item>
                        {can_fill && (
                            <Item icon={<icons.FullScreen />} on={do_and_close('full-screen')} shortcut="F">
                                Full screen
                            </Item>
                        )}
                        <Item
                            icon={<icons.Gear />}
                            on={() => {
                                set_menu(null);
                                set_modal('devices');
                            }}
                        >
                            Camera and sound
                        </Item>
                        <Item icon={<icons.Bars level={3} />} on={do_and_close('statistics')} shortcut="I">
                            Connection
                        </Item>
                        <div class="keys-only">
                            <Item icon={<icons.Keyboard />} on={do_and_close('help')} shortcut="?">
                                Keyboard shortcuts
                            </Item>
                        </div>
                    </div>
                </Popover>
            )}

            {panel === 'people' && <PeoplePanel meeting={meeting} close={act.close} />}
            {panel === 'chat' && <ChatPanel meeting={meeting} close={act.close} />}
            {panel === 'statistics' && <StatisticsPanel meeting={meeting} close={act.close} />}

            <Asked meeting={meeting} />
            <Toasts toasts={toasts} open_chat={panel === 'chat' ? null : act.chat} />

            {modal === 'devices' && (
                <Modal title="Camera and sound" close={() => set_modal(null)}>
                    <DeviceFields media={media} meter />
                </Modal>
            )}
            {modal === 'help' && <ShortcutHelp close={() => set_modal(null)} />}
        </div>
    );
}

function Stage(props: { meeting: Meeting; media: LocalMedia; wake: () => void; close: () => void }) {
    const { meeting, media } = props;
    const video = useRef<HTMLVideoElement>(null);
    const [blocked, set_blocked] = useState(false);
    const [seen, set_seen] = useState(false);
    useEffect(() => {
        const element = video.current!;
        element.srcObject = meeting.stream;
        if (!meeting.stream) return;
        element.play().then(
            () => set_blocked(false),
            // After a reload browsers play no sound before a click.
            (error: DOMException) => set_blocked(error.name === 'NotAllowedError'),
        );
        const on_frame = (): void => {
            performance.mark('tessera-first-picture');
            set_seen(true);
        };
        if ('requestVideoFrameCallback' in element) element.requestVideoFrameCallback(on_frame);
        else (element as HTMLVideoElement).onloadeddata = on_frame;
    }, [meeting.stream]);
    useEffect(() => {
        const element = video.current as HTMLVideoElement & { setSinkId?: (id: string) => Promise<void> };
        if (media.speaker) void element.setSinkId?.(media.speaker).catch(() => {});
    }, [media.speaker]);
    useEffect(() => {
        // A phone pauses it behind the lock screen.
        const on_visible = (): void => {
            if (document.visibilityState === 'visible') void video.current?.play().catch(() => {});
        };
        document.addEventListener('visibilitychange', on_visible);
        return () => document.removeEventListener('visibilitychange', on_visible);
    }, []);
    const state = meeting.state!;
    const alone = state.people.length <= 1;
    const away = meeting.phase === 'reconnecting';
    return (
        <main
            class="stage"
            onPointerUp={() => {
                props.wake();
                props.close();
            }}
        >
            <video
                ref={video}
                autoplay
                playsinline
                aria-label={`The meeting: ${state.people.map((each) => each.name).join(', ')}`}
            />
            {!seen && !away && (
                <div class="stage-note">
                    <span class="spinner big" aria-hidden="true" />
                    <p>The picture is on its way…</p>
                </div>
            )}
            {blocked && (
                <button
                    type="button"
                    class="primary stage-button"
                    onClick={() => void video.current!.play().then(() => set_blocked(false))}
                >
                    <icons.Speaker /> Play picture and sound
                </button>
            )}
            {alone && seen && !away && (
                <div class="stage-card">
                    <h2>Nobody else is here yet</h2>
                    <p>Send the link to those you want to meet. Room systems and phones can dial in.</p>
                    <CopyLink />
                </div>
            )}
            {away && (
                <div class="stage-note away" role="alert">
                    <span class="spinner big" aria-hidden="true" />
                    <p>
                        <strong>Reconnecting…</strong>
                        <br />
                        Your place is kept.
                    </p>
                </div>
            )}
        </main>
    );
}

function Popover(props: { label: string; close: () => void; children: ComponentChildren }) {
    const box = useRef<HTMLDivElement>(null);
    useEffect(() => {
        const before = document.activeElement as HTMLElement | null;
        box.current?.querySelector<HTMLElement>('button:not([disabled])')?.focus();
        return () => before?.focus?.();
    }, []);
    const move = (event: KeyboardEvent): void => {
        const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
        if (!step) return;
        const all = [...box.current!.querySelectorAll<HTMLElement>('button:not([disabled])')].filter(
            (each) => each.offsetParent !== null,
        );
        const at = all.indexOf(document.activeElement as HTMLElement);
        all[(at + step + all.length) % all.length]?.focus();
        event.preventDefault();
    };
    return (
        <div class="popover" role="dialog" aria-label={props.label} ref={box} onKeyDown={move}>
            {props.children}
        </div>
    );
}

function Item(props: {
    icon: ComponentChildren;
    on: () => void;
    checked?: boolean;
    shortcut?: string;
    children: ComponentChildren;
}) {
    return (
        <button
            type="button"
            class="item"
            role={props.checked === undefined ? undefined : 'switch'}
            aria-checked={props.checked}
            onClick={props.on}
        >
            {props.icon}
            <span class="item-text">{props.children}</span>
            {props.shortcut && <kbd aria-hidden="true">{props.shortcut}</kbd>}
            {props.checked !== undefined && <span class="switch" aria-hidden="true" />}
        </button>
    );
}

function LayoutMenu({ meeting, close }: { meeting: Meeting; close: () => void }) {
    const [scope, set_scope] = useState<'me' | 'room'>('me');
    useEffect(() => void meeting.load_layouts(), []);
    const { mine, room } = meeting.state!.layout;
    const chosen = scope === 'me' ? mine : room;
    const fits = (meeting.layouts ?? []).filter((each) => each.portrait === meeting.portrait);
    const shown = fits.length > 0 ? fits : (meeting.layouts ?? []);
    return (
        <Popover label="Layouts" close={close}>
            <div class="popover-head">
                <h2>Layout</h2>
                {meeting.moderator && (
                    <div class="tabs" role="radiogroup" aria-label="For whom">
                        {(['me', 'room'] as const).map((each) => (
                            <button
                                key={each}
                                type="button"
                                role="radio"
                                aria-checked={scope === each}
                                onClick={() => set_scope(each)}
                            >
                                {each === 'me' ? 'For me' : 'For everyone'}
                            </button>
                        ))}
                    </div>
                )}
            </div>
            {meeting.layouts === null ? (
                <p class="help centred">
                    <span class="spinner" aria-hidden="true" /> Pictures are being drawn…
                </p>
            ) : (
                <div class={`layouts ${meeting.portrait ? 'upright' : ''}`} role="group" aria-label="Layouts">
                    <LayoutChoice
                        title={scope === 'me' ? 'As the room' : 'Automatic'}
                        chosen={chosen === null}
                        choose={() => void meeting.choose_layout(scope, null)}
                    />
                    {shown.map((each) => (
                        <LayoutChoice
                            key={each.name}
                            layout={each}
                            title={each.title}
                            chosen={chosen === each.name}
                            choose={() => void meeting.choose_layout(scope, each.name)}
                        />
                    ))}
                </div>
            )}
        </Popover>
    );
}

function LayoutChoice(props: {
    title: string;
    layout?: LayoutOffer;
    chosen: boolean;
    choose: () => void;
}) {
    const [drawn, set_drawn] = useState(true);
    return (
        <button type="button" class="layout" aria-pressed={props.chosen} onClick={props.choose}>
            <span class="layout-picture">
                {props.layout && drawn ? (
                    <img src={props.layout.preview} alt="" onError={() => set_drawn(false)} />
                ) : (
                    <span class="auto">
                        <icons.Mark />
                    </span>
                )}
                {props.chosen && (
                    <span class="tick">
                        <icons.Check />
                    </span>
                )}
            </span>
            {props.title}
        </button>
    );
}

/// Questions about who shares: they wait for an answer, but stop nobody from going on.
function Asked({ meeting }: { meeting: Meeting }) {
    const state = meeting.state!;
    const asker = state.people.find((each) => each.id === state.asked_by);
    const sharer = state.people.find((each) => each.id === state.sharer);
    if (asker && state.sharer === state.me) {
        return (
            <div class="ask" role="alertdialog" aria-label="Somebody else would like to share">
                <Avatar name={asker.name} />
                <p>
                    <strong>{asker.name}</strong> would like to share. Your screen would no longer be
                    shown.
                </p>
                <button type="button" class="secondary" onClick={() => void meeting.answer_sharer(false)}>
                    Go on sharing
                </button>
                <button type="button" class="primary" onClick={() => void meeting.answer_sharer(true)}>
                    Let them
                </button>
            </div>
        );
    }
    if (meeting.may_share) {
        return (
            <div class="ask" role="alertdialog" aria-label="You can share now">
                <icons.Share />
                <p>
                    <strong>You can share now.</strong> Choose what to show.
                </p>
                <button type="button" class="secondary" onClick={() => meeting.not_now()}>
                    Not now
                </button>
                <button type="button" class="primary" onClick={() => void meeting.share()}>
                    Share screen
                </button>
            </div>
        );
    }
    if (meeting.asked && sharer) {
        return (
            <div class="ask" role="status">
                <span class="spinner" aria-hidden="true" />
                <p>Asking {sharer.name} whether you may share…</p>
            </div>
        );
    }
    return null;
}

function Toasts({ toasts, open_chat }: { toasts: Toast[]; open_chat: (() => void) | null }) {
    return (
        <div class="toasts" role="status" aria-live="polite">
            {toasts
                .filter((toast) => !toast.from || open_chat)
                .map((toast) =>
                    toast.from ? (
                        <button key={toast.id} type="button" class="toast message" onClick={open_chat!}>
                            <Avatar name={toast.from} />
                            <span>
                                <strong>{toast.from}</strong>
                                <span class="clamp">{toast.text}</span>
                            </span>
                        </button>
                    ) : (
                        <div key={toast.id} class={`toast ${toast.tone}`}>
                            {toast.tone === 'trouble' && <icons.Warning />}
                            <span>{toast.text}</span>
                        </div>
                    ),
                )}
        </div>
    );
}

function ShortcutHelp({ close }: { close: () => void }) {
    return (
        <Modal title="Keyboard shortcuts" close={close}>
            <dl class="shortcuts">
                {kShortcuts.map((each) => (
                    <div key={each.key}>
                        <dt>{each.what}</dt>
                        <dd>
                            <kbd>{each.key.toUpperCase()}</kbd>
                        </dd>
                    </div>
                ))}
                <div>
                    <dt>Close what is open</dt>
                    <dd>
                        <kbd>Esc</kbd>
                    </dd>
                </div>
            </dl>
        </Modal>
    );
}

/// True once nothing has happened for a while: then the picture has the window for itself.
function useIdle(root: { current: HTMLElement | null }, allowed: boolean): [boolean, () => void] {
    const [idle, set_idle] = useState(false);
    const timer = useRef(0);
    const wake = (): void => {
        set_idle(false);
        window.clearTimeout(timer.current);
        timer.current = window.setTimeout(() => {
            // Who walks by keyboard must see where he is.
            if (!root.current?.querySelector('.bar :focus-visible, .top :focus-visible')) set_idle(true);
        }, kIdleAfterMs);
    };
    useEffect(() => {
        wake();
        document.addEventListener('keydown', wake);
        return () => {
            window.clearTimeout(timer.current);
            document.removeEventListener('keydown', wake);
        };
    }, []);
    return [idle && allowed, wake];
}

function useKeys(act: Record<Action, () => unknown>, on: boolean): void {
    const latest = useRef(act);
    latest.current = act;
    useEffect(() => {
        if (!on) return;
        const pressed = (event: KeyboardEvent): void => {
            const at = event.target as HTMLElement;
            const { key, ctrlKey, metaKey, altKey, repeat } = event;
            const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName);
            const action = action_of({ key, ctrlKey, metaKey, altKey, repeat, typing });
            if (!action) return;
            event.preventDefault();
            latest.current[action]();
        };
        document.addEventListener('keydown', pressed);
        return () => document.removeEventListener('keydown', pressed);
    }, [on]);
}

/// The screen of a phone stays lit; asked for again each time the page comes back.
function useWakeLock(): void {
    useEffect(() => {
        let lock: WakeLockSentinel | null = null;
        let over = false;
        const ask = (): void => {
            if (document.visibilityState !== 'visible') return;
            navigator.wakeLock?.request('screen').then(
                (given) => {
                    lock = given;
                    if (over) void given.release();
                },
                () => {},
            );
        };
        ask();
        document.addEventListener('visibilitychange', ask);
        return () => {
            over = true;
            document.removeEventListener('visibilitychange', ask);
            void lock?.release();
        };
    }, []);
}

function useTurning(meeting: Meeting): void {
    useEffect(() => {
        let timer = 0;
        const turned = (): void => {
            window.clearTimeout(timer);
            // Some phones tell of the turn before the window has its new size.
            timer = window.setTimeout(() => meeting.turned(), 250);
        };
        window.addEventListener('resize', turned);
        return () => {
            window.clearTimeout(timer);
            window.removeEventListener('resize', turned);
        };
    }, [meeting]);
}
