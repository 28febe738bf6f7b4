// Tests an application without any server: an exchange and two phones in one process.
import { Phone } from 'switchhook';
import { Exchange } from 'switchhook/testing';

const exchange = await new Exchange({ users: { alice: 'secret', bob: 'secret' } }).start();
const alice = new Phone({ server: exchange.address, username: 'alice', password: 'secret' });
const bob = new Phone({ server: exchange.address, username: 'bob', password: 'secret' });

bob.on('incoming', (call) => call.answer());
await Promise.all([alice.register(), bob.register()]);
const call = await alice.call('bob');
await call.sendDtmf('42#');
console.log(`connected with ${call.codec}`);

await alice.close();
await bob.close();
await exchange.close();
