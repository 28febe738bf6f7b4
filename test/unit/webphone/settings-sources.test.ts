/** Where settings come from, which of them win, and what servers may send. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../src/base/clock.js';
import { MemoryStore } from '../../../src/phone/index.js';
import { Webphone } from '../../../src/webphone/index.js';
import { loadSettings, type SettingSources } from '../../../src/webphone/settings/load-settings.js';
import { Settings } from '../../../src/webphone/settings/settings.js';
import { settingsFromSip } from '../../../src/webphone/settings/settings-from-sip.js';
import { SettingsStore } from '../../../src/webphone/settings/settings-store.js';
import {
  fromArguments,
  fromEnvironment,
  fromFile,
  fromLines,
} from '../../../src/webphone/settings/sources.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'switchhook-settings-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const store = (secret = 'a key'): SettingsStore => new SettingsStore(join(folder, 'settings.dat'), secret, 2);

interface Run {
  sources?: SettingSources;
  version?: string;
  secret?: string;
  warnings?: string[];
}

const start = ({ sources, version = '1.0.0', secret, warnings = [] }: Run = {}) =>
  loadSettings({
    sources,
    version,
    store: store(secret),
    clock: new VirtualClock(),
    onWarning: (text) => warnings.push(text),
  });

describe('sources', () => {
  it('[config-sources/0] arguments, lines and the file say the same', async () => {
    const path = join(folder, 'wpcfg.ini');
    writeFileSync(
      path,
      '\ufeff[phone]\r\n; a comment\r\nserveraddress = pbx.example\r\nloglevel=5\r\npassword="a=b;c"\r\n',
    );
    const wanted = [
      ['serveraddress', 'pbx.example'],
      ['loglevel', '5'],
      ['password', 'a=b;c'],
    ];
    expect(fromFile([join(folder, 'absent.ini'), path])).toEqual({ path, pairs: wanted, unread: [] });
    expect(
      fromArguments(['serveraddress=pbx.example', 'loglevel=5', 'password=a=b;c', '--json', 'call']),
    ).toEqual(wanted);
    expect(fromLines('serveraddress=pbx.example\r\nloglevel=5\r\npassword=a=b;c\r\n')).toEqual(wanted);
    const api = new Settings();
    for (const [name, value] of fromLines('serveraddress=pbx.example\r\nloglevel=5\r\n'))
      api.set(name, value);
    const { settings } = await start({ sources: { file: fromFile([path])?.pairs } });
    for (const name of ['serveraddress', 'loglevel']) expect(settings.get(name)).toBe(api.get(name));
  });

  it('[config-sources/1] the environment, by its prefix', async () => {
    const pairs = fromEnvironment({ wp_username: 'anna', WP_LOGLEVEL: '3', PATH: '/bin' });
    const { settings } = await start({ sources: { environment: pairs } });
    expect([settings.text('username'), settings.number('loglevel')]).toEqual(['anna', 3]);
  });

  it('win in their order', async () => {
    const { settings } = await start({
      sources: {
        commandLine: [['username', 'line']],
        file: [
          ['username', 'file'],
          ['loglevel', '2'],
        ],
        environment: [
          ['username', 'env'],
          ['loglevel', '3'],
          ['displayname', 'Env'],
        ],
      },
    });
    expect([settings.text('username'), settings.number('loglevel'), settings.text('displayname')]).toEqual([
      'line',
      2,
      'Env',
    ]);
    expect(settings.origin('username')).toBe('command line');
    settings.set('username', 'api');
    expect(settings.text('username')).toBe('api');
  });

  it('decode a password by pwdencrypted wherever that stands', async () => {
    const { settings } = await start({
      sources: {
        commandLine: [
          ['password', 'MTIzNA=='],
          ['pwdencrypted', '4'],
        ],
      },
    });
    expect(settings.text('password')).toBe('1234');
  });
});

describe('kept settings', () => {
  it('[config-persist/0] [param:autocfgsave] come back in the next run, as the setting says', async () => {
    const first = await start();
    first.settings.set('username', 'anna');
    first.settings.set('password', 'secret');
    first.settings.set('callto', '1234');
    first.learn('signalingport', 15_060);
    await first.close();
    const second = await start();
    expect([second.settings.text('username'), second.settings.text('password')]).toEqual(['anna', 'secret']);
    expect(second.settings.text('callto')).toBe('');
    expect(second.learned('signalingport')).toBe(15_060);
    await second.close();
    const notLoaded = await start({ sources: { commandLine: [['autocfgsave', '0']] } });
    expect(notLoaded.settings.given('username')).toBe(false);
    notLoaded.settings.set('displayname', 'Unsaved');
    await notLoaded.close();
    const loadOnly = await start({
      sources: {
        commandLine: [
          ['autocfgsave', '2'],
          ['resetsettingsonconfigchange', '0'],
        ],
      },
    });
    expect(loadOnly.settings.text('username')).toBe('anna');
    expect(loadOnly.settings.given('displayname')).toBe(false);
    loadOnly.settings.set('username', 'bert');
    await loadOnly.close();
    expect((await start()).settings.text('username')).toBe('anna');
  });

  it.each([1, 0, -1, -2])(
    '[security-strict/9] autocfgsave %i: only 1 writes settings to the disk',
    async (autocfgsave) => {
      const loaded = await start({ sources: { commandLine: [['autocfgsave', String(autocfgsave)]] } });
      loaded.settings.set('username', 'anna');
      await loaded.close();
      expect(existsSync(join(folder, 'settings.dat'))).toBe(autocfgsave === 1);
    },
  );

  it('[config-persist/1] [param:resetsettings] [param:configversion] go when a reset is asked for', async () => {
    const keep = async (sources: SettingSources = {}, version?: string): Promise<string> => {
      const keeper = await start({ sources, version });
      const found = keeper.settings.text('displayname');
      keeper.settings.set('displayname', 'Anna');
      await keeper.close();
      return found;
    };
    expect(await keep()).toBe('');
    expect(await keep()).toBe('Anna');
    expect(await keep({ commandLine: [['resetsettings', 'true']] })).toBe('');
    expect(await keep({ file: [['resetsettings', 'true']] })).toBe('Anna');
    expect(await keep({ file: [['configversion', '1']] })).toBe('');
    expect(await keep({ file: [['configversion', '1']] })).toBe('Anna');
    expect(await keep({ file: [['configversion', '2']] })).toBe('');
  });

  it('[param:resetsettingsonconfigchange] [param:resetsettingsonversionchange] go with what they were for', async () => {
    const keep = async (file: SettingSources['file'], version = '1.0.0'): Promise<string> => {
      const keeper = await start({ sources: { file }, version });
      const found = keeper.settings.text('displayname');
      keeper.settings.set('displayname', 'Anna');
      await keeper.close();
      return found;
    };
    await keep([['loglevel', '2']]);
    expect(await keep([['loglevel', '2']])).toBe('Anna');
    expect(await keep([['loglevel', '3']])).toBe('');
    const lax = ['resetsettingsonconfigchange', '0'] as const;
    expect(await keep([['loglevel', '4'], lax])).toBe('Anna');
    const guess = ['resetsettingsonconfigchange', '2'] as const;
    expect(await keep([['loglevel', '5'], guess])).toBe('Anna');
    expect(await keep([['username', 'other'], guess])).toBe('');
    expect(await keep([['username', 'other'], guess], '1.0.1')).toBe('');
    const kept = ['resetsettingsonversionchange', '2'] as const;
    await keep([kept], '1.0.1');
    expect(await keep([kept], '1.0.2')).toBe('Anna');
    expect(await keep([kept], '1.1.0')).toBe('');
    await keep([['resetsettingsonversionchange', '0']], '1.1.0');
    expect(await keep([['resetsettingsonversionchange', '0']], '2.0.0')).toBe('Anna');
  });

  it('[API_DelSettings] deletes what is kept: the settings, everything the user has, and what was found out', async () => {
    const begin = async () => {
      const keeper = await start();
      const store = new MemoryStore();
      const webphone = new Webphone({ startsipstack: 0, settings: keeper.settings, phone: { store } });
      return { keeper, store, webphone };
    };
    const fill = async () => {
      const { keeper, store, webphone } = await begin();
      webphone.API_SetParameter('username', 'anna');
      webphone.API_SetLineParameter(2, 'displayname', 'Anna', 1);
      webphone.API_AddContact('Bob,bob');
      store.values.set('last dialled', 'bob');
      keeper.learn('guid', 'one');
      await keeper.flush();
      return { keeper, store, webphone };
    };
    /** What the next run knows, and what the store has. */
    const left = async (level: number) => {
      const { keeper, store, webphone } = await fill();
      expect((await start()).settings.text('username')).toBe('anna');
      expect(webphone.API_DelSettings(level)).toBe(true);
      expect(webphone.API_GetLineParameter(2, 'displayname')).toBe('');
      await webphone.close();
      await keeper.close();
      const next = await start();
      const user = next.settings.text('username');
      return [user, next.learned('guid'), store.contacts.all().length, store.values.names().length];
    };
    expect(await left(0)).toEqual(['', 'one', 1, 1]);
    expect(await left(1)).toEqual(['', 'one', 1, 1]);
    expect(await left(2)).toEqual(['', 'one', 0, 0]);
    expect(existsSync(join(folder, 'settings.dat'))).toBe(true);
    expect(await left(3)).toEqual(['', undefined, 0, 0]);
    expect(existsSync(join(folder, 'settings.dat'))).toBe(false);
  });

  it('[API_DelSettings] writes no file where none is wanted', async () => {
    const keeper = await start({ sources: { commandLine: [['autocfgsave', '-2']] } });
    const webphone = new Webphone({ startsipstack: 0, settings: keeper.settings });
    keeper.learn('guid', 'one');
    for (const level of [1, 3]) expect(webphone.API_DelSettings(level)).toBe(true);
    webphone.API_SetParameter('username', 'anna');
    keeper.learn('guid', 'two');
    await webphone.close();
    await keeper.close();
    expect(existsSync(join(folder, 'settings.dat'))).toBe(false);
  });

  it('can be forgotten', async () => {
    const keeper = await start();
    keeper.settings.set('displayname', 'Anna');
    await keeper.flush();
    await keeper.forget();
    expect(keeper.settings.text('displayname')).toBe('');
    await keeper.close();
    expect((await start()).settings.given('displayname')).toBe(false);
  });
});

