/** Settings about accounts, seen in the REGISTER that leaves. */
import { createHash } from 'node:crypto';
import { networkInterfaces } from 'node:os';
import { describe, expect, it } from 'vitest';
import { accountSettings } from '../../../../src/webphone/mapping/account-options.js';
import { deviceHeaders } from '../../../../src/webphone/mapping/device-headers.js';
import { phoneOptions } from '../../../../src/webphone/mapping/phone-options.js';
import { registrationOptions } from '../../../../src/webphone/mapping/registration-options.js';
import { Settings } from '../../../../src/webphone/settings/settings.js';
import { FakeRegistrar } from '../../../support/fake-registrar.js';
import { type Given, inWorld, SERVER } from '../../../support/settings-world.js';

const registerOf = (given: Given): Promise<string> =>
  inWorld(given, async (world) => (await world.register()).toBytes().toString());

const ON_THE_WIRE: ReadonlyArray<readonly [string, Given, RegExp, RegExp?]> = [
  ['serveraddress', {}, /^REGISTER sip:10\.0\.0\.100 /],
  ['username', { username: 'bert' }, /^From: .*<sip:bert@10\.0\.0\.100>/im],
  ['displayname', { displayname: 'Anna B' }, /^From: "?Anna B"? </im],
  ['registerinterval', { registerinterval: 77 }, /^Expires: 77\r$|expires=77/im],
  ['transport', { transport: 1 }, /^Via: SIP\/2\.0\/TCP/im, /^Via: SIP\/2\.0\/UDP/im],
  ['useragent', { useragent: 'Mine 7' }, /^User-Agent: Mine 7\r$/im],
  ['setinstanceid', { setinstanceid: 1 }, /^Contact: .*\+sip\.instance/im],
  ['sendregistrationevent', { sendregistrationevent: true }, /^Event: registration\r$/im],
  ['geolocation', { geolocation: 1, locale: 'de-AT' }, /^X-Country: AT\r$/im],
];

