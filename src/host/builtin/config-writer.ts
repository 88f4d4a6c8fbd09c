const CONFIG_BYTES = 4096;

/** Configuration space of a Grace GPU, as far as ghpass reads it: ids, class, and NVIDIA's DVSEC where the GPU has one. */
export function configSpace(device: number, subsystemDevice: number, migWorksWithCachedMemory: boolean): Uint8Array {
  const config = Buffer.alloc(CONFIG_BYTES);
  config.writeUInt16LE(0x10de, 0x00);
  config.writeUInt16LE(device, 0x02);
  config.writeUInt32LE(0x030200a1, 0x08);
  config.writeUInt16LE(0x10de, 0x2c);
  config.writeUInt16LE(subsystemDevice, 0x2e);
  if (migWorksWithCachedMemory) {
    config.writeUInt32LE(0x0001_0023, 0x100);
    config.writeUInt16LE(0x10de, 0x104);
    config.writeUInt16LE(0x00c1, 0x106);
    config.writeUInt16LE(3, 0x108);
    config.writeUInt16LE(1, 0x10a);
  }
  return config;
}
