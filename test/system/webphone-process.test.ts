/** A phone without a window, started as users of the flat API start it: key=value, wpcfg.ini, standard input, the server. */
import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SettingsStore } from '../../dist/webphone/index.js';
import { http, TcpClient, UdpClient } from '../support/control/clients.js';
import { freePort } from '../support/free-port.js';
import { cliPath, NodeProgram, type RunResult, runNode } from '../support/run-node.js';

let exchange: NodeProgram;
let server: string;
let folder: string;
let port: number;
const programs: NodeProgram[] = [];

beforeAll(async () => {
  exchange = new NodeProgram([cliPath, 'exchange', '--port', '0', '--users', 'ann:pw-of-ann', '--json']);
  server = (await exchange.until(/"address":"([^"]+)"/))[1];
});
afterAll(() => exchange.stop());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'switchhook-process-'));
  port = await freePort();
});
afterEach(async () => {
  await Promise.all(programs.splice(0).map((program) => program.stop()));
  await rm(folder, { recursive: true, force: true });
});

const account = (): string[] => [
  `serveraddress=${server}`,
  'username=ann',
  'password=pw-of-ann',
  'signalingport=0',
];
const ports = (): string[] => [`wpapiudplistenport=${port}`, `wpapilistenport=${port}`];
async function start(...args: string[]): Promise<NodeProgram> {
  const program = new NodeProgram([cliPath, ...args], {}, folder);
  programs.push(program);
  await program.until(/Control server on/);
  return program;
}
const once = (...args: string[]): Promise<RunResult> => runNode([cliPath, ...args], {}, folder);

describe('key=value arguments', () => {
  it('[cli/0] [param:autocall] [param:callto] register, call, and end with the call', async () => {
    const { code, stdout } = await once(
      ...account(),
      ...ports(),
      'callto=prompt',
      'autocall=true',
      'loglevel=1',
    );
    expect(stdout).toMatch(/WPNOTIFICATION,REGISTER,0,1,Registered/);
    expect(stdout).toMatch(/STATUS,1,CallConnect,prompt/);
    expect(stdout).toMatch(/CDR,1,prompt/);
    expect(code).toBe(0);
  });

  it('keep the call in a database, and show no warning of Node.js, not even one to come', async () => {
    const args = [...account(), ...ports(), 'callto=prompt', 'autocall=true'];
    const { code, stderr } = await runNode([cliPath, ...args], { NODE_PENDING_DEPRECATION: '1' }, folder);
    expect(code).toBe(0);
    expect(stderr).not.toMatch(/Warning/);
    expect(await readdir(join(folder, 'mwphonedata'))).toContain('phone.db');
  });

  it('end with a code that says why the call failed, or the registration', async () => {
    const refused = await once(...account(), ...ports(), 'callto=reject-486', 'autocall=true');
    expect(refused.code).toBe(4);
    const stranger = await once(...account(), ...ports(), 'password=wrong', 'callto=echo', 'autocall=true');
    expect(stranger.code).toBe(3);
  });

  it('name a setting there is not, and one that is missing', async () => {
    expect(await once('serveradress=x')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('did you mean serveraddress?'),
    });
    expect(await once('autocall=true')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('needs callto='),
    });
  });

  it('[cli/0] are read from wpcfg.ini as well, the command line being the last word', async () => {
    await writeFile(
      join(folder, 'wpcfg.ini'),
      `${[...account(), 'callto=nobody', 'loglevel=1'].join('\r\n')}\r\n`,
    );
    const { code, stdout } = await once(...ports(), 'callto=prompt', 'autocall=true');
    expect(stdout).toMatch(/CallConnect,prompt/);
    expect(code).toBe(0);
  });

  it('[cli/1] [param:iscommandline] [API_StartGUI] run without a window, which there is none of to open', async () => {
    await start(...ports(), 'iscommandline=true');
    const { text } = await http(port, '/?function=API_StartGUI');
    expect(text).toContain('APIRESULT:ERROR');
    expect((await http(port, '/?function=API_TestEcho&echo=alive')).text).toContain('alive');
  });

  it('[API_Exit] end by API_Exit', async () => {
    const program = await start(...ports());
    expect((await http(port, '/?function=API_Exit')).text).toContain('OK: initiated');
    expect((await program.finished).code).toBe(0);
    programs.length = 0;
  });

  it('[param:singleinstance] leave one phone running, the newest, when that is wanted', async () => {
    const only = { XDG_RUNTIME_DIR: folder };
    const begin = async (args: string[]): Promise<NodeProgram> => {
      const program = new NodeProgram([cliPath, ...args], only, folder);
      programs.push(program);
      await program.until(/Control server on/);
      return program;
    };
    const old = await begin([...ports(), 'singleinstance=true']);
    const next = await begin([...ports(), 'singleinstance=true']);
    expect((await old.finished).code).toBe(0);
    expect(old.stdout).toContain('STOP,api');
    expect((await http(port, '/?function=API_TestEcho&echo=newest')).text).toContain('newest');
    const beside = await begin([`wpapiudplistenport=${await freePort()}`]);
    expect((await http(port, '/?function=API_TestEcho&echo=still')).text).toContain('still');
    await Promise.all([next.stop(), beside.stop()]);
  });

  it('take requests on standard input', async () => {
    const program = await start(...ports());
    program.send('function=API_TestEcho,echo=one\nAPI_TestEcho,two\n');
    await program.until(/APIRESULT:one\r\n[\s\S]*APIRESULT:two\r\n/);
    program.send('API_Exit\n');
    expect((await program.finished).code).toBe(0);
    programs.length = 0;
  });
});

