/** What a webphone with a folder knows again after a restart. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SERVER, WebphoneWorld } from '../../support/webphone-world.js';

const ACCOUNT = { serveraddress: SERVER, username: 'me', password: 'secret' };
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'switchhook-kept-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** One run of the program. */
async function run<T>(
  work: (w: WebphoneWorld) => T | Promise<T>,
  settings: Readonly<Record<string, string | number>> = {},
): Promise<T> {
  const w = new WebphoneWorld(settings, folder);
  try {
    return await work(w);
  } finally {
    await w.end();
  }
}

describe('after a restart', () => {
  it('[contacts/0] the contacts are as they were left, in their order', async () => {
    await run(({ webphone }) => {
      webphone.API_SetContacts(',Zoe,zoe,1\r\n,Adam,adam,2\r\n,Kate,kate');
      webphone.API_SetContactPhone('zoe', '77');
      webphone.API_SetContactName('Adam', 'Eve');
      webphone.API_DelContact('Kate');
    });
    const texts = await run(({ webphone }) => [
      webphone.API_GetContacts(),
      webphone.API_GetContactPhone('ZOE'),
    ]);
    expect(texts).toEqual([',Zoe,zoe,77,,,,,,,,,,\r\n,Eve,adam,2,,,,,,,,,,', '77']);
    await run(({ webphone }) => webphone.API_DelSettings(3));
    expect(await run(({ webphone }) => webphone.API_GetContacts())).toBe('');
  });

  it('[cdr/0] [API_GetLastCallDetails] the last call is known', async () => {
    const callId = await run(async (w) => {
      w.webphone.API_Start();
      const call = await w.calls(await w.party('bob'));
      await w.run(5000);
      await Promise.all([call.hangup(), w.run(200)]);
      return call.id;
    });
    const details = await run(({ webphone }) => webphone.API_GetLastCallDetails());
    expect(details).toContain('Peer: bob\r\n');
    expect(details).toContain('Direction: 1\r\n');
    expect(details).toMatch(/Duration: 5\d\d\d\r\n/);
    expect(details).toMatch(/Disc By: 2\r\n/);
    expect(details).toContain(`Call-ID: ${callId}`);
  });

  it('[im-chat/3] [param:offlinechat] a message that found nobody goes out with the next registration', async () => {
    await run(async (w) => {
      const registrar = await w.registrar();
      w.webphone.API_Start();
      await w.run(500);
      expect(registrar.requests.length).toBeGreaterThan(0);
      w.world.network.unreachable.add(SERVER);
      w.webphone.API_SendChat(-1, 'bob', '', 'are you there?', 9);
      await w.run(40_000);
      expect(w.last('CHATREPORT')).toMatch(/,4,/);
      w.world.network.unreachable.delete(SERVER);
    }, ACCOUNT);
    await run(async (w) => {
      const registrar = await w.registrar();
      w.webphone.API_Start();
      await w.run(1000);
      const messages = registrar.others.filter(({ request }) => request.method === 'MESSAGE');
      expect(messages.map(({ request }) => request.bodyText)).toEqual(['are you there?']);
      messages[0].tx.reply(200);
      await w.run(200);
      expect(w.last('CHATREPORT')).toMatch(/^CHATREPORT,0,bob,2,.*,9$/);
    }, ACCOUNT);
    await run(async (w) => {
      const registrar = await w.registrar();
      w.webphone.API_Start();
      await w.run(1000);
      expect(registrar.others.filter(({ request }) => request.method === 'MESSAGE')).toEqual([]);
    }, ACCOUNT);
  });
});

describe('the file', () => {
  it('is there only when something is to be kept, and files are allowed', async () => {
    await run(({ webphone }) => webphone.API_GetVersion());
    expect(existsSync(join(folder, 'phone.db'))).toBe(false);
    await run(({ webphone }) => expect(webphone.API_AddContact('Bob,bob')).toBe(true), { autocfgsave: -1 });
    expect(existsSync(join(folder, 'phone.db'))).toBe(false);
    await run(({ webphone }) => webphone.API_AddContact('Bob,bob'));
    expect(existsSync(join(folder, 'phone.db'))).toBe(true);
  });

  it('that cannot be read is reported and left alone; the phone works without', async () => {
    writeFileSync(
      join(folder, 'phone.db'),
      'this is no database, whatever its name may say of it'.repeat(10),
    );
    await run((w) => {
      expect(w.webphone.API_AddContact('Bob,bob')).toBe(true);
      expect(w.webphone.API_GetContactSIP('Bob')).toBe('bob');
      expect(w.strings('ERROR').join()).toContain('contacts and calls are not kept');
    });
  });
});
