"""The process that opens a browser's NSS database, frozen."""

from signer.platform.nss_worker import main

main()
