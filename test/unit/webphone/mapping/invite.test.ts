/** Settings about calls, seen in the INVITE that leaves. */
import { describe, expect, it } from 'vitest';
import { dialString } from '../../../../src/webphone/mapping/dial-string.js';
import { Settings } from '../../../../src/webphone/settings/settings.js';
import { type Given, inWorld } from '../../../support/settings-world.js';

const inviteOf = (given: Given, target = '1234'): Promise<string> =>
  inWorld(given, async (world) => (await world.invite(target)).toBytes().toString());

/** Lines of the description, in short. */
const codecsOf = (text: string): string[] =>
  [...text.matchAll(/^a=rtpmap:\d+ ([^\r]+)/gm)].map(([, name]) => name);

const NUMBER = '0612345678';

const HEADERS: ReadonlyArray<readonly [string, Given, RegExp, RegExp?]> = [
  ['username', { username: 'bert' }, /^From: .*<sip:bert@/im],
  ['displayname', { displayname: 'Anna B' }, /^From: "?Anna B"? </im],
  ['useragent', { useragent: 'Mine 7' }, /^User-Agent: Mine 7\r$/im],
  [
    'p_preferred_identity',
    { p_preferred_identity: '-' },
    /^P-Preferred-Identity: <sip:anna@10\.0\.0\.100>/im,
  ],
  [
    'p_asserted_identity',
    { p_asserted_identity: '<sip:x@y.example>' },
    /^P-Asserted-Identity: <sip:x@y\.example>/im,
  ],
  ['remote_party_id', { remote_party_id: '-' }, /^Remote-Party-ID: .*<sip:anna@10\.0\.0\.100>/im],
  ['privacy', { privacy: 'id' }, /^Privacy: id\r$/im],
  ['sip_uui', { sip_uui: '*0:56a390f3;encoding=hex' }, /^User-to-User: 56a390f3;encoding=hex\r$/im],
  ['sendsessionid', { sendsessionid: 1 }, /^Session-ID: [0-9a-f]{32}/im],
  [
    'customsipheader',
    { customsipheader: 'X-One: 1;X-Two: a;b=2' },
    /^X-One: 1\r\n(?:.*\r\n)*X-Two: a;b=2\r$/im,
  ],
  ['lineseparator', { customsipheader: 'X-One: 1|X-Two: 2', lineseparator: '|' }, /^X-Two: 2\r$/im],
  [
    'keepoldcustomvalues',
    { customsipheader: 'User-Agent: Other', keepoldcustomvalues: -1 },
    /^User-Agent: Other\r$/im,
    /Switchhook/,
  ],
  ['customsdpfield', { customsdpfield: 'a=x-room:7' }, /a=x-room:7\r\n(?:.*\r\n)*m=audio/],
  ['customsdpmediafield', { customsdpmediafield: 'a=x-mic:2' }, /m=audio.*\r\n(?:.*\r\n)*a=x-mic:2/],
  ['prack', { prack: 'true' }, /^Supported: .*100rel/im],
  ['techprefix', { techprefix: '99' }, /^INVITE sip:991234@/],
  ['mediaencryption', { mediaencryption: 2 }, /a=crypto:/],
  [
    'srtp_suite',
    { mediaencryption: 2, srtp_suite: 'AES_CM_256_HMAC_SHA1_80' },
    /a=crypto:1 AES_(CM_256|256_CM)_HMAC_SHA1_80/,
  ],
  ['strictsrtp', { mediaencryption: 2, strictsrtp: 3 }, /m=audio \d+ RTP\/SAVP /],
  ['geolocation', { geolocation: 1, locale: 'fr-FR' }, /^X-Country: FR\r$/im],
  ['codecframecount', { codec: 'pcmu', codecframecount: 4 }, /a=ptime:40/],
  ['g7221payload', { codec: 'g7221', g7221payload: 120 }, /a=rtpmap:120 G7221\/16000/],
  ['g7221bitrate', { codec: 'g7221', g7221bitrate: 32_000 }, /bitrate=32000/],
  ['g7221uwbpayload', { codec: 'g7221uwb', g7221uwbpayload: 121 }, /a=rtpmap:121 G7221\/32000/],
  ['g7221uwbbitrate', { codec: 'g7221uwb', g7221uwbbitrate: 48_000 }, /bitrate=48000/],
  ['ilbcmode', { codec: 'ilbc', ilbcmode: 20 }, /mode=20/],
  ['opus_cfg_fec', { codec: 'opuswb', opus_cfg_fec: 0 }, /opus\/48000/, /useinbandfec=1/],
  ['opus_cfg_dtx', { codec: 'opuswb', opus_cfg_dtx: 1 }, /usedtx=1/],
  ['opus_cfg_rate_send', { codec: 'opuswb', opus_cfg_rate_send: 1 }, /opus\/48000/, /maxplaybackrate/],
  ['silencesuppress', { codec: 'g729', silencesuppress: 0 }, /annexb=no/],
];

