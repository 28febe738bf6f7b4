/** The network interfaces of this machine, as a list of their addresses. */
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';

export function interfaceAddresses(): NetworkInterfaceInfo[] {
  return Object.values(networkInterfaces()).flatMap((list) => list ?? []);
}

/** The first address others can reach; undefined when there is only loopback. */
export function externalAddress(family: 4 | 6): string | undefined {
  return interfaceAddresses().find((one) => !one.internal && one.family === `IPv${family}`)?.address;
}
