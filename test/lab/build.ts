import { ensureArtifacts, hostArtifacts } from '../../lab/artifacts/all.ts';
import { createLabContext } from '../../lab/context.ts';
import { startProgress } from '../../lab/progress.ts';

/** Before the first test, so that no test's time is spent on compiling a kernel. What one test alone wants is that test's to build. */
export async function setup(): Promise<void> {
  const progress = startProgress((line) => process.stderr.write(line));
  try {
    await ensureArtifacts(hostArtifacts(), createLabContext({ report: progress.report }));
  } finally {
    progress.end();
  }
}
