import { describe, expect, it } from 'vitest';
import { DigitMerger } from '../../../src/media/graph/digit-merger.js';
import type { MediaSession, ReceivedDigit, StreamConfig } from '../../../src/media/index.js';
import { babble, mediaPair } from '../../support/media-pair.js';

function digitsOf(session: MediaSession): ReceivedDigit[] {
  const digits: ReceivedDigit[] = [];
  session.on('dtmf', (digit) => digits.push(digit));
  return digits;
}

const text = (digits: readonly ReceivedDigit[]): string => digits.map(({ digit }) => digit).join('');

describe('in-band digits', () => {
  it.each<[string, Partial<StreamConfig>]>([
    ['PCMU', {}],
    ['G722', { send: { payloadType: 9, codec: 'G722', clockRate: 8000 } }],
  ])('are dialled and recognised through %s, in the middle of speech', async (_codec, change) => {
    const pair = await mediaPair({ delayMs: 20, jitterMs: 10 });
    await pair.connect((config) => ({
      ...config,
      ...change,
      receive: change.send ? [change.send] : config.receive,
      telephoneEventSend: undefined,
      telephoneEventReceive: undefined,
    }));
    pair.b.setProcessing({ dtmfDetection: 'auto' });
    const digits = digitsOf(pair.b);
    pair.a.play({ samples: babble(10), sampleRate: 8000 });
    await pair.clock.run(500);
    let sent = false;
    pair.a.sendDtmf('0123456789*#ABCD', { method: 'inband' }).then(() => {
      sent = true;
    });
    pair.a.sendDtmf('5,5', { method: 'inband', durationMs: 80, gapMs: 80 });
    await pair.clock.run(2000);
    expect(sent).toBe(false);
    await pair.clock.run(2500);
    expect(sent).toBe(true);
    expect(text(digits)).toBe('0123456789*#ABCD55');
    expect(digits[0].via).toBe('inband');
    expect(Math.abs(digits[0].durationMs - 100)).toBeLessThanOrEqual(20);
    await pair.engine.close();
  });

  it('refuse flash and letters; end with the session', async () => {
    const pair = await mediaPair();
    await pair.connect();
    await expect(pair.a.sendDtmf('1!', { method: 'inband' })).rejects.toThrow("'!' is no DTMF digit");
    const waiting = pair.a.sendDtmf('1', { method: 'inband' });
    await pair.a.close();
    await expect(waiting).rejects.toMatchObject({ code: 'ERR_CLOSED' });
    await pair.engine.close();
  });
});

describe('a digit on several paths', () => {
  it('is told once: telephone-events, tones and INFO together', async () => {
    const pair = await mediaPair({ delayMs: 30, jitterMs: 20 });
    await pair.connect();
    pair.b.setProcessing({ dtmfDetection: 'on' });
    const digits = digitsOf(pair.b);
    await pair.clock.run(200);
    // A gateway that turns tones into events and leaves the tones in the audio, and a server that sends INFO on top.
    for (const digit of '11223') {
      void pair.a.sendDtmf(digit, { method: 'inband' });
      await pair.clock.run(170);
      void pair.a.sendDtmf(digit);
      await pair.clock.run(250);
      pair.b.reportDigit(digit, 100);
      await pair.clock.run(80);
    }
    await pair.clock.run(500);
    expect(text(digits)).toBe('11223');
    await pair.engine.close();
  });

  it('matches one to one and within some seconds only', () => {
    const told: string[] = [];
    const merger = new DigitMerger(({ digit, via }) => told.push(`${digit} ${via}`));
    merger.take('1', 100, 'rfc4733', 0);
    merger.take('1', 100, 'rfc4733', 200);
    merger.take('1', 100, 'info', 300);
    merger.take('1', 100, 'info', 400);
    merger.take('1', 100, 'info', 500);
    merger.take('1', 100, 'info', 9000);
    expect(told).toEqual(['1 rfc4733', '1 rfc4733', '1 info', '1 info']);
    // Tones of a peer that sends events are not believed; of the next peer they are.
    merger.take('7', 100, 'inband', 20_000);
    expect(told).toHaveLength(4);
    merger.reset();
    merger.take('7', 100, 'inband', 30_000);
    expect(told.at(-1)).toBe('7 inband');
  });
});

describe('digits of a peer whose SSRC changes in the middle', () => {
  it('are told once: the rest of the event, and its repeated end, belong to what was heard before', async () => {
    const pair = await mediaPair({ delayMs: 20 });
    await pair.connect();
    const digits = digitsOf(pair.b);
    await pair.clock.run(500);
    let events = 0;
    pair.network.conditions = {
      delayMs: 20,
      drop: (data) => {
        // From the fourth packet of the event on everything is of another source; packets of both follow each other.
        if ((data[1] & 0x7f) === 101) events++;
        if (events > 3 && (data[1] & 0x7f) < 128 && data[1] !== 200) data[11] ^= events % 2;
        return false;
      },
    };
    for (const digit of '1234') {
      events = 0;
      await Promise.all([pair.a.sendDtmf(digit), pair.clock.run(400)]);
    }
    await pair.clock.run(500);
    expect(text(digits)).toBe('1234');
    await pair.engine.close();
  });
});
