"""The DICOM gateway: spectra in by C-STORE, results back into their study, identity kept on this side.

A process of its own: it is a client of ``fitting`` or of a running service, may crash alone, and is absent unless it is
started. Source instances are in its spool until delivery has ended, and nowhere else.

    receiver -> spool -> studies (settled, paired) -> stripping -> analyst -> objects -> delivery -> forgotten
"""
