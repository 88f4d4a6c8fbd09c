import { expect, test } from 'vitest';
import { powerOffGuest } from '../../src/host/kernel/kvm.ts';
import { runTool } from '../../src/host/programs/run-tool.ts';
import { findQemu } from './kit/qemu-binary.ts';

test('the guest with which KVM is tried runs its instructions and powers itself off', async () => {
  const qemu = await findQemu();
  const argv = [...qemu.args, '-cpu', 'max', ...powerOffGuest('tcg')];
  const run = await runTool(qemu.command, argv, { deadlineMs: 15_000 });
  expect(run).toMatchObject({ status: 0, stderr: '' });
});
