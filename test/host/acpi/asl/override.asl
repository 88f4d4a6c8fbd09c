// An SSDT that gives properties to devices of another table, as an initrd override for a virtual machine does.
DefinitionBlock ("", "SSDT", 2, "GHPASS", "OVERRIDE", 1)
{
    External (\_SB.PCI0.S80, DeviceObj)
    External (\_SB.PCI0.S80.S00, DeviceObj)
    External (\_SB.PCI0.S88.S00, DeviceObj)
    External (\_SB.PCI0.MTHD, MethodObj)
    Scope (\_SB.PCI0.S80.S00)
    {
        Name (_DSD, Package ()
        {
            ToUUID ("daffd814-6eba-4d8c-8a91-bc9bbf4aa301"),
            Package ()
            {
                Package () { "nvidia,gpu-mem-base-pa", 0x180000000 },
                Package () { "nvidia,gpu-mem-size", 0xA0000000 }
            }
        })
    }
    Scope (\_SB)
    {
        If (One)
        {
            Scope (PCI0.S88.S00)
            {
                Name (^^S80.PROP, 0x10)
                Name (_DSD, Package ()
                {
                    ToUUID ("daffd814-6eba-4d8c-8a91-bc9bbf4aa301"),
                    Package ()
                    {
                        Package () { "nvidia,gpu-mem-base-pa", 0x220000000 },
                        Package () { "nvidia,gpu-mem-size", Zero },
                        Package () { "ones", Ones },
                        Package () { "word", 0x1234 },
                        Package () { "list", Package () { 1, 2 } }
                    }
                })
            }
        }
    }
}