describe('the INVITE', () => {
  it('has none of it by default', async () => {
    const text = await inviteOf({});
    expect(text).not.toMatch(/^(P-|Privacy|Remote-Party|User-to-User|X-|Session-ID)|100rel|a=crypto/im);
  });

  for (const [name, given, wanted, unwanted] of HEADERS) {
    it(`[param:${name}] has what ${JSON.stringify(given)} says`, async () => {
      const text = await inviteOf(given);
      expect(text).toMatch(wanted);
      if (unwanted) expect(text).not.toMatch(unwanted);
    });
  }

  it('[param:sessionid] [param:displayname] of a line are in the calls of that line only', async () => {
    const id = 'ab30317f1a784dc48ff824d0d3715d86';
    const text = await inWorld({}, async (world) => {
      world.settings.set('sessionid', id, { line: 2 });
      world.settings.set('displayname', 'Line two', { line: 2 });
      return (await world.invite('1234', 2)).toBytes().toString();
    });
    expect(text).toMatch(new RegExp(`^Session-ID: ${id}`, 'im'));
    expect(text).toMatch(/^From: "?Line two"? </im);
    const other = await inWorld({}, async (world) => {
      world.settings.set('displayname', 'Line two', { line: 2 });
      return (await world.invite('1234', 1)).toBytes().toString();
    });
    expect(other).not.toMatch(/Line two/);
  });

  it.each([
    [{}, '061234'],
    [{ username: 'anna-maria' }, '06-12-34'],
    [{ username: 'anna-maria', normalizenumber: 1 }, '061234'],
    [{ normalizenumber: 0 }, '06-12-34'],
    [{ normalizenumber: -2 }, '06-12-34'],
  ])('[param:normalizenumber] %o: 06-12-34 is called as %s', async (given, called) => {
    expect(await inviteOf(given, '06-12-34')).toMatch(new RegExp(`^INVITE sip:${called}@`));
  });

  it('[param:numrewriterules] [param:numrewriterulesadv] calls the number as rewritten', async () => {
    expect(await inviteOf({}, '(06) 12-34')).toMatch(/^INVITE sip:061234@/);
    expect(await inviteOf({ numrewriterules: '06;00316;8;12' }, NUMBER)).toMatch(
      /^INVITE sip:0031612345678@/,
    );
    expect(await inviteOf({ numrewriterules: '06;00316;8;12' }, '0612')).toMatch(/^INVITE sip:0612@/);
    expect(await inviteOf({ numrewriterulesadv: ',0;1;06;7;3;;9' }, NUMBER)).toMatch(
      /^INVITE sip:90612345678@/,
    );
    expect(await inviteOf({ numrewriterulesadv: '_L_0_P_1_P_06_P_7_P_0_P_06_P_+316_P_1' }, NUMBER)).toMatch(
      /^INVITE sip:\+?(%2B)?316/i,
    );
  });

  it('[ims/1] [param:ims3gpp] switches the ways of an IMS network on and off, or goes by the domain', async () => {
    const called = (given: Given): Promise<string> => inviteOf({ ...given, ims3gpp_minphonelen: 4 }, NUMBER);
    expect(await called({ ims3gpp: 0, ims3gpp_phonenum: 1 })).not.toMatch(/user=phone/);
    expect(await called({ ims3gpp: -1 })).not.toMatch(/user=phone/);
    expect(await called({ ims3gpp: 1 })).toMatch(/^INVITE sip:0612345678@10\.0\.0\.100;user=phone/);
    expect(await called({ ims3gpp: 2 })).toMatch(/^INVITE tel:0612345678;phone-context=10\.0\.0\.100 /);
    const login = (given: Given): Promise<string> =>
      inWorld({ ...given, realm: 'ims.example' }, async (world) => {
        world.registrar.password = 'secret';
        await world.register();
        return world.registrar.last.get('Authorization') ?? '';
      });
    for (const ims3gpp of [1, 2]) expect(await login({ ims3gpp })).toMatch(/username="anna@ims\.example"/);
    expect(await login({ ims3gpp: 0, ims3gpp_authuname: 1 })).toMatch(/username="anna"/);
    const settings = new Settings();
    settings.set('serveraddress', 'ims.mnc001.mcc262.3gppnetwork.org');
    expect(dialString('0612345678', settings)).toMatch(/user=phone$/);
  });

  it('[param:maxsipmessagesize] requests of a line go over TCP when they are larger', async () => {
    const protocols = (size: number): Promise<string[]> =>
      inWorld({}, async (world) => {
        world.settings.set('maxsipmessagesize', size, { line: 1 });
        await world.dial('1234', 1);
        await world.world.run(300);
        return world.registrar.others
          .filter(({ request }) => request.method === 'INVITE')
          .map(({ request }) => request.topVia?.transport.toLowerCase() ?? '');
      });
    expect(await protocols(400)).toEqual(['tcp']);
    expect(await protocols(4000)).toEqual(['udp']);
  });

  it('[param:enabledirectcalls] calls addresses elsewhere at our server when told so', async () => {
    expect(await inviteOf({ enabledirectcalls: 0 }, 'sip:bob@10.0.0.100:5062')).toMatch(/^INVITE sip:bob@/);
    expect(await inviteOf({ enabledirectcalls: 0 }, 'sip:bob@other.example')).toMatch(
      /^INVITE sip:bob@10\.0\.0\.100/,
    );
  });

  it('[ims/0] [param:sipproto] [param:ims3gpp_phonenum] [param:ims3gpp_minphonelen] calls the kind of address asked for', async () => {
    expect(await inviteOf({ sipproto: 'tel' }, NUMBER)).toMatch(
      /^INVITE sip:0612345678@10\.0\.0\.100;user=phone/,
    );
    expect(await inviteOf({ ims3gpp_phonenum: 1 }, NUMBER)).toMatch(
      /^INVITE sip:0612345678@10\.0\.0\.100;user=phone/,
    );
    expect(await inviteOf({ ims3gpp_phonenum: 2 }, NUMBER)).toMatch(
      /^INVITE tel:0612345678;phone-context=10\.0\.0\.100 [\s\S]*^To: <tel:0612345678;/m,
    );
    expect(await inviteOf({ ims3gpp_phonenum: 2 }, '+31612345678')).toMatch(/^INVITE tel:\+31612345678 /);
    expect(await inviteOf({ ims3gpp_phonenum: 2, ims3gpp_minphonelen: 4 }, '1234')).toMatch(
      /^INVITE sip:1234@/,
    );
    expect(await inviteOf({ ims3gpp_phonenum: 2, ims3gpp_minphonelen: 4 }, 'bob')).toMatch(
      /^INVITE sip:bob@/,
    );
    expect(await inviteOf({ ims3gpp_phonenum: 2, ims3gpp_minphonelen: 12 }, NUMBER)).not.toMatch(
      /user=phone/,
    );
    await inWorld({ ims3gpp_authuname: 1, realm: 'ims.example' }, async (world) => {
      world.registrar.password = 'secret';
      await world.register();
      expect(world.registrar.last.get('Authorization')).toMatch(/username="anna@ims\.example"/);
    });
    expect(dialString('bob', new Settings())).toBe('bob');
    const secure = new Settings();
    secure.set('sipproto', 'sips');
    secure.set('serveraddress', 'a.example');
    expect(dialString('bob', secure)).toBe('sips:bob@a.example');
  });

  it('[param:enable_3pcc] offers nothing yet, when told so', async () => {
    expect(await inviteOf({ enable_3pcc: 3 })).not.toMatch(/m=audio/);
    expect(await inviteOf({ enable_3pcc: 4 })).toMatch(/c=IN IP4 0\.0\.0\.0/);
    expect(await inviteOf({ enable_3pcc: 5 })).toMatch(/v=0\r\n(?![\s\S]*m=audio)/);
    expect(await inviteOf({})).toMatch(/m=audio/);
  });

  it('[param:ringtimeout] [param:timer2] is given up after a while', async () => {
    const end = (given: Given): Promise<string> =>
      inWorld(given, async (world) => {
        const call = await world.dial();
        world.registrar.others[0].tx.reply(180);
        await world.world.run(10_000);
        return call.state;
      });
    expect(await end({ ringtimeout: 5000 })).toBe('ended');
    expect(await end({ ringtimeout: 5000, timer2: 40 })).toBe('ringing');
  });

  it('[param:allowcallredirect] is not sent again when redirections are not followed', async () => {
    const invites = (given: Given): Promise<number> =>
      inWorld(given, async (world) => {
        await world.dial();
        world.registrar.others[0].tx.reply(302, undefined, (response) =>
          response.set('Contact', '<sip:other@10.0.0.100>'),
        );
        await world.world.run(500);
        return world.registrar.others.filter(({ request }) => request.method === 'INVITE').length;
      });
    expect(await invites({ allowcallredirect: 0 })).toBe(1);
    expect(await invites({})).toBe(2);
  });

  it('[param:timer] [param:timer3] is repeated as often as the timers say', async () => {
    const sent = (given: Given): Promise<number> =>
      inWorld(given, async (world) => {
        world.world.network.unreachable.add('10.0.0.100');
        const phone = world.phone();
        await phone.start();
        void phone.dial('1234').catch(() => {});
        await world.world.run(3400);
        return world.world.lines(undefined, '10.0.0.100').filter((line) => line.startsWith('INVITE')).length;
      });
    expect(await sent({ transport: 0 })).toBe(3);
    expect(await sent({ transport: 0, timer: 40 })).toBe(2);
    expect(await sent({ transport: 0, timer3: 40 })).toBe(2);
  });
});