describe('the settings of the control server', () => {
  it('[param:wpapiudplistenport] listens on UDP alone unless told otherwise', async () => {
    const program = await start(`wpapiudplistenport=${port}`);
    expect(program.stdout).toContain(`127.0.0.1:${port} (UDP)`);
    expect(program.stdout).not.toContain('TCP');
    const client = await UdpClient.to(port);
    client.send('API_TestEcho,hello');
    expect(await client.next()).toContain('APIRESULT:hello');
    client.close();
  });

  it('[param:wpapilistenport] listens on TCP, and not on UDP with 0 there', async () => {
    const program = await start('wpapiudplistenport=0', `wpapilistenport=${port}`);
    expect(program.stdout).not.toContain('UDP');
    const client = new TcpClient(port);
    client.send('API_TestEcho,hello\r\n');
    await client.until(/APIRESULT:hello/);
    client.close();
  });

  it('[param:wpapilistenport] [param:wpapiudplistenport] are those of `serve` as well, when it is given no port', async () => {
    const udp = await freePort();
    const program = await start('serve', `wpapilistenport=${port}`, `wpapiudplistenport=${udp}`);
    expect(program.stdout).toContain(`127.0.0.1:${port} (TCP, HTTP, WebSocket)`);
    expect(program.stdout).toContain(`127.0.0.1:${udp} (UDP)`);
    const client = new TcpClient(port);
    client.send('API_Exit\r\n');
    await client.ended();
    expect(client.text).toMatch(/API_ExitAPIRESULT:OK: initiated[\s\S]*WPNOTIFICATION,STOP,api,NEOL \r\n$/);
    expect((await program.finished).code).toBe(0);
  });

  it('[param:wpapilistenip] listens elsewhere only with a token', async () => {
    const open = await once(...ports(), 'wpapilistenip=all');
    expect(open).toMatchObject({ code: 1, stderr: expect.stringContaining('to everybody') });
    const program = await start(...ports(), 'wpapilistenip=all', 'wpapitoken=open-sesame');
    expect(program.stdout).toContain(`0.0.0.0:${port}`);
    expect((await http(port, '/?function=API_TestEcho&echo=a')).status).toBe(401);
    expect((await http(port, '/?function=API_TestEcho&echo=a&token=open-sesame')).status).toBe(200);
  });

  it('[param:wpapiconnectport] [param:canuseudpnotifications] tells a port that has not asked', async () => {
    const listener = await UdpClient.to(port);
    await start(...ports(), `wpapiconnectport=${listener.port}`);
    expect(await listener.next()).toBe('WPNOTIFICATION,START,api,NEOL \r\n');
    listener.close();
    const other = await UdpClient.to(port);
    await Promise.all(programs.splice(0).map((program) => program.stop()));
    await start(...ports(), `wpapiconnectport=${other.port}`, 'canuseudpnotifications=0');
    await expect(other.next(500)).rejects.toThrow('no datagram');
    other.close();
  });
});

