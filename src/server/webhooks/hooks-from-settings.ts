/** The settings `externapiX_…` as webhooks. A hook without an address is none; `null` has made it so. */
import type { Settings } from '../../webphone/index.js';
import type { HookOptions } from './hook.js';
import type { Webhooks } from './webhooks.js';

/** Gives `hooks` what the settings say, now and whenever they change. */
export function followHooks(settings: Settings, hooks: Pick<Webhooks, 'configure'>): void {
  hooks.configure(hooksFrom(settings));
  settings.on('change', ({ name }) => {
    if (name.startsWith('externapi')) hooks.configure(hooksFrom(settings));
  });
}

function hooksFrom(settings: Settings): Map<number, HookOptions> {
  const hooks = new Map<number, HookOptions>();
  for (const member of settings.members('externapiX_url')) {
    const url = text(settings.text('externapiX_url', member));
    if (!url) continue;
    const events = settings
      .text('externapiX_event', member)
      .split(/[,;]/)
      .map((event) => event.trim().toUpperCase())
      .filter((event) => event !== '' && event !== 'NULL');
    hooks.set(Number(member), {
      url,
      ...(events.length > 0 && !events.includes('ALL') && { events }),
      ...lineFrom(text(settings.text('externapiX_line', member))),
      ...directionFrom(settings.number('externapiX_dir', member)),
      ...given('filter', text(settings.text('externapiX_filter', member))),
      ...given('data', text(settings.text('externapiX_data', member))),
    });
  }
  return hooks;
}

/** '' for what was cleared. */
function text(value: string): string {
  return /^\s*null\s*$/i.test(value) ? '' : value;
}

function given<K extends string>(key: K, value: string): { [P in K]?: string } {
  return value === '' ? {} : ({ [key]: value } as { [P in K]?: string });
}

function lineFrom(value: string): { line?: number } {
  const line = Number(value);
  return value === '' || !Number.isInteger(line) || line < -2 ? {} : { line };
}

function directionFrom(value: number): { direction?: 'out' | 'in' } {
  return value === 1 ? { direction: 'out' } : value === 2 ? { direction: 'in' } : {};
}
