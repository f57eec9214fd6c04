/// What the page says when something is refused, lost or over: for people, with what they can do.
import type { Refusal } from './protocol.js';

export interface Ending {
    kind: 'left' | 'removed' | 'ended' | 'elsewhere' | 'refused' | 'unreachable' | 'fault';
    title: string;
    text: string;
    /// What the button says; null: there is nothing to try again.
    again: string | null;
    /// Not before that.
    retry_after_s?: number;
}

export const kLeft: Ending = {
    kind: 'left',
    title: 'You have left',
    text: 'Nobody sees or hears you any more. Camera and microphone are off.',
    again: 'Join again',
};

export const kUnreachable: Ending = {
    kind: 'unreachable',
    title: 'The meeting cannot be reached',
    text: 'We tried for two minutes and heard nothing. Your place was given back. Check your network, then join again.',
    again: 'Join again',
};

/// A close code of docs/websocket.md: null where the page comes back by itself.
export function ending_of_close(code: number): Ending | null {
    switch (code) {
        case 1000:
            return kLeft;
        case 1009:
        case 4001:
            return {
                kind: 'fault',
                title: 'Something went wrong on this page',
                text: `This page and the server misunderstood each other (${code}). Joining again helps as a rule; if not, please tell who runs this server.`,
                again: 'Join again',
            };
        case 4003:
            return {
                kind: 'removed',
                title: 'You were removed',
                text: 'A moderator has removed you from the meeting.',
                again: null,
            };
        case 4004:
            return {
                kind: 'ended',
                title: 'The meeting is over',
                text: 'It was ended for everyone.',
                again: null,
            };
        case 4005:
            return {
                kind: 'elsewhere',
                title: 'You are in this meeting elsewhere',
                text: 'Your place is used by another window or tab. You can take it back here.',
                again: 'Join here',
            };
        default:
            return null;
    }
}

export function ending_of_ended(code: string, text: string): Ending {
    const known = ending_of_close(code === 'kicked' ? 4003 : 4004);
    return code === 'kicked' || code === 'room_ended' || code === 'ended'
        ? known!
        : { ...known!, text: sentence(text) };
}

/// Before one is in: what a refused join means. A PIN is asked for on the join page, not here.
export function ending_of_refusal(refusal: Refusal): Ending {
    const refused = (title: string, text: string, again: string | null): Ending => {
        const ending: Ending = { kind: 'refused', title, text, again };
        if (refusal.retry_after_s !== undefined) ending.retry_after_s = refusal.retry_after_s;
        return ending;
    };
    switch (refusal.code) {
        case 'unknown_room':
            return refused('There is no such room', 'Check the link you were given: part of it may be missing.', null);
        case 'room_ended':
            return { ...ending_of_close(4004)! };
        case 'need_token':
            return refused('You need an invitation', 'This room opens with a personal link only. Ask whoever invited you for it.', null);
        case 'bad_token':
            return refused('This invitation does not fit', 'The link is for another room, or part of it was lost. Ask for a new one.', null);
        case 'expired_token':
            return refused('This invitation has expired', 'Personal links hold for a short time. Ask for a new one.', null);
        case 'full':
            return refused('The room is full', 'As soon as somebody leaves there is a place for you.', 'Try again');
        case 'overloaded':
            return refused('The server is very busy', 'It lets nobody else in so that running meetings stay smooth.', 'Try again');
        case 'media_away':
            return refused('The meeting is not ready', 'The part that mixes pictures and sound is starting. It takes a moment.', 'Try again');
        case 'too_many':
            return refused('Too many attempts', 'Please wait a few seconds.', 'Try again');
        case 'nothing_in_common':
            return refused('This browser does not fit', 'It shares no way of coding pictures or sound with the server. Please use a current browser.', 'Try again');
        default:
            return refused('You could not join', sentence(refusal.text), 'Try again');
    }
}

/// In the room: one line for a request that was refused.
export function line_of_refusal(refusal: Refusal): string {
    switch (refusal.code) {
        case 'forbidden':
            return 'Only a moderator can do that.';
        case 'content_taken':
            return 'Somebody else is sharing.';
        case 'too_many':
            return 'That was too fast. Please wait a moment.';
        case 'too_long':
            return 'That is too long.';
        case 'unknown_participant':
            return 'This person has left.';
        default:
            return sentence(refusal.text);
    }
}

export function wants_pin(code: string): boolean {
    return code === 'need_pin' || code === 'bad_pin';
}

function sentence(text: string): string {
    const trimmed = text.trim();
    if (trimmed === '') return 'The server did not say why.';
    const begun = trimmed[0]!.toUpperCase() + trimmed.slice(1);
    return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
