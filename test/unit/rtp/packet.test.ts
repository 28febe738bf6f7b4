import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { classifyDatagram, RtpPacketView, writeRtpHeader } from '../../../src/rtp/packet.js';
import { hasShared, sharedPath } from '../../support/shared.js';

function hex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replace(/\s/g, ''), 'hex'));
}

function parse(bytes: Uint8Array): RtpPacketView | undefined {
  const view = new RtpPacketView();
  return view.parse(bytes, 0, bytes.length) ? view : undefined;
}

const HEADER = '80 00 1234 00000064 deadbeef';

describe('RtpPacketView', () => {
  it('reads what writeRtpHeader wrote, wherever it lies', () => {
    const data = new Uint8Array(64);
    const end = writeRtpHeader(data, 20, 101, true, 0xfffe, 0xfedcba98, 0x89abcdef);
    expect(end).toBe(32);
    const view = new RtpPacketView();
    expect(view.parse(data, 20, 36)).toBe(true);
    expect(view).toMatchObject({
      marker: true,
      payloadType: 101,
      sequence: 0xfffe,
      timestamp: 0xfedcba98,
      ssrc: 0x89abcdef,
      csrcCount: 0,
      extensionProfile: -1,
      payloadOffset: 32,
      payloadLength: 4,
    });
  });

  it('takes a packet without payload', () => {
    expect(parse(hex(HEADER))?.payloadLength).toBe(0);
  });

  it('skips CSRCs, header extension and padding', () => {
    const view = parse(
      hex(`b2 80 0001 00000002 00000003 0000000a 0000000b bede 0001 10ff0000 aabbcc 000003`),
    );
    expect(view).toMatchObject({
      csrcCount: 2,
      extensionProfile: 0xbede,
      extensionOffset: 24,
      extensionLength: 4,
      payloadOffset: 28,
      payloadLength: 3,
      paddingLength: 3,
    });
    expect([view?.csrc(0), view?.csrc(1)]).toEqual([10, 11]);
  });

  it.each([
    ['shorter than a header', '80 00 1234 00000064 deadbe'],
    ['of version 1', '40 00 1234 00000064 deadbeef'],
    ['of version 3', 'c0 00 1234 00000064 deadbeef'],
    ['with more CSRCs than bytes', '8f 00 1234 00000064 deadbeef 00000001'],
    ['with a cut extension header', '90 00 1234 00000064 deadbeef bede'],
    ['with an extension beyond the end', '90 00 1234 00000064 deadbeef bede 0002 00000000'],
    ['with padding of zero bytes', 'a0 00 1234 00000064 deadbeef 00'],
    ['with more padding than payload', 'a0 00 1234 00000064 deadbeef 0000 03'.replace('03', '04')],
    ['with padding but no payload', 'a0 00 1234 00000064 deadbeef'],
  ])('refuses a packet %s', (_, text) => {
    expect(parse(hex(text))).toBeUndefined();
  });

  it('does not look beyond the length of the datagram', () => {
    const view = new RtpPacketView();
    expect(view.parse(hex(HEADER), 0, 13)).toBe(false);
    expect(view.parse(new Uint8Array(0), 0, 0)).toBe(false);
  });
});

describe('classifyDatagram', () => {
  it.each([
    ['rtp', '80 00 00'],
    ['rtp', '80 80 00'],
    ['rtp', 'bf 7f 00'],
    ['rtcp', '80 c8 00'],
    ['rtcp', '81 c0 00'],
    ['rtcp', '80 df 00'],
    ['rtp', '80 e0 00'],
    ['stun', '00 01 00'],
    ['dtls', '16 fe ff'],
    ['other', '40 00 00'],
    ['other', 'ff ff ff'],
    ['other', '80'],
    ['other', ''],
  ])('%s: %s', (kind, text) => {
    const data = hex(text);
    expect(classifyDatagram(data, data.length)).toBe(kind);
  });
});

describe.skipIf(!hasShared)('reference packets', () => {
  const read = (name: string): Uint8Array => readFileSync(sharedPath('vectors', 'rtp', `werift-${name}.bin`));

  it('reads a G.711 packet', () => {
    expect(parse(read('rtp'))).toMatchObject({
      payloadType: 0,
      marker: false,
      payloadLength: 160,
      csrcCount: 0,
    });
  });

  it('reads a telephone-event packet', () => {
    expect(parse(read('rtp_dtmf'))).toMatchObject({ payloadType: 101, marker: true, payloadLength: 4 });
  });

  it('reads CSRCs', () => {
    const view = parse(read('rtp_with_csrc'));
    expect(view).toMatchObject({ csrcCount: 2, payloadLength: 160 });
    expect([view?.csrc(0), view?.csrc(1)]).toEqual([2_882_400_001, 3_735_928_559]);
  });

  it('takes packets that are padding only for empty ones', () => {
    expect(parse(read('rtp_only_padding'))).toMatchObject({ payloadLength: 0, paddingLength: 224 });
    expect(parse(read('rtp_only_padding_with_header_extensions'))).toMatchObject({
      payloadLength: 0,
      paddingLength: 224,
      extensionProfile: 0xbede,
    });
  });

  it('finds the header extension', () => {
    expect(parse(read('rtp_with_sdes_mid'))).toMatchObject({ extensionProfile: 0xbede, extensionLength: 4 });
  });
});