describe('a configuration file that cannot be read', () => {
  it('in some of its lines has their numbers told, not what is in them', () => {
    const path = join(folder, 'wpcfg.ini');
    writeFileSync(path, '\ufeff; ours\n[phone]\nusername=anna\n\nsecret\r\n# end\n2=x');
    expect(fromFile([path])).toEqual({ path, pairs: [['username', 'anna']], unread: [5, 7] });
  });

  it('is named', () => {
    expect(() => fromFile([join(folder, 'none.ini'), folder])).toThrow(`${folder} cannot be read: EISDIR`);
  });
});

describe('settings in SIP messages', () => {
  const message = (headers: string, host = '10.0.0.1') => ({
    direction: 'in' as const,
    remote: { host, port: 5060 },
    data: Buffer.from(
      `SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 10.0.0.2\r\n${headers}\r\n\r\nX-MParam: loglevel=9`,
    ),
  });
  const ours = (host: string): boolean => host === '10.0.0.1';

  it('[config-from-sip/0] change what they name, and the persistent ones are kept', async () => {
    const first = await start();
    first.settings.set('loglevel', 3);
    settingsFromSip(first.settings, message('X-MParam: loglevel=5;aec=0\r\nx-mparamp: dtmfmode=4'), ours);
    expect(['loglevel', 'aec', 'dtmfmode'].map((name) => first.settings.get(name))).toEqual([5, 0, 4]);
    await first.close();
    const second = await start();
    expect(['loglevel', 'aec', 'dtmfmode'].map((name) => second.settings.get(name))).toEqual([3, 1, 4]);
  });

  it('[config-from-sip/1] [param:acceptsettingsfromsip] are not taken when switched off, nor from strangers', () => {
    const settings = new Settings();
    settingsFromSip(settings, message('X-MParam: aec=0', '10.9.9.9'), ours);
    settingsFromSip(settings, { ...message('X-MParam: aec=0'), direction: 'out' }, ours);
    expect(settings.get('aec')).toBe(1);
    settings.set('acceptsettingsfromsip', 0);
    expect(settingsFromSip(settings, message('X-MParam: aec=0\r\nX-MParamP: aec=0'), ours)).toEqual([]);
    expect(settings.get('aec')).toBe(1);
  });

  it('do not open files, hooks or the control interface', () => {
    const settings = new Settings();
    const header = 'X-MParam: externapi1_url=http://x/;logpath=/etc/passwd;password=x;wpapilistenip=all';
    const results = settingsFromSip(settings, message(header), ours);
    expect(results.map(({ ok }) => ok)).toEqual([false, false, false, false]);
  });

  it.each([
    'enableautoaccept=3',
    'autoaccept=true',
    'bargeinheader=X-Me',
    'callforwardalways=evil',
    'calltransferalways=evil',
    'numrewriterulesadv=,1;0;;1;12;;evil',
    'proxyaddress=10.6.6.6',
    'transport=0',
    'mediaencryption=0',
    'tlspolicy=1',
    'acceptsettingsfromsip=1',
    'voicerecording=1',
    'sendmedia_to_ip=10.6.6.6',
    'backupserver=10.6.6.6',
  ])('do not make a listening device of the phone: %s', (setting) => {
    const settings = new Settings();
    const [name] = setting.split('=');
    const before = settings.get(name);
    const results = settingsFromSip(settings, message(`X-MParamP: ${setting}`), ours);
    expect(results[0]).toEqual({ ok: false, error: `${name} is not taken from a server` });
    expect(settings.get(name)).toBe(before);
  });
});
