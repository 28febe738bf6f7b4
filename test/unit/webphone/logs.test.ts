/** The log: levels, file with rotation, console, polling, and no secrets in any of them. */
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NotificationHub, Settings, Webphone } from '../../../src/webphone/index.js';
import { hideSecrets } from '../../../src/webphone/logs/hide-secrets.js';
import { LogFile } from '../../../src/webphone/logs/log-file.js';
import { LogOutputs } from '../../../src/webphone/logs/log-outputs.js';
import { settingSecrets } from '../../../src/webphone/logs/setting-secrets.js';
import { WebphoneLog } from '../../../src/webphone/webphone-log.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'switchhook-logs-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));
const text = (name: string): Promise<string> => readFile(join(folder, name), 'utf8');

function world(given: Record<string, string | number>) {
  const settings = new Settings();
  for (const [name, value] of Object.entries({ logpath: join(folder, 'webphonelog.dat'), ...given })) {
    expect(settings.set(name, value).ok).toBe(true);
  }
  const notifications = new NotificationHub();
  const log = new WebphoneLog({
    notifications,
    level: () => settings.number('loglevel'),
    polling: () => settings.number('logpolling') === 1,
    path: () => settings.text('logpath'),
    secrets: settingSecrets(settings),
  });
  let console = '';
  const errors: string[] = [];
  const outputs = new LogOutputs(log, {
    settings,
    console: (more) => (console += more),
    onError: (message) => errors.push(message),
  });
  return { settings, notifications, log, outputs, errors, console: () => console };
}

describe('the log', () => {
  it('[logs/0] [param:loglevel] [param:canlogtofile] [param:logtoconsole] goes to file, console, poll and notifications as the settings say', async () => {
    const { log, outputs, notifications, console } = world({ loglevel: 5, logpolling: 1 });
    notifications.configure({ events: 3 });
    const told: string[] = [];
    notifications.on('LOG', (one) => told.push(one.toString()));
    log.add(2, 'hello');
    log.logger.child('ua').info('registered', { status: 200 });
    await outputs.close();
    expect(await text('webphonelog.dat')).toMatch(/^2 hello\n3 .* INFO {2}ua registered status=200\n$/);
    expect(console()).toMatch(/hello\n.*registered/);
    expect(log.poll()).toMatch(/hello\r\n.*registered status=200/);
    expect(log.poll()).toBe('');
    expect(told).toEqual(['LOG,EVENT,hello', expect.stringMatching(/^LOG,EVENT,.*registered/)]);
  });

  it.each([
    [{ loglevel: 2 }, false, false],
    [{ loglevel: 3 }, true, true],
    [{ loglevel: 1, canlogtofile: 2, logtoconsole: 2 }, true, true],
    [{ loglevel: 5, canlogtofile: 0, logtoconsole: 0 }, false, false],
  ])('%j writes a file: %s, to the console: %s', async (given, toFile, toConsole) => {
    const { log, outputs, console } = world(given);
    log.add(1, 'important');
    await outputs.close();
    expect((await readdir(folder)).includes('webphonelog.dat')).toBe(toFile);
    expect(console() !== '').toBe(toConsole);
  });

  it('[param:logpolling] keeps nothing for polling unless asked to', () => {
    const { log, settings } = world({ loglevel: 5, canlogtofile: 0, logtoconsole: 0 });
    log.add(1, 'one');
    expect(log.poll()).toBe('');
    settings.set('logpolling', 1);
    log.add(1, 'two');
    expect(log.poll()).toBe('two');
  });

  it('[param:loglevel] has only what matters at 1, and nothing at 0', async () => {
    const { log, settings, outputs } = world({ loglevel: 1, canlogtofile: 2, logtoconsole: 0 });
    log.logger.error('broken');
    log.logger.info('detail');
    log.add(2, 'chatter');
    settings.set('loglevel', 0);
    log.logger.error('not even this');
    await outputs.close();
    expect((await text('webphonelog.dat')).trim().split('\n')).toHaveLength(1);
  });

  it('[param:logpath] takes environment variables in its path', async () => {
    process.env.SWITCHHOOK_TEST_LOGS = folder;
    const { log, outputs } = world({
      loglevel: 3,
      logpath: '$SWITCHHOOK_TEST_LOGS/deep/own.log',
      logtoconsole: 0,
    });
    log.add(1, 'here');
    await outputs.close();
    expect(await text('deep/own.log')).toBe('1 here\n');
  });

  it('tells once when the file cannot be written, and goes on', async () => {
    await writeFile(join(folder, 'file'), '');
    const { log, outputs, errors } = world({
      loglevel: 3,
      logpath: join(folder, 'file', 'x.log'),
      logtoconsole: 0,
    });
    log.add(1, 'one');
    await new Promise((resolve) => setTimeout(resolve, 50));
    log.add(1, 'two');
    await outputs.close();
    expect(errors).toEqual(['the log file cannot be written']);
  });

  it('never has a secret in it', async () => {
    const { log, settings, outputs } = world({ loglevel: 6, logtoconsole: 0, logpolling: 1 });
    settings.set('password', 'correct horse');
    log.add(1, 'trying correct horse');
    log.add(1, 'password=hunter2, next');
    log.logger.debug('sdp', {
      line: 'a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz',
    });
    log.logger.debug('Authorization: Digest username="a", response="0123456789abcdef0123456789abcdef"');
    await outputs.close();
    for (const lines of [await text('webphonelog.dat'), log.poll()]) {
      expect(lines).not.toMatch(/horse|hunter2|WVNf|0123456789abcdef/);
      expect(lines).toContain('username="a"');
    }
  });
});

