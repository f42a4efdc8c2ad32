"""An MRD server: raw data of one scan from a scanner's reconstruction in, pages of the report as images out.

It speaks the streaming protocol of MRD version 1 (ISMRMRD), as FIRE, OpenRecon and Gadgetron do: connection, scan,
analysis, pages, close. Identity in the header is left out as soon as it is read; the scanner's host attaches patient
and study to the images that come back.
"""
