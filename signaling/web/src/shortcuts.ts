/// Which key does what, in the room. Pure: what is focused comes in with the key.
export type Action =
    | 'mute'
    | 'camera'
    | 'share'
    | 'hand'
    | 'chat'
    | 'people'
    | 'layouts'
    | 'full-screen'
    | 'self-view'
    | 'statistics'
    | 'help'
    | 'close';

export const kShortcuts: { key: string; action: Action; what: string }[] = [
    { key: 'm', action: 'mute', what: 'Microphone on or off' },
    { key: 'v', action: 'camera', what: 'Camera on or off' },
    { key: 's', action: 'share', what: 'Share the screen, or stop' },
    { key: 'h', action: 'hand', what: 'Raise or lower your hand' },
    { key: 'c', action: 'chat', what: 'Chat' },
    { key: 'p', action: 'people', what: 'People' },
    { key: 'l', action: 'layouts', what: 'Layouts' },
    { key: 'o', action: 'self-view', what: 'Show me to myself, or not' },
    { key: 'f', action: 'full-screen', what: 'Full screen' },
    { key: 'i', action: 'statistics', what: 'Connection and statistics' },
    { key: '?', action: 'help', what: 'These shortcuts' },
];

export interface KeyPress {
    key: string;
    ctrlKey: boolean;
    metaKey: boolean;
    altKey: boolean;
    repeat: boolean;
    /// The focus is in a field that takes letters.
    typing: boolean;
}

/// Null: not ours. Escape works while typing, letters do not; a combination with Ctrl, Alt or Meta is the browser's.
export function action_of(press: KeyPress): Action | null {
    if (press.ctrlKey || press.metaKey || press.altKey) return null;
    if (press.key === 'Escape') return 'close';
    if (press.typing || press.repeat) return null;
    const key = press.key.toLowerCase();
    return kShortcuts.find((each) => each.key === key)?.action ?? null;
}
