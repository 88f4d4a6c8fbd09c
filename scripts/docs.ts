// Writes the pages of docs/ that follow from the code. A test fails where one of them is stale.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checksPage } from './checks-page.ts';

writeFileSync(join(import.meta.dirname, '../docs/checks.md'), checksPage());
