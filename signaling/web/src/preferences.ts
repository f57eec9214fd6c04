/// What the page remembers on this device, and the seat that a reload comes back to.
export interface Preferences {
    name: string;
    microphone: string;
    camera: string;
    speaker: string;
    microphone_on: boolean;
    camera_on: boolean;
}

const kDefaults: Preferences = {
    name: '',
    microphone: '',
    camera: '',
    speaker: '',
    microphone_on: true,
    camera_on: true,
};

export function read_preferences(): Preferences {
    return { ...kDefaults, ...(read(() => localStorage, 'tessera') as Partial<Preferences>) };
}

export function remember(changed: Partial<Preferences>): void {
    write(() => localStorage, 'tessera', { ...read_preferences(), ...changed });
}

/// Kept from the moment the page goes away to the moment it is there again: never beside a running page, so that a
/// duplicated tab does not take the seat of its original.
export interface KeptSeat {
    room: string;
    name: string;
    seat: string;
    until_ms: number;
    pin?: string;
    microphone_on: boolean;
    camera_on: boolean;
}

export function keep_seat(seat: KeptSeat): void {
    write(() => sessionStorage, 'tessera-seat', seat);
}

export function take_seat(room: string, now_ms: number): KeptSeat | null {
    const kept = read(() => sessionStorage, 'tessera-seat') as KeptSeat | null;
    try {
        sessionStorage.removeItem('tessera-seat');
    } catch {
        return null;
    }
    return kept?.seat && kept.room === room && kept.until_ms > now_ms ? kept : null;
}

// Storage may be forbidden by the browser's settings: then nothing is remembered.
function read(storage: () => Storage, key: string): unknown {
    try {
        return JSON.parse(storage().getItem(key) ?? 'null');
    } catch {
        return null;
    }
}

function write(storage: () => Storage, key: string, value: unknown): void {
    try {
        storage().setItem(key, JSON.stringify(value));
    } catch {
        return;
    }
}
