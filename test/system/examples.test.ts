/** Every example runs, against the embedded exchange. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Phone } from '../../dist/index.js';
import { levelDbov } from '../../src/dsp/level.js';
import { readWav } from '../../src/media/index.js';
import { businessExamples } from '../support/business-examples.js';
import { cliPath, NodeProgram, projectRoot, runNode } from '../support/run-node.js';

const USERS = 'app:pw,caller:pw,agent:pw,boss:pw';
let exchange: NodeProgram;
let folder: string;
let env: Record<string, string>;
const example = (name: string): string => join(projectRoot, 'examples', name);
const caller = (): string[] => ['--server', env.SIP_SERVER, '--user', 'caller', '--password', 'pw'];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'switchhook-examples-'));
  exchange = new NodeProgram([cliPath, 'exchange', '--port', '0', '--users', USERS, '--json']);
  const [, address] = await exchange.until(/"address":"([^"]+)"/);
  env = { SIP_SERVER: address, SIP_USER: 'app', SIP_PASSWORD: 'pw', RECORDINGS: folder };
});

afterAll(async () => {
  await exchange.stop();
  await rm(folder, { recursive: true, force: true });
});

const tests: Record<string, () => Promise<void>> = {
  'first-call.mjs': async () => {
    const { code, stdout, stderr } = await runNode([example('first-call.mjs')], env);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/talked for 1\d{4} ms, MOS 4/);
  },
  'webphone.mjs': async () => {
    const { code, stdout, stderr } = await runNode([example('webphone.mjs')], env);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^STATUS,1,Speaking,[\s\S]*^CDR,1,/m);
  },
  'own-exchange.mjs': async () => {
    const { code, stdout } = await runNode([example('own-exchange.mjs')]);
    expect(code).toBe(0);
    expect(stdout).toContain('connected with PCMU');
  },
  'dialer.mjs': async () => {
    const { code, stdout } = await runNode([example('dialer.mjs'), 'echo', 'reject-486', 'nobody'], env);
    expect(code).toBe(0);
    expect(stdout.trim().split('\n')).toEqual([
      'echo: reached',
      'reject-486: ERR_CALL_REJECTED 486',
      'nobody: ERR_CALL_REJECTED 404',
    ]);
  },
  'answering-machine.mjs': async () => {
    const machine = new NodeProgram([example('answering-machine.mjs')], env);
    try {
      await machine.until(/waiting for calls/);
      const call = runNode([
        cliPath,
        'call',
        'app',
        ...caller(),
        '--dtmf',
        ',,,,,,,,,,,,,,,,,,,,,,,,,,,,#',
        '--duration',
        '30',
      ]);
      await machine.until(/message of caller: .*\.wav, \d+ ms/, 40_000);
      expect((await call).code).toBe(0);
    } finally {
      await machine.stop();
    }
  },
  'receptionist.mjs': async () => {
    const desk = new NodeProgram([example('receptionist.mjs'), 'reject-486', 'echo'], env);
    await using caller = new Phone({ server: env.SIP_SERVER, username: 'caller', password: 'pw' });
    try {
      await desk.until(/waiting for calls/);
      const call = await caller.call('app');
      const moved = new Promise<string>((resolve) =>
        call.on('transferred', (next) => next.remote.user === 'echo' && resolve(next.remote.user)),
      );
      await desk.until(/reject-486: ERR_TRANSFER 486[\s\S]*echo: transferred/, 20_000);
      expect(await moved).toBe('echo');
      await call.ended;
    } finally {
      await desk.stop();
    }
  },
  'softphone.mjs': async () => {
    const speech = join(projectRoot, 'assets', 'speech.wav');
    const heard = join(folder, 'softphone.wav');
    const record = join(folder, 'caller.wav');
    const devices = { MICROPHONE: `file:${speech}`, SPEAKER: `file:${heard}`, RINGER: 'none' };
    const phone = new NodeProgram([example('softphone.mjs')], { ...env, ...devices });
    try {
      await phone.until(/waiting for calls/);
      const args = ['--play', speech, '--record', record, '--duration', '8'];
      const { code } = await runNode([cliPath, 'call', 'app', ...caller(), ...args]);
      expect(code).toBe(0);
      await phone.until(/talked for [5-9] s/);
    } finally {
      await phone.stop();
    }
    const said = await readWav(record);
    expect(levelDbov(said.channels[0])).toBeGreaterThan(-45);
    expect(levelDbov((await readWav(heard)).mono)).toBeGreaterThan(-45);
  },
  'chat-bot.mjs': async () => {
    const bot = new NodeProgram([example('chat-bot.mjs')], env);
    await using caller = new Phone({ server: env.SIP_SERVER, username: 'caller', password: 'pw' });
    try {
      await bot.until(/waiting for messages/);
      await caller.register();
      const answers: string[] = [];
      caller.messages.on('message', ({ from, text }) => answers.push(`${from.user}: ${text}`));
      const watch = caller.presence.watch('app');
      await vi.waitFor(
        () => expect(watch.state).toMatchObject({ group: 'online', details: 'ask me for the time' }),
        10_000,
      );
      caller.messages.typing('app');
      await bot.until(/caller is typing/);
      expect(await caller.messages.send('app', 'hello')).toMatchObject({ status: 'sent' });
      await vi.waitFor(() => expect(answers).toEqual(['app: You said: hello']), 10_000);
      await caller.messages.send('app', 'time?');
      await vi.waitFor(() => expect(answers[1]).toMatch(/^app: 20\d\d-/), 10_000);
      await caller.messages.send('app', 'away');
      await vi.waitFor(() => expect(watch.state.group).toBe('away'), 10_000);
    } finally {
      await bot.stop();
    }
  },
  'audio-bot.mjs': async () => {
    const bot = new NodeProgram([example('audio-bot.mjs')], env);
    try {
      await bot.until(/waiting for calls/);
      const speech = join(projectRoot, 'assets', 'speech.wav');
      const { code, stdout } = await runNode([
        cliPath,
        'call',
        'app',
        ...caller(),
        '--play',
        speech,
        '--duration',
        '8',
        '--json',
      ]);
      expect(code).toBe(0);
      const ended = stdout.split('\n').find((line) => line.includes('"event":"ended"')) ?? '{}';
      const { record } = JSON.parse(ended) as { record: { media: { received: { packets: number } } } };
      expect(record.media.received.packets).toBeGreaterThan(300);
    } finally {
      await bot.stop();
    }
  },
};

for (const [name, check] of Object.entries(businessExamples)) tests[name] = () => check({ env, folder });

describe('examples', () => {
  it.each(Object.entries(tests))('%s runs', async (_, test) => test());

  it('are all here', async () => {
    const files = (await readdir(join(projectRoot, 'examples'))).filter((name) => name.endsWith('.mjs'));
    expect(files.sort()).toEqual(Object.keys(tests).sort());
  });
});
