/** When a restart would do good it is told, once, and never during a call. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { FakeRegistrar } from '../../support/fake-registrar.js';
import { SERVER, WebphoneWorld } from '../../support/webphone-world.js';

const machine = vi.hoisted(() => ({ address: '192.168.1.2' }));
vi.mock('node:os', async (original) => ({
  ...(await original<typeof import('node:os')>()),
  networkInterfaces: () => ({ eth0: [{ address: machine.address, internal: false, family: 'IPv4' }] }),
}));

let w: WebphoneWorld;
let registrar: FakeRegistrar;

beforeEach(async () => {
  machine.address = '192.168.1.2';
  w = new WebphoneWorld({ serveraddress: SERVER, username: 'alice', password: 'secret' });
  registrar = await w.registrar();
  w.webphone.API_Start();
  await w.run();
});
afterEach(() => w.end());

it('[notify:SHOULDRESET] [auto-recover/1] tells that the network changed, after the call when there is one', async () => {
  await w.run(20_000);
  expect(w.strings('SHOULDRESET')).toEqual([]);
  const bob = await w.party('bob');
  const call = await w.called(bob);
  w.webphone.API_Accept(-1);
  await w.run();
  expect(call.state).toBe('connected');
  machine.address = '10.20.30.40';
  await w.run(10_000);
  expect(w.webphone.API_ShouldReset()).toBe(0);
  expect(w.strings('SHOULDRESET')).toEqual([]);
  call.hangup();
  await w.run(1000);
  expect(w.strings('SHOULDRESET')).toEqual([expect.stringMatching(/^SHOULDRESET,the addresses changed/)]);
  expect(w.webphone.API_ShouldReset()).toBe(2);
  w.webphone.API_ReStart();
  await w.run(70_000);
  expect(w.webphone.API_ShouldReset()).toBe(0);
});

it('[notify:SHOULDRESET] tells that the phone has not been registered for minutes, once', async () => {
  registrar.script = Array.from({ length: 200 }, () => 503);
  w.webphone.API_Register();
  await w.run(150_000);
  expect(w.strings('SHOULDRESET')).toEqual([]);
  await w.run(400_000);
  expect(w.strings('SHOULDRESET')).toEqual(['SHOULDRESET,not registered for minutes']);
  expect(w.webphone.API_ShouldReset()).toBe(1);
});
