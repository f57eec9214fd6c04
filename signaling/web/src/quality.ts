/// How good the connection is, from what the browser counted: pure, one sample a second.
export interface Counters {
    at_ms: number;
    packets_received: number;
    packets_lost: number;
    bytes_received: number;
    bytes_sent: number;
    frames_decoded: number;
    freezes: number;
    freeze_s: number;
    jitter_ms: number;
    rtt_ms: number | null;
    concealed_samples: number;
    samples: number;
    remote_lost_share: number | null;
    picture: { width: number; height: number } | null;
    sent_picture: { width: number; height: number; fps: number } | null;
    codecs: string[];
    transport: string | null;
}

export interface Sample {
    loss_share: number;
    sent_loss_share: number | null;
    rtt_ms: number | null;
    jitter_ms: number;
    received_bps: number;
    sent_bps: number;
    fps: number;
    concealed_share: number;
    freezes: number;
    packets: number;
    picture: Counters['picture'];
    sent_picture: Counters['sent_picture'];
    codecs: string[];
    transport: string | null;
}

export type Quality = 'good' | 'weak' | 'bad';

export interface Judgement {
    quality: Quality;
    /// How many samples in a row said something else, and what.
    against: number;
    towards: Quality;
}

export const kFirstJudgement: Judgement = { quality: 'good', against: 0, towards: 'good' };

export function sample_between(before: Counters, now: Counters): Sample {
    const seconds = Math.max(0.001, (now.at_ms - before.at_ms) / 1000);
    const packets = Math.max(0, now.packets_received - before.packets_received);
    const lost = Math.max(0, now.packets_lost - before.packets_lost);
    const samples = Math.max(0, now.samples - before.samples);
    const concealed = Math.max(0, now.concealed_samples - before.concealed_samples);
    return {
        loss_share: packets + lost > 0 ? lost / (packets + lost) : 0,
        sent_loss_share: now.remote_lost_share,
        rtt_ms: now.rtt_ms,
        jitter_ms: now.jitter_ms,
        received_bps: (Math.max(0, now.bytes_received - before.bytes_received) * 8) / seconds,
        sent_bps: (Math.max(0, now.bytes_sent - before.bytes_sent) * 8) / seconds,
        fps: Math.max(0, now.frames_decoded - before.frames_decoded) / seconds,
        concealed_share: samples > 0 ? concealed / samples : 0,
        freezes: Math.max(0, now.freezes - before.freezes),
        packets,
        picture: now.picture,
        sent_picture: now.sent_picture,
        codecs: now.codecs,
        transport: now.transport,
    };
}

export function quality_of(sample: Sample): Quality {
    const loss = Math.max(sample.loss_share, sample.sent_loss_share ?? 0);
    const rtt = sample.rtt_ms ?? 0;
    if (sample.packets === 0 || loss > 0.1 || rtt > 800 || sample.concealed_share > 0.2) return 'bad';
    if (loss > 0.03 || rtt > 400 || sample.concealed_share > 0.05 || sample.freezes > 0) {
        return 'weak';
    }
    return 'good';
}

/// Two samples to get worse, five to get better: a mark that flickers tells nobody anything.
export function judge(before: Judgement, sample: Sample): Judgement {
    const seen = quality_of(sample);
    if (seen === before.quality) return { quality: seen, against: 0, towards: seen };
    const worse = rank(seen) > rank(before.quality);
    const same_way = before.against > 0 && rank(before.towards) > rank(before.quality) === worse;
    const against = same_way ? before.against + 1 : 1;
    if (against >= (worse ? 2 : 5)) return { quality: seen, against: 0, towards: seen };
    return { quality: before.quality, against, towards: seen };
}

function rank(quality: Quality): number {
    return { good: 0, weak: 1, bad: 2 }[quality];
}

/// In a sentence, for people: what is wrong, and whose way it is on.
export function explain(quality: Quality, sample: Sample | null): string {
    if (!sample || quality === 'good') return 'Picture and sound arrive well.';
    if (sample.packets === 0) return 'Nothing arrives from the meeting at the moment.';
    if ((sample.sent_loss_share ?? 0) > 0.03) {
        return 'Part of what you send is lost on its way: others may see and hear you badly.';
    }
    if (sample.loss_share > 0.03) {
        return 'Part of what is sent to you is lost on its way. Moving closer to the Wi-Fi may help.';
    }
    if ((sample.rtt_ms ?? 0) > 400) return 'Answers take long on this network: people may talk at once.';
    return 'The network is uneven: picture or sound may stop for a moment.';
}
