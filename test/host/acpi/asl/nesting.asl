// Names of fewer than four characters, integers in every encoding, devices behind conditions, scopes by every kind of name.
DefinitionBlock ("", "SSDT", 2, "GHPASS", "NESTING", 1)
{
    External (\_SB.FAR, DeviceObj)
    External (\_SB.FAR.GPU, DeviceObj)
    External (\_SB.FAR.SIZE, IntObj)
    Name (COND, 1)
    Device (\_SB.A)
    {
        Name (_ADR, Zero)
        Device (GPU)
        {
            Name (_ADR, Zero)
            Name (_DSD, Package ()
            {
                ToUUID ("daffd814-6eba-4d8c-8a91-bc9bbf4aa301"),
                Package ()
                {
                    Package () { "zero", Zero },
                    Package () { "one", One },
                    Package () { "ones", Ones },
                    Package () { "byte", 0xFE },
                    Package () { "word", 0xFEDC },
                    Package () { "dword", 0xFEDCBA98 },
                    Package () { "qword", 0xFEDCBA9876543210 },
                    Package () { "reference", \COND },
                    Package () { "string", "0x10" }
                }
            })
        }
        Device (NEXT) { Name (_ADR, One) }
    }
    Scope (\_SB)
    {
        Scope (A)
        {
            Scope (^A.NEXT)
            {
                Device (GPU) { Name (_ADR, Zero) }
                Scope (^^A.NEXT.GPU)
                {
                    Name (_DSD, Package ()
                    {
                        ToUUID ("daffd814-6eba-4d8c-8a91-bc9bbf4aa301"),
                        Package () { Package () { "parents", 2 } }
                    })
                }
            }
        }
        Scope (FAR.GPU)
        {
            Name (_DSD, Package ()
            {
                ToUUID ("daffd814-6eba-4d8c-8a91-bc9bbf4aa301"),
                Package () { Package () { "external", 3 } }
            })
        }
    }
    If (LEqual (COND, One))
    {
        Device (\_SB.B)
        {
            Name (_ADR, Zero)
            If (CondRefOf (\_SB.FAR.SIZE))
            {
                Device (GPU)
                {
                    Name (_ADR, Zero)
                    Name (_DSD, Package ()
                    {
                        ToUUID ("daffd814-6eba-4d8c-8a91-bc9bbf4aa301"),
                        Package () { Package () { "condition", 4 } }
                    })
                }
            }
        }
    }
    Else
    {
        Device (\_SB.C)
        {
            Name (_ADR, Zero)
            Name (_DSD, Package ()
            {
                ToUUID ("daffd814-6eba-4d8c-8a91-bc9bbf4aa301"),
                Package () { Package () { "otherwise", 5 } }
            })
        }
    }
}
