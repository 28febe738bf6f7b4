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
