#!/bin/sh
# In the lab: what the GPU says, then the whole path once, with what the guest saw at the end.
set -e
echo "== ghpass probe --no-open   (before a driver is bound)"
ghpass probe --no-open 2>/dev/null
echo
echo "== ghpass smoke --bind      (bind, ask, plan, boot a guest, compare, put back)"
ghpass smoke --bind --vcpus 1 --memory 1G
