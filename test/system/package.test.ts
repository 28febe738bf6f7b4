/** The package as npm ships it, in somebody's project: every entry is there, typed strictly, and runs. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { projectRoot } from '../support/run-node.js';

const run = promisify(execFile);
const USER = `
import { type Call, Phone } from 'switchhook';
import * as codecs from 'switchhook/codecs';
import * as media from 'switchhook/media';
import * as rtp from 'switchhook/rtp';
import * as sdp from 'switchhook/sdp';
import * as server from 'switchhook/server';
import * as sip from 'switchhook/sip';
import * as testing from 'switchhook/testing';
import { Webphone } from 'switchhook/webphone';

const exchange = await new testing.Exchange({ users: { ann: 'secret' } }).start();
const phone = new Phone({ server: exchange.address, username: 'ann', password: 'secret' });
phone.on('incoming', (call: Call) => void call.answer());
await phone.register();
await phone.close();
await exchange.close();
const webphone = new Webphone({ settings: { loglevel: 1 } });
const version: string = webphone.API_GetVersion();
await webphone.close();
// @ts-expect-error a setting that does not exist
new Webphone({ settings: { logleval: 1, username2: "b", externapi1_url: "" } });
const empty = [codecs, media, rtp, sdp, server, sip].filter((entry) => Object.keys(entry).length === 0);
console.log(JSON.stringify({ version, empty: empty.length }));
process.exit(0);
`;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'switchhook-package-'));
  const modules = join(folder, 'node_modules');
  const home = join(modules, 'switchhook');
  await mkdir(home, { recursive: true });
  const { stdout } = await run(
    'npm',
    ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder],
    {
      cwd: projectRoot,
    },
  );
  await run('tar', ['-xzf', join(folder, stdout.trim()), '-C', home, '--strip-components=1']);
  await symlink(join(projectRoot, 'node_modules'), join(home, 'node_modules'));
  await symlink(join(projectRoot, 'node_modules', '@types'), join(modules, '@types'));
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  await writeFile(join(folder, 'user.ts'), USER);
}, 120_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

it('is typed for a strict project and runs in it', async () => {
  const tsc = join(projectRoot, 'node_modules', 'typescript', 'bin', 'tsc');
  const options = ['--strict', '--skipLibCheck', 'false', '--module', 'nodenext', '--target', 'es2022'];
  const lib = ['--lib', 'es2022,esnext.disposable', '--types', 'node'];
  const compiled = await run(process.execPath, [tsc, ...options, ...lib, 'user.ts'], { cwd: folder }).catch(
    (error: { stdout: string }) => error,
  );
  expect(compiled.stdout).toBe('');
  const { stdout } = await run(process.execPath, ['user.js'], { cwd: folder });
  expect(JSON.parse(stdout)).toEqual({ version: expect.stringMatching(/\d/), empty: 0 });
}, 180_000);
