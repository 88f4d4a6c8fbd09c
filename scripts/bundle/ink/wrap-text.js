import cliTruncate from 'cli-truncate';
import { recent } from './recent.js';

/** A row that is too long is cut; nothing is wrapped. */
export default recent((text, columns) => cliTruncate(text, columns));
