"""The process that draws PDFs, frozen."""

from signer.prescription.pdf_worker import main

main()