describe('what a process is told to keep', () => {
  const ask = async (request: string): Promise<string> =>
    (await http(port, `/?function=${request}`)).text.replace(/^.*APIRESULT:/s, '');

  it('[config-persist/0] [param:autocfgsave] is there again after a restart, and after a kill', async () => {
    const first = await start(...ports());
    expect(await ask('API_SetParameter&param=displayname&value=Anna')).toBe('OK: initiated');
    await first.stop();
    const second = await start(...ports());
    expect(await ask('API_GetParameter&param=displayname')).toBe('Anna');
    // More changes than it can write, and no time to end.
    for (let i = 0; i < 40; i++) await ask(`API_SetParameter&param=displayname&value=Anna${i}`);
    await new Promise((resolve) => setTimeout(resolve, 480 + Math.random() * 120));
    await second.stop('SIGKILL');
    const third = await start(...ports());
    expect(await ask('API_GetParameter&param=displayname')).toMatch(/^Anna(39)?$/);
    expect(third.stderr).toBe('');
  });

  it('[config-persist/0] is reported and kept aside when it cannot be read: damaged, or of another key', async () => {
    const data = join(folder, 'mwphonedata');
    const file = join(data, 'settings.dat');
    await (await start(...ports(), 'displayname=Anna')).stop();
    const whole = await readFile(file, 'utf8');
    for (const [what, spoil] of [
      ['damaged', () => writeFile(file, whole.slice(0, 60))],
      ['another one', () => copyFile(join(folder, 'foreign.dat'), file)],
    ] as const) {
      if (what !== 'damaged') {
        await new SettingsStore(join(folder, 'foreign.dat'), 'the key of another machine', 2).save({
          version: '1',
          configVersion: 0,
          fingerprint: '',
          settings: { displayname: 'Bert' },
          learned: {},
        });
      }
      await spoil();
      const before = await readFile(file, 'utf8');
      const program = await start(...ports());
      expect(program.stderr).toMatch(
        new RegExp(`settings\\.dat.*${what}.*kept as settings\\.dat\\.unreadable`),
      );
      expect(await ask('API_GetParameter&param=displayname')).toBe('');
      await ask('API_SetParameter&param=displayname&value=New');
      await program.stop();
      const asides = (await readdir(data)).filter((name) => name.includes('unreadable'));
      const texts = await Promise.all(asides.map((name) => readFile(join(data, name), 'utf8')));
      expect(texts).toContain(before);
    }
  });
});

describe('the log of a process', () => {
  it('[logs/2] is mwphonedata/webphonelog.dat, has the whole signalling at 5, little at 1, and no password', async () => {
    const log = (): Promise<string> => readFile(join(folder, 'mwphonedata', 'webphonelog.dat'), 'utf8');
    await once(...account(), ...ports(), 'callto=prompt', 'autocall=true', 'loglevel=5');
    const full = await log();
    expect(full).toMatch(/5 SIP sent to udp:[\d.:]+\r?\nREGISTER sip:/);
    expect(full).toMatch(/INVITE sip:prompt@/);
    expect(full).not.toContain('pw-of-ann');
    expect(full).toMatch(/response="\(hidden\)"/);
    await once(...account(), ...ports(), 'callto=prompt', 'autocall=true', 'loglevel=1', 'canlogtofile=2');
    expect(await log()).toBe(full);
  });
});
