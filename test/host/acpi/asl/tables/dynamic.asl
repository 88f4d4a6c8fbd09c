// Loaded later, by a method of the DSDT.
DefinitionBlock ("", "SSDT", 2, "GHPASS", "TABLES", 1)
{
    External (\_SB.PCIA, DeviceObj)
    External (\_SB.PCIB, DeviceObj)
    Scope (\_SB.PCIA)
    {
        Name (_DSD, Package ()
        {
            ToUUID ("daffd814-6eba-4d8c-8a91-bc9bbf4aa301"),
            Package () { Package () { "nvidia,gpu-mem-size", 0xDA } }
        })
    }
    Scope (\_SB.PCIB)
    {
        Name (_DSD, Package ()
        {
            ToUUID ("daffd814-6eba-4d8c-8a91-bc9bbf4aa301"),
            Package () { Package () { "nvidia,gpu-mem-size", 0xDB } }
        })
    }
}
