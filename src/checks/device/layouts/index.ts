import type { Layout } from '../../../vfio/layout.ts';
import { APERTURE } from './aperture.ts';
import { CARVEOUT } from './carveout.ts';
import { NONE } from './none.ts';
import { NVLINK2 } from './nvlink2.ts';
import { PAD_BARS } from './pad-bars.ts';
import type { LayoutPredicate } from './predicate.ts';
import { SPECIAL_REGION } from './special-region.ts';
import { WHOLE } from './whole.ts';

/** What has to be so in each layout, the shape of the regions before their sizes. */
export const LAYOUT_PREDICATES: Readonly<Record<Layout, readonly LayoutPredicate[]>> = {
  carveout: [...SPECIAL_REGION, ...CARVEOUT],
  whole: [...SPECIAL_REGION, ...WHOLE],
  aperture: [...SPECIAL_REGION, ...APERTURE],
  'pad-bars': PAD_BARS,
  nvlink2: NVLINK2,
  none: NONE,
};
