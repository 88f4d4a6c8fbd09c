import stringWidth from 'string-width';
import { recent } from './recent.js';

export default recent((text) => Math.max(...text.split('\n').map((line) => stringWidth(line))));
