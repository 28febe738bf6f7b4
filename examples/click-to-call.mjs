/**
 * Numbers on a web page that call: the phone on the desk rings, and when it is answered the number is called. The two
 * talk with each other directly; this program only arranges it.
 *
 *   node examples/click-to-call.mjs DESK        then open http://127.0.0.1:8080/
 */
import { createServer } from 'node:http';
import { Phone } from 'switchhook';

const [desk] = process.argv.slice(2);
const phone = new Phone({
  server: process.env.SIP_SERVER,
  username: process.env.SIP_USER,
  password: process.env.SIP_PASSWORD,
});
const page = `<form method="post" action="/call"><input name="to" placeholder="number"> <button>Call</button></form>`;

const server = createServer(async (request, response) => {
  if (request.method !== 'POST') return response.setHeader('content-type', 'text/html').end(page);
  if (request.headers['sec-fetch-site'] === 'cross-site') return response.writeHead(403).end();
  let body = '';
  for await (const chunk of request) body += chunk;
  const to = new URLSearchParams(body).get('to') ?? '';
  if (!/^[\w+*#.-]{1,40}$/.test(to)) return response.writeHead(400).end('not a number\n');
  try {
    const call = phone.userAgent.connectParties(desk, to, { account: phone.accounts[0] });
    call.on('first', () => console.log(`${desk} has answered, ${to} is called`));
    call.on('ended', (reason) => console.log(`over: ${reason}`));
    await call.connected;
    response.end(`connected with ${to}\n`);
  } catch (error) {
    response.writeHead(502).end(`${error.message}\n`);
  }
});

await phone.register();
server.listen(Number(process.env.PORT ?? 8080), '127.0.0.1', () =>
  console.log(`http://127.0.0.1:${server.address().port}/`),
);
process.once('SIGTERM', () => {
  server.close();
  phone.close();
});
