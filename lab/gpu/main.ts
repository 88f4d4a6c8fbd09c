import { once } from 'node:events';
import { serveGpu } from './server.ts';
import { parseGpuFunctionSpec } from './spec-json.ts';

const USAGE = `usage: tsx lab/gpu/main.ts SOCKET SPEC_JSON

Plays the PCI function of a Grace GPU at SOCKET for QEMU's vfio-user-pci. Prints "listening" when ready; ends when the
client disconnects, when standard input closes, or on SIGTERM.

example: tsx lab/gpu/main.ts gpu.sock '{"deviceId":"0x2342","subsystemId":"0x16eb","revision":"0xa1",
  "bar2Bytes":"0x2000000000","bar4Bytes":"0x2000000","dvsec":false,"c2cReady":true,"hbmReady":true}'
`;

const EXIT_USAGE = 2;

/** Serves until one of the three ends; gives the exit status. A spec or socket that cannot be used is a usage error. */
async function main(args: readonly string[]): Promise<number> {
  const [socketPath, specJson, ...rest] = args;
  if (socketPath === undefined || specJson === undefined || rest.length > 0) {
    process.stderr.write(USAGE);
    return EXIT_USAGE;
  }
  try {
    const server = await serveGpu(parseGpuFunctionSpec(specJson), socketPath);
    const toldToEnd = endOfParent();
    // Only now: whoever reads the line may send the signal at once, and it has to find its handler.
    process.stdout.write('listening\n');
    await Promise.race([server.closed, toldToEnd]);
    await server.close();
    return 0;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return EXIT_USAGE;
  }
}

/** Settles on SIGTERM, SIGINT, or when the pipe from the parent closes: no server is left behind by a parent that died. */
function endOfParent(): Promise<unknown> {
  process.stdin.resume();
  return Promise.race([once(process.stdin, 'close'), once(process, 'SIGTERM'), once(process, 'SIGINT')]);
}

process.exit(await main(process.argv.slice(2)));
