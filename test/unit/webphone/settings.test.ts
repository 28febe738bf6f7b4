/** What was set is what is read: types, aliases, special words, lines, changes, secrets. */
import { describe, expect, it } from 'vitest';
import { encryptValue } from '../../../src/webphone/settings/encrypted-value.js';
import { shownSetting } from '../../../src/webphone/settings/redact.js';
import { GLOBAL, type SettingChange, Settings } from '../../../src/webphone/settings/settings.js';

describe('values', () => {
  it('[config-sources/3] come as text, number or boolean, and are of the type of the row', () => {
    const settings = new Settings();
    const cases: ReadonlyArray<readonly [string, string | number | boolean, string | number | boolean]> = [
      ['loglevel', '5', 5],
      ['loglevel', 5, 5],
      ['prack', '1', true],
      ['prack', 'true', true],
      ['prack', 0, false],
      ['use_rport', true, 1],
      ['autohold', 'false', 0],
      ['serveraddress', 12, '12'],
      ['language', 'hu', 'hu'],
      ['srtp_suite', 'aes_cm_256_hmac_sha1_80', 'AES_CM_256_HMAC_SHA1_80'],
      ['natopenpackets', '10', 10],
    ];
    for (const [name, input, value] of cases) {
      expect(settings.set(name, input), name).toMatchObject({ ok: true, value });
      expect(settings.get(name), name).toBe(value);
    }
  });

  it('that make no sense are refused and leave the old one', () => {
    const settings = new Settings();
    settings.set('dtmfmode', 4);
    expect(settings.set('dtmfmode', 17)).toMatchObject({ ok: false });
    expect(settings.set('loglevel', 'much')).toMatchObject({ ok: false });
    expect(settings.get('dtmfmode')).toBe(4);
    expect(settings.get('loglevel')).toBe(1);
  });

  it('out of range are brought into it, with a warning', () => {
    const settings = new Settings();
    const warnings: string[] = [];
    settings.on('warning', (text) => void warnings.push(text));
    expect(settings.set('volumein', 150)).toMatchObject({ ok: true, value: 100 });
    expect(settings.set('registerinterval', -1)).toMatchObject({ ok: true, value: -1 });
    expect(warnings).toEqual(['volumein: 150 is out of range, 100 is taken']);
  });

  it('that are refused are told with what may be chosen', () => {
    expect(new Settings().set('mediaencryption', 'srtp')).toEqual({
      ok: false,
      error:
        'mediaencryption: "srtp" is not one of -1, 0 (never), 1 (when the peer offers it), 2 (always offered)',
    });
  });

  it('of presence are those there are', () => {
    const settings = new Settings();
    expect(settings.set('upresence_bob', 'dnd')).toMatchObject({ ok: true, value: 'DND' });
    expect(settings.set('upresence_bob', 'holiday')).toMatchObject({ ok: false });
    expect(settings.get('upresence_bob')).toBe('DND');
  });

  it('left empty are those nobody has set', () => {
    const settings = new Settings();
    settings.set('holdtype', 4);
    expect(settings.set('holdtype', ' ')).toMatchObject({ ok: true, value: -1 });
    expect(settings.set('registerinterval', '')).toMatchObject({ ok: true, value: -1 });
    expect(settings.given('registerinterval')).toBe(false);
  });

  it.each([
    ['codec', 'pcmu,opuswbb', 'codec: "opuswbb" is not known; did you mean opuswb?'],
    ['codec', 'PCMA; speexwb opus', undefined],
    ['prefcodec', 'g722', undefined],
    ['prefcodec', '8', undefined],
    ['aectype', 'sofware', 'aectype: "sofware" is not known; did you mean software?'],
    ['blacklist', 'anybody,10.0.0.1', undefined],
  ])('of a list are known: %s %s', (name, value, warning) => {
    expect(new Settings().set(name, value)).toEqual({ ok: true, key: name, value, warning });
  });

  it('go by any spelling of the name', () => {
    const settings = new Settings();
    settings.set('SipServerAddress', 'a.example');
    settings.set('javascriptevents', 3);
    settings.set('sereveraddress2', 'b.example');
    expect(settings.text('serveraddress')).toBe('a.example');
    expect(settings.number('events')).toBe(3);
    expect(settings.get('jScriptStats')).toBe(0);
    expect(settings.text('serveraddressN', 2)).toBe('b.example');
    expect(settings.members('serveraddressN')).toEqual(['2']);
  });

  it('[config-sources/2] DEF brings the default back, NULL empties texts', () => {
    const settings = new Settings();
    settings.set('transport', 1);
    settings.set('useragent', 'Mine');
    settings.set('audiodevicein', 'USB');
    expect(settings.set('transport', 'DEF')).toMatchObject({ ok: true, value: -1 });
    expect(settings.get('transport')).toBe(-1);
    settings.set('transport', 2);
    settings.set('transport', 'null');
    expect(settings.get('transport')).toBe(-1);
    settings.set('useragent', 'NULL');
    expect(settings.get('useragent')).toBe('');
    settings.set('audiodevicein', 'NULL');
    expect(settings.get('audiodevicein')).toBe('');
    settings.set('audiodevicein', 'def');
    expect(settings.get('audiodevicein')).toBe('Default');
  });

  it('[config-sources/4] of start-only settings are taken without an error', () => {
    const settings = new Settings();
    expect(settings.set('signalingport', '15060')).toMatchObject({ ok: true, value: 15_060 });
    expect(settings.set('bindip', '127.0.0.1')).toMatchObject({ ok: true });
  });
});

