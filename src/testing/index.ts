/** What applications and this project's own tests test with. */
export { DnsServer, type DnsZoneEntry } from './dns-server.js';
