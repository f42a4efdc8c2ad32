"""DICOM results and the gateway against programs of others: Orthanc, dcmtk, dicom3tools, PixelMed."""
