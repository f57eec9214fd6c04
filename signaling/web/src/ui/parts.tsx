/// Small parts that several views share.
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useReducer, useRef } from 'preact/hooks';

import type { Kind, LocalMedia } from '../local_media.js';
import type { Device } from '../protocol.js';
import type { Watched } from '../signal.js';
import * as icons from './icons.js';

/// Draws again whenever it changes.
export function useWatched(thing: Watched): void {
    const [, again] = useReducer((count: number) => count + 1, 0);
    useEffect(() => thing.watch(() => again(undefined)), [thing]);
}

export function IconButton(props: {
    label: string;
    shortcut?: string;
    icon: ComponentChildren;
    on: () => void;
    class?: string;
    pressed?: boolean;
    expanded?: boolean;
    disabled?: boolean;
    badge?: number;
    caption?: string;
}) {
    const { label, shortcut, icon, on, pressed, expanded, disabled, badge, caption } = props;
    return (
        <button
            type="button"
            class={`round ${props.class ?? ''}`}
            aria-label={badge ? `${label}, ${badge} new` : label}
            aria-pressed={pressed}
            aria-expanded={expanded}
            aria-keyshortcuts={shortcut}
            disabled={disabled}
            onClick={on}
            data-tip={shortcut ? `${label} (${shortcut.toUpperCase()})` : label}
        >
            {icon}
            {caption && <span class="caption">{caption}</span>}
            {badge ? <span class="badge">{badge > 99 ? '99+' : badge}</span> : null}
        </button>
    );
}

/// The level of the microphone as a row of stones; drawn outside of the tree, thirty times a second.
export function Meter({ media }: { media: LocalMedia }) {
    const row = useRef<HTMLDivElement>(null);
    useEffect(() => {
        let frame = 0;
        const draw = (): void => {
            const stones = row.current?.children ?? [];
            const lit = Math.round(media.level() * stones.length);
            for (let index = 0; index < stones.length; ++index) {
                stones[index]!.classList.toggle('lit', index < lit);
            }
            frame = requestAnimationFrame(draw);
        };
        frame = requestAnimationFrame(draw);
        return () => cancelAnimationFrame(frame);
    }, [media]);
    return (
        <div class="meter" ref={row} role="img" aria-label="Level of your microphone">
            {Array.from({ length: 16 }, (_, index) => (
                <i key={index} />
            ))}
        </div>
    );
}

/// With `meter`, the microphone's level stands under its name.
export function DeviceFields({ media, meter = false }: { media: LocalMedia; meter?: boolean }) {
    useWatched(media);
    const blocked = media.audio.trouble === 'denied' || media.video.trouble === 'denied';
    const none = blocked ? 'Not allowed' : 'None found';
    const field = (
        id: string,
        label: string,
        icon: JSX.Element,
        choices: { id: string; label: string }[],
        chosen: string,
        choose: (id: string) => void,
    ): JSX.Element => (
        <div class="field device">
            <label for={id}>{label}</label>
            <div class="select">
                {icon}
                <select
                    id={id}
                    value={choices.some((each) => each.id === chosen) ? chosen : choices[0]?.id}
                    disabled={choices.length === 0}
                    onChange={(event) => choose(event.currentTarget.value)}
                >
                    {choices.length === 0 && <option>{none}</option>}
                    {choices.map((each) => (
                        <option key={each.id} value={each.id}>
                            {each.label}
                        </option>
                    ))}
                </select>
            </div>
        </div>
    );
    const choose = (kind: Kind) => (id: string) => void media.choose(kind, id);
    const can_choose_speaker = 'setSinkId' in HTMLMediaElement.prototype && media.speakers.length > 1;
    return (
        <>
            {field(
                'microphone',
                'Microphone',
                <icons.Mic />,
                media.microphones,
                media.audio.chosen,
                choose('audio'),
            )}
            {meter && media.audio.on && media.audio.track && <Meter media={media} />}
            {field(
                'camera',
                'Camera',
                <icons.Camera />,
                media.cameras,
                media.video.chosen,
                choose('video'),
            )}
            {can_choose_speaker &&
                field(
                    'speaker',
                    'Speaker',
                    <icons.Speaker />,
                    media.speakers,
                    media.speaker,
                    (id) => media.choose_speaker(id),
                )}
        </>
    );
}

const kDevices: Record<Device, { icon: () => JSX.Element; label: string }> = {
    desktop: { icon: icons.Desktop, label: 'on a computer' },
    phone: { icon: icons.Phone, label: 'on a phone' },
    tablet: { icon: icons.Tablet, label: 'on a tablet' },
    room: { icon: icons.RoomSystem, label: 'a room system' },
    stream: { icon: icons.StreamIn, label: 'a stream' },
};

export function DeviceIcon({ device }: { device: Device }) {
    const { icon: Icon, label } = kDevices[device] ?? kDevices.desktop;
    return (
        <span class="device-icon" role="img" aria-label={label} title={label}>
            <Icon />
        </span>
    );
}

/// One of six colours for a name, always the same.
export function tint_of(text: string): number {
    let sum = 0;
    for (const character of text) sum = (sum * 31 + character.codePointAt(0)!) % 9973;
    return sum % 6;
}

export function initials(name: string): string {
    const words = name.trim().split(/\s+/).filter(Boolean);
    const first = [...(words[0] ?? '?')][0] ?? '?';
    const last = words.length > 1 ? [...words[words.length - 1]!][0]! : '';
    return (first + last).toUpperCase();
}

export function Avatar({ name, large = false }: { name: string; large?: boolean }) {
    return (
        <span class={`avatar tint-${tint_of(name)} ${large ? 'large' : ''}`} aria-hidden="true">
            {initials(name)}
        </span>
    );
}

/// A window of its own above the page; Escape and a click beside it close it.
export function Modal(props: { title: string; close: () => void; children: ComponentChildren }) {
    const dialog = useRef<HTMLDialogElement>(null);
    useEffect(() => {
        dialog.current?.showModal();
    }, []);
    return (
        <dialog
            ref={dialog}
            class="modal"
            aria-labelledby="modal-title"
            onCancel={(event) => {
                event.preventDefault();
                props.close();
            }}
            onClick={(event) => {
                if (event.target === dialog.current) props.close();
            }}
        >
            <div class="modal-inside">
                <header>
                    <h2 id="modal-title">{props.title}</h2>
                    <IconButton label="Close" icon={<icons.Close />} on={props.close} class="quiet" />
                </header>
                {props.children}
            </div>
        </dialog>
    );
}
