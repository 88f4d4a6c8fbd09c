import { expect, test } from 'vitest';
import { DomainAgent } from '../../src/libvirt/agent.ts';
import { Virsh } from '../../src/libvirt/virsh.ts';
import { fakeVirsh } from './kit/fake-virsh.ts';

const OPEN = { execute: 'guest-file-open', arguments: { path: "/it's", mode: 'r' } };
const PING = { execute: 'guest-ping' };

const agent = () => new DomainAgent(new Virsh('qemu:///system'), 'demo', 5);
const failing = (words: string) => fakeVirsh(`printf '%s\\n' "error: ${words}" >&2; exit 1`);

test('one virsh asks for all; what fails is refused, as long as the agent is still there', async () => {
  // As virsh 11.3 and 12.8 with --quiet: an answer and an empty line; `echo` ends with none; a failure stops nothing.
  const virsh = fakeVirsh(`
    case $* in
      *--cmd='{"execute":"guest-ping"}') printf '%s\\n\\n' '{"return":{}}' ;;
      *) mark=$(printf '%s' "$*" | sed 's/.*; echo //')
         echo "error: internal error: unable to execute QEMU agent command" >&2
         printf '%s\\n\\n%s%s%s\\n\\n%s' '{"return":1000}' "$mark" "$mark" '{"return":1001}' "$mark" ;;
    esac`);
  expect(await agent().ask([OPEN, OPEN, OPEN])).toEqual([
    { return: 1000 },
    { refused: 'not told by libvirt' },
    { return: 1001 },
  ]);
  const [batch, ping] = virsh.calls().map((call) => call.at(-1) ?? '');
  const command = `qemu-agent-command --domain=demo --timeout=5 --cmd='{"execute":"guest-file-open","arguments":{"path":"/it\\u0027s","mode":"r"}}'; echo `;
  expect(batch?.split(command)).toHaveLength(4);
  expect(ping).toBe('--cmd={"execute":"guest-ping"}');
});

test('a refusal of the one command that was given is told in the words of the agent', async () => {
  failing("internal error: unable to execute QEMU agent command 'guest-ping': Command guest-ping has been disabled");
  expect(await agent().ask([PING])).toEqual([{ refused: 'Command guest-ping has been disabled' }]);
});

/** Words of libvirt 11.3 (src/qemu/qemu_domain.c and qemu_agent.c). */
test.each([
  ['agent.absent', 'Guest agent is not responding: QEMU guest agent is not connected'],
  ['agent.absent', 'argument unsupported: QEMU guest agent is not configured'],
  ['agent.absent', 'Requested operation is not valid: domain is not running'],
  ['agent.silent', 'Guest agent is not responding: Guest agent not available for now'],
  ['agent.silent', 'Timed out during operation: guest agent timed out'],
  ['libvirt.no-domain', "failed to get domain 'demo'"],
])('%s: %s', async (code, words) => {
  failing(words);
  await expect(agent().ask([PING])).rejects.toMatchObject({ code, message: expect.stringContaining(words) });
});
