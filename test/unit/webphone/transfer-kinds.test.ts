/** What `transfertype` makes of API_Transfer, seen on the wire. */
import { afterEach, describe, expect, it } from 'vitest';
import type { Party } from '../../support/ua-harness.js';
import { HOST, WebphoneWorld } from '../../support/webphone-world.js';

let w: WebphoneWorld;
let bob: Party;
let carol: Party;

afterEach(() => w.end());

/** In a call with Bob, who is to be given to Carol. */
async function talking(transfertype: number): Promise<void> {
  w = new WebphoneWorld({ transfertype });
  w.webphone.API_Start();
  bob = await w.party('bob', '10.0.0.2');
  carol = await w.party('carol', '10.0.0.3');
  await w.run();
  await w.calls(bob);
}

/** Our requests of those methods and where they went, in order, holds told from other INVITEs. */
function sent(): string[] {
  return w.world.network.packets
    .filter(({ from, text }) => from.host === HOST && /^(INVITE|REFER|BYE) /.test(text))
    .map(({ to, text }) => {
      const method = text.slice(0, text.indexOf(' '));
      const what = method === 'INVITE' && /^a=sendonly/m.test(text) ? 'hold' : method;
      return `${what} ${to.host === bob.host ? 'bob' : 'carol'}`;
    })
    .slice(1);
}

async function answered(): Promise<void> {
  const answering = carol.calls[0].answer();
  await w.run(200);
  await answering;
}

const transfer = async (): Promise<boolean> => {
  const taken = w.webphone.API_Transfer(1, carol.uri);
  await w.run(1000);
  return taken;
};

describe('API_Transfer', () => {
  it('[param:transfertype] 0 does nothing', async () => {
    await talking(0);
    expect(await transfer()).toBe(false);
    expect(sent()).toEqual([]);
    expect(w.webphone.API_IsInCall()).toBe(2);
  });

  it('[param:transfertype] 1 refers at once and ends our part when it is taken', async () => {
    await talking(1);
    expect(await transfer()).toBe(true);
    expect(sent()).toEqual(['REFER bob', 'BYE bob']);
    expect(carol.calls[0].state).toBe('ringing');
  });

  it.each([-1, 6])(
    '[param:transfertype] %i holds, refers, and ends our part when they talk',
    async (type) => {
      await talking(type);
      await transfer();
      expect(sent()).toEqual(['hold bob', 'REFER bob']);
      await answered();
      expect(sent().slice(2)).toEqual(['BYE bob']);
    },
  );

  it('[param:transfertype] 6 takes the call back when it comes to nothing', async () => {
    await talking(6);
    await transfer();
    carol.calls[0].reject(486);
    await w.run(200);
    expect(sent()).toEqual(['hold bob', 'REFER bob', 'INVITE bob']);
    expect(w.webphone.API_IsInCall()).toBe(2);
    expect(w.webphone.API_IsOnHold(1)).toBe(0);
  });

  it('[param:transfertype] 7 refers and leaves the call as it is', async () => {
    await talking(7);
    await transfer();
    await answered();
    expect(sent()).toEqual(['REFER bob']);
    expect(bob.calls[0].state).toBe('connected');
  });

  it('[param:transfertype] 5 holds, calls the new party, and refers when we hang up there', async () => {
    await talking(5);
    await transfer();
    expect(sent()).toEqual(['hold bob', 'INVITE carol']);
    await answered();
    expect(sent()).toHaveLength(2);
    w.webphone.API_Hangup(2);
    await w.run(1000);
    // Off hold first: the new call has to begin with audio.
    expect(sent().slice(2, 4)).toEqual(['INVITE bob', 'REFER bob']);
    expect(refer()).toContain('Replaces=');
    expect(bob.calls[0].state).toBe('ended');
    expect(carol.agent.calls.map(({ state }) => state)).toEqual(['connected']);
  });

  it('[param:transfertype] 3 does so without hold', async () => {
    await talking(3);
    await transfer();
    await answered();
    expect(sent()).toEqual(['INVITE carol']);
    w.webphone.API_Hangup(2);
    await w.run(1000);
    expect(sent()[1]).toBe('REFER bob');
  });

  it('[param:transfertype] 2 refers when the new party hangs up', async () => {
    await talking(2);
    await transfer();
    await answered();
    expect(sent()).toEqual(['INVITE carol']);
    void carol.calls[0].hangup();
    await w.run(1000);
    expect(sent()[1]).toBe('REFER bob');
    expect(refer()).not.toContain('Replaces');
    expect(carol.calls[1].state).toBe('ringing');
  });

  it.each(['we', 'they'])('[param:transfertype] 4 refers when %s hang up', async (who) => {
    await talking(4);
    await transfer();
    await answered();
    if (who === 'we') w.webphone.API_Hangup(2);
    else void carol.calls[0].hangup();
    await w.run(1000);
    expect(sent()[1]).toBe('REFER bob');
  });

  it('[param:transfertype] 4 does not when the first party leaves', async () => {
    await talking(4);
    await transfer();
    await answered();
    void bob.calls[0].hangup();
    await w.run(1000);
    expect(sent()).toEqual(['INVITE carol']);
  });

  it('[param:transfertype] 8 brings them together here, with nothing of the old party at first', async () => {
    await talking(8);
    await transfer();
    await answered();
    expect(sent()).toEqual(['INVITE carol']);
    const [bridge] = w.engine.bridges.filter(({ closed }) => !closed);
    expect([...bridge.joined.values()]).toEqual([{}, { muted: true }]);
    expect(bridge.members[1]).toBe(w.media(0));
    expect(bob.calls[0].state).toBe('connected');
    expect(carol.calls[0].state).toBe('connected');
  });
});

function refer(): string {
  return w.world.network.packets.find(({ text }) => text.startsWith('REFER '))?.text ?? '';
}
