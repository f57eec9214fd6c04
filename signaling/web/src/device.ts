/// What kind of device this is, and which browser's words its help uses.
export type OwnDevice = 'desktop' | 'phone' | 'tablet';

export function device_of(agent: string, touch_points: number): OwnDevice {
    if (/iPad|Tablet/.test(agent)) return 'tablet';
    // An iPad calls itself a Mac, but no Mac has a touch screen.
    if (/Macintosh/.test(agent) && touch_points > 1) return 'tablet';
    if (/Android/.test(agent)) return /Mobile/.test(agent) ? 'phone' : 'tablet';
    return /iPhone|iPod|Mobi/.test(agent) ? 'phone' : 'desktop';
}

export type Browser = 'chromium' | 'firefox' | 'safari' | 'ios';

export function browser_of(agent: string, touch_points: number): Browser {
    if (/iPhone|iPad|iPod/.test(agent) || (/Macintosh/.test(agent) && touch_points > 1)) return 'ios';
    if (/Firefox\//.test(agent)) return 'firefox';
    if (/Chrome\/|Chromium\/|Edg\//.test(agent)) return 'chromium';
    return /Safari\//.test(agent) ? 'safari' : 'chromium';
}

/// The steps that undo a refused permission.
export function permission_steps(browser: Browser): string[] {
    switch (browser) {
        case 'firefox':
            return [
                'Click the crossed-out camera or microphone at the left end of the address bar.',
                'Remove “Blocked” by its small cross.',
                'Then press “Ask again”.',
            ];
        case 'safari':
            return [
                'Open the Safari menu and choose “Settings for This Website”.',
                'Set Camera and Microphone to “Allow”.',
                'Then press “Ask again”.',
            ];
        case 'ios':
            return [
                'Tap “aA” or the puzzle icon in the address bar, then “Website Settings”.',
                'Set Camera and Microphone to “Allow”.',
                'Then press “Ask again”.',
            ];
        case 'chromium':
            return [
                'Click the icon at the left end of the address bar.',
                'Switch on Camera and Microphone for this page.',
                'Then press “Ask again”.',
            ];
    }
}

/// /r/ROOM; null: no room is named.
export function room_of(path: string): string | null {
    const found = /^\/r\/([^/]+)\/?$/.exec(path);
    if (!found) return null;
    try {
        return decodeURIComponent(found[1]!);
    } catch {
        return null;
    }
}
