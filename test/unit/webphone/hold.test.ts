/** Hold as functions, settings and notifications have it. */
import { afterEach, describe, expect, it } from 'vitest';
import { direction, parseSdp } from '../../../src/sdp/index.js';
import type { Party } from '../../support/ua-harness.js';
import { HOST, WebphoneWorld } from '../../support/webphone-world.js';

let w: WebphoneWorld;
let bob: Party;

afterEach(() => w.end());

async function talking(settings: Record<string, number> = {}) {
  w = new WebphoneWorld({ disablesamecall: 0, register: 0, ...settings });
  w.webphone.API_Start();
  bob = await w.party('bob');
  return w.calls(bob);
}

/** The directions of the changes we have asked for. */
const asked = (): string[] =>
  w.world.network.packets
    .filter(({ from, text }) => from.host === HOST && /^(INVITE|UPDATE) [\s\S]*^To: .*;tag=/m.test(text))
    .map(({ text }) => {
      const session = parseSdp(text.slice(text.indexOf('\r\n\r\n') + 4));
      return direction(session, session.media[0]);
    });

/** The hold of line 1 in STATUS and in LINEDETAILS. */
const told = (): Array<string | undefined> => [
  w
    .strings('STATUS')
    .filter((text) => text.startsWith('STATUS,1,'))
    .at(-1)
    ?.split(',')[12],
  w.webphone.API_GetLineDetails(1).split(',')[10],
];

describe('hold', () => {
  it.each([
    [-1, 'sendonly', 2],
    [2, 'sendonly', 2],
    [3, 'recvonly', 3],
    [4, 'inactive', 4],
    [0, 'sendrecv', 0],
  ])(
    '[hold/0] [hold/2] [param:holdtype] %i offers a=%s, which is told as %i',
    async (holdtype, offered, number) => {
      await talking({ holdtype });
      expect(w.webphone.API_Hold(-1, true)).toBe(true);
      await w.run();
      expect(asked()).toEqual([offered]);
      expect(w.webphone.API_IsOnHold(1)).toBe(number);
      expect(told()).toEqual([String(number), String(number)]);
      w.webphone.API_Hold(-1, false);
      await w.run();
      expect(asked().at(-1)).toBe('sendrecv');
      expect(w.webphone.API_IsOnHold(1)).toBe(0);
    },
  );

  it('[hold/0] [param:holdtype] -2 never holds', async () => {
    await talking({ holdtype: -2 });
    w.webphone.API_Hold(-1, true);
    w.webphone.API_HoldChange(-1);
    await w.run();
    expect(asked()).toEqual([]);
    expect(w.webphone.API_IsOnHold(1)).toBe(0);
  });

  it('[hold/2] [API_HoldChange] [API_IsOnHold] the numbers are of the line, or of any line with -2', async () => {
    const call = await talking();
    expect([w.webphone.API_IsOnHold(1), w.webphone.API_IsOnHold(-2)]).toEqual([0, 0]);
    const held = call.hold();
    await w.run();
    await held;
    expect(w.webphone.API_IsOnHold(1)).toBe(3);
    w.webphone.API_HoldChange(1);
    await w.run();
    expect(w.webphone.API_IsOnHold(1)).toBe(4);
    expect(told()).toEqual(['4', '4']);
    w.webphone.API_HoldChange(1);
    await w.run();
    expect(w.webphone.API_IsOnHold(1)).toBe(3);
    const other = await w.calls(await w.party('carol'), 2);
    expect([w.webphone.API_IsOnHold(2), w.webphone.API_IsOnHold(-2)]).toEqual([0, 3]);
    w.webphone.API_Hangup(-2);
    await w.run();
    expect(other.state).toBe('ended');
    expect([w.webphone.API_IsOnHold(1), w.webphone.API_IsOnHold(-2)]).toEqual([-1, -1]);
  });
});
