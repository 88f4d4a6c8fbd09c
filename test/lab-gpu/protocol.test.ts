import { describe, expect, test } from 'vitest';
import { createMessageReader, MAX_MESSAGE_BYTES, type Message, ProtocolError } from '../../lab/gpu/protocol.ts';
import fc from '../fixtures/fast-check.ts';
import { encodeCommand } from './client.ts';

const FLAG_NO_REPLY = 0x10;

const messages: fc.Arbitrary<Message> = fc.record({
  id: fc.integer({ min: 0, max: 0xffff }),
  command: fc.integer({ min: 0, max: 0xffff }),
  noReply: fc.boolean(),
  payload: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
});

function encode(message: Message): Buffer {
  return encodeCommand({ ...message, flags: message.noReply ? FLAG_NO_REPLY : 0 });
}

function cut(stream: Buffer, places: number[]): Buffer[] {
  const ends = [...places.map((place) => place % (stream.length + 1)), stream.length].sort((a, b) => a - b);
  return ends.map((end, i) => stream.subarray(ends[i - 1] ?? 0, end));
}

describe('the stream reader', () => {
  test('gives the same messages however the stream is cut', () => {
    fc.assert(
      fc.property(fc.array(messages, { maxLength: 8 }), fc.array(fc.nat(), { maxLength: 20 }), (sent, places) => {
        const read = createMessageReader();
        const received = cut(Buffer.concat(sent.map(encode)), places).flatMap(read);
        expect(received).toEqual(sent);
      }),
    );
  });

  test('never throws anything but a ProtocolError, whatever arrives', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 64 }), { maxLength: 10 }), (chunks) => {
        const read = createMessageReader();
        try {
          for (const chunk of chunks) read(Buffer.from(chunk));
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }),
    );
  });

  test('takes the longest message', () => {
    const longest = encodeCommand({ id: 1, command: 10, payload: Buffer.alloc(MAX_MESSAGE_BYTES - 16) });
    expect(createMessageReader()(longest)).toHaveLength(1);
  });

  test.each<[string, (header: Buffer) => void, string]>([
    [
      'a length shorter than the header',
      (header) => header.writeUInt32LE(15, 4),
      'message with command 9 claims 15 bytes; a message has 16 to 1048608',
    ],
    [
      'a length above the limit, before any of it is buffered',
      (header) => header.writeUInt32LE(MAX_MESSAGE_BYTES + 1, 4),
      'message with command 9 claims 1048609 bytes; a message has 16 to 1048608',
    ],
    [
      'a reply nobody asked for',
      (header) => header.writeUInt32LE(1, 8),
      'message with command 9 is of type 1; a client sends type 0 only',
    ],
  ])('refuses %s', (_title, spoil, message) => {
    const header = encodeCommand({ id: 1, command: 9 });
    spoil(header);
    expect(() => createMessageReader()(header)).toThrow(new ProtocolError(message));
  });
});
