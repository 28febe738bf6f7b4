/** Guards who may import whom (docs/ARCHITECTURE.md): layers only point downwards, no cycles, no oversized files. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const src = join(root, 'src');

/** Layer → the layers it may import besides itself. */
const ALLOWED: Record<string, readonly string[]> = {
  base: [],
  sip: ['base'],
  sdp: ['base'],
  rtp: ['base'],
  nat: ['base'],
  codecs: ['base'],
  dsp: ['base'],
  media: ['base', 'rtp', 'codecs', 'dsp', 'nat'],
  ua: ['base', 'sip', 'sdp', 'media', 'nat'],
  phone: ['base', 'ua', 'sip', 'media'],
  webphone: ['base', 'media', 'ua', 'phone'],
  observe: ['base'],
  server: ['base', 'webphone', 'observe'],
  exchange: ['base', 'sip', 'media', 'ua', 'phone'],
  testing: ['base', 'sip', 'sdp', 'rtp', 'media', 'codecs', 'dsp', 'ua', 'phone', 'exchange'],
  cli: ['base', 'sip', 'sdp', 'media', 'ua', 'phone', 'webphone', 'server', 'observe', 'exchange', 'testing'],
};
/** Layers without I/O: no Node module may be imported there. */
const PURE = ['sdp', 'codecs', 'dsp'];

function files(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? files(path) : path.endsWith('.ts') ? [path] : [];
  });
}

const sources = files(src);
const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s+(type\s)?[^'"`;]*?from\s+['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)/g;

interface Import {
  from: string;
  specifier: string;
  target?: string;
  typeOnly: boolean;
  /** Loaded when it is needed only. */
  lazy: boolean;
}

const imports: Import[] = sources.flatMap((from) =>
  [...readFileSync(from, 'utf8').matchAll(IMPORT)].map((match) => {
    const specifier = match[2] ?? match[3];
    const target = specifier.startsWith('.')
      ? join(dirname(from), specifier.replace(/\.js$/, '.ts'))
      : undefined;
    return { from, specifier, target, typeOnly: match[1] !== undefined, lazy: match[3] !== undefined };
  }),
);

const layerOf = (path: string): string => relative(src, path).split(sep)[0];
const name = (path: string): string => relative(root, path);

describe('layers', () => {
  it('only point downwards', () => {
    const wrong = imports
      .filter(({ from, target }) => target && relative(src, from).includes(sep))
      .filter(({ from, target }) => {
        const [a, b] = [layerOf(from), layerOf(target as string)];
        return a !== b && !(ALLOWED[a] ?? []).includes(b);
      })
      .map(({ from, target }) => `${name(from)} imports ${name(target as string)}`);
    expect(wrong).toEqual([]);
  });

  it('are all known to this test', () => {
    expect(
      readdirSync(src).filter((entry) => statSync(join(src, entry)).isDirectory() && !ALLOWED[entry]),
    ).toEqual([]);
  });

  it('keep the pure ones free of Node modules', () => {
    const wrong = imports
      .filter(({ from, specifier }) => PURE.includes(layerOf(from)) && specifier.startsWith('node:'))
      .map(({ from, specifier }) => `${name(from)} imports ${specifier}`);
    expect(wrong).toEqual([]);
  });

  it('have no import cycles', () => {
    const graph = new Map<string, string[]>();
    for (const { from, target, typeOnly } of imports) {
      if (target && !typeOnly) graph.set(from, [...(graph.get(from) ?? []), target]);
    }
    const cycles: string[] = [];
    const done = new Set<string>();
    const visit = (node: string, path: string[]): void => {
      const at = path.indexOf(node);
      if (at >= 0) {
        cycles.push([...path.slice(at), node].map(name).join(' → '));
        return;
      }
      if (done.has(node)) return;
      for (const next of graph.get(node) ?? []) visit(next, [...path, node]);
      done.add(node);
    };
    for (const file of sources) visit(file, []);
    expect(cycles).toEqual([]);
  });
});

describe('a phone at rest', () => {
  it('has loaded neither codecs nor files nor connections (its memory: bench/README.md)', () => {
    const loaded = new Set<string>();
    const load = (file: string): void => {
      if (loaded.has(file)) return;
      loaded.add(file);
      for (const { from, target, typeOnly, lazy } of imports)
        if (from === file && target && !typeOnly && !lazy) load(target);
    };
    load(join(src, 'index.ts'));
    const unwanted = [
      'media/index.ts',
      'media/engine/host-bridge.ts',
      'codecs/registry.ts',
      'dsp/resample.ts',
      'rtp/srtp/suites.ts',
      'sip/transport/stream-transport.ts',
    ];
    expect(unwanted.filter((file) => loaded.has(join(src, file)))).toEqual([]);
    expect(loaded.has(join(src, 'media', 'calls.ts'))).toBe(true);
  });
});

describe('files', () => {
  /** Number tables of standards are exempt. */
  const isTable = (path: string): boolean => /tables?(-[a-z0-9]+)*\.ts$/.test(path);
  const lengths = sources
    .filter((path) => !isTable(path))
    .map((path) => ({ path: name(path), lines: readFileSync(path, 'utf8').split('\n').length - 1 }));

  it('have at most 700 lines', () => {
    expect(lengths.filter(({ lines }) => lines > 700)).toEqual([]);
  });

  it('have at most 450 lines in nine of ten, 200 or so in the middle', () => {
    const sorted = lengths.map(({ lines }) => lines).sort((a, b) => a - b);
    expect(sorted[Math.floor(sorted.length * 0.9)]).toBeLessThanOrEqual(450);
    expect(sorted[Math.floor(sorted.length / 2)]).toBeLessThanOrEqual(220);
  });
});
