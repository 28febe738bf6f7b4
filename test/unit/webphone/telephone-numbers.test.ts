/** A call to a telephone number as an IMS network routes it: its whole life under a tel address. */
import { expect, it } from 'vitest';
import { sdp } from '../../support/ua-harness.js';
import { SERVER, WebphoneWorld } from '../../support/webphone-world.js';

it('[ims/0] a call to a tel address is challenged, answered, held and ended like any other', async () => {
  const w = new WebphoneWorld({
    serveraddress: SERVER,
    username: 'anna',
    password: 'secret',
    register: 0,
    ims3gpp: 2,
    codec: 'pcmu',
    setfinalcodec: 0,
  });
  const registrar = await w.registrar();
  registrar.password = 'secret';
  w.webphone.API_Start();
  await w.run();
  w.webphone.API_Call(-1, '+31 6 1234-5678');
  await w.run(200);
  registrar.others[0].tx.reply(401, undefined, (response) => registrar.challenge(response));
  await w.run(200);
  const { request, tx } = registrar.others[1];
  expect(request.uri.toString()).toBe('tel:+31612345678');
  expect(request.to.uri.toString()).toBe('tel:+31612345678');
  expect(registrar.verifies(request)).toBe(true);
  tx.reply(200, undefined, (response) => {
    response.set('Contact', `<sip:gateway@${SERVER}>`);
    response.setBody(sdp(), 'application/sdp');
  });
  await w.run(200);
  expect(w.webphone.API_GetLineStatusText(1)).toBe('Speaking');
  expect(w.webphone.API_GetLineDetails(1).split(',')[4]).toBe('+31612345678');
  w.webphone.API_Hold(1, true);
  await w.run(200);
  const hold = registrar.others.at(-1);
  expect(hold?.request.uri.toString()).toBe(`sip:gateway@${SERVER}`);
  hold?.tx.reply(200, undefined, (response) => {
    response.set('Contact', `<sip:gateway@${SERVER}>`);
    response.setBody(sdp(), 'application/sdp');
  });
  await w.run(200);
  w.webphone.API_Hangup(1);
  await w.run(200);
  const bye = registrar.others.at(-1);
  expect(bye?.request.method).toBe('BYE');
  bye?.tx.reply(200);
  await w.run(1000);
  expect(w.last('CDR').split(',')[4]).toBe('+31612345678');
  await w.end();
});

it.each([
  [{ ims3gpp: 1 }, '0612345678,12#', `sip:0612345678@${SERVER};user=phone`, '12#'],
  [{ ims3gpp: 2 }, '+31612345678;12', 'tel:+31612345678', '12'],
  [{ sipproto: 'sips', transport: 2 }, '100,12', `sips:100@${SERVER}`, '12'],
  [
    { ims3gpp: 2, numrewriterules: '06;00316;8;12' },
    '0612345678',
    `tel:0031612345678;phone-context=${SERVER}`,
    '',
  ],
] as const)(
  '[outgoing-call/1] %j: of %s digits and rules are seen to before the kind of address, %s',
  async (settings, dialled, uri, digits) => {
    const w = new WebphoneWorld({
      serveraddress: SERVER,
      username: 'anna',
      password: 'x',
      register: 0,
      codec: 'pcmu',
      setfinalcodec: 0,
      ...settings,
    });
    const registrar = await w.registrar();
    w.webphone.API_Start();
    await w.run();
    w.webphone.API_Call(-1, dialled);
    await w.run(200);
    const { request, tx } = registrar.others[0];
    expect(request.uri.toString()).toBe(uri);
    tx.reply(200, undefined, (response) => {
      response.set('Contact', `<${uri.startsWith('sips') ? 'sips' : 'sip'}:gateway@${SERVER}>`);
      response.setBody(sdp(), 'application/sdp');
    });
    await w.run(2000);
    expect(w.media().digits).toBe(digits);
    w.webphone.API_Hangup(1);
    await w.run(200);
    registrar.others.at(-1)?.tx.reply(200);
    await w.run(1000);
    await w.end();
  },
);
