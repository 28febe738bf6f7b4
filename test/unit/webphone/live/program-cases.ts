/** Settings of what is told to programs: notifications, log, language, webhooks, and what is kept. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, vi } from 'vitest';
import { VirtualClock } from '../../../../src/base/clock.js';
import { ControlServer, followHooks, followOutband, Webhooks } from '../../../../src/server/index.js';
import { Webphone } from '../../../../src/webphone/index.js';
import { loadSettings } from '../../../../src/webphone/settings/load-settings.js';
import { SettingsStore } from '../../../../src/webphone/settings/settings-store.js';
import { UdpClient } from '../../../support/control/clients.js';
import { type LiveCase, type LiveCases, type LivePhone, live } from './live-phone.js';

/** What is told of a registration. */
async function registers(phone: LivePhone): Promise<string> {
  phone.w.forget();
  phone.api.API_Register();
  await phone.run(3000);
  return phone.w.strings().join('\n');
}

/** With a webphone that logs into a folder. @returns what is in it afterwards */
async function logged(
  work: (webphone: Webphone) => void,
  given: Readonly<Record<string, number>> = {},
): Promise<Record<string, string>> {
  const folder = mkdtempSync(join(tmpdir(), 'switchhook-live-'));
  try {
    const webphone = new Webphone({
      startsipstack: 0,
      settings: { logtoconsole: 0, autocfgsave: -1, logpath: join(folder, 'a.log'), ...given },
      workFolder: folder,
    });
    work(webphone);
    await webphone.close();
    return Object.fromEntries(
      readdirSync(folder).map((name) => {
        expect(statSync(join(folder, name)).isFile()).toBe(true);
        return [name, readFileSync(join(folder, name), 'utf8')];
      }),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** With webhooks that follow the settings. @returns the addresses asked for, and what was posted */
function hooked(
  given: Readonly<Record<string, string>>,
  work: (tell: () => Promise<string[]>, phone: LivePhone) => Promise<void>,
): LiveCase {
  return live(async (phone) => {
    const asked: string[] = [];
    const { clock } = phone.w.world;
    const hooks = new Webhooks(phone.api.notifications, {
      identity: () => ({ username: 'alice', serveraddress: 'x', deviceid: 'd', guid: 'g' }),
      clock,
      send: async ({ url, body }) => {
        asked.push(body === undefined ? url : `${url} ${body}`);
        return 200;
      },
    });
    followHooks(phone.api.settings, hooks);
    try {
      for (const [name, value] of Object.entries(given)) await phone.set(name, value);
      await work(async () => {
        asked.length = 0;
        const { notifications } = phone.api;
        notifications.publish('DTMF', { line: 1, msg: '7' });
        notifications.publish('CHAT', { line: 2, peername: 'bob', text: 'hi' });
        notifications.publish('BLF', { peername: 'bob', direction: 'in', state: 'early', callid: 'x' });
        await phone.run();
        return [...asked];
      }, phone);
    } finally {
      hooks.close();
    }
  });
}

/** With a control server that follows the settings, and ports that may hear of notifications unasked. */
function outband(
  work: (at: {
    tell(): void;
    hears(): Promise<string>;
    set(name: string, value: number): void;
    port: number;
  }) => Promise<void>,
): LiveCase {
  return async () => {
    const webphone = new Webphone({ startsipstack: 0, settings: { wpapiconnectport: 0 } });
    const server = new ControlServer(webphone, { udpPort: 0 });
    const client = await UdpClient.to(1);
    try {
      await server.start();
      followOutband(webphone.settings, server);
      let count = 0;
      await work({
        tell: () => webphone.notifications.publish('LINE', { line: ++count }),
        hears: () => client.next(),
        set: (name, value) => expect(webphone.API_SetParameter(name, value)).toBe(true),
        port: client.port,
      });
    } finally {
      client.close();
      await server.close();
      await webphone.close();
    }
  };
}

const HOOK = { externapi1_url: 'http://h/EVENT' };

export const programCases: LiveCases = {
  events: live(async (phone) => {
    await phone.set('events', 0);
    expect(await registers(phone)).toBe('');
    await phone.set('events', 2);
    expect(await registers(phone)).toContain('EVENT,');
  }),
  sipmsgnotifications: live(async (phone) => {
    expect(await registers(phone)).not.toContain('REGISTER sip:');
    await phone.set('sipmsgnotifications', 1);
    expect(await registers(phone)).toContain('REGISTER sip:');
  }),
  notificationevents: live(async (phone) => {
    await phone.set('notificationevents', 4);
    phone.api.API_PollNotificationStrings();
    await registers(phone);
    expect(phone.api.API_PollNotificationStrings()).toHaveLength(0);
    await phone.set('notificationevents', 3);
    expect(await registers(phone)).toBe('');
    expect(phone.api.API_PollNotificationStrings().length).toBeGreaterThan(0);
  }),
  stats: live(async (phone) => {
    await phone.talk();
    const told = async (): Promise<number> => {
      phone.w.forget();
      await phone.run(3500);
      return phone.w.states(1).length;
    };
    expect(await told()).toBe(0);
    await phone.set('stats', 1);
    expect(await told()).toBe(3);
  }),
  language: live(
    async (phone) => {
      expect(await registers(phone)).toContain('Registered.');
      await phone.set('language', 'de');
      expect(await registers(phone)).toContain('Angemeldet.');
    },
    { translatemode: 0 },
  ),
  translatemode: live(
    async (phone) => {
      expect(await registers(phone)).toContain('Registered.');
      await phone.set('translatemode', 0);
      expect(await registers(phone)).toContain('Angemeldet.');
    },
    { language: 'de' },
  ),
  locale: live(
    async (phone) => {
      await phone.set('locale', 'de-AT');
      expect(await registers(phone)).toContain('Angemeldet.');
    },
    { translatemode: 0 },
  ),
  destroymode: live(async (phone) => {
    phone.api.API_SetLineParameter(1, 'displayname', 'Anna', 1);
    await phone.set('destroymode', 1);
    phone.api.API_Stop();
    await phone.run(70_000);
    expect(phone.api.API_GetLineParameter(1, 'displayname')).toBe('');
  }),
  loglevel: live(
    async (phone) => {
      expect(await registers(phone)).not.toContain('LOG,EVENT,SIP sent');
      const quiet = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
      await phone.set('loglevel', 5);
      expect(await registers(phone)).toContain('LOG,EVENT,SIP sent');
      quiet.mockRestore();
    },
    { events: 3 },
  ),
  logtoconsole: async () => {
    const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    try {
      await logged((webphone) => {
        webphone.API_AddLog(1, 'one');
        webphone.API_SetParameter('logtoconsole', 2);
        webphone.API_AddLog(1, 'two');
      });
      expect(written.mock.calls.map(([text]) => text)).toEqual(['two\n']);
    } finally {
      written.mockRestore();
    }
  },
  canlogtofile: async () => {
    const files = await logged((webphone) => {
      webphone.API_AddLog(1, 'one');
      webphone.API_SetParameter('canlogtofile', 2);
      webphone.API_AddLog(1, 'two');
      webphone.API_SetParameter('canlogtofile', 0);
      webphone.API_AddLog(1, 'three');
    });
    expect(files).toEqual({ 'a.log': '1 two\n' });
  },
  maxlogsize: async () => {
    const line = 'x'.repeat(98);
    const files = await logged(
      (webphone) => {
        for (let i = 0; i < 10; i++) webphone.API_AddLog(1, line);
        webphone.API_SetParameter('maxlogsize', 500);
        for (let i = 0; i < 7; i++) webphone.API_AddLog(1, line);
      },
      { canlogtofile: 2 },
    );
    expect(files['a.log'].length).toBeLessThanOrEqual(500);
    expect(Object.keys(files)).toHaveLength(2);
  },
  logpolling: live(async (phone) => {
    phone.api.API_AddLog(1, 'one');
    expect(phone.api.API_GetLogs()).toBe('');
    await phone.set('logpolling', 1);
    phone.api.API_AddLog(1, 'two');
    expect(phone.api.API_GetLogs()).toContain('two');
  }),
  autocfgsave: async () => {
    const folder = mkdtempSync(join(tmpdir(), 'switchhook-live-'));
    const clock = new VirtualClock();
    const store = new SettingsStore(join(folder, 'settings.dat'), 'key', 2);
    const keeper = await loadSettings({ store, clock, version: '1' });
    const webphone = new Webphone({ startsipstack: 0, settings: keeper.settings });
    const kept = async (username: string): Promise<unknown> => {
      webphone.API_SetParameter('username', username);
      await clock.run(600);
      await keeper.flush();
      return (await store.load()).kept?.settings.username;
    };
    try {
      expect(await kept('one')).toBe('one');
      webphone.API_SetParameter('autocfgsave', 0);
      await keeper.flush();
      expect(await kept('two')).toBe('one');
      webphone.API_SetParameter('autocfgsave', 3);
      expect(await kept('three')).toBe('three');
    } finally {
      await webphone.close();
      await keeper.close();
      rmSync(folder, { recursive: true, force: true });
    }
  },
  wpapiconnectport: outband(async ({ tell, hears, set, port }) => {
    set('canuseudpnotifications', 2);
    set('wpapiconnectport', port);
    tell();
    expect(await hears()).toContain('LINE,1');
  }),
  canuseudpnotifications: outband(async ({ tell, hears, set, port }) => {
    set('wpapiconnectport', port);
    set('canuseudpnotifications', 0);
    tell();
    set('canuseudpnotifications', 2);
    tell();
    expect(await hears()).toContain('LINE,2');
  }),
  externapiX_url: hooked({}, async (tell, phone) => {
    expect(await tell()).toEqual([]);
    await phone.set('externapi1_url', 'http://h/one');
    expect(await tell()).toEqual(['http://h/one', 'http://h/one', 'http://h/one']);
    await phone.set('externapi1_url', 'http://h/two');
    expect(await tell()).toContain('http://h/two');
  }),
  externapiX_event: hooked(HOOK, async (tell, phone) => {
    await phone.set('externapi1_event', 'CHAT');
    expect(await tell()).toHaveLength(1);
  }),
  externapiX_line: hooked(HOOK, async (tell, phone) => {
    await phone.set('externapi1_line', '1');
    expect(await tell()).toHaveLength(1);
  }),
  externapiX_dir: hooked(HOOK, async (tell, phone) => {
    await phone.set('externapi1_dir', 2);
    expect(await tell()).toHaveLength(1);
  }),
  externapiX_filter: hooked(HOOK, async (tell, phone) => {
    await phone.set('externapi1_filter', 'hi');
    expect(await tell()).toHaveLength(1);
  }),
  externapiX_data: hooked({ externapi1_url: 'http://h/' }, async (tell, phone) => {
    await phone.set('externapi1_data', 'told');
    expect(await tell()).toContain('http://h/ told');
  }),
};
