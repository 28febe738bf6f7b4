import { describe, expect, it } from 'vitest';
import { isGroupAddress } from '../../../src/sdp/attributes.js';
import { fmtpParameters, sameFormat } from '../../../src/sdp/audio-format.js';
import {
  attributeValue,
  attributeValues,
  audioFormats,
  connectionOf,
  direction,
  fmtp,
  isUnspecified,
  maxptime,
  parseSdp,
  ptime,
  rtcpDestination,
  rtcpMux,
  rtpmaps,
  ssrcs,
} from '../../../src/sdp/index.js';
import { OPUS, sdp } from '../../support/sdp.js';

function read(lines: string, sessionLines = '') {
  const session = parseSdp(sdp(`v=0\no=- 1 1 IN IP4 192.0.2.1\ns=-\n${sessionLines}\n${lines}`));
  return { session, media: session.media[0] };
}

describe('formats', () => {
  it('come in the order of m= from rtpmap and the static table', () => {
    const { media } = read(`
      m=audio 4000 RTP/AVP 96 0 9 18 13 50 96 300 x 101
      a=rtpmap:96 OPUS/48000/2
      a=fmtp:96 useinbandfec=1; maxplaybackrate=16000
      a=RTPMAP:101 telephone-event/8000
      a=fmtp:101 0-16
      a=rtpmap:102 unused/8000`);
    expect(audioFormats(media)).toEqual([
      {
        payloadType: 96,
        name: 'OPUS',
        clockRate: 48000,
        channels: 2,
        fmtp: 'useinbandfec=1; maxplaybackrate=16000',
      },
      { payloadType: 0, name: 'PCMU', clockRate: 8000, channels: 1 },
      { payloadType: 9, name: 'G722', clockRate: 8000, channels: 1 },
      { payloadType: 18, name: 'G729', clockRate: 8000, channels: 1 },
      { payloadType: 13, name: 'CN', clockRate: 8000, channels: 1 },
      { payloadType: 101, name: 'telephone-event', clockRate: 8000, channels: 1, fmtp: '0-16' },
    ]);
    expect(fmtp(media, 101)).toBe('0-16');
    expect(fmtp(media, 0)).toBeUndefined();
  });

  it('follow rtpmap where it overrides a static number, and ignore broken lines', () => {
    const { media } = read(`
      m=audio 4000 RTP/AVP 0 97 98 99
      a=rtpmap:0 L16/8000
      a=rtpmap:97
      a=rtpmap:98 foo/0
      a=rtpmap:128 bar/8000
      a=rtpmap:99  baz / 8000 / 2
      a=rtpmap`);
    expect(audioFormats(media).map((f) => [f.payloadType, f.name, f.channels])).toEqual([
      [0, 'L16', 1],
      [99, 'baz', 2],
    ]);
    expect(rtpmaps(media).has(128)).toBe(false);
  });

  it('are the same codec whatever the case, and by the parameters that select the bit stream', () => {
    const g7221 = (bitrate: number) => ({
      name: 'G7221',
      clockRate: 16000,
      channels: 1,
      fmtp: `bitrate=${bitrate}`,
    });
    expect(
      sameFormat(
        { name: 'pcmu', clockRate: 8000, channels: 1 },
        { name: 'PCMU', clockRate: 8000, channels: 1 },
      ),
    ).toBe(true);
    expect(
      sameFormat(
        { name: 'L16', clockRate: 8000, channels: 1 },
        { name: 'L16', clockRate: 8000, channels: 2 },
      ),
    ).toBe(false);
    expect(
      sameFormat(
        { name: 'speex', clockRate: 8000, channels: 1 },
        { name: 'speex', clockRate: 16000, channels: 1 },
      ),
    ).toBe(false);
    expect(sameFormat({ name: 'opus', clockRate: 48000, channels: 1 }, OPUS)).toBe(true);
    expect(
      sameFormat(
        { name: 'G722', clockRate: 16000, channels: 1 },
        { name: 'G722', clockRate: 8000, channels: 1 },
      ),
    ).toBe(true);
    expect(sameFormat(g7221(24000), g7221(32000))).toBe(false);
    expect(sameFormat(g7221(24000), g7221(24000))).toBe(true);
  });

  it('have parameters in any spelling', () => {
    expect([...fmtpParameters('Mode=20 ;x; ;y = 1=2')]).toEqual([
      ['mode', '20'],
      ['x', ''],
      ['y', '1=2'],
    ]);
    expect(fmtpParameters(undefined).size).toBe(0);
  });
});

