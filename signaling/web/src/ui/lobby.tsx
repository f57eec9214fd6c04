/// Before joining: who one is, and what others will see and hear.
import { useEffect, useRef, useState } from 'preact/hooks';

import { browser_of, permission_steps } from '../device.js';
import type { Kind, LocalMedia, Trouble } from '../local_media.js';
import { remember } from '../preferences.js';
import * as icons from './icons.js';
import { Avatar, DeviceFields, IconButton, Meter, useWatched } from './parts.js';

export function Lobby(props: {
    room: string;
    media: LocalMedia;
    name: string;
    /// Null: none is asked for, as far as is known.
    pin: { wrong: boolean } | null;
    joining: boolean;
    join: (name: string, pin: string) => void;
}) {
    const { room, media, joining } = props;
    useWatched(media);
    const [name, set_name] = useState(props.name);
    const [pin, set_pin] = useState('');
    const pin_field = useRef<HTMLInputElement>(null);
    useEffect(() => {
        if (props.pin) pin_field.current?.focus();
    }, [props.pin]);
    const submit = (): void => {
        if (name.trim() === '' || joining) return;
        remember({ name: name.trim() });
        props.join(name.trim(), pin);
    };
    return (
        <div class="lobby">
            <header class="brand">
                <icons.Mark />
                <span>Tessera</span>
            </header>
            <main class="lobby-main">
                <Preview media={media} name={name} />
                <form
                    class="card join"
                    onSubmit={(event) => {
                        event.preventDefault();
                        submit();
                    }}
                >
                    <p class="eyebrow">You are about to join</p>
                    <h1>{room}</h1>
                    <div class="field">
                        <label for="name">Your name</label>
                        <input
                            id="name"
                            value={name}
                            maxLength={100}
                            autocomplete="name"
                            required
                            placeholder="As others will see it"
                            autofocus={props.name === ''}
                            onInput={(event) => set_name(event.currentTarget.value)}
                        />
                    </div>
                    {props.pin && (
                        <div class="field">
                            <label for="pin">PIN of the room</label>
                            <input
                                id="pin"
                                ref={pin_field}
                                value={pin}
                                inputMode="numeric"
                                autocomplete="off"
                                maxLength={32}
                                required
                                aria-invalid={props.pin.wrong}
                                aria-describedby="pin-help"
                                onInput={(event) => set_pin(event.currentTarget.value)}
                            />
                            <p id="pin-help" class={props.pin.wrong ? 'help wrong' : 'help'}>
                                {props.pin.wrong
                                    ? 'That was not the PIN. Please try again.'
                                    : 'This room is closed by a PIN: whoever invited you knows it.'}
                            </p>
                        </div>
                    )}
                    <DeviceFields media={media} />
                    <button
                        class="primary"
                        type="submit"
                        disabled={name.trim() === '' || joining}
                        aria-busy={joining}
                    >
                        {joining ? <span class="spinner" aria-hidden="true" /> : null}
                        {joining ? 'Joining…' : 'Join'}
                    </button>
                    <p class="help centred">{what_others_get(media)}</p>
                </form>
            </main>
        </div>
    );
}

function what_others_get(media: LocalMedia): string {
    const seen = media.video.on && media.video.trouble === null;
    const heard = media.audio.on && media.audio.trouble === null;
    if (seen && heard) return 'Others will see and hear you.';
    if (seen) return 'Others will see you, but not hear you.';
    if (heard) return 'Others will hear you, but not see you.';
    return 'You will join without camera and microphone.';
}

function Preview({ media, name }: { media: LocalMedia; name: string }) {
    useWatched(media);
    const video = useRef<HTMLVideoElement>(null);
    const track = media.video.track;
    useEffect(() => {
        if (video.current) video.current.srcObject = track ? new MediaStream([track]) : null;
    }, [track]);
    const trouble = media.video.trouble ?? media.audio.trouble;
    const toggle = (kind: Kind) => (): void => void media.set_on(kind, !media[kind].on);
    return (
        <section class="preview" aria-label="Your camera and microphone">
            <div class={`picture ${track ? 'live' : ''}`}>
                <video ref={video} autoplay playsinline muted hidden={!track} />
                {!track && !media.video.asking && (
                    <div class="no-picture">
                        <Avatar name={name || '?'} large />
                        <p>
                            {media.video.trouble
                                ? title_of('video', media.video.trouble)
                                : 'Your camera is off'}
                        </p>
                    </div>
                )}
                {!track && media.video.asking && (
                    <div class="no-picture">
                        <span class="spinner big" aria-hidden="true" />
                        <p>Please allow camera and microphone in the window of your browser</p>
                    </div>
                )}
                {track && name.trim() !== '' && <span class="name-tag">{name}</span>}
                <div class="preview-bar">
                    {media.audio.on && media.audio.track && <Meter media={media} />}
                    <span class="spacer" />
                    <IconButton
                        label={media.audio.on ? 'Microphone off' : 'Microphone on'}
                        icon={media.audio.on ? <icons.Mic /> : <icons.MicOff />}
                        class={media.audio.on ? 'glass' : 'glass off'}
                        pressed={media.audio.on}
                        on={toggle('audio')}
                    />
                    <IconButton
                        label={media.video.on ? 'Camera off' : 'Camera on'}
                        icon={media.video.on ? <icons.Camera /> : <icons.CameraOff />}
                        class={media.video.on ? 'glass' : 'glass off'}
                        pressed={media.video.on}
                        on={toggle('video')}
                    />
                </div>
            </div>
            {trouble && <TroubleHelp media={media} trouble={trouble} />}
        </section>
    );
}

