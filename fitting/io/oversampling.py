"""Take twofold oversampling off FIDs, as scanners do when they reconstruct."""

from __future__ import annotations

import numpy as np

from fitting.units import ComplexArray


def without_oversampling(samples: ComplexArray) -> ComplexArray:
    """Half the points at twice the dwell time: the inner half of each FID's spectrum, transformed back.

    An FID begins sharply, and cutting its spectrum alone would ring through its first points. So each is first
    continued to negative times by the mirror image of its conjugate, which for resonances of one phase joins
    smoothly; half of the noise power goes with the outer half of the spectrum.
    """
    points = samples.shape[-1]
    in_phase = np.exp(2j * np.angle(samples[..., :1]))
    past = in_phase * np.conj(samples[..., :0:-1])
    edge = (samples[..., -1:] + past[..., :1]) / 2
    spectrum = np.fft.fft(np.concatenate([samples, edge, past], axis=-1), axis=-1)
    half = points // 2
    inner = np.concatenate([spectrum[..., :half], spectrum[..., -half:]], axis=-1)
    fid: ComplexArray = np.fft.ifft(inner, axis=-1)[..., :half] / 2
    return fid
