import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';

const folder = process.env['TESSERA_PAGE'] ?? 'dist';
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
const text_of = (name: string): string => readFileSync(join(folder, name), 'utf8');
const scripts = files.filter((name) => name.endsWith('.js'));

test('The page takes at most 80 KB of compressed script', () => {
    const bytes = scripts.reduce((sum, name) => sum + gzipSync(text_of(name), { level: 9 }).length, 0);

    assert.ok(scripts.length > 0);
    assert.ok(bytes <= 80 * 1000, `${bytes} bytes`);
});

test('No file of the page names another host', () => {
    // Namespaces are names, not addresses.
    const namespaces = /https?:\/\/www\.w3\.org\/[\w/]*/g;
    for (const name of files.filter((each) => /\.(js|css|html|svg|webmanifest)$/.test(each))) {
        assert.doesNotMatch(text_of(name).replace(namespaces, ''), /(https?|wss?):\/\/[a-z0-9]/i, name);
    }
});

test('The page has no script or style inside its HTML, which the content policy would refuse', () => {
    const html = text_of('index.html');

    assert.doesNotMatch(html, /<script(?![^>]*\bsrc=)[^>]*>/);
    assert.doesNotMatch(html, /<style|\bstyle=|\bon\w+=/);
    for (const name of scripts) assert.doesNotMatch(text_of(name), /\beval\(|new Function\(/, name);
});
