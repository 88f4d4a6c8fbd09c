// Gives properties to a device that has none, and to one that has: the kernel does not take the latter.
DefinitionBlock ("", "SSDT", 2, "GHPASS", "TABLES", 1)
{
    External (\_SB.PCI8, DeviceObj)
    External (\_SB.PCI9, DeviceObj)
    Scope (\_SB.PCI8)
    {
        Name (_DSD, Package ()
        {
            ToUUID ("daffd814-6eba-4d8c-8a91-bc9bbf4aa301"),
            Package () { Package () { "nvidia,gpu-mem-size", 0x20 } }
        })
    }
    Scope (\_SB.PCI9)
    {
        Name (_DSD, Package ()
        {
            ToUUID ("daffd814-6eba-4d8c-8a91-bc9bbf4aa301"),
            Package () { Package () { "nvidia,gpu-mem-size", 0x29 } }
        })
    }
}