describe('direction', () => {
  it.each([
    ['', '', 'sendrecv'],
    ['a=sendonly', '', 'sendonly'],
    ['a=sendonly', 'a=recvonly', 'recvonly'],
    ['', 'a=inactive ', 'inactive'],
  ])('of session %j and media %j is %s', (sessionLines, mediaLines, expected) => {
    const { session, media } = read(`m=audio 4000 RTP/AVP 0\n${mediaLines}`, sessionLines);
    expect(direction(session, media)).toBe(expected);
  });
});

describe('other readers', () => {
  it('take the connection of the media before that of the session', () => {
    const both = read('m=audio 4000 RTP/AVP 0\nc=IN IP6 2001:db8::1', 'c=IN IP4 192.0.2.1');
    expect(connectionOf(both.session, both.media)?.address).toBe('2001:db8::1');
    const inherited = read('m=audio 4000 RTP/AVP 0', 'c=IN IP4 192.0.2.1');
    expect(connectionOf(inherited.session, inherited.media)?.address).toBe('192.0.2.1');
  });

  it.each([
    ['', { address: '192.0.2.1', port: 4001 }],
    ['a=rtcp:5000', { address: '192.0.2.1', port: 5000 }],
    ['a=rtcp:5000 IN IP4 198.51.100.7', { address: '198.51.100.7', port: 5000 }],
    ['a=rtcp:5000 IN IP6 2001:db8::7', { address: '2001:db8::7', port: 5000 }],
    ['a=rtcp:0', { address: '192.0.2.1', port: 4001 }],
    ['a=rtcp:nonsense', { address: '192.0.2.1', port: 4001 }],
  ])('find RTCP with %j', (line, expected) => {
    const { session, media } = read(`m=audio 4000 RTP/AVP 0\n${line}`, 'c=IN IP4 192.0.2.1');
    expect(rtcpDestination(session, media)).toEqual(expected);
  });

  it('take packet times within reason', () => {
    const { media } = read('m=audio 4000 RTP/AVP 0\na=ptime:20\na=maxptime:62.5');
    expect([ptime(media), maxptime(media)]).toEqual([20, 62.5]);
    for (const line of ['a=ptime:0', 'a=ptime:-20', 'a=ptime:99999', 'a=ptime:x', 'a=ptime']) {
      expect(ptime(read(`m=audio 4000 RTP/AVP 0\n${line}`).media)).toBeUndefined();
    }
  });

  it('read rtcp-mux, sources and unknown attributes', () => {
    const { media } = read(`
      m=audio 4000 RTP/AVP 0
      a=rtcp-mux
      a=ssrc:1234 cname:a@b
      a=ssrc:1234 msid:x
      a=ssrc:4294967295
      a=ssrc:4294967296 cname:c
      a=X-Vendor:one
      a=x-vendor:two`);
    expect(rtcpMux(media)).toBe(true);
    expect(ssrcs(media)).toEqual([1234, 0xffff_ffff]);
    expect(attributeValue(media, 'x-vendor')).toBe('one');
    expect(attributeValues(media, 'x-vendor')).toEqual(['one', 'two']);
  });

  it('know the addresses that mean "send nothing"', () => {
    expect(['0.0.0.0', '::', '0:0:0:0:0:0:0:0'].map(isUnspecified)).toEqual([true, true, true]);
    expect(['10.0.0.0', '::1', '2001:db8::'].map(isUnspecified)).toEqual([false, false, false]);
    const groups = ['224.0.0.1', '239.255.255.250', '255.255.255.255', 'ff02::1', 'FF15::101'];
    expect(groups.filter((address) => !isGroupAddress(address))).toEqual([]);
    const others = ['223.1.1.1', '240.1.1.1', '224.example.com', 'ff.example', 'fe80::1', '2001:ff02::1'];
    expect(others.filter(isGroupAddress)).toEqual([]);
  });
});
