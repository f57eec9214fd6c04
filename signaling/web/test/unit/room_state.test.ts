import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Joined, Person, Told } from '../../src/protocol.js';
import { on_joined, on_told, roster_order, type RoomState } from '../../src/room_state.js';

function person(id: string, changed: Partial<Person> = {}): Person {
    return { id, name: id.toUpperCase(), device: 'desktop', role: 'guest', audio: 'on', video: 'on', hand: false, ...changed };
}

const joined: Joined = {
    type: 'joined',
    participant: 'a',
    role: 'guest',
    seat: 's',
    seat_s: 30,
    room: { id: 'demo', name: 'Demo', locked: false },
    roster: [person('a'), person('b')],
    layout: { mine: null, room: 'grid' },
    content: { sharer: null },
};
const begun = on_joined(joined, null);

function after(...messages: Told[]): RoomState {
    return messages.reduce((state, message) => on_told(state, message)[0], begun);
}

test('Who comes, changes and goes stands in the roster', () => {
    const state = after(
        { type: 'roster', joined: [person('c')], changed: [], left: [] },
        { type: 'roster', joined: [], changed: [{ id: 'b', audio: 'muted' }], left: ['c'] },
    );

    assert.deepEqual(state.people.map((each) => [each.id, each.audio]), [['a', 'on'], ['b', 'muted']]);
});

test('Somebody told of twice stands there once', () => {
    const [state, notices] = on_told(begun, {
        type: 'roster',
        joined: [person('b', { name: 'Ben' })],
        changed: [],
        left: [],
    });

    assert.deepEqual(state.people.map((each) => each.name), ['A', 'Ben']);
    assert.deepEqual(notices, []);
});

test('A change of somebody unknown changes nothing', () => {
    const state = after({ type: 'roster', joined: [], changed: [{ id: 'z', hand: true }], left: ['y'] });

    assert.deepEqual(state.people, begun.people);
});

test('A raised hand of another is worth a word, one’s own is not', () => {
    const raise = (id: string) =>
        on_told(begun, { type: 'roster', joined: [], changed: [{ id, hand: true }], left: [] })[1];

    assert.deepEqual(raise('b').map((each) => each.kind), ['hand']);
    assert.deepEqual(raise('a'), []);
});

test('One is told of being silenced by a moderator, not of muting oneself', () => {
    const change = (audio: 'muted' | 'silenced') =>
        on_told(begun, { type: 'roster', joined: [], changed: [{ id: 'a', audio }], left: [] })[1];

    assert.deepEqual(change('silenced'), [{ kind: 'silenced', what: 'audio' }]);
    assert.deepEqual(change('muted'), []);
});

test('Hands stand first in the list, then oneself, then the others as they came', () => {
    const state = after({
        type: 'roster',
        joined: [person('c'), person('d', { hand: true })],
        changed: [],
        left: [],
    });

    assert.deepEqual(roster_order(state).map((each) => each.id), ['d', 'a', 'b', 'c']);
});

test('Who has left speaks no more', () => {
    const state = after({ type: 'speaking', ids: ['b', 'a'] }, { type: 'roster', joined: [], changed: [], left: ['b'] });

    assert.deepEqual(state.speaking, ['a']);
});

test('One’s own line in the chat takes the place of the one that waited', () => {
    const waiting = { from: 'a', name: 'A', text: 'Hi', at: '', key: 'k', waiting: true };
    const [state, notices] = on_told(
        { ...begun, chat: [waiting] },
        { type: 'chat', from: 'a', name: 'A', text: 'Hi', key: 'k', at: '2026-01-31T12:00:00Z' },
    );

    assert.equal(state.chat.length, 1);
    assert.equal(state.chat[0]!.waiting, undefined);
    assert.equal(state.unread, 0);
    assert.deepEqual(notices, []);
});

test('Another’s line counts as unread, even with a key that is ours', () => {
    const waiting = { from: 'a', name: 'A', text: 'Hi', at: '', key: 'k', waiting: true };
    const [state] = on_told(
        { ...begun, chat: [waiting] },
        { type: 'chat', from: 'b', name: 'B', text: 'Ho', key: 'k', at: '' },
    );

    assert.equal(state.chat.length, 2);
    assert.equal(state.unread, 1);
});

test('The chat outlives a reconnect, the roster does not', () => {
    const before = after({ type: 'chat', from: 'b', name: 'B', text: 'Ho', at: '' });

    const state = on_joined({ ...joined, roster: [person('a')] }, before);

    assert.equal(state.chat.length, 1);
    assert.deepEqual(state.people.map((each) => each.id), ['a']);
});

test('A layout message without word of the self-view leaves it as it was', () => {
    const state = after(
        { type: 'layout', mine: 'grid', room: null, self: false },
        { type: 'layout', mine: null, room: 'speaker' },
    );

    assert.deepEqual(state.layout, { mine: null, room: 'speaker', self: false });
});

test('Another who begins to share is worth a word', () => {
    const [state, notices] = on_told(begun, { type: 'content', sharer: 'b', asked_by: null });

    assert.equal(state.sharer, 'b');
    assert.deepEqual(notices.map((each) => each.kind), ['sharing']);
});
