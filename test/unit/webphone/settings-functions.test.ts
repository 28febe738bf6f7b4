import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebphoneWorld } from '../../support/webphone-world.js';

let w: WebphoneWorld;

beforeEach(() => {
  w = new WebphoneWorld();
});
afterEach(() => w.end());

describe('settings', () => {
  it('[API_SetParameter] [API_GetParameter] take numbers, texts and booleans, DEF and NULL, and encrypted texts', () => {
    expect(w.webphone.API_SetParameter('loglevel', 5)).toBe(true);
    expect(w.webphone.API_GetParameter('LogLevel')).toBe('5');
    expect(w.webphone.API_SetParameter('loglevel', 'DEF')).toBe(true);
    expect(w.webphone.API_GetParameter('loglevel')).not.toBe('5');
    w.webphone.API_SetParameter('displayname', 'Me');
    w.webphone.API_SetParameter('displayname', 'NULL');
    expect(w.webphone.API_GetParameter('displayname')).toBe('');
    w.webphone.API_SetParameter('username', `encrypted__4__${Buffer.from('alice').toString('base64')}`);
    expect(w.webphone.API_GetParameter('username')).toBe('alice');
    expect(w.webphone.API_SetParameter('nosuchthing', 1)).toBe(false);
    expect(w.last('WARNING')).toContain('is not a setting');
    expect(w.webphone.API_GetParameter('nosuchthing')).toBe('');
    // As printed once in the manual, with a line in front.
    expect(w.webphone.execute('API_SetParameter', [0, 'enabledirectcalls', 3])).toBe(true);
    expect(w.webphone.API_GetParameter('enabledirectcalls')).toBe('3');
  });

  it('[notify:WARNING] tells a setting it does not know once', () => {
    w.webphone.API_SetParameter('nosuchthing', 1);
    w.webphone.API_SetParameter('nosuchthing', 1);
    expect(w.strings('WARNING')).toHaveLength(1);
  });

  it('[API_SetParameters] takes lines of key=value', () => {
    expect(w.webphone.API_SetParameters('username=alice\r\npassword=a=b\r\n')).toBe(true);
    expect(w.webphone.API_GetParameter('password')).toBe('a=b');
    expect(w.webphone.API_SetParameters(String.raw`techprefix=1\r\nuseragent=Mine`)).toBe(true);
    expect(w.webphone.API_GetParameter('techprefix')).toBe('1');
    expect(w.webphone.API_SetParameters(`password=${btoa('pass')}\npwdencrypted=4`)).toBe(true);
    expect(w.webphone.API_GetParameter('password')).toBe('pass');
    expect(w.webphone.API_SetParameters('displayname=X\nnothing')).toBe(false);
    expect(w.webphone.API_GetParameter('displayname')).toBe('X');
  });

  it('[API_SetLineParameter] [API_GetLineParameter] set for a line, the next call, all, and take back', () => {
    w.webphone.API_SetParameter('displayname', 'All');
    expect(w.webphone.API_SetLineParameter(2, 'displayname', 'Two', 1)).toBe(true);
    expect(w.webphone.API_GetLineParameter(2, 'displayname')).toBe('Two');
    expect(w.webphone.API_GetLineParameter(3, 'displayname')).toBe('All');
    w.webphone.API_SetLineParameter(-1, 'displayname', 'Active');
    expect(w.webphone.API_GetLineParameter(1, 'displayname')).toBe('Active');
    w.webphone.API_SetLineParameter(2, 'displayname', 'NULL', 1);
    expect(w.webphone.API_GetLineParameter(2, 'displayname')).toBe('All');
    expect(w.webphone.API_SetLineParameter(0, '', 'NULL')).toBe(true);
    expect(w.webphone.API_GetLineParameter(1, 'displayname')).toBe('All');
    w.webphone.API_SetLineParameter(-2, 'displayname', 'Global');
    expect(w.webphone.API_GetParameter('displayname')).toBe('Global');
    expect(w.webphone.API_SetLineParameter(1, 'loglevel', '5')).toBe(false);
  });

  it('[API_SetCredentials] [API_SetCredentialsMD5] [API_ClearCredentials] set the account; what is empty stays', () => {
    expect(w.webphone.API_SetCredentials('sip.example.com', 'alice', 'pw', 'auth', 'Alice')).toBe(true);
    w.webphone.API_SetCredentials('', 'bob', '');
    expect(
      ['serveraddress', 'username', 'password', 'sipusername', 'displayname'].map((name) =>
        w.webphone.API_GetParameter(name),
      ),
    ).toEqual(['sip.example.com', 'bob', 'pw', 'auth', 'Alice']);
    expect(w.webphone.API_SetCredentialsMD5('', 'bob', 'no digest', '')).toBe(false);
    expect(w.webphone.API_SetCredentialsMD5('', 'bob', 'a'.repeat(32), 'realm')).toBe(true);
    expect(w.webphone.API_GetParameter('md5')).toBe('a'.repeat(32));
    expect(w.webphone.API_ClearCredentials()).toBe(true);
    expect(w.webphone.API_GetParameter('username')).toBe('');
    expect(w.webphone.API_GetParameter('md5')).toBe('');
  });

  it('[API_DelSettings] [config-persist/2] deletes the settings once, the settings, everything, and caches as well', () => {
    w.webphone.API_SetParameter('username', 'alice');
    w.webphone.API_AddContact('Bob,bob');
    expect(w.webphone.API_DelSettings(1)).toBe(true);
    expect(w.webphone.API_GetParameter('username')).toBe('');
    expect(w.webphone.API_GetContacts()).not.toBe('');
    expect(w.webphone.execute('API_DeSettings', [2])).toBe(true);
    expect(w.webphone.API_GetContacts()).toBe('');
    w.webphone.API_SetParameter('username', 'carol');
    w.webphone.API_DelSettings(0);
    expect(w.webphone.API_GetParameter('username')).toBe('carol');
    w.webphone.API_AddContact('Bob,bob');
    expect(w.webphone.API_DelSettings(3)).toBe(true);
    expect([w.webphone.API_GetParameter('username'), w.webphone.API_GetContacts()]).toEqual(['', '']);
    expect(w.webphone.API_DelSettings(9)).toBe(false);
  });

  it('[API_GetVersion] [API_GetDeviceID] [API_ServerInit] tell the version and a stable id', () => {
    expect(w.webphone.API_GetVersion()).toMatch(/^\d+\.\d+\.\d+/);
    expect(w.webphone.API_GetDeviceID()).toMatch(/^[0-9a-f]{32}$/);
    expect(w.webphone.API_GetDeviceID()).toBe(w.webphone.API_GetDeviceID());
    expect(w.webphone.API_ServerInit('10.0.0.1')).toBe(true);
  });
});

