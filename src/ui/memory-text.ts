import { formatBytes, GIB } from '../vfio/bytes.ts';
import type { MemoryProgress } from '../vfio/memory-answer.ts';
import type { MemoryReport } from './memory-report.ts';

const PATTERNS: Readonly<Record<MemoryProgress['pattern'], string>> = {
  address: 'addresses',
  inverted: 'inverted addresses',
  zero: 'zeros',
};

/** What became of the memory of one GPU, in a line. */
export function memoryText({ mode, areas }: MemoryReport): string {
  const rounds = areas.flatMap((area) => area.rounds);
  const passes = rounds.flatMap(({ written, verified }) => [written, verified]);
  const [bytes, seconds] = [sum(passes.map((pass) => pass.bytes)), sum(passes.map((pass) => pass.seconds))];
  if (bytes === 0) return `${mode}, nothing was written`;
  const verified = sum(rounds.map((round) => round.verified.bytes));
  const wrong = sum(rounds.map(({ errors }) => errors.words));
  const result = wrong === 0 ? 'no word is wrong' : `${wrong} words are wrong`;
  const rate = mode === 'quick' || seconds === 0 ? '' : `, at ${rateText(bytes / seconds)}`;
  return `${mode}, ${formatBytes(BigInt(verified))} read back${rate}, ${result}`;
}

/** How far it is: what is being done, the mean rate so far, and the time left at that rate. */
export function memoryProgressText(address: string, progress: MemoryProgress): string {
  const { region, pattern, operation, doneBytes, totalBytes, seconds } = progress;
  const doing = `${operation === 'write' ? 'writing' : 'verifying'} ${PATTERNS[pattern]}`;
  const percent = totalBytes === 0 ? 0 : Math.floor((100 * doneBytes) / totalBytes);
  const head = `${address} region ${region}: ${doing}, ${percent} %`;
  if (seconds === 0 || doneBytes === 0) return head;
  const rate = doneBytes / seconds;
  return `${head}, ${rateText(rate)}, ${durationText((totalBytes - doneBytes) / rate)} left`;
}

function rateText(bytesPerSecond: number): string {
  return `${(bytesPerSecond / Number(GIB)).toFixed(1)} GiB/s`;
}

function durationText(seconds: number): string {
  const whole = Math.ceil(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
