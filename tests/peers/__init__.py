"""Results, gateway and datasets against Orthanc, dcmtk, dicom3tools, PixelMed and the BIDS validator."""
