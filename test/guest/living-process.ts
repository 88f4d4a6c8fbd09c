import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import { startTimeOf } from '../../src/guest/journal/process-identity.ts';

export interface LivingProcess {
  pid: number;
  startTime: string;
  child: ChildProcess;
}

/** A process that does nothing for a minute; `script` goes before that. */
export async function livingProcess(script = '', env: Record<string, string> = {}): Promise<LivingProcess> {
  const child = spawn('sh', ['-c', `${script}\necho ready\nwhile :; do sleep 0.1; done`], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, ...env },
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  await once(child.stdout, 'data');
  const pid = child.pid ?? 0;
  return { pid, startTime: startTimeOf(pid) ?? '', child };
}
