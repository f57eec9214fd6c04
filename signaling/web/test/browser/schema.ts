/// Enough of JSON Schema for docs/websocket.schema.json: what is wrong with a message, or null.
import { readFileSync } from 'node:fs';

interface Schema {
    $ref?: string;
    type?: string;
    const?: unknown;
    enum?: unknown[];
    required?: string[];
    properties?: Record<string, Schema>;
    items?: Schema;
    anyOf?: Schema[];
    minimum?: number;
    minLength?: number;
    maxLength?: number;
    maxItems?: number;
}

const document = JSON.parse(readFileSync('../../docs/websocket.schema.json', 'utf8')) as {
    $defs: Record<string, Schema>;
};

/// By the definition's name: `client_join`, `server_joined`.
export function fault_of(message: { type: string }, side: 'client' | 'server'): string | null {
    const name = message.type === 'ack' ? 'ack' : `${side}_${message.type}`;
    const schema = document.$defs[name];
    return schema ? fault(message, schema, message.type) : `no ${name} in the schema`;
}

function fault(value: unknown, schema: Schema, at: string): string | null {
    if (schema.$ref) return fault(value, document.$defs[schema.$ref.split('/').at(-1)!]!, at);
    if (schema.anyOf && schema.anyOf.every((each) => fault(value, each, at) !== null)) {
        return `${at}: fits none`;
    }
    if (schema.const !== undefined && value !== schema.const) return `${at}: not ${schema.const}`;
    if (schema.enum && !schema.enum.includes(value)) return `${at}: ${value} is not known`;
    if (schema.type && !is_a(value, schema.type)) return `${at}: not ${schema.type}`;
    if (typeof value === 'string') {
        if (value.length < (schema.minLength ?? 0)) return `${at}: too short`;
        if (value.length > (schema.maxLength ?? Infinity)) return `${at}: too long`;
    }
    if (typeof value === 'number' && value < (schema.minimum ?? -Infinity)) return `${at}: too small`;
    if (Array.isArray(value)) {
        if (value.length > (schema.maxItems ?? Infinity)) return `${at}: too many`;
        return first(value.map((each, index) => fault(each, schema.items ?? {}, `${at}[${index}]`)));
    }
    if (typeof value !== 'object' || value === null) return null;
    const members = value as Record<string, unknown>;
    const missing = (schema.required ?? []).find((name) => !(name in members));
    if (missing) return `${at}: ${missing} is missing`;
    return first(
        Object.entries(schema.properties ?? {})
            .filter(([name]) => name in members)
            .map(([name, each]) => fault(members[name], each, `${at}.${name}`)),
    );
}

function is_a(value: unknown, type: string): boolean {
    switch (type) {
        case 'integer':
            return Number.isSafeInteger(value);
        case 'array':
            return Array.isArray(value);
        case 'null':
            return value === null;
        case 'object':
            return typeof value === 'object' && value !== null && !Array.isArray(value);
        default:
            return typeof value === type;
    }
}

function first(faults: (string | null)[]): string | null {
    return faults.find((each) => each !== null) ?? null;
}