describe('lists', () => {
  it.each([
    ['Blacklist', 'blacklist'],
    ['Whitelist', 'whitelist'],
  ])(
    '[API_GetBlacklist] [API_SetBlacklist] [API_AddToBlacklist] [API_GetWhitelist] [API_SetWhitelist] [API_AddToWhitelist] %s is the setting',
    (name, setting) => {
      const run = (what: string, ...args: unknown[]): unknown => w.webphone.execute(`API_${what}`, args);
      expect(run(`Set${name}`, 'bob, 10.0.0.7')).toBe(true);
      expect(run(`AddTo${name}`, 'carol,bob')).toBe(true);
      expect(run(`Get${name}`)).toBe('bob,10.0.0.7,carol');
      expect(w.webphone.API_GetParameter(setting)).toBe('bob,10.0.0.7,carol');
      expect(run(`AddTo${name}`, ' ')).toBe(false);
      expect(run(`Set${name}`, '')).toBe(true);
      expect(run(`Get${name}`)).toBe('');
    },
  );
});

describe('contacts', () => {
  it('[contacts/1] [API_NumExists] are not looked for at a server: nothing is asked and nothing told', async () => {
    w.webphone.API_StartStack();
    await w.run(100);
    w.world.network.packets.length = 0;
    expect(w.webphone.API_NumExists('1,2')).toBe(false);
    await w.run(5000);
    expect(w.world.network.packets).toEqual([]);
    expect(w.strings('SERVERCONTACTS')).toEqual([]);
    expect(w.strings('WARNING')).toHaveLength(1);
  });

  it('[API_AddContact] [API_GetContact] [API_SetContact] [API_DelContact] [API_SetContacts] [API_GetContacts] [contacts/0] are kept as fields', () => {
    const api = w.webphone;
    expect(api.API_AddContact('John Smith,jsmith,')).toBe(true);
    expect(api.API_AddContact('Online,Kate,kate@example.com,123')).toBe(true);
    expect(api.API_GetContact('john smith')).toBe(',John Smith,jsmith,,,,,,,,,,,');
    expect(api.API_GetContact('123')).toBe('Online,Kate,kate@example.com,123,,,,,,,,,,');
    expect(api.API_GetContacts().split('\r\n')).toHaveLength(2);
    expect(api.API_SetContact('Kate', 'Away,Kate,k@example.com')).toBe(true);
    expect(api.API_GetContact('Kate')).toBe('Away,Kate,k@example.com,,,,,,,,,,,');
    expect(api.API_SetContact('Nobody', 'X,x')).toBe(false);
    expect(api.API_AddContact('')).toBe(false);
    expect(api.API_DelContact('Kate')).toBe(true);
    expect(api.API_DelContact('Kate')).toBe(false);
    expect(api.API_SetContacts(',A,a\r\n,B,b\r\n')).toBe(true);
    expect(api.API_GetContacts()).toBe(',A,a,,,,,,,,,,,\r\n,B,b,,,,,,,,,,,');
  });

  it('[API_SetContactName] [API_GetContactName] [API_SetContactSIP] [API_GetContactSIP] [API_SetContactPhone] [API_GetContactPhone] [API_SetContactSpeedDial] [API_GetContactSpeedDial] single fields', () => {
    const api = w.webphone;
    api.API_AddContact('John,jsmith');
    expect(api.API_SetContactSIP('John', 'j@example.com')).toBe(true);
    expect(api.API_GetContactSIP('John')).toBe('j@example.com');
    expect(api.API_SetContactPhone('John', '12,34')).toBe(true);
    expect(api.API_GetContactPhone('john')).toBe('12 34');
    expect(api.API_SetContactSpeedDial('John', '5')).toBe(true);
    expect(api.API_GetContactSpeedDial('John')).toBe('5');
    expect(api.API_SetContactName('John', 'Jack')).toBe(true);
    expect(api.API_GetContactName('jack')).toBe('Jack');
    expect(api.API_GetContactName('John')).toBe('');
    expect(api.API_SetContactName('Jack', '')).toBe(false);
    expect(api.API_SetContactPhone('Nobody', '1')).toBe(false);
  });
});

