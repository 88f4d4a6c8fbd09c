import widestLine from './widest-line.js';

export default function measureText(text) {
  return text === '' ? { width: 0, height: 0 } : { width: widestLine(text), height: text.split('\n').length };
}
