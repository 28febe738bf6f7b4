/** The machine figures were measured on: without it they mean nothing. */
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';

export function machine() {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGb: Math.round(totalmem() / 2 ** 30),
    os: `${type()} ${release()}`,
    node: process.versions.node,
    date: new Date().toISOString().slice(0, 16).replace('T', ' '),
  };
}

/** Average number of running processes in the last minute: above zero, others were at work as well. */
export const load = () => Math.round(loadavg()[0] * 10) / 10;

export function describeMachine({ cpu, cores, memoryGb, os, node, date }) {
  return `${cpu}, ${cores} cores, ${memoryGb} GB, ${os}, Node.js ${node}, ${date} UTC`;
}
