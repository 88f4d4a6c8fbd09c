// A board with four devices, one of which lacks the size, and two all of it.
DefinitionBlock ("", "DSDT", 2, "GHPASS", "TABLES", 1)
{
    Device (\_SB.PCI8)
    {
        Name (_ADR, Zero)
        Name (_DSD, Package ()
        {
            ToUUID ("daffd814-6eba-4d8c-8a91-bc9bbf4aa301"),
            Package () { Package () { "nvidia,gpu-mem-size", 0x10 } }
        })
    }
    Device (\_SB.PCI9) { Name (_ADR, One) }
    Device (\_SB.PCIA)
    {
        Name (_ADR, 2)
        Name (_DSD, Package ()
        {
            ToUUID ("daffd814-6eba-4d8c-8a91-bc9bbf4aa301"),
            Package () { Package () { "nvidia,gpu-mem-base-pa", 0x42000000000 } }
        })
    }
    Device (\_SB.PCIB) { Name (_ADR, 3) }
}
