import { artifactsByName, ensureArtifacts } from '../../lab/artifacts/all.ts';
import { createLabContext } from '../../lab/context.ts';
import { startProgress } from '../../lab/progress.ts';

/** Before the first test, so that no test's time is spent on compiling a kernel. */
export async function setup(): Promise<void> {
  const progress = startProgress((line) => process.stderr.write(line));
  try {
    await ensureArtifacts([...artifactsByName().values()], createLabContext({ report: progress.report }));
  } finally {
    progress.end();
  }
}