describe('warnings', () => {
  it('name the nearest name of an unknown one, once', () => {
    const settings = new Settings();
    const warnings: string[] = [];
    settings.on('warning', (text) => void warnings.push(text));
    expect(settings.set('usrname', 'anna')).toEqual({
      ok: false,
      error: '"usrname" is not a setting; did you mean username?',
    });
    settings.set('usrname', 'anna');
    expect(warnings).toHaveLength(1);
  });

  it('tell once of a setting whose engine is not there, which is kept all the same', () => {
    const settings = new Settings();
    const warnings: string[] = [];
    settings.on('warning', (text) => void warnings.push(text));
    expect(settings.set('siprec_src', 2)).toMatchObject({ ok: true, value: 2 });
    settings.set('siprec_src', 3);
    expect(warnings).toEqual(['siprec_src waits for recording by a server (SIPREC)']);
    expect(settings.get('siprec_src')).toBe(3);
  });
});

describe('a value whose engine is not there', () => {
  it.each([
    ['transport', 3, 'transport 3 waits for a tunnel'],
    ['transport', 2, undefined],
    ['natopenpackettype', 3, 'natopenpackettype 3 waits for air traffic radio (ED-137)'],
    ['tlsclientcerttype', 'jks', 'tlsclientcerttype jks concerns a Java runtime and does nothing here'],
    ['tlsclientcerttype', 'pkcs12', undefined],
  ])('is taken, and said to be: %s %s', (name, value, warning) => {
    const settings = new Settings();
    const warnings: string[] = [];
    settings.on('warning', (text) => void warnings.push(text));
    expect(settings.set(name, value)).toEqual({ ok: true, key: name, value, warning });
    expect(warnings).toEqual(warning === undefined ? [] : [warning]);
  });
});

describe('a setting of the phone that the manual lets lines have', () => {
  it.each(['presenceexpire', 'notifyexpiresec', 'registerinterval'])(
    '%s says that it does nothing there',
    (name) => {
      const settings = new Settings();
      expect(settings.set(name, 600, { line: 1 })).toMatchObject({
        ok: true,
        warning: `${name} is of the phone and does nothing for a line`,
      });
      expect(settings.set(name, 600)).toMatchObject({ ok: true, warning: undefined });
    },
  );
});

describe('a setting whose engine is not there', () => {
  /** What is said when it is set. */
  const said = (name: string, value: string | number | boolean, line?: number): string[] => {
    const settings = new Settings();
    const warnings: string[] = [];
    settings.on('warning', (text) => void warnings.push(text));
    expect(settings.set(name, value, { line })).toMatchObject({ ok: true });
    return warnings;
  };

  it('is silent about what asks for nothing', () => {
    for (const value of [0, '0', 'off', 'no', false, 2, -1, 'DEF', 'NULL'])
      expect(said('video_config', value)).toEqual([]);
    for (const name of [
      'video',
      'upnpnat',
      'use_fast_ice',
      'use_fast_stun',
      'use_rtpstun',
      'ed137',
      'hasconnect',
    ])
      expect(said(name, 0), name).toEqual([]);
    for (const name of ['stunserver', 'video_codec', 'siprec_srs_uri'])
      expect(said(name, ''), name).toEqual([]);
    expect(said('siprec_src', 1)).toEqual([]);
    expect(said('siprec_srs', 0)).toEqual([]);
    expect(said('videocalltype', 0, 1)).toEqual([]);
    // As a server is started in the manual.
    const server =
      'enablepresence=0 voicemail=0 use_fast_stun=0 use_rtpstun=0 use_fast_ice=0 video_config=2 playring=0 ringincall=0';
    for (const pair of server.split(' '))
      expect(said(pair.split('=')[0], pair.split('=')[1]), pair).toEqual([]);
  });

  it('speaks up for what asks for something, an engine that is off by 0 or one that is not', () => {
    expect(said('video_config', 8)).toEqual(['video_config waits for video']);
    expect(said('video', 1)).toEqual(['video waits for video']);
    expect(said('siprec_src', 0)).toEqual(['siprec_src waits for recording by a server (SIPREC)']);
    expect(said('use_fast_ice', 2)).toHaveLength(1);
    expect(said('stunserver', 'stun.example.com')).toHaveLength(1);
    expect(said('maintimer', 0)).toHaveLength(1);
  });
});

