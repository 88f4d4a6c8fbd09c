// Writes what commands print into the pages that show it. A test fails where one of them is stale.

import { readFileSync, writeFileSync } from 'node:fs';
import { PAGE, withScreenshots } from './screenshots-page.ts';

writeFileSync(PAGE, await withScreenshots(readFileSync(PAGE, 'utf8')));
