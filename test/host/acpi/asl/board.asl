// A board with two sockets and three GPUs, with what stands between the properties in real firmware.
DefinitionBlock ("", "DSDT", 2, "GHPASS", "BOARD", 1)
{
    Name (\PICM, 0x10)
    Scope (\_SB)
    {
        Device (PCI8)
        {
            Name (_HID, EisaId ("PNP0A08"))
            Name (_CRS, ResourceTemplate ()
            {
                WordBusNumber (ResourceProducer, MinFixed, MaxFixed, PosDecode, 0, 0, 0xFF, 0, 0x100)
                QWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed, NonCacheable, ReadWrite,
                    0, 0x661000000000, 0x661FFFFFFFFF, 0, 0x1000000000)
            })
            Method (_STA, 0) { Return (0xF) }
            Device (RP00)
            {
                Name (_ADR, Zero)
                Mutex (MTX0, 8)
                Device (GPU0)
                {
                    Name (_ADR, Zero)
                    OperationRegion (REGS, SystemMemory, 0xFE000000, 0x10)
                    Name (_DSD, Package ()
                    {
                        ToUUID ("daffd814-6eba-4d8c-8a91-bc9bbf4aa301"),
                        Package ()
                        {
                            Package () { "nvidia,gpu-mem-base-pa", 0x0000042000000000 },
                            Package () { "nvidia,gpu-mem-size", 0x00000017A0000000 },
                            Package () { "nvidia,gpu-mem-pxm-start", 8 },
                            Package () { "nvidia,gpu-mem-pxm-count", 8 }
                        }
                    })
                    Method (_RST, 0)
                    {
                        Name (_DSD, Package ()
                        {
                            ToUUID ("daffd814-6eba-4d8c-8a91-bc9bbf4aa301"),
                            Package () { Package () { "nvidia,gpu-mem-size", 0x7777 } }
                        })
                    }
                }
            }
        }
        Device (PCI9)
        {
            Name (_ADR, Zero)
            Event (DONE)
            Device (RP00)
            {
                Name (_ADR, Zero)
                Device (GPU0)
                {
                    Name (_ADR, Zero)
                    OperationRegion (REGS, SystemMemory, 0xFE010000, 0x1000)
                    Field (REGS, DWordAcc, NoLock, Preserve) { Offset (0x10), STAT, 32 }
                    // Firmware leaves the size out where the C2C link did not come up.
                    Name (_DSD, Package ()
                    {
                        ToUUID ("5025030f-842f-4ab4-a561-99a5189762d0"),
                        Package () { Package () { "nvidia,gpu-mem-size", 1 } },
                        ToUUID ("daffd814-6eba-4d8c-8a91-bc9bbf4aa301"),
                        Package ()
                        {
                            Package () { "nvidia,gpu-mem-base-pa", 0x0000082000000000 },
                            Package () { "nvidia,gpu-mem-pxm-start", One }
                        }
                    })
                }
                Device (NIC0)
                {
                    Name (_ADR, Zero)
                    Name (_DSD, Package ()
                    {
                        ToUUID ("daffd814-6eba-4d8c-8a91-bc9bbf4aa301"),
                        Package () { Package () { "nvidia,gpu-mem-size", 0x1234 } }
                    })
                }
            }
        }
        Device (PCIA)
        {
            Name (_ADR, Zero)
            Device (GPU0)
            {
                Name (_ADR, Zero)
                Name (SIZE, 0x9F123000)
                PowerResource (PWR0, 0, 0)
                {
                    Method (_STA, 0) { Return (One) }
                    Method (_ON, 0) { }
                    Method (_OFF, 0) { }
                    Name (_DSD, Package ()
                    {
                        ToUUID ("daffd814-6eba-4d8c-8a91-bc9bbf4aa301"),
                        Package () { Package () { "nvidia,gpu-mem-size", 0x5678 } }
                    })
                }
            }
        }
    }
}