describe('the REGISTER', () => {
  for (const [name, given, wanted, unwanted] of ON_THE_WIRE) {
    it(`[param:${name}] has what ${JSON.stringify(given)} says`, async () => {
      const text = await registerOf(given);
      expect(text).toMatch(wanted);
      if (unwanted) expect(text).not.toMatch(unwanted);
    });
  }

  it('[param:password] [param:sipusername] answers the challenge', async () => {
    await inWorld({ sipusername: 'login' }, async (world) => {
      world.registrar.password = 'secret';
      await world.register();
      expect(world.registrar.last.get('Authorization')).toMatch(/username="login"/);
      expect(world.registrar.bindings.size).toBe(1);
    });
  });

  it('[param:authtype] answers challenges of servers and proxies, or of one kind alone', async () => {
    const answers = (authtype: number, kind: 'WWW' | 'Proxy'): Promise<boolean> =>
      inWorld({ authtype }, async (world) => {
        const challenge = 'Digest realm="example.com", nonce="n", algorithm=MD5';
        world.registrar.script = [
          { status: kind === 'WWW' ? 401 : 407, headers: { [`${kind}-Authenticate`]: challenge } },
        ];
        await world.register();
        return world.registrar.requests.some(
          (request) => request.has('Authorization') || request.has('Proxy-Authorization'),
        );
      });
    expect([await answers(0, 'WWW'), await answers(0, 'Proxy')]).toEqual([true, true]);
    expect([await answers(1, 'WWW'), await answers(1, 'Proxy')]).toEqual([false, true]);
    expect([await answers(2, 'WWW'), await answers(2, 'Proxy')]).toEqual([true, false]);
  });

  it('[param:sendregexpire] the lifetime stands in a header, in the Contact, in both or nowhere', async () => {
    const places = async (sendregexpire: number): Promise<[boolean, boolean]> => {
      const text = await registerOf({ sendregexpire, registerinterval: 77 });
      return [/^Expires: 77\r$/m.test(text), /^Contact: .*;expires=77/m.test(text)];
    };
    expect(await places(-1)).toEqual([true, false]);
    expect(await places(0)).toEqual([false, false]);
    expect(await places(1)).toEqual([true, false]);
    expect(await places(2)).toEqual([false, true]);
    expect(await places(4)).toEqual([true, true]);
    await inWorld({ sendregexpire: 0 }, async (world) => {
      const phone = world.phone();
      await world.register(phone);
      const closing = phone.close();
      await world.world.run(5000);
      await closing;
      expect(world.registrar.last.get('Expires')).toBe('0');
      expect(world.registrar.bindings.size).toBe(0);
    });
  });

  it('[param:md5] stands in for the password', async () => {
    const md5 = createHash('md5').update('anna:example.com:secret').digest('hex');
    await inWorld({ password: '', md5, realm: 'example.com' }, async (world) => {
      world.registrar.password = 'secret';
      await world.register();
      expect(world.registrar.bindings.size).toBe(1);
    });
  });

  it.each([
    ['md5', 'example.com', 'example.com', true],
    ['md5', '', 'example.com', true],
    ['md5', 'elsewhere', 'example.com', false],
    ['password', 'elsewhere', 'example.com', true],
  ])('[param:realm] a %s for "%s" is given to the realm "%s": %s', async (kind, realm, asked, given) => {
    const md5 = createHash('md5').update('anna:example.com:secret').digest('hex');
    const login: Given = kind === 'md5' ? { password: '', md5 } : { password: 'secret' };
    await inWorld({ ...login, realm }, async (world) => {
      const challenge = `Digest realm="${asked}", nonce="n", algorithm=MD5`;
      world.registrar.script = [{ status: 401, headers: { 'WWW-Authenticate': challenge } }];
      const phone = world.phone();
      let error: unknown;
      phone.on('registration', (event) => (error ??= event.error));
      await world.register(phone);
      expect(world.registrar.requests.some((request) => request.has('Authorization'))).toBe(given);
      if (!given)
        expect(error).toMatchObject({
          code: 'ERR_AUTHENTICATION_FAILED',
          message: `the credentials for realm "${asked}" were not given: ours are for "${realm}"`,
        });
    });
  });

  it('[param:proxyaddress] goes to the proxy, and names the server', async () => {
    await inWorld({ serveraddress: 'logical.example', proxyaddress: SERVER }, async (world) => {
      const request = await world.register();
      expect(request.uri.toString()).toBe('sip:logical.example');
      expect(request.get('Route')).toMatch(/<sip:10\.0\.0\.100;lr>/);
    });
  });

  it('[param:needunregister] leaves the binding when told so', async () => {
    const left = (given: Given): Promise<number> =>
      inWorld(given, async (world) => {
        const phone = world.phone();
        await world.register(phone);
        const closing = phone.close();
        await world.world.run(5000);
        await closing;
        return world.registrar.bindings.size;
      });
    expect(await left({})).toBe(0);
    expect(await left({ needunregister: 'false' })).toBe(1);
  });

  it('[param:unregonstart] removes old bindings first', async () => {
    await inWorld({ unregonstart: 1 }, async (world) => {
      await world.register();
      expect(world.registrar.requests[0].toBytes().toString()).toMatch(/^Expires: 0\r$|expires=0/im);
      expect(world.registrar.bindings.size).toBe(1);
    });
  });

  it('[param:unregall] takes all bindings back', async () => {
    await inWorld({ unregall: 1 }, async (world) => {
      const phone = world.phone();
      await world.register(phone);
      const closing = phone.close();
      await world.world.run(5000);
      await closing;
      expect(world.registrar.last.get('Contact')).toBe('*');
    });
  });

  it('[param:actualregisterexpires_val] [param:actualregisterexpires_div] is repeated when told', async () => {
    const repeats = (given: Given): Promise<number> =>
      inWorld({ keepaliveival: 0, ...given }, async (world) => {
        await world.register();
        await world.world.run(64_000);
        return world.registrar.requests.length;
      });
    expect(await repeats({ registerinterval: 600 })).toBe(1);
    expect(await repeats({ registerinterval: 600, actualregisterexpires_val: 30 })).toBe(3);
    expect(await repeats({ registerinterval: 600, actualregisterexpires_div: 10 })).toBe(2);
  });

  it('[param:backupserver] goes to the backup when the server does not answer', async () => {
    await inWorld({ serveraddress: '10.0.0.99', backupserver: SERVER }, async (world) => {
      world.world.network.unreachable.add('10.0.0.99');
      const phone = world.phone();
      void phone.register().catch(() => {});
      await world.world.run(120_000);
      expect(world.registrar.requests.length).toBeGreaterThan(0);
    });
  });

  it('[auto-recover/0] [param:reconnectonnokeepalive] [param:backupserver] [param:keepaliveival] over UDP notices a dead server by OPTIONS', async () => {
    const BACKUP = '10.0.0.101';
    /** Where the registration is, and how often the server was asked, a minute after it fell silent. */
    const loses = (given: Given, answersOptions = true) =>
      inWorld({ registerinterval: 3600, keepaliveival: 20_000, ...given }, async (all) => {
        const { world, registrar } = all;
        const backup = await FakeRegistrar.start(world, BACKUP);
        registrar.answersOptions = answersOptions;
        const phone = all.phone();
        void phone.register().catch(() => {});
        await world.run(50_000);
        const asked = registrar.others.length;
        world.network.unreachable.add(SERVER);
        await world.run(60_000);
        return [asked > 1, backup.bindings.size, phone.registrations[0].state];
      });
    expect(await loses({ backupserver: BACKUP })).toEqual([true, 1, 'registered']);
    expect(await loses({ backupserver: BACKUP, reconnectonnokeepalive: 0 })).toEqual([
      false,
      0,
      'registered',
    ]);
    expect(await loses({ reconnectonnokeepalive: 2 })).toEqual([true, 0, 'waiting']);
    expect(await loses({ backupserver: BACKUP, transport: 1 })).toEqual([false, 0, 'registered']);
    expect(await loses({})).toEqual([false, 0, 'registered']);
    // Of one that never answers OPTIONS, silence tells nothing.
    expect(await loses({ backupserver: BACKUP }, false)).toEqual([true, 0, 'registered']);
  });

  it('[param:keepaliveival] [param:keepalivetype] keeps the way open as often and by what is asked for', async () => {
    const kept = (given: Given) =>
      inWorld(given, async (world) => {
        const phone = world.phone();
        await phone.start();
        const { keepAlive, registration } = phone.accounts[0];
        return [keepAlive, registration.keepAliveKind];
      });
    expect(await kept({})).toEqual([28, undefined]);
    expect(await kept({ transport: 1 })).toEqual([600, undefined]);
    expect(await kept({ keepaliveival: 0 })).toEqual([0, undefined]);
    expect(await kept({ keepaliveival: 20_000, keepalivetype: 2 })).toEqual([20, 'notify']);
    expect(await kept({ keepaliveival: 10, keepalivetype: 1 })).toEqual([10, 'space']);
    expect(await kept({ keepalivetype: 0 })).toEqual([0, 'none']);
  });

  it('[param:sendmac] tells the hardware address, where the machine has one', async () => {
    const { mac } = deviceHeaders(new Settings());
    expect(mac).toBeUndefined();
    const text = await registerOf({ sendmac: true });
    const has = Object.values(networkInterfaces()).some((list) =>
      list?.some(({ internal, mac: own }) => !internal && own !== '00:00:00:00:00:00'),
    );
    expect(/^X-MAC: [0-9a-f:]{17}\r$/im.test(text)).toBe(has);
    expect(await registerOf({})).not.toMatch(/^X-MAC/im);
  });
});