describe('lines', () => {
  it('[line-parameters/0] take presets for a line, the next call, or the phone', () => {
    const settings = new Settings();
    settings.set('username', 'all', { line: GLOBAL });
    settings.set('username', 'two', { line: 2, permanent: true });
    settings.set('username', 'next', { line: 0 });
    expect(settings.get('username')).toBe('all');
    expect(settings.get('username', 1)).toBe('all');
    expect(settings.get('username', 2)).toBe('two');
    expect(settings.get('username', 0)).toBe('next');
    settings.openLine(3);
    expect(settings.get('username', 3)).toBe('next');
    expect(settings.get('username', 0)).toBe('all');
    expect(settings.set('loglevel', 5, { line: 1 })).toMatchObject({ ok: false });
    expect(settings.set('callid', 'x')).toMatchObject({ ok: false });
  });

  it('[line-parameters/1] keep a permanent preset and use another once', () => {
    const settings = new Settings();
    settings.set('transport', 1, { line: 2, permanent: true });
    settings.set('displayname', 'Once', { line: 2 });
    settings.openLine(2);
    expect(settings.get('displayname', 2)).toBe('Once');
    settings.closeLine(2);
    settings.openLine(2);
    expect(settings.get('displayname', 2)).toBe('');
    expect(settings.get('transport', 2)).toBe(1);
  });

  it('[line-parameters/2] NULL takes a preset away, clearLines all of them', () => {
    const settings = new Settings();
    settings.set('username', 'two', { line: 2, permanent: true });
    settings.set('username', 'NULL', { line: 2, permanent: true });
    expect(settings.get('username', 2)).toBe('');
    settings.set('username', 'a', { line: 0, permanent: true });
    settings.set('username', 'b', { line: 5 });
    settings.clearLines();
    expect([settings.get('username', 0), settings.get('username', 5)]).toEqual(['', '']);
  });

  it('[param:address] of a line sets its server and its proxy', () => {
    const settings = new Settings();
    settings.set('address', 'pbx.example', { line: 1 });
    expect(settings.get('serveraddress', 1)).toBe('pbx.example');
    expect(settings.get('proxyaddress', 1)).toBe('pbx.example');
    expect(settings.get('serveraddress')).toBe('');
  });

  it('have a view of their own, and a copy that stays', () => {
    const settings = new Settings();
    settings.set('displayname', 'Phone');
    const live = settings.forLine(1);
    settings.set('displayname', 'Line', { line: 1 });
    const copy = settings.snapshot(1);
    settings.set('displayname', 'Later', { line: 1 });
    expect([live.text('displayname'), copy.text('displayname')]).toEqual(['Later', 'Line']);
    expect(copy.given('displayname')).toBe(true);
    expect(copy.given('sip_uui')).toBe(false);
  });
});

describe('changes', () => {
  it('are told with what was before, and only when something changed', () => {
    const settings = new Settings();
    const changes: SettingChange[] = [];
    settings.on('change', (change) => void changes.push(change));
    settings.set('loglevel', 5);
    settings.set('loglevel', '5');
    settings.set('loglevel', 'DEF', { origin: 'sip' });
    expect(changes.map(({ key, value, previous, origin }) => [key, value, previous, origin])).toEqual([
      ['loglevel', 5, 1, 'api'],
      ['loglevel', 1, 5, 'sip'],
    ]);
  });
});

describe('encrypted values', () => {
  it('[param-encryption/0] are read whatever setting they are given to', () => {
    const settings = new Settings({ encryptionKey: 'a key of ours' });
    for (const method of [0, 1, 2, 3, 4, 5] as const) {
      settings.set('password', encryptValue(`sécret ${method}`, method, 'a key of ours'));
      expect(settings.get('password')).toBe(`sécret ${method}`);
    }
    settings.set('loglevel', encryptValue('5', 3, 'a key of ours'));
    expect(settings.get('loglevel')).toBe(5);
    settings.set('username', encryptValue('anna', 4).replace('encrypted__4__', 'encrypted_4'));
    expect(settings.get('username')).toBe('anna');
  });

  it('[param-encryption/1] [param:pwdencrypted] says how the password is encoded', () => {
    const settings = new Settings();
    settings.set('pwdencrypted', 4);
    settings.set('password', Buffer.from('1234').toString('base64'));
    expect(settings.get('password')).toBe('1234');
  });

  it('that cannot be read are refused, and the text is not in the reason', () => {
    const settings = new Settings({ encryptionKey: 'right' });
    const result = settings.set('password', encryptValue('secret', 5, 'wrong'));
    expect(result.ok).toBe(false);
    expect(JSON.stringify(result)).not.toContain('encrypted__5__');
    expect(settings.get('password')).toBe('');
  });
});

describe('what is shown', () => {
  it('has no secret in it', () => {
    expect(shownSetting('password', 'top')).toBe('(hidden)');
    expect(shownSetting('password3', 'top')).toBe('(hidden)');
    expect(shownSetting('extraregisteraccounts', 'a,b,c')).toBe('(hidden)');
    expect(shownSetting('voicerecftp_addr', 'ftp://user:pass@host/x')).toBe('ftp://(hidden)@host/x');
    expect(shownSetting('username', 'anna')).toBe('anna');
    expect(shownSetting('password', '')).toBe('');
  });
});
