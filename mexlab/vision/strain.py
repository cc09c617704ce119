"""Optical strain: how much a flow field stretches and shears the skin, whichever way it moves.

Made on demand from stored flow; nothing is read or written.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def optical_strain(flow: ArrayLike) -> NDArray[np.float32]:
    """Magnitude of the strain tensor in each cell; flow (..., 2, h, w) -> float32 (..., h, w).

    sqrt(exx^2 + eyy^2 + 2 exy^2), where exx = du/dx, eyy = dv/dy, exy = (du/dy + dv/dx) / 2: Shreve
    et al. (FG 2011), and the third input channel of STSTNet (Liong et al., FG 2019). Derivatives
    are central differences between cells, one-sided at the border; the unit is that of the flow
    per cell. A shift has no strain, and a turn by a small angle hardly any.
    """
    field = np.asarray(flow, dtype=np.float32)
    u, v = field[..., 0, :, :], field[..., 1, :, :]
    (du_dy, du_dx), (dv_dy, dv_dx) = (np.gradient(part, axis=(-2, -1)) for part in (u, v))
    shear = (du_dy + dv_dx) / 2
    return np.asarray(np.sqrt(du_dx**2 + dv_dy**2 + 2 * shear**2), dtype=np.float32)
