/** A phone on a server: no window, no sound device, no sound service. It starts, answers, records and streams. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Phone } from '../../dist/index.js';
import { levelDbov } from '../../src/dsp/level.js';
import { readWav } from '../../src/media/index.js';
import { hasOpenssl, TestAuthority } from '../support/certificates.js';
import { freePort } from '../support/free-port.js';
import { cliPath, NodeProgram, projectRoot } from '../support/run-node.js';

const speech = join(projectRoot, 'assets', 'speech.wav');
/** Nothing of a desktop. */
const BARE = { DISPLAY: '', WAYLAND_DISPLAY: '', PULSE_SERVER: 'unix:/nowhere', XDG_RUNTIME_DIR: '/nowhere' };

let folder: string;
let program: NodeProgram | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'switchhook-headless-'));
});
afterEach(async () => {
  await program?.stop();
  program = undefined;
  await rm(folder, { recursive: true, force: true });
});

async function start(port: number, ...args: string[]): Promise<void> {
  const control = `wpapiudplistenport=${await freePort()}`;
  const given = [
    'register=0',
    'serveraddress=127.0.0.1',
    'username=desk',
    `signalingport=${port}`,
    'autoaccept=true',
  ];
  program = new NodeProgram([cliPath, ...given, control, ...args], BARE, folder);
  await program.until(/Control server on/);
  await program.until(/START,sip/);
}

describe('a phone without window and sound device', () => {
  it('[server-use/3] [server-use/4] starts, answers, records and streams', async () => {
    const port = await freePort();
    const heard = createSocket('udp4').bind(0, '127.0.0.1');
    await once(heard, 'listening');
    let packets = 0;
    heard.on('message', () => packets++);
    await start(
      port,
      'voicerecording=1',
      'sendmedia_to_ip=127.0.0.1',
      `sendmediain_to=${heard.address().port}`,
    );
    await using caller = new Phone({ listen: { host: '127.0.0.1' } });
    const call = await caller.call(`sip:desk@127.0.0.1:${port}`, { signal: AbortSignal.timeout(20_000) });
    const playing = call.startPlaying(speech);
    await vi.waitFor(() => expect(packets).toBeGreaterThan(150), 15_000);
    playing.stop();
    await call.hangup();
    heard.close();
    await program?.until(/VREC,-1,3,1,/);
    const [file] = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.wav'));
    const { channels } = await readWav(join(folder, file));
    expect(Math.max(...channels.map((channel) => levelDbov(channel)))).toBeGreaterThan(-45);
  });

  it.skipIf(!hasOpenssl)('[server-use/0] listens on UDP, TCP and TLS, answers and sends audio', async () => {
    using authority = new TestAuthority();
    const own = authority.issue(['IP:127.0.0.1']);
    await writeFile(join(folder, 'own.pem'), `${own.cert}\n${own.key}`);
    const [port, tls] = [await freePort(), await freePort()];
    await start(port, 'tlsclientcertfile=own.pem', `listenontls=${tls}`);
    await using caller = new Phone({ listen: { host: '127.0.0.1' }, tls: { ca: authority.ca } });
    for (const [at, transport] of [
      [port, 'udp'],
      [port, 'tcp'],
      [tls, 'tls'],
    ] as const) {
      const call = await caller.call(`sip:desk@127.0.0.1:${at};transport=${transport}`, {
        signal: AbortSignal.timeout(20_000),
      });
      await vi.waitFor(async () => expect((await call.stats()).received.packets).toBeGreaterThan(10), 10_000);
      await call.hangup();
    }
  });
});
