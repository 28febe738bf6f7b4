/**
 * The example session of the manual: start, register, call, hang up, terminate, against the embedded exchange over
 * loopback. What it tells has the kinds, lines and texts of the printed session in its order. Not compared: what depends
 * on names, times and Call-IDs, and the credit, which only a vendor's server sends. Told besides: REGISTER, which is
 * younger than the printed session.
 */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Exchange } from '../../../src/exchange/index.js';
import { MediaEngine } from '../../../src/media/index.js';
import { Phone } from '../../../src/phone/index.js';
import { type Notification, parseNotification, Webphone } from '../../../src/webphone/index.js';
import { hasShared, sharedPath } from '../../support/shared.js';

let exchange: Exchange;
let engine: MediaEngine;
let callee: Phone;

beforeAll(async () => {
  engine = await MediaEngine.start({ workers: 'in-process' });
  exchange = await new Exchange({ users: { alice: 'secret', testivr3: 'ivr' }, engine }).start();
  callee = new Phone({ server: exchange.address, username: 'testivr3', password: 'ivr', engine });
  callee.on('incoming', (call) => void setTimeout(() => void call.answer(), 200));
  await callee.register();
});

afterAll(async () => {
  await callee.close();
  await exchange.close();
  await engine.close();
});

/** Kind, line and text, without what differs from session to session. */
function outline(one: Notification): string {
  switch (one.kind) {
    case 'STATUS':
      return `STATUS,${one.line},${one.statustext?.replace(/^Starting call to .*/, 'Starting call')}`;
    case 'EVENT':
      return `EVENT,${one.txt?.replace(/\d+ sec/, 'n sec').replace(/ \[ep: (\d) .* (\w+) \d+\]$/, ' [ep: $1 $2]')}`;
    case 'CDR':
      return `CDR,${one.line},${one.disparty},${one.reasontext?.replace(/ \(.*/, '')}`;
    default:
      return String(one);
  }
}

/** From the printed session; the test still says what it must be when the catalogue is not there. */
const PRINTED = `START,api
START,sip
STATUS,-1,Initialized
STATUS,-1,Register...
EVENT,Connecting...
STATUS,-1,Registering...
STATUS,0,Registering
STATUS,-1,Registered.
EVENT,Authenticated successfully. [ep: 0 Registering]
STATUS,0,Registered
STATUS,-1,Starting call
EVENT,call [wpmain]
STATUS,-1,Call
STATUS,-1,Call Initiated
STATUS,1,CallSetup
STATUS,1,Routed
STATUS,1,InProgress
STATUS,-1,Calling...
STATUS,1,Ringing
STATUS,-1,Ringing...
STATUS,1,CallConnect
STATUS,1,Speaking
STATUS,-1,Speaking (0 sec)
STATUS,-1,Hangup
STATUS,-1,Speaking (2 sec)
EVENT,hangup [wpmain]
STATUS,1,CallDisconnect
STATUS,-1,Call Finished
CDR,1,1,User Hung Up
STATUS,1,Finishing
EVENT,Call duration: n sec [ep: 1 Finishing]
STATUS,1,Finished
STATUS,-1,Registered.
STOP,api`.split('\n');

describe('the example session of the manual', () => {
  it('[cdr/0] tells the same in the same order', {
    timeout: 30_000,
  }, async () => {
    const webphone = new Webphone({ startsipstack: 0, phone: { engine } });
    const told: Notification[] = [];
    webphone.notifications.subscribe((one) => told.push(one));
    const until = async (kind: string, text: RegExp): Promise<void> => {
      while (!told.some((one) => one.kind === kind && text.test(String(one)))) {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    };
    webphone.API_SetParameter('register', 0);
    webphone.API_Start();
    await until('STATUS', /Initialized/);
    webphone.API_Register(exchange.address, 'alice', 'secret');
    await until('STATUS', /^STATUS,0,Registered/);
    webphone.API_Call(-1, 'testivr3');
    await until('STATUS', /Speaking \(0/);
    await new Promise((resolve) => setTimeout(resolve, 1950));
    webphone.API_Hangup(-1);
    await until('CDR', /./);
    webphone.API_Exit();
    await webphone.close();
    expect(told.filter(({ kind }) => kind !== 'REGISTER').map(outline)).toEqual(PRINTED);
    expect(new Set(told.map(({ kind }) => kind))).toEqual(
      new Set(['START', 'STATUS', 'EVENT', 'REGISTER', 'CDR', 'STOP']),
    );
    const cdr = told.find(({ kind }) => kind === 'CDR') as { connecttime: number; duration: number };
    expect(cdr.duration).toBeGreaterThan(1900);
    expect(cdr.connecttime).toBeGreaterThanOrEqual(0);
  });

  it.skipIf(!hasShared)('is what the catalogue has', () => {
    const { exampleSession } = JSON.parse(readFileSync(sharedPath('spec', 'notifications.json'), 'utf8')) as {
      exampleSession: string[];
    };
    const printed = exampleSession.map(parseNotification).filter(({ kind }) => kind !== 'CREDIT');
    expect(printed.map(outline)).toEqual(PRINTED);
  });
});