describe('the codecs of the INVITE', () => {
  it('are those that the rules offer by default', async () => {
    expect(codecsOf(await inviteOf({}))).toEqual(
      expect.arrayContaining(['opus/48000/2', 'speex/16000', 'G729/8000', 'PCMA/8000']),
    );
  });

  const ROWS: ReadonlyArray<readonly [string, string]> = [
    ['use_pcmu', 'PCMU/8000'],
    ['use_pcma', 'PCMA/8000'],
    ['use_g729', 'G729/8000'],
    ['use_gsm', 'GSM/8000'],
    ['use_ilbc', 'iLBC/8000'],
    ['use_speex', 'speex/8000'],
    ['use_speexwb', 'speex/16000'],
    ['use_speexuwb', 'speex/32000'],
    ['use_g7221', 'G7221/16000'],
    ['use_g7221uwb', 'G7221/32000'],
  ];
  it.each(ROWS)('[param:%s] has %s first with 3, and not with 1 or 0', async (name, codec) => {
    expect(codecsOf(await inviteOf({ [name]: 3 }))[0]).toBe(codec);
    expect(codecsOf(await inviteOf({ [name]: 1, alwaysallowlowcodec: 0 }))).not.toContain(codec);
    expect(codecsOf(await inviteOf({ [name]: 0 }))).not.toContain(codec);
  });

  const OPUS: ReadonlyArray<readonly [string, string]> = [
    ['use_opusnb', 'maxplaybackrate=8000'],
    ['use_opuswb', 'maxplaybackrate=16000'],
    ['use_opusswb', 'maxplaybackrate=24000'],
  ];
  it.each(OPUS)('[param:%s] puts Opus first, for %s', async (name, parameter) => {
    const text = await inviteOf({ [name]: 3 });
    expect(codecsOf(text)[0]).toBe('opus/48000/2');
    expect(text).toContain(parameter);
  });

  it('[param:use_opusuwb] puts Opus first, for the full band', async () => {
    const text = await inviteOf({ use_opusuwb: 3 });
    expect(codecsOf(text)[0]).toBe('opus/48000/2');
    expect(text).not.toContain('maxplaybackrate');
  });

  it('[param:codec] are the ones named, in that order; def is all', async () => {
    const audio = (text: string): string[] => codecsOf(text).filter((name) => !/telephone|CN/.test(name));
    expect(audio(await inviteOf({ codec: 'PCMA, G711,gsm' }))).toEqual([
      'PCMA/8000',
      'PCMU/8000',
      'GSM/8000',
    ]);
    expect(audio(await inviteOf({ codec: 'def' }))).toEqual(audio(await inviteOf({})));
  });

  it('[param:prefcodec] [param:defpayload] one of them can be put first', async () => {
    expect(codecsOf(await inviteOf({ prefcodec: 'gsm' }))[0]).toBe('GSM/8000');
    const text = await inWorld({}, async (world) => {
      world.settings.set('defpayload', 8, { line: 1 });
      return (await world.invite()).toBytes().toString();
    });
    expect(codecsOf(text)[0]).toBe('PCMA/8000');
  });

  it('[param:alwaysallowlowcodec] those for weak devices are added', async () => {
    expect(codecsOf(await inviteOf({ alwaysallowlowcodec: 2 }))).toEqual(
      expect.arrayContaining(['PCMU/8000', 'GSM/8000']),
    );
    expect(codecsOf(await inviteOf({ alwaysallowlowcodec: 0 }))).not.toContain('GSM/8000');
  });

  it('[param:disablewbforpstn] to telephone numbers have no wideband', async () => {
    expect(codecsOf(await inviteOf({}, NUMBER))).not.toContain('speex/16000');
    expect(codecsOf(await inviteOf({ disablewbforpstn: 0 }, NUMBER))).toContain('speex/16000');
  });
});
