/** The samples of examples/clients as their users run them: a phone, an exchange, and each language's interpreter. */
import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { freePort } from '../support/free-port.js';
import { describeWith } from '../support/peers/require-peer.js';
import { cliPath, NodeProgram, projectRoot } from '../support/run-node.js';

const run = promisify(execFile);
const sample = (name: string): string => join(projectRoot, 'examples', 'clients', name);
let folder: string;
let exchange: NodeProgram;
let phone: NodeProgram;
let port: number;
let env: Record<string, string>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'switchhook-clients-'));
  exchange = new NodeProgram([cliPath, 'exchange', '--port', '0', '--users', 'app:pw-of-app', '--json']);
  const [, server] = await exchange.until(/"address":"([^"]+)"/);
  port = await freePort();
  phone = new NodeProgram(
    [cliPath, 'serve', '--port', String(port), '--json', 'signalingport=0'],
    {},
    folder,
  );
  await phone.until(/"event":"listening"/);
  env = { SIP_SERVER: server, SIP_USER: 'app', SIP_PASSWORD: 'pw-of-app', SWITCHHOOK_PORT: String(port) };
});

afterAll(async () => {
  await phone.stop();
  await exchange.stop();
  await rm(folder, { recursive: true, force: true });
});

async function sampleRuns(command: string, args: readonly string[]): Promise<void> {
  const { stdout } = await run(command, [...args, 'echo'], {
    env: { ...process.env, ...env },
    cwd: folder,
    timeout: 60_000,
  });
  expect(stdout).toMatch(/REGISTER,.*Registered/);
  expect(stdout).toMatch(/STATUS,1,CallConnect/);
  expect(stdout).toMatch(/CDR,1,/);
}

describeWith(['python3'], 'Python, over TCP', () => {
  it('registers, calls and hangs up', () => sampleRuns('python3', [sample('phone.py')]));
});

describeWith(['php'], 'PHP, over HTTP', () => {
  it('registers, calls and hangs up', () => sampleRuns('php', [sample('phone.php')]));
});

describeWith(['mcs', 'mono'], 'C#, over UDP', () => {
  it('registers, calls and hangs up', async () => {
    await copyFile(sample('Phone.cs'), join(folder, 'Phone.cs'));
    await run('mcs', ['Phone.cs'], { cwd: folder });
    await sampleRuns('mono', ['Phone.exe']);
  });
});

describeWith(['curl', 'nc'], 'shell, with curl and nc', () => {
  it('registers, calls and hangs up', () => sampleRuns('sh', [sample('phone.sh')]));
});

describe('a web page, over WebSocket', () => {
  it('registers, calls and hangs up', async () => {
    Object.assign(globalThis, { WebSocket });
    const { registerAndCall } = (await import(sample('phone.js'))) as {
      registerAndCall(options: Record<string, unknown>): Promise<string>;
    };
    const lines: string[] = [];
    const record = await registerAndCall({
      url: `ws://127.0.0.1:${port}/`,
      server: env.SIP_SERVER,
      username: env.SIP_USER,
      password: env.SIP_PASSWORD,
      number: 'echo',
      log: (line: string) => lines.push(line),
    });
    expect(record).toMatch(/^CDR,1,/);
    expect(lines.join('\n')).toMatch(/STATUS,1,CallConnect/);
  });
});
