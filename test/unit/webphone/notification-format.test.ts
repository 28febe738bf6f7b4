import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatNotification,
  joinNotifications,
  NOTIFICATIONS,
  type Notification,
  type NotificationSpec,
  notification,
  parseNotification,
  parseNotifications,
} from '../../../src/webphone/notifications/index.js';
import { hasShared, sharedPath } from '../../support/shared.js';

interface Catalogue {
  notifications: Array<{ header: string; template: string; examples?: string[] }>;
}

const catalogue = hasShared
  ? (JSON.parse(readFileSync(sharedPath('spec', 'notifications.json'), 'utf8')) as Catalogue)
  : undefined;

/** Any fields of any kind, with everything people put into texts. */
const anyNotification = fc.constantFrom(...(NOTIFICATIONS as readonly NotificationSpec[])).chain((spec) =>
  fc
    .record(
      Object.fromEntries(
        spec.fields.map(({ name, type }) => [
          name,
          type === 'int'
            ? fc.oneof(fc.integer(), fc.constant(undefined))
            : type === 'bool'
              ? fc.boolean()
              : fc.oneof(
                  fc.string(),
                  fc.string({
                    unit: fc.constantFrom(',', '[', ']', '\r\n', ' ', 'a', 'RESULT:', ',REQUEST:', ',NEOL'),
                  }),
                  fc.constant(undefined),
                ),
        ]),
      ),
    )
    .map((fields) => notification(spec.kind as 'CDR', fields)),
);

const plain = (one: Notification): object => ({ ...one });

describe('notification strings', () => {
  it('[API_ParseNotification] [notifications/0] read back as the objects they were made of, whatever is in them', () => {
    fc.assert(
      fc.property(anyNotification, (one) => {
        const text = formatNotification(one);
        expect(plain(parseNotification(text))).toEqual(plain(one));
        expect(String(parseNotification(text))).toBe(text);
      }),
      { numRuns: 2000 },
    );
  });

  it('[notifications/3] may have the prefix WPNOTIFICATION and end with NEOL', () => {
    const text = 'WPNOTIFICATION,STATUS,1,Ringing,2222,1111,2,Katie,[abc@host],NEOL \r\n';
    expect(parseNotification(text)).toMatchObject({ kind: 'STATUS', peername: '2222', callid: 'abc@host' });
    const log = notification('LOG', { type: 'EVENT', txt: 'INVITE sip:a\r\nVia: x' });
    const joined = `WPNOTIFICATION,${log},NEOL \r\nWPNOTIFICATION,LINE,2,NEOL \r\n`;
    expect(parseNotifications(joined).map(String)).toEqual([String(log), 'LINE,2']);
    expect(parseNotifications('LINE,2\r\n\r\nSTATUS,-1,Registered.\r\n').map(String)).toEqual([
      'LINE,2',
      'STATUS,-1,Registered.',
    ]);
  });

  it('[notifications/3] nothing a peer writes passes for another notification', () => {
    const forged = 'hi\r\nCDR,1,me,NEOL \r\nWPNOTIFICATION,CDR,1,me\nCDR,1,me,NEOL';
    const chat = notification('CHAT', { line: 0, peername: 'eve', text: forged });
    const event = notification('EVENT', { type: 'EVENT', txt: 'x,NEOL and more' });
    const line = notification('LINE', { line: 2 });
    const framed = [chat, event, line].map((one) => `WPNOTIFICATION,${one},NEOL \r\n`).join('');
    expect(parseNotifications(framed).map(plain)).toEqual([chat, event, line].map(plain));
    const polled = joinNotifications([chat, event, line]);
    expect(polled.split('\r\n')).toHaveLength(3);
    expect(parseNotifications(polled).map(({ kind }) => kind)).toEqual(['CHAT', 'EVENT', 'LINE']);
    expect(parseNotifications(joinNotifications([chat]))).toHaveLength(1);
  });

  it('reads both older layouts of STATUS in the example session', () => {
    const speaking = 'STATUS,1,Speaking,t3,t2,1,t3,[6e43@k],,1,2,2,0,0,0,0';
    expect(parseNotification(speaking)).toMatchObject({
      callid: '6e43@k',
      online: 1,
      registered: 2,
      incall: 2,
    });
    const ended = 'STATUS,1,CallDisconnect,t3,t2,1,t3,98,97,1,100,,[6e43],1,2,0,0,0,0,0';
    expect(parseNotification(ended)).toMatchObject({
      rtpsent: 98,
      rtprec: 97,
      rtploss: 1,
      callid: '6e43',
      registered: 2,
      incall: 0,
    });
  });

  it('takes blanks after commas, missing fields and texts without a header', () => {
    const cdr = parseNotification(
      'CDR,1, 112233, 445566, 112233, voip.example.com, 5884, 1429, 2, bye received',
    );
    expect(cdr).toMatchObject({
      peername: '112233',
      connecttime: 5884,
      disparty: 2,
      reasontext: 'bye received',
    });
    expect(parseNotification('hello')).toMatchObject({ kind: 'EVENT', txt: 'hello' });
    expect(parseNotification('STRANGE,1,2')).toMatchObject({ kind: 'EVENT', txt: 'STRANGE,1,2' });
    expect(parseNotification('POPOP,look, here')).toMatchObject({ kind: 'POPUP', txt: 'look, here' });
    expect(parseNotification('CHAT,1,john,Hi, you')).toMatchObject({ text: 'Hi, you' });
  });

  it.skipIf(!catalogue)('have the kinds and the fields of the catalogue in its order', () => {
    const kinds = (catalogue?.notifications ?? []).map(({ header }) => header);
    expect(NOTIFICATIONS.map(({ kind }) => kind).toSorted()).toEqual(kinds.toSorted());
    for (const { header, template } of catalogue?.notifications ?? []) {
      if (['ANSWER', 'RTPT'].includes(header)) continue;
      const spec = (NOTIFICATIONS as readonly NotificationSpec[]).find(({ kind }) => kind === header);
      expect(spec?.fields.length, header).toBe(template.split(',').length - 1);
    }
  });

  it.skipIf(!catalogue)('read every example of the catalogue as its kind', () => {
    for (const { header, examples = [] } of catalogue?.notifications ?? []) {
      for (const example of examples) {
        if (!example.startsWith(`${header},`)) continue;
        expect(parseNotification(example).kind, example).toBe(header);
      }
    }
  });
});
