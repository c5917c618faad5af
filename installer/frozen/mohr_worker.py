"""The process that loads a PKCS#11 module, frozen."""

from drivers.worker.__main__ import main

main()
