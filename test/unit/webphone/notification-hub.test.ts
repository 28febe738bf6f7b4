import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../src/base/clock.js';
import {
  type Notification,
  NotificationHub,
  type NotificationKind,
  parseNotification,
} from '../../../src/webphone/notifications/index.js';

const texts = (list: readonly Notification[]): string[] => list.map(String);

function say(hub: NotificationHub, ...lines: number[]): void {
  for (const line of lines) hub.publish('LINE', { line });
}

describe('the notification hub', () => {
  it('[notifications/1] tells all kinds there are, as objects and as strings that are read back as that kind', () => {
    const kinds = (
      'STATUS REGISTER PRESENCE BLF DTMF INFO USSD CHAT CHATREPORT CHATCOMPOSING CDR START STOP SHOULDRESET LINE POPUP ' +
      'EVENT LOG GROUP VREC PLAYREADY SIP ACCOUNT BLOCK VAD RTPE RTPSTAT MWI SRS VIDEO CREDIT RATING NEWUSER ' +
      'SERVERCONTACTS ANSWER'
    ).split(' ') as NotificationKind[];
    const hub = new NotificationHub();
    hub.configure({ events: 3, sipMessages: true });
    const objects: string[] = [];
    const strings: string[] = [];
    hub.subscribe((one) => {
      objects.push(one.kind);
      strings.push(parseNotification(String(one)).kind);
    });
    for (const kind of kinds) hub.publish(kind, {});
    expect(objects).toEqual(kinds);
    expect(strings).toEqual(kinds);
    hub.close();
  });

  it('[notifications/2] gives every client each notification once', async () => {
    const hub = new NotificationHub(new VirtualClock());
    const heard: Notification[] = [];
    hub.subscribe((one) => heard.push(one));
    const socket = hub.open({}, 'socket');
    say(hub, 1, 2);
    expect(texts(hub.shared.poll())).toEqual(['LINE,1', 'LINE,2']);
    say(hub, 3);
    expect(texts(hub.shared.poll())).toEqual(['LINE,3']);
    expect(hub.shared.poll()).toEqual([]);
    expect(texts(socket.poll())).toEqual(['LINE,1', 'LINE,2', 'LINE,3']);
    expect(texts(heard)).toEqual(['LINE,1', 'LINE,2', 'LINE,3']);
  });

  it('keeps up to the bound, drops the oldest beyond it and counts them', () => {
    const hub = new NotificationHub(new VirtualClock());
    const queue = hub.open({ capacity: 3 });
    say(hub, 1, 2, 3, 4, 5, 6, 7, 8);
    expect(queue.dropped).toBe(5);
    expect(texts(queue.poll())).toEqual(['LINE,6', 'LINE,7', 'LINE,8']);
    say(hub, 9);
    expect(texts(queue.poll(1))).toEqual(['LINE,9']);
    expect(queue.dropped).toBe(5);
  });

  it('waits for the next one, with a time-out', async () => {
    const clock = new VirtualClock();
    const hub = new NotificationHub(clock);
    const queue = hub.open();
    const waiting = queue.read({ timeoutMs: 1000 });
    say(hub, 4);
    expect(texts(await waiting)).toEqual(['LINE,4']);
    const vain = queue.read({ timeoutMs: 1000 });
    await clock.run(1000);
    expect(await vain).toEqual([]);
    const abort = new AbortController();
    const aborted = queue.read({ signal: abort.signal });
    abort.abort();
    expect(await aborted).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it('is a loop that ends with the queue', async () => {
    const hub = new NotificationHub(new VirtualClock());
    const seen: string[] = [];
    const loop = (async () => {
      for await (const one of hub) {
        seen.push(String(one));
        if (one.kind === 'STOP') break;
      }
    })();
    say(hub, 1);
    hub.publish('STOP', { what: 'api' });
    say(hub, 2);
    await loop;
    expect(seen).toEqual(['LINE,1', 'STOP,api']);
  });

  it.each([
    [0, []],
    [1, ['STATUS', 'CDR']],
    [2, ['STATUS', 'CDR', 'EVENT']],
    [3, ['STATUS', 'CDR', 'EVENT', 'LOG']],
  ])('lets through at events=%i: %j', (events, kinds) => {
    const hub = new NotificationHub(new VirtualClock());
    hub.configure({ events });
    hub.publish('STATUS', { line: -1, statustext: 'Ready' });
    hub.publish('CDR', { line: 1 });
    hub.publish('EVENT', { type: 'EVENT', txt: 'x' });
    hub.publish('LOG', { type: 'EVENT', txt: 'x' });
    hub.publish('SIP', { direction: 'in', message: 'x' });
    expect(hub.shared.poll().map(({ kind }) => kind)).toEqual(kinds);
  });

  it('[notify:SIP] tells SIP messages only when they are asked for', () => {
    const hub = new NotificationHub(new VirtualClock());
    expect(hub.wants('SIP')).toBe(false);
    hub.configure({ sipMessages: true });
    hub.publish('SIP', {
      direction: 'in',
      address: '10.0.0.1:5060',
      message: 'INVITE sip:a SIP/2.0\r\nVia: b',
    });
    expect(String(hub.shared.poll()[0])).toBe('SIP,in,10.0.0.1:5060,INVITE sip:a SIP/2.0\r\nVia: b');
  });

  it.each([
    [-1, 'objects polling socket'],
    [0, 'objects socket'],
    [1, 'objects polling'],
    [2, 'objects polling socket'],
    [3, 'polling'],
    [4, 'objects'],
  ])('[param:notificationevents] %i delivers to %s', (delivery, ways) => {
    const hub = new NotificationHub(new VirtualClock());
    const got = new Set<string>();
    hub.configure({ delivery });
    const socket = hub.open({}, 'socket');
    hub.subscribe(() => got.add('objects'));
    say(hub, 1);
    if (socket.size > 0) got.add('socket');
    if (hub.shared.size > 0) got.add('polling');
    expect([...got].toSorted().join(' ')).toBe(ways);
  });

  it('survives listeners that throw', () => {
    const hub = new NotificationHub(new VirtualClock());
    const errors: unknown[] = [];
    hub.onListenerError = (error) => errors.push(error);
    hub.subscribe(() => {
      throw new Error('mine');
    });
    let heard = 0;
    hub.subscribe(() => heard++);
    say(hub, 1);
    expect(heard).toBe(1);
    expect(String(errors[0])).toContain('mine');
  });
});