describe('options of the account', () => {
  const of = (given: Given) => {
    const settings = new Settings();
    for (const [name, value] of Object.entries(given)) settings.set(name, value);
    return settings;
  };
  const reaching: ReadonlyArray<readonly [string, Given, object]> = [
    ['acceptsrvexpire', { acceptsrvexpire: 2 }, { grantedBy: 'header' }],
    ['waitforunregister', { waitforunregister: 300 }, { unregisterWaitMs: 300 }],
    ['unbindbeforeregister', { unbindbeforeregister: 0 }, { unbind: false }],
    ['contactaddressfailback', { contactaddressfailback: 1 }, { contact: 'onFailure' }],
    ['use_rport', { use_rport: 9 }, { contact: 'local' }],
    ['reconnectonnokeepalive', { reconnectonnokeepalive: 2 }, { keepAliveAnswerMs: 8000 }],
    [
      'backupserverdomain',
      { backupserver: '10.0.0.7', backupserverdomain: 'b.example' },
      { backup: { server: '10.0.0.7', domain: 'b.example' } },
    ],
    ['autotransportdetect', { autotransportdetect: true }, { probeFirst: true }],
    ['canstransportswitch', { canstransportswitch: false }, { otherTransports: false }],
    ['fastexit', { fastexit: 0, waitforunregister: 500 }, { unregister: true, unregisterWaitMs: 2000 }],
    ['fastexit', { fastexit: 1, waitforunregister: 500 }, { unregister: true, unregisterWaitMs: 500 }],
    ['fastexit', { fastexit: 2 }, { unregister: false }],
  ];
  it.each(reaching)('[param:%s] %o reach the account of the phone', async (_name, given, wanted) => {
    expect(registrationOptions(of(given))).toMatchObject(wanted);
    await inWorld(given, async (world) => {
      const phone = world.phone();
      await phone.start();
      expect(phone.accounts[0].registration).toMatchObject(wanted);
    });
  });

  it('[param:autoswitchmainacc] reaches the phone', () => {
    expect(phoneOptions(of({ autoswitchmainacc: 0 })).accountBook).toEqual({ autoMain: 'never' });
    expect(phoneOptions(of({})).accountBook).toEqual({ autoMain: 'failure' });
  });

  it('[param:ims3gpp_authuname] changes what is registered', () => {
    const ims = { serveraddress: 'ims.example', username: '123', ims3gpp_authuname: 1 };
    expect(accountSettings(of(ims)).authUsername).toBe('123@ims.example');
  });

  it('the port of TLS makes it TLS unless another transport is named', () => {
    expect(accountSettings(of({ serveraddress: 'a.example:5061' })).transport).toBe('tls');
    expect(accountSettings(of({ serveraddress: 'a.example:5061', transport: 1 })).transport).toBe('tcp');
  });

  it('[line-parameters/3] [param:serverport] [param:serveraddr] [param:serverdomainandport] [param:proxyip] [param:proxyport] [param:serverip] a line has a server of its own', () => {
    const settings = of({ serveraddress: 'a.example', username: 'anna', password: 'one' });
    settings.set('serveraddr', 'b.example', { line: 2 });
    settings.set('serverport', 5070, { line: 2 });
    settings.set('username', 'bea', { line: 2 });
    settings.set('proxyip', '10.0.0.9', { line: 2 });
    settings.set('proxyport', 5090, { line: 2 });
    expect(accountSettings(settings.forLine(2))).toMatchObject({
      server: 'b.example:5070',
      username: 'bea',
      outboundProxy: '10.0.0.9:5090',
    });
    settings.set('serverdomainandport', 'c.example:5080', { line: 3 });
    settings.set('serverip', '10.0.0.3', { line: 3 });
    expect(accountSettings(settings.forLine(3))).toMatchObject({
      server: 'c.example:5080',
      outboundProxy: '10.0.0.3',
    });
    expect(accountSettings(settings.forLine(1))).toMatchObject({ server: 'a.example', username: 'anna' });
  });
});
