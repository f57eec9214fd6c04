/// The page's own icons: 24 units, drawn with lines that take the colour of the text.
import type { ComponentChildren } from 'preact';

function Icon({ children, filled = false }: { children: ComponentChildren; filled?: boolean }) {
    return (
        <svg
            class="icon"
            viewBox="0 0 24 24"
            aria-hidden="true"
            fill={filled ? 'currentColor' : 'none'}
            stroke={filled ? 'none' : 'currentColor'}
            stroke-width="1.75"
            stroke-linecap="round"
            stroke-linejoin="round"
        >
            {children}
        </svg>
    );
}

const mic = (
    <>
        <rect x="9" y="3" width="6" height="11" rx="3" />
        <path d="M5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3" />
    </>
);
const camera = (
    <>
        <rect x="2.5" y="6" width="13" height="12" rx="3" />
        <path d="m15.5 11 4.6-2.9a.9.9 0 0 1 1.4.8v6.2a.9.9 0 0 1-1.4.8L15.5 13" />
    </>
);
const slash = <path d="M3.5 3.5l17 17" class="slash" />;

export const Mic = () => <Icon>{mic}</Icon>;
export const MicOff = () => (
    <Icon>
        {mic}
        {slash}
    </Icon>
);
export const Camera = () => <Icon>{camera}</Icon>;
export const CameraOff = () => (
    <Icon>
        {camera}
        {slash}
    </Icon>
);
export const Share = () => (
    <Icon>
        <rect x="2.5" y="4" width="19" height="13" rx="2.5" />
        <path d="M8.5 21h7M12 13.5V7.5M9.5 10 12 7.5l2.5 2.5" />
    </Icon>
);
export const ShareStop = () => (
    <Icon>
        <rect x="2.5" y="4" width="19" height="13" rx="2.5" />
        <path d="M8.5 21h7M9.8 8.3l4.4 4.4M14.2 8.3l-4.4 4.4" />
    </Icon>
);
export const Hand = () => (
    <Icon>
        <path d="M8 12.5V5.8a1.4 1.4 0 0 1 2.8 0v5M10.8 10.500V4.200a1.4 1.4 0 0 1 2.8 0v6.300M13.6 10.800V5.600a1.4 1.4 0 0 1 2.8 0v7M16.4 12.600V8.600a1.4 1.4 0 0 1 2.8 0v6.100a6.3 6.3 0 0 1-6.3 6.300h-.9a6.3 6.3 0 0 1-5-2.500l-3-4a1.5 1.5 0 0 1 2.3-1.900L8 14.3" />
    </Icon>
);
export const Layouts = () => (
    <Icon>
        <rect x="3" y="4" width="11" height="10" rx="2" />
        <rect x="17" y="4" width="4" height="4" rx="1.2" />
        <rect x="17" y="10" width="4" height="4" rx="1.2" />
        <rect x="3" y="16.5" width="4.7" height="3.8" rx="1.2" />
        <rect x="9.7" y="16.5" width="4.7" height="3.8" rx="1.2" />
        <rect x="16.3" y="16.5" width="4.7" height="3.8" rx="1.2" />
    </Icon>
);
export const People = () => (
    <Icon>
        <circle cx="9" cy="8" r="3.5" />
        <path d="M2.5 19.500a6.5 6.5 0 0 1 13 0M16 4.900a3.5 3.5 0 0 1 0 6.200M18 14.300a6.5 6.5 0 0 1 3.5 5.2" />
    </Icon>
);
export const Chat = () => (
    <Icon>
        <path d="M4.5 5h15a1.5 1.5 0 0 1 1.5 1.500v9a1.5 1.5 0 0 1-1.5 1.500H11l-4.6 3.600a.5.5 0 0 1-.8-.4V17H4.500A1.5 1.5 0 0 1 3 15.500v-9A1.5 1.5 0 0 1 4.5 5z" />
    </Icon>
);
export const More = () => (
    <Icon filled>
        <circle cx="5" cy="12" r="1.8" />
        <circle cx="12" cy="12" r="1.8" />
        <circle cx="19" cy="12" r="1.8" />
    </Icon>
);
export const Leave = () => (
    <Icon>
        <path d="M10 4H6.500A2.5 2.5 0 0 0 4 6.500v11A2.5 2.5 0 0 0 6.5 20H10M14.5 8l4 4-4 4M18.5 12H9.5" />
    </Icon>
);
export const FullScreen = () => (
    <Icon>
        <path d="M9 4H5.500A1.5 1.5 0 0 0 4 5.500V9M15 4h3.500A1.5 1.5 0 0 1 20 5.500V9M9 20H5.500A1.5 1.5 0 0 1 4 18.500V15M15 20h3.500a1.5 1.5 0 0 0 1.5-1.500V15" />
    </Icon>
);
export const SelfView = () => (
    <Icon>
        <rect x="2.5" y="4.5" width="19" height="15" rx="2.5" />
        <circle cx="15.5" cy="12.5" r="2" />
        <path d="M12 19.500a3.5 3.5 0 0 1 7 0" />
    </Icon>
);
export const Gear = () => (
    <Icon>
        <path d="M4 7h9M17 7h3M4 17h3M11 17h9" />
        <circle cx="15" cy="7" r="2" />
        <circle cx="9" cy="17" r="2" />
    </Icon>
);
export const Keyboard = () => (
    <Icon>
        <rect x="2.5" y="6" width="19" height="12" rx="2.5" />
        <path d="M6.5 10h.01M10 10h.01M13.5 10h.01M17.5 10h.01M8 14h8" />
    </Icon>
);
export const Close = () => (
    <Icon>
        <path d="M6 6l12 12M18 6 6 18" />
    </Icon>
);
export const Send = () => (
    <Icon>
        <path d="M4 12 20 4.5 14.5 20l-3.2-6.700z" />
        <path d="M11.3 13.3 20 4.5" />
    </Icon>
);
export const Link = () => (
    <Icon>
        <path d="M10 14a4 4 0 0 0 5.7 0l3.1-3.100a4 4 0 0 0-5.7-5.700L12 6.300M14 10a4 4 0 0 0-5.7 0l-3.1 3.100a4 4 0 0 0 5.7 5.700L12 17.7" />
    </Icon>
);
export const Check = () => (
    <Icon>
        <path d="m5 12.5 4.5 4.500L19 7.5" />
    </Icon>
);
export const Warning = () => (
    <Icon>
        <path d="M12 4 2.8 19.500h18.400zM12 10v4.500M12 17.200h.01" />
    </Icon>
);
export const Desktop = () => (
    <Icon>
        <rect x="4" y="5" width="16" height="10.5" rx="2" />
        <path d="M2 19h20" />
    </Icon>
);
export const Phone = () => (
    <Icon>
        <rect x="7" y="3" width="10" height="18" rx="2.5" />
        <path d="M11 18h2" />
    </Icon>
);
export const Tablet = () => (
    <Icon>
        <rect x="5" y="3.5" width="14" height="17" rx="2.5" />
        <path d="M11 17.500h2" />
    </Icon>
);
export const RoomSystem = () => (
    <Icon>
        <rect x="3" y="4" width="18" height="10" rx="2" />
        <path d="M6 20c.6-2 1.8-3 3.3-3s2.7 1 3.3 3M12.6 19c.7-1.3 1.6-2 2.6-2 1.3 0 2.3 1 2.8 3" />
    </Icon>
);
export const StreamIn = () => (
    <Icon>
        <circle cx="12" cy="12" r="2" />
        <path d="M8 16a5.7 5.7 0 0 1 0-8M16 8a5.7 5.7 0 0 1 0 8M5.2 18.800a9.6 9.6 0 0 1 0-13.600M18.8 5.200a9.6 9.6 0 0 1 0 13.6" />
    </Icon>
);
export const Speaker = () => (
    <Icon>
        <path d="M4 9.500v5h3.500L12 18.500v-13L7.5 9.500zM15.5 9a4 4 0 0 1 0 6M18 6.500a7.6 7.6 0 0 1 0 11" />
    </Icon>
);

/// Three bars: how good the connection is.
export function Bars({ level }: { level: 0 | 1 | 2 | 3 }) {
    const opacity = (bar: number) => (level >= bar ? 1 : 0.28);
    return (
        <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" fill="currentColor">
            <rect x="4" y="14" width="4" height="6" rx="1.3" opacity={opacity(1)} />
            <rect x="10" y="9.5" width="4" height="10.5" rx="1.3" opacity={opacity(2)} />
            <rect x="16" y="5" width="4" height="15" rx="1.3" opacity={opacity(3)} />
        </svg>
    );
}

/// The mark: a few stones of a mosaic.
export function Mark() {
    return (
        <svg class="mark" viewBox="0 0 40 40" aria-hidden="true">
            <rect width="23" height="23" rx="5" fill="var(--stone-1)" />
            <rect x="27" width="13" height="23" rx="4" fill="var(--stone-2)" />
            <rect y="27" width="13" height="13" rx="4" fill="var(--stone-3)" />
            <rect x="17" y="27" width="23" height="13" rx="4" fill="var(--stone-4)" />
        </svg>
    );
}
