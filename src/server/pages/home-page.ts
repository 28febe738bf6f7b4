/** `GET /`: tells whoever opens the port in a browser what this is. Holds no secret and does nothing. */

export function homePage(version: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Switchhook control server</title>
<style>body { font: 1rem/1.5 system-ui, sans-serif; max-width: 42rem; margin: 3rem auto; padding: 0 1rem } code { background: #8882; padding: .1em .3em }</style>
<h1>Switchhook ${version}</h1>
<p>This is the control server of a SIP phone. Programs drive the phone through it, over HTTP, WebSocket, TCP and UDP:</p>
<ul>
<li><a href="/?function=API_TestEcho&amp;echo=hello"><code>/?function=API_TestEcho&amp;echo=hello</code></a> calls a function</li>
<li><a href="/openapi.json"><code>/openapi.json</code></a> describes them all</li>
<li><code>/events</code> sends the notifications (server-sent events)</li>
<li><a href="/health"><code>/health</code></a> and <a href="/metrics"><code>/metrics</code></a> tell how it is</li>
</ul>
</html>
`;
}
