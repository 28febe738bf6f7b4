/** Code in the documentation is an example that runs; the files it names exist. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ERROR_CATALOGUE } from '../../src/base/errors.js';

const root = join(import.meta.dirname, '..', '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const pages = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`),
].filter((path) => path.endsWith('.md'));

describe.each(pages)('%s', (page) => {
  const text = read(page);

  it('shows examples as they are', () => {
    for (const [, path, code] of text.matchAll(/<!-- example: (\S+) -->\n```\w*\n([\s\S]*?)```/g)) {
      expect(code, path).toBe(read(path));
    }
  });

  it('links to files that exist', () => {
    const missing = [...text.matchAll(/\]\((?!https?:|#|mailto:)([^)#]+)/g)]
      .map(([, target]) => join(root, page, '..', target))
      .filter((path) => !existsSync(path));
    expect(missing).toEqual([]);
  });
});

describe('docs/ARCHITECTURE.md', () => {
  it('names source files that exist', () => {
    const text = read('docs/ARCHITECTURE.md');
    const named = [
      ...text.matchAll(
        /`((?:base|sip|sdp|rtp|codecs|dsp|media|ua|phone|webphone|exchange|testing|server|cli)\/[\w./-]+\.ts)`/g,
      ),
    ];
    expect(named.length).toBeGreaterThan(10);
    expect(named.map(([, path]) => `src/${path}`).filter((path) => !existsSync(join(root, path)))).toEqual(
      [],
    );
  });
});

describe('docs/ERRORS.md', () => {
  it('has every error of the catalogue with its remedy', () => {
    const text = read('docs/ERRORS.md');
    for (const [code, { remedy }] of Object.entries(ERROR_CATALOGUE)) {
      expect(text).toContain(`\`${code}\``);
      expect(text).toContain(remedy);
    }
  });
});
