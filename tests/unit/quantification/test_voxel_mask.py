"""What a measured box holds of tissue maps: shares of known answer, and what turning the head must not change."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from fitting.acquisition import VoiGeometry
from fitting.io.nifti_image import Image
from fitting.quantification.voxel_mask import content, outside_share, points_in
from fitting.units import FloatArray


def turned_box(center: tuple[float, float, float], edges: tuple[float, float, float], turn: FloatArray) -> VoiGeometry:
    """A box of these edges, turned."""
    rows = (turn @ np.diag(edges)).T
    return VoiGeometry(center, (tuple(rows[0]), tuple(rows[1]), tuple(rows[2])))  # type: ignore[arg-type]


def drawn(inside: Callable[[FloatArray], FloatArray], size: int = 80, affine: FloatArray | None = None) -> Image:
    """A map of 1 mm voxels whose probability is a function of world coordinates (..., 3)."""
    shift = -(size - 1) / 2.0
    to_world = np.array([[1, 0, 0, shift], [0, 1, 0, shift], [0, 0, 1, shift], [0, 0, 0, 1.0]])
    to_world = to_world if affine is None else affine @ to_world
    index = np.stack(np.meshgrid(*[np.arange(size)] * 3, indexing="ij"), axis=-1)
    world = index @ to_world[:3, :3].T + to_world[:3, 3]
    return Image(np.asarray(inside(world), dtype=np.float32), to_world)


def cut(image: Image, size: int) -> Image:
    """The first voxels of an image along each index."""
    return Image(image.voxels[:size, :size, :size], image.affine_mm)


def test_a_plane_through_voxel_borders_divides_a_box_exactly():
    """A box from -10 to 10 mm with grey matter below x = -4 mm and white matter above holds 30 % and 70 %."""
    grey, white = drawn(lambda r: r[..., 0] < -4), drawn(lambda r: r[..., 0] > -4)
    box = turned_box((0, 0, 0), (20, 20, 20), np.eye(3))

    found = content(box, {"gm": grey, "wm": white})

    assert found.shares["gm"] == pytest.approx(0.3, abs=1e-3)
    assert found.shares["wm"] == pytest.approx(0.7, abs=1e-3)
    assert found.outside == 0.0


def test_voxels_at_the_edge_of_the_box_count_by_their_part_in_it():
    """Only half of the outermost voxels is in a box whose edges run through their middles: partial volume."""
    ends = drawn(lambda r: np.abs(r[..., 0]) > 10)  # the voxels from 10 to 11 mm are the first

    found = content(turned_box((0, 0, 0), (21, 20, 20), np.eye(3)), {"gm": ends})

    assert found.shares["gm"] == pytest.approx(1 / 21, abs=1e-3)


@pytest.mark.parametrize("degrees", [(0, 0, 30), (17, -25, 40), (45, 35.26, 0)])
def test_half_of_a_turned_box_is_a_half(
    degrees: tuple[float, float, float],
):
    """Tissue on one side of the box's own middle plane, drawn with partial volumes, fills a half in any direction."""
    turn = Rotation.from_euler("XYZ", degrees, degrees=True).as_matrix()
    box = turned_box((1.3, -2.7, 0.4), (20, 30, 14), turn)

    def half(r: FloatArray) -> FloatArray:
        steps = (np.arange(5) - 2) / 5.0
        offsets = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 3)
        return np.mean([((r + o - box.center_mm) @ turn[:, 0] < 0) for o in offsets], axis=0)

    found = content(box, {"gm": drawn(half, 48), "wm": drawn(lambda r: np.ones(r.shape[:-1]), 48)})

    assert found.shares["gm"] == pytest.approx(0.5, abs=1e-3)
    assert found.shares["wm"] == pytest.approx(1.0, abs=1e-12)
    assert points_in(box).mean(axis=0) == pytest.approx(box.center_mm, abs=0.01)


def test_what_lies_outside_of_the_image_is_known():
    """An image that ends 4 mm from the centre of a 20 mm box leaves 30 % of it outside."""
    image = cut(drawn(lambda r: np.ones(r.shape[:-1])), 44)  # its last voxel ends at +4 mm
    box = turned_box((0, -20, -20), (20, 20, 20), np.eye(3))

    assert outside_share(box, image) == pytest.approx(0.3, abs=1e-3)
    assert content(box, {"gm": image}).shares["gm"] == pytest.approx(0.7, abs=1e-3)
    far = turned_box((500, 0, 0), (20, 20, 20), np.eye(3))
    assert outside_share(far, image) == 1.0


@given(
    degrees=st.tuples(*[st.floats(-180, 180)] * 3),
    shift=st.tuples(*[st.floats(-60, 60)] * 3),
    flip=st.sampled_from([(1, 1, 1), (-1, 1, 1), (1, -1, -1), (-1, -1, 1)]),
)
@settings(max_examples=25, deadline=None)
def test_turning_and_moving_head_and_box_together_changes_nothing(
    degrees: tuple[float, float, float], shift: tuple[float, float, float], flip: tuple[int, int, int]
):
    """The fractions belong to the head: only the affine and the box know how it lay, and how voxels are stored."""
    turn = Rotation.from_euler("XYZ", degrees, degrees=True).as_matrix()
    resting = drawn(lambda r: np.exp(-np.sum(r**2, axis=-1) / 200), size=48)
    box = turned_box((2.0, -3.0, 1.0), (14, 18, 22), np.eye(3))
    motion = np.eye(4)
    motion[:3, :3], motion[:3, 3] = turn, shift
    stored = resting.voxels[:: flip[0], :: flip[1], :: flip[2]]
    order = np.diag([*map(float, flip), 1.0])
    order[:3, 3] = [0 if sign > 0 else 47 for sign in flip]
    moved = Image(stored, motion @ resting.affine_mm @ order)
    edges = (turn @ np.asarray(box.edges_mm).T).T
    center = turn @ np.asarray(box.center_mm) + shift
    moved_box = VoiGeometry(tuple(center), tuple(tuple(edge) for edge in edges))  # type: ignore[arg-type]

    still = content(box, {"gm": resting}, 2**15)
    turned = content(moved_box, {"gm": moved}, 2**15)

    assert turned.shares["gm"] == pytest.approx(still.shares["gm"], abs=1e-4)
    assert turned.outside == pytest.approx(still.outside, abs=1e-4)
