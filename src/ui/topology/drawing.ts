import type { Part } from '../../plan/topology/topology.ts';

/** A picture as boxes in boxes: what is in it and in which words, and nothing of where it goes. */
export interface Box {
  title: string;
  contents: Content[];
  /** The device that it shows. Two boxes of one device belong together. */
  device?: string;
}

export type Content = Line | Scale | Row;

export interface Line {
  kind: 'line';
  text: string;
}

/** Bytes drawn to scale. */
export interface Scale {
  kind: 'scale';
  text: string;
  parts: ScalePart[];
}

export type Filling = Part['what'] | 'gpus' | 'free';

interface ScalePart {
  filling: Filling;
  /** What it is, with its size. */
  text: string;
  sizeBytes: bigint;
}

/** Boxes beside each other, where there is room for that. */
export interface Row {
  kind: 'row';
  boxes: Box[];
}
