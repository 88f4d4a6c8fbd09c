import { constants } from 'node:os';
import { type GpuFunction, REGION_COUNT } from './gpu-function.ts';
import { Command, MAX_TRANSFER_BYTES, type Message, ProtocolError } from './protocol.ts';

const { EINVAL, ENOTSUP } = constants.errno;

/** The only version there is; QEMU 11.1 refuses a server that answers 0.1. */
const MAJOR = 0;
const MINOR = 0;
const CAPABILITIES = `${JSON.stringify({ capabilities: { max_msg_fds: 1, max_data_xfer_size: MAX_TRANSFER_BYTES } })}\0`;

const DEVICE_FLAGS_RESET_AND_PCI = 0x3;
const REGION_FLAGS_READ_AND_WRITE = 0x3;

/** VFIO's interrupt types of a PCI function: INTx, MSI, MSI-X, error, request. */
const IRQ_COUNT = 5;
const ERROR_IRQ = 3;
const IRQ_FLAGS_EVENTFD = 0x1;

/** A request that is answered with an errno. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly errno: number;
  constructor(errno: number, message: string) {
    super(message);
    this.errno = errno;
  }
}

/**
 * Gives the payload of the reply to one request, as QEMU's docs/interop/vfio-user.rst lays it out.
 * Throws a RequestError for a request that is malformed (EINVAL) or not served (ENOTSUP), and a ProtocolError where the
 * specification says to close the connection.
 */
export function answerRequest(gpu: GpuFunction, request: Message): Buffer {
  const { command, payload } = request;
  switch (command) {
    case Command.version:
      return version(payload);
    case Command.dmaMap:
      // The function never makes a DMA access, so there is nothing to remember about the guest's memory.
      requireBytes(request, 32);
      return Buffer.alloc(0);
    case Command.dmaUnmap:
      requireBytes(request, 24);
      return payload;
    case Command.deviceGetInfo:
      requireBytes(request, 16);
      return words(16, DEVICE_FLAGS_RESET_AND_PCI, REGION_COUNT, IRQ_COUNT);
    case Command.deviceGetRegionInfo:
      requireBytes(request, 32);
      return regionInfo(gpu, payload.readUInt32LE(8));
    case Command.deviceGetIrqInfo:
      requireBytes(request, 16);
      return irqInfo(payload.readUInt32LE(8));
    case Command.deviceSetIrqs:
      // No interrupt is ever raised: the eventfds are dropped by the kernel, because nobody asks for ancillary data.
      requireBytes(request, 20);
      return Buffer.alloc(0);
    case Command.regionRead:
      return regionRead(gpu, request);
    case Command.regionWrite:
      return regionWrite(gpu, request);
    case Command.deviceReset:
      gpu.reset();
      return Buffer.alloc(0);
    default:
      throw new RequestError(ENOTSUP, `command ${command} is not served`);
  }
}

function version(payload: Buffer): Buffer {
  if (payload.length < 4) throw new ProtocolError(`client's version has ${payload.length} bytes; it has at least 4`);
  const major = payload.readUInt16LE(0);
  if (major !== MAJOR) {
    throw new ProtocolError(
      `client proposes protocol ${major}.${payload.readUInt16LE(2)}; only ${MAJOR}.${MINOR} is spoken`,
    );
  }
  return Buffer.concat([Buffer.from(Uint16Array.of(MAJOR, MINOR).buffer), Buffer.from(CAPABILITIES)]);
}

function regionInfo(gpu: GpuFunction, index: number): Buffer {
  const sizeBytes = gpu.regionBytes[index];
  if (sizeBytes === undefined) throw new RequestError(EINVAL, `there is no region ${index}`);
  const info = Buffer.alloc(32);
  words(32, sizeBytes > 0n ? REGION_FLAGS_READ_AND_WRITE : 0, index, 0).copy(info);
  info.writeBigUInt64LE(sizeBytes, 16);
  return info;
}

function irqInfo(index: number): Buffer {
  if (index >= IRQ_COUNT) throw new RequestError(EINVAL, `there is no interrupt type ${index}`);
  // Without an error interrupt QEMU warns that it could not enable error recovery; the other types are really absent.
  return words(16, IRQ_FLAGS_EVENTFD, index, index === ERROR_IRQ ? 1 : 0);
}

function regionRead(gpu: GpuFunction, request: Message): Buffer {
  requireBytes(request, 16);
  const { region, offset, countBytes } = regionRange(gpu, request);
  return Buffer.concat([request.payload.subarray(0, 16), gpu.read(region, offset, countBytes)]);
}

function regionWrite(gpu: GpuFunction, request: Message): Buffer {
  if (request.payload.length < 16) requireBytes(request, 16);
  const { region, offset, countBytes } = regionRange(gpu, request);
  requireBytes(request, 16 + countBytes);
  gpu.write(region, offset, request.payload.subarray(16));
  return request.payload.subarray(0, 16);
}

function regionRange(gpu: GpuFunction, { payload }: Message): { region: number; offset: bigint; countBytes: number } {
  const offset = payload.readBigUInt64LE(0);
  const region = payload.readUInt32LE(8);
  const countBytes = payload.readUInt32LE(12);
  const sizeBytes = gpu.regionBytes[region] ?? 0n;
  if (countBytes > MAX_TRANSFER_BYTES || offset + BigInt(countBytes) > sizeBytes) {
    throw new RequestError(
      EINVAL,
      `${countBytes} bytes at 0x${offset.toString(16)} are not inside region ${region} of 0x${sizeBytes.toString(16)} bytes, or more than ${MAX_TRANSFER_BYTES} at once`,
    );
  }
  return { region, offset, countBytes };
}

function requireBytes({ command, payload }: Message, expected: number): void {
  if (payload.length === expected) return;
  throw new RequestError(EINVAL, `command ${command} wants ${expected} bytes after its header, not ${payload.length}`);
}

function words(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [i, value] of values.entries()) bytes.writeUInt32LE(value, 4 * i);
  return bytes;
}