function title_of(kind: Kind, trouble: Trouble): string {
    const what = kind === 'video' ? 'camera' : 'microphone';
    switch (trouble) {
        case 'denied':
            return `The browser blocks your ${what}`;
        case 'dismissed':
            return `Your ${what} was not allowed yet`;
        case 'missing':
            return `No ${what} was found`;
        case 'busy':
            return `Your ${what} is used by another program`;
        case 'insecure':
            return `No ${what} without a secure connection`;
        case 'unknown':
            return `Your ${what} cannot be used`;
    }
}

function TroubleHelp({ media, trouble }: { media: LocalMedia; trouble: Trouble }) {
    const both = media.audio.trouble === trouble && media.video.trouble === trouble;
    const kind: Kind = media.video.trouble === trouble ? 'video' : 'audio';
    const title = title_of(kind, trouble).replace(
        /camera|microphone/,
        both ? 'camera and microphone' : '$&',
    );
    const steps =
        trouble === 'denied'
            ? permission_steps(browser_of(navigator.userAgent, navigator.maxTouchPoints))
            : [];
    const again = async (): Promise<void> => {
        for (const each of ['audio', 'video'] as const) {
            if (media[each].trouble) await media.set_on(each, true);
        }
    };
    return (
        <div class="trouble" role="alert">
            <icons.Warning />
            <div>
                <h2>{title}</h2>
                {steps.length > 0 ? (
                    <ol>
                        {steps.map((step) => (
                            <li key={step}>{step}</li>
                        ))}
                    </ol>
                ) : (
                    <p>{advice(trouble)}</p>
                )}
                <div class="row">
                    {trouble !== 'insecure' && (
                        <button type="button" class="secondary" onClick={() => void again()}>
                            Ask again
                        </button>
                    )}
                    <span class="help">You can also join as you are, and see and hear everyone.</span>
                </div>
            </div>
        </div>
    );
}

function advice(trouble: Trouble): string {
    switch (trouble) {
        case 'dismissed':
            return 'The question was closed without an answer. Ask again, then choose “Allow”.';
        case 'missing':
            return 'Plug one in, or check that it is switched on. It is found as soon as it is there.';
        case 'busy':
            return 'Close the other program or tab that uses it, then ask again.';
        case 'insecure':
            return 'Open this page by its https:// address.';
        default:
            return 'Plugging it in again, or starting the browser anew, often helps.';
    }
}

/// No room was named: the address without /r/ROOM.
export function Home({ go }: { go: (room: string) => void }) {
    const [room, set_room] = useState('');
    const valid = /^[A-Za-z0-9._-]{1,64}$/.test(room.trim());
    return (
        <div class="lobby home">
            <main class="card join">
                <icons.Mark />
                <h1>Where do you want to go?</h1>
                <p class="lead">Enter the name of the room you were invited to.</p>
                <form
                    onSubmit={(event) => {
                        event.preventDefault();
                        if (valid) go(room.trim());
                    }}
                >
                    <div class="field">
                        <label for="room">Room</label>
                        <input
                            id="room"
                            value={room}
                            autofocus
                            autocapitalize="none"
                            autocomplete="off"
                            spellcheck={false}
                            maxLength={64}
                            aria-describedby="room-help"
                            onInput={(event) => set_room(event.currentTarget.value)}
                        />
                        <p id="room-help" class="help">
                            Letters, digits, dots, dashes and underscores.
                        </p>
                    </div>
                    <button class="primary" type="submit" disabled={!valid}>
                        Continue
                    </button>
                </form>
            </main>
        </div>
    );
}
