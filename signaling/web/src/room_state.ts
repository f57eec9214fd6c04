/// What the page knows of the room, as a pure function of what the server told.
import type { Joined, LayoutChoice, Person, Role, Told } from './protocol.js';

export interface ChatLine {
    from: string;
    name: string;
    text: string;
    at: string;
    key?: string;
    /// Ours, and the server has not shown it to all yet.
    waiting?: boolean;
    failed?: boolean;
}

export interface RoomState {
    me: string;
    role: Role;
    room: { id: string; name: string; locked: boolean };
    people: Person[];
    speaking: string[];
    layout: LayoutChoice;
    sharer: string | null;
    asked_by: string | null;
    chat: ChatLine[];
    unread: number;
}

/// Something worth a word to the person in front of the page.
export type Notice =
    | { kind: 'joined'; people: Person[] }
    | { kind: 'left'; people: Person[] }
    | { kind: 'hand'; person: Person }
    | { kind: 'silenced'; what: 'audio' | 'video' }
    | { kind: 'sharing'; person: Person }
    | { kind: 'chat'; line: ChatLine };

const kChatKept = 500;

/// Chat outlives a reconnect: the server does not tell it again.
export function on_joined(joined: Joined, before: RoomState | null): RoomState {
    return {
        me: joined.participant,
        role: joined.role,
        room: joined.room,
        people: joined.roster,
        speaking: [],
        layout: joined.layout,
        sharer: joined.content.sharer,
        asked_by: null,
        chat: before?.chat ?? [],
        unread: before?.unread ?? 0,
    };
}

export function on_told(state: RoomState, told: Told): [RoomState, Notice[]] {
    switch (told.type) {
        case 'roster':
            return on_roster(state, told);
        case 'speaking':
            return [{ ...state, speaking: told.ids }, []];
        case 'layout': {
            const { mine, room } = told;
            const self = told.self === undefined ? state.layout.self : told.self;
            return [{ ...state, layout: { mine, room, self } }, []];
        }
        case 'content':
            return on_content(state, told.sharer, told.asked_by);
        case 'chat':
            return on_chat(state, told);
        default:
            return [state, []];
    }
}

function on_roster(
    state: RoomState,
    told: Extract<Told, { type: 'roster' }>,
): [RoomState, Notice[]] {
    const notices: Notice[] = [];
    const left = state.people.filter((person) => told.left.includes(person.id));
    const known = new Set(state.people.map((person) => person.id));
    const joined = told.joined.filter((person) => !known.has(person.id));
    if (joined.length > 0) notices.push({ kind: 'joined', people: joined });
    if (left.length > 0) notices.push({ kind: 'left', people: left });
    const again = new Map(told.joined.map((person) => [person.id, person]));
    const changes = new Map(told.changed.map((change) => [change.id, change]));
    const people = state.people
        .filter((person) => !told.left.includes(person.id))
        .map((person) => {
            const change = again.get(person.id) ?? changes.get(person.id);
            if (!change) return person;
            const now = { ...person, ...change };
            notices.push(...changes_worth_telling(person, now, person.id === state.me));
            return now;
        });
    const speaking = state.speaking.filter((id) => !told.left.includes(id));
    return [{ ...state, people: [...people, ...joined], speaking }, notices];
}

function changes_worth_telling(before: Person, now: Person, mine: boolean): Notice[] {
    const told: Notice[] = [];
    if (now.hand && !before.hand && !mine) told.push({ kind: 'hand', person: now });
    for (const what of ['audio', 'video'] as const) {
        if (mine && now[what] === 'silenced' && before[what] !== 'silenced') {
            told.push({ kind: 'silenced', what });
        }
    }
    return told;
}

function on_content(
    state: RoomState,
    sharer: string | null,
    asked_by: string | null,
): [RoomState, Notice[]] {
    const person = state.people.find((each) => each.id === sharer);
    const news = person && sharer !== state.sharer && sharer !== state.me;
    return [{ ...state, sharer, asked_by }, news ? [{ kind: 'sharing', person }] : []];
}

function on_chat(state: RoomState, told: Extract<Told, { type: 'chat' }>): [RoomState, Notice[]] {
    const { from, name, text, at, key } = told;
    const line: ChatLine = { from, name, text, at, key };
    const mine = from === state.me;
    const ours = mine && key !== undefined ? state.chat.findIndex((each) => each.key === key) : -1;
    const chat =
        ours >= 0
            ? state.chat.map((each, index) => (index === ours ? line : each))
            : [...state.chat, line].slice(-kChatKept);
    return [
        { ...state, chat, unread: mine ? state.unread : state.unread + 1 },
        mine ? [] : [{ kind: 'chat', line }],
    ];
}

/// Hands first, in the order of the roster; then oneself; then the others as they came.
export function roster_order(state: RoomState): Person[] {
    const rank = (person: Person) => (person.hand ? 0 : person.id === state.me ? 1 : 2);
    return [...state.people].sort((a, b) => rank(a) - rank(b));
}

export function me(state: RoomState): Person | undefined {
    return state.people.find((person) => person.id === state.me);
}