describe('a phone that is to write no files', () => {
  it.each([
    [-1, true],
    [-2, false],
  ])('[param:autocfgsave] %i: a log file is written: %s', async (autocfgsave, written) => {
    const { log, outputs } = world({ loglevel: 5, canlogtofile: 2, logtoconsole: 0, autocfgsave });
    log.add(2, 'hello');
    await outputs.close();
    expect((await readdir(folder)).length > 0).toBe(written);
  });
});

describe('the functions of the log', () => {
  it('[API_AddLog] [API_GetLogs] [API_GetLogPath] [notify:LOG] add lines, give them back once, and name the file', async () => {
    const logpath = join(folder, 'own.log');
    const webphone = new Webphone({
      startsipstack: 0,
      settings: { loglevel: 3, events: 3, logpolling: 1, logtoconsole: 0, logpath, autocfgsave: -1 },
      workFolder: folder,
    });
    const told: string[] = [];
    webphone.notifications.on('LOG', (one) => told.push(one.toString()));
    webphone.API_AddLog('usual');
    webphone.API_AddLog(3, 'detail');
    webphone.API_AddLog(4, 'too much');
    expect(webphone.API_GetLogPath()).toBe(logpath);
    expect(webphone.API_GetLogs()).toBe('usual\r\ndetail');
    expect(webphone.API_GetLogs()).toBe('');
    expect(told).toEqual(['LOG,EVENT,usual', 'LOG,EVENT,detail']);
    await webphone.close();
    expect(await text('own.log')).toBe('2 usual\n3 detail\n');
  });
});

describe('a log file', () => {
  const write = async (
    options: { old?: 'append' | 'keep-one' | 'delete'; maxBytes?: number },
    lines: readonly string[],
  ) => {
    const file = new LogFile({
      path: join(folder, 'a.log'),
      old: options.old ?? 'keep-one',
      maxBytes: () => options.maxBytes ?? 1e6,
      onError: (error) => {
        throw error;
      },
    });
    for (const line of lines) file.write(line);
    await file.flush();
  };

  it('[logs/3] [param:deloldlogs] keeps the one before, appends to it, or deletes it', async () => {
    await write({}, ['first']);
    await write({}, ['second']);
    expect([await text('a.log'), await text('previous_a.log')]).toEqual(['second\n', 'first\n']);
    await write({ old: 'append' }, ['third']);
    expect(await text('a.log')).toBe('second\nthird\n');
    await write({ old: 'delete' }, ['fourth']);
    expect([await text('a.log'), await text('previous_a.log')]).toEqual(['fourth\n', 'first\n']);
  });

  it('[logs/1] [param:maxlogsize] never grows beyond its limit, and keeps one previous', async () => {
    const lines = Array.from({ length: 500 }, (_, i) => `line ${i} ${'ő'.repeat(i % 30)}`);
    await write({ maxBytes: 2000 }, [...lines, 'y'.repeat(5000), 'last']);
    expect(await readdir(folder)).toEqual(['a.log', 'previous_a.log']);
    for (const name of ['a.log', 'previous_a.log'])
      expect((await stat(join(folder, name))).size).toBeLessThanOrEqual(2000);
    expect(await text('a.log')).toBe('last\n');
  });

  it('is readable by its owner only', async () => {
    await write({}, ['x']);
    expect((await stat(join(folder, 'a.log'))).mode & 0o077).toBe(0);
  });

  it('writes a burst of lines in their order', async () => {
    const lines = Array.from({ length: 20_000 }, (_, i) => String(i));
    await write({ maxBytes: 1e9 }, lines);
    expect((await text('a.log')).trim().split('\n')).toEqual(lines);
  });
});

describe('hiding secrets', () => {
  it.each([
    ['pwd: abc, x', 'pwd: (hidden), x'],
    ['token=abc&b=c', 'token=(hidden)&b=c'],
    ['password="a b" c', 'password=(hidden) c'],
    ['My secret plan', 'My secret plan'],
    ['cnonce="abc", response="def"', 'cnonce="abc", response="(hidden)"'],
  ])('%s', (given, expected) => {
    expect(hideSecrets(given, [])).toBe(expected);
  });
});
