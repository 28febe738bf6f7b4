/** Settings about the addresses a NAT gives us: from the setting to what the server is told. */
import { describe, expect, it } from 'vitest';
import type { SipRequest } from '../../../../src/sip/index.js';
import { livePhoneOptions } from '../../../../src/webphone/mapping/phone-options.js';
import { behindNat } from '../../../support/fake-registrar.js';
import { type Given, HOST, inWorld } from '../../../support/settings-world.js';

const PUBLIC = '198.51.100.7';

interface Told {
  /** Host and port in Via and in Contact, and whether rport is asked for: of every request in its order. */
  rows: string[];
  /** The last REGISTER. */
  last: SipRequest;
}

/** Registers, calls somebody who answers, and hangs up; the server is behind a NAT of ours. */
const told = (given: Given, port = () => 7777): Promise<Told> =>
  inWorld(given, async (world) => {
    const { registrar } = world;
    registrar.decorate = (response) => behindNat(response, PUBLIC, port());
    const phone = world.phone();
    await world.register(phone);
    const call = await world.dial('1234', 1, phone);
    const invite = registrar.others.find(({ request }) => request.method === 'INVITE');
    invite?.tx.reply(486);
    await world.world.run(100);
    expect(call.state).toBe('ended');
    const requests = [...registrar.requests, ...(invite ? [invite.request] : [])];
    return {
      rows: requests.map(({ method, topVia, contacts }) => {
        const asked = topVia?.params.has('rport') ? 'asks' : 'does not ask';
        return `${method} ${topVia?.sentBy} ${String(contacts[0].uri).replace(/^sip:anna@/, '')} ${asked}`;
      }),
      last: registrar.last,
    };
  });

const OWN = `${HOST}:5060`;
const SEEN = `${PUBLIC}:7777`;

describe('the address the server sees', () => {
  it('[nat/0] [param:use_rport] is not asked for with 0, left alone with 9, and stands in Via and Contact with 1, 2, 3', async () => {
    expect((await told({ use_rport: 0 })).rows).toEqual([
      `REGISTER ${OWN} ${OWN} does not ask`,
      `INVITE ${OWN} ${OWN} does not ask`,
    ]);
    expect((await told({ use_rport: 9 })).rows).toEqual([
      `REGISTER ${OWN} ${OWN} asks`,
      `INVITE ${OWN} ${OWN} asks`,
    ]);
    for (const use_rport of [1, 2, 3]) {
      expect((await told({ use_rport })).rows).toEqual([
        `REGISTER ${OWN} ${OWN} asks`,
        `REGISTER ${SEEN} ${SEEN} asks`,
        `INVITE ${SEEN} ${SEEN} asks`,
      ]);
    }
  });

  it('[param:use_rport] 1 is for a NAT that keeps to one address: of another it is not used', async () => {
    let port = 7000;
    expect((await told({ use_rport: 1 }, () => port++)).rows).toEqual([
      `REGISTER ${OWN} ${OWN} asks`,
      `REGISTER ${PUBLIC}:7000 ${PUBLIC}:7000 asks`,
      `REGISTER ${OWN} ${OWN} asks`,
      `INVITE ${OWN} ${OWN} asks`,
    ]);
    port = 7000;
    expect((await told({ use_rport: 2 }, () => port++)).rows).toHaveLength(3);
  });

  it('[param:use_rport] counts with the next call', async () => {
    await inWorld({}, async (world) => {
      const phone = world.phone();
      expect((await world.register(phone)).topVia?.params.has('rport')).toBe(true);
      world.settings.set('use_rport', 0);
      phone.configure(livePhoneOptions(world.settings));
      await world.dial('1234', 1, phone);
      expect(world.registrar.others[0].request.topVia?.params.has('rport')).toBe(false);
    });
  });

  it('[nat/5] [param:contactaddressfailback] is registered in place of the private one of the first registration, unless 0 or, with 1, unless one failed', async () => {
    for (const given of [{}, { contactaddressfailback: -1 }, { contactaddressfailback: 2 }] as Given[]) {
      const { rows, last } = await told(given);
      expect(rows.slice(0, 2)).toEqual([`REGISTER ${OWN} ${OWN} asks`, `REGISTER ${SEEN} ${SEEN} asks`]);
      // The private one is taken back with the same request.
      expect(last.contacts.map(({ uri }) => uri.toString())).toEqual([`sip:anna@${SEEN}`, `sip:anna@${OWN}`]);
      expect(last.contacts[1].params.get('expires')).toBe('0');
    }
    const kept = await told({ unbindbeforeregister: 0 });
    expect(kept.last.contacts.map(({ uri }) => uri.toString())).toEqual([`sip:anna@${SEEN}`]);
    for (const contactaddressfailback of [0, 1])
      expect((await told({ contactaddressfailback })).rows.slice(0, -1)).toEqual([
        `REGISTER ${OWN} ${OWN} asks`,
      ]);
    await inWorld({ contactaddressfailback: 1, canstransportswitch: false }, async (world) => {
      world.registrar.decorate = (response) => behindNat(response, PUBLIC, 7777);
      world.registrar.script = [500];
      await world.register();
      await world.world.run(70_000);
      expect(world.registrar.requests.map(({ topVia }) => topVia?.sentBy)).toEqual([OWN, OWN, SEEN]);
      expect([...world.registrar.bindings.keys()]).toEqual([`sip:anna@${SEEN}`]);
    });
  });
});