describe('notifications and logs', () => {
  it('[API_PollNotificationStrings] [API_PollNotification] give each once', () => {
    w.webphone.API_AddLog(1, 'one');
    w.webphone.API_AddLog(1, 'two, three');
    expect(w.webphone.API_PollNotificationStrings()).toBe('EVENT,EVENT,one\r\nEVENT,EVENT,two, three');
    expect(w.webphone.execute('API_GetNotifications')).toBe('');
    w.webphone.API_AddLog(1, 'four');
    expect(w.webphone.API_PollNotification()).toMatchObject({ kind: 'EVENT', txt: 'four' });
    expect(w.webphone.API_PollNotification()).toBeUndefined();
  });

  it('[API_PollNotificationStrings] [notifications/2] keeps the newest 1,000, and says how many are lost', () => {
    for (let i = 1; i <= 1010; i++) w.webphone.API_AddLog(1, String(i));
    const polled = w.webphone.API_PollNotificationStrings().split('\r\n');
    expect(polled).toHaveLength(1001);
    expect(polled[0]).toBe('WARNING,10 notifications are lost: they were not read in time');
    expect(polled[1]).toBe('EVENT,EVENT,11');
    w.webphone.API_AddLog(1, 'more');
    expect(w.webphone.API_PollNotificationStrings()).toBe('EVENT,EVENT,more');
  });

  it('[API_GetNotificationStrings] waits for one', async () => {
    const waiting = w.webphone.API_GetNotificationStrings();
    await w.run(1000);
    w.webphone.API_AddLog(1, 'at last');
    expect(await waiting).toBe('EVENT,EVENT,at last');
    const vain = w.webphone.execute('API_GetNotificationsSync');
    await w.run(61_000);
    expect(await vain).toBe('');
  });

  it('a client with a queue of its own takes nothing from others', () => {
    const queue = w.webphone.notifications.open();
    w.webphone.API_AddLog(1, 'x');
    expect(w.webphone.execute('API_PollNotificationStrings', [], { queue })).toBe('EVENT,EVENT,x');
    expect(w.webphone.API_PollNotificationStrings()).toBe('EVENT,EVENT,x');
  });

  it('[API_SetNotificationListener] calls a function, or the members of an object', () => {
    const heard: string[] = [];
    expect(w.webphone.API_SetNotificationListener((one: unknown) => heard.push(`f ${one}`))).toBe(true);
    w.webphone.API_AddLog(1, 'a');
    class Listener {
      onAll(one: unknown): void {
        heard.push(`all ${one}`);
      }
      onEvent(one: { txt?: string }): void {
        heard.push(`event ${one.txt}`);
      }
    }
    expect(w.webphone.API_SetNotificationListener(new Listener())).toBe(true);
    w.webphone.API_AddLog(1, 'b');
    expect(heard).toEqual(['f EVENT,EVENT,a', 'all EVENT,EVENT,b', 'event b']);
    expect(w.webphone.API_SetNotificationListener({})).toBe(false);
  });

  it('[API_AddLog] [API_GetLogs] [API_GetLogPath] [notify:LOG] [param:logpolling] write, collect and tell', () => {
    w.webphone.API_SetParameter('logpolling', 1);
    w.webphone.API_SetParameter('loglevel', 3);
    w.webphone.API_SetParameter('events', 3);
    w.webphone.API_AddLog('plain');
    w.webphone.API_AddLog(3, 'third');
    w.webphone.API_AddLog(4, 'too much');
    expect(
      w.webphone
        .API_GetLogs()
        .split('\r\n')
        .filter((line) => /plain|third|too much/.test(line)),
    ).toHaveLength(2);
    expect(w.webphone.API_GetLogs()).toBe('');
    expect(w.strings('LOG').filter((text) => /plain|third/.test(text))).toEqual([
      'LOG,EVENT,plain',
      'LOG,EVENT,third',
    ]);
    expect(w.webphone.API_GetLogPath()).toContain('webphonelog.dat');
  });

  it('what waits for an engine says so once and gives its failure value', () => {
    for (const name of [
      'API_StartGUI',
      'API_ShowLog',
      'API_AudioDevice',
      'API_TransferDialog',
      'API_Chat',
      'API_StopVideo',
      'API_AddVideo',
    ]) {
      expect(w.webphone.execute(name, [-1, 1]), name).toBe(false);
      w.webphone.execute(name, [-1, 1]);
    }
    expect(w.webphone.API_SendUSSD(-1, 'INVITE', '*135#')).toBe(false);
    expect(w.webphone.API_ED137PTT(-1, 1)).toBe(false);
    expect(w.webphone.API_NumExists('1')).toBe(false);
    expect(new Set(w.strings('WARNING')).size).toBe(w.strings('WARNING').length);
    expect(w.strings('WARNING')).toHaveLength(10);
  });
});
