/// From what the server wants to be sent to what a sender's encoder is told.
import type { SendLimit } from './protocol.js';

export interface Encoding {
    active: boolean;
    scaleResolutionDownBy?: number;
    maxBitrate?: number;
    maxFramerate?: number;
}

/// `limit` undefined: the server has not said yet, so nothing is limited; null: nobody looks.
///
/// Shown cropped, a picture must cover its tile: the smaller of both ratios, so that what is shown is never blurred. A
/// phone turns its camera's picture, the server's size may still lie across: it is turned with it.
export function encoding_for(
    limit: SendLimit | null | undefined,
    track: { width?: number; height?: number },
): Encoding {
    if (limit === undefined) return { active: true };
    if (limit === null) return { active: false };
    const encoding: Encoding = {
        active: true,
        maxBitrate: limit.bitrate_bps,
        maxFramerate: limit.fps,
        scaleResolutionDownBy: 1,
    };
    if (track.width && track.height) {
        const turned = track.width < track.height !== limit.width < limit.height;
        const [width, height] = turned
            ? [limit.height, limit.width]
            : [limit.width, limit.height];
        const ratio = Math.min(track.width / width, track.height / height);
        encoding.scaleResolutionDownBy = Math.max(1, Math.round(ratio * 100) / 100);
    }
    return encoding;
}
