// The one kind of table that takes the place of what is there.
DefinitionBlock ("", "OSDT", 2, "GHPASS", "TABLES", 1)
{
    External (\_SB.PCI8, DeviceObj)
    Scope (\_SB.PCI8)
    {
        Name (_DSD, Package ()
        {
            ToUUID ("daffd814-6eba-4d8c-8a91-bc9bbf4aa301"),
            Package () { Package () { "nvidia,gpu-mem-size", 0x08 } }
        })
    }
}
