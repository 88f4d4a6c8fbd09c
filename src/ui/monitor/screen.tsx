import { Box, render, Text, useApp, useInput, useStdin, useStdout } from 'ink';
import { memo, useEffect, useReducer, useState } from 'react';
import type { Paint } from '../paint.ts';
import { guardTerminal } from '../terminal-guard.ts';
import { type Choice, frame } from './frame.ts';
import type { MonitorModel } from './model.ts';

interface ScreenProps {
  model: MonitorModel;
  paint: Paint;
}

const ENTER = '\u001b[?1049h\u001b[H';
const LEAVE = '\u001b[?1049l';
/** Ends what ink writes at once for terminals that know that, shows the cursor, and ends colours. */
const UNDO = `\u001b[?2026l${LEAVE}\u001b[?25h\u001b[0m`;
/** Nobody reads faster, and what a guest writes in between is drawn together. */
const FRAMES_PER_SECOND = 8;
const CLOCK_MS = 1_500;

/**
 * Shows guests until the user leaves or the signal comes. The terminal is as before then, also where ghpass is killed.
 * @returns whether the user left by Ctrl-C.
 */
export async function runScreen(
  model: MonitorModel,
  { paint, signal }: { paint: Paint; signal: AbortSignal },
): Promise<boolean> {
  if (signal.aborted) return false;
  const guard = await guardTerminal(UNDO);
  process.stdout.write(ENTER);
  try {
    const screen = render(<Screen model={model} paint={paint} />, {
      exitOnCtrlC: false,
      patchConsole: false,
      maxFps: FRAMES_PER_SECOND,
    });
    signal.addEventListener('abort', () => screen.unmount(), { once: true });
    return (await screen.waitUntilExit()) === 'interrupted';
  } finally {
    process.stdout.write(LEAVE);
    guard.release();
  }
}

function Screen({ model, paint }: ScreenProps) {
  const { columns, rows } = useSize();
  const [choice, setChoice] = useState<Choice>({ chosen: 0, help: false });
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  useKeys(model, setChoice);
  // A screen that is filled to its last row scrolls.
  const linesNow = () =>
    frame(model, choice, { nowMs: Date.now(), columns, rows: rows - 1, memory: model.memory, paint });
  const lines = linesNow();
  // Guests that run are seen once a second; of others, only the clock goes on. To draw costs more than to find that there is nothing new.
  useEffect(() => {
    const look = () => areSame(linesNow(), lines) || redraw();
    const unsubscribe = model.subscribe(look);
    const clock = setInterval(look, CLOCK_MS);
    return () => {
      unsubscribe();
      clearInterval(clock);
    };
  });
  return (
    <Box flexDirection="column" width={columns}>
      {lines.map((line, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a row is nothing but its position.
        <Row key={row} line={line} />
      ))}
    </Box>
  );
}

const Row = memo(({ line }: { line: string }) => <Text wrap="truncate-end">{line || ' '}</Text>);

function areSame(lines: readonly string[], others: readonly string[]): boolean {
  return lines.length === others.length && lines.every((line, row) => line === others[row]);
}

function useKeys(model: MonitorModel, setChoice: (change: (choice: Choice) => Choice) => void): void {
  const { exit } = useApp();
  const { isRawModeSupported } = useStdin();
  const step = (by: number) =>
    setChoice(({ chosen }) => ({ chosen: (chosen + by + model.views.length) % model.views.length, help: false }));
  useInput(
    (input, key) => {
      if (key.ctrl && input === 'c') exit('interrupted' as unknown as Error);
      else if (input === 'q') exit();
      else if (input === '?') setChoice((choice) => ({ ...choice, help: !choice.help }));
      else if (key.escape) setChoice((choice) => ({ ...choice, help: false }));
      else if (key.upArrow || key.leftArrow || input === 'k' || (key.tab && key.shift)) step(-1);
      else if (key.downArrow || key.rightArrow || input === 'j' || key.tab) step(1);
    },
    { isActive: isRawModeSupported },
  );
}

/** The size of the terminal, as long as it changes. */
function useSize(): { columns: number; rows: number } {
  const { stdout } = useStdout();
  const sizeOf = () => ({ columns: stdout.columns || 80, rows: stdout.rows || 24 });
  const [size, setSize] = useState(sizeOf);
  useEffect(() => {
    const change = () => setSize(sizeOf());
    stdout.on('resize', change);
    return () => {
      stdout.off('resize', change);
    };
  });
  return size;
}
