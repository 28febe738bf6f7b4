/** Group chat as a convention over single messages: every member gets one whose text begins with `GROUP: name:`. Pure. */

const SEPARATOR = ' | ';
const PREFIX = /^GROUP: ([^:\r\n]{1,500}):[ ]?/;

/** The usual name of a group: its members. */
export function groupName(members: readonly string[]): string {
  return members
    .map((member) => member.trim())
    .filter((member) => member !== '')
    .join(SEPARATOR);
}

/** The members a group name tells, if it was made of them. */
export function groupMembers(name: string): string[] {
  return name
    .split('|')
    .map((member) => member.trim())
    .filter((member) => member !== '');
}

export function withGroup(group: string, text: string): string {
  return group === '' ? text : `GROUP: ${group.replace(/[:\r\n]+/g, ' ')}: ${text}`;
}

export function splitGroup(body: string): { group: string; text: string } {
  const match = PREFIX.exec(body);
  return match ? { group: match[1].trim(), text: body.slice(match[0].length) } : { group: '', text: body };
}
