"""The VTK scene: one head whose points and colours are overwritten from frame to frame, drawn with no display."""

import os

import numpy as np

os.environ.setdefault("LP_NUM_THREADS", "1")  # the software rasteriser: one thread a worker process

import vtkmodules.vtkRenderingOpenGL2  # noqa: F401  (registers the OpenGL classes)
from vtkmodules.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray, vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkLogger, vtkPoints, vtkUnsignedCharArray
from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkImageData, vtkPolyData
from vtkmodules.vtkRenderingCore import (
    vtkActor,
    vtkPolyDataMapper,
    vtkRenderer,
    vtkRenderWindow,
    vtkTexture,
)

from seqdisent_core.facekit.view import DISTANCE, PLANE


class Mesh:
    """One actor: points (n, 3) with a colour each and, where uv is given, a texture that multiplies it."""

    def __init__(
        self,
        triangles: np.ndarray,
        points: int,
        uv: np.ndarray | None = None,
        *,
        translucent: bool = False,
        culled: bool = False,
    ):
        self.points = np.zeros((points, 3), dtype=np.float32)
        self.colours = np.full((points, 4 if translucent else 3), 255, dtype=np.uint8)
        self._data = vtkPolyData()
        holder = vtkPoints()
        self._points = numpy_to_vtk(self.points)
        holder.SetData(self._points)
        self._holder = holder
        self._data.SetPoints(holder)
        self.set_triangles(triangles)
        self._colours: vtkUnsignedCharArray = numpy_to_vtk(self.colours)
        self._data.GetPointData().SetScalars(self._colours)
        mapper = vtkPolyDataMapper()
        mapper.SetInputData(self._data)
        mapper.SetColorModeToDirectScalars()
        self.actor = vtkActor()
        self.actor.SetMapper(mapper)
        self.actor.GetProperty().LightingOff()
        if translucent:
            self.actor.ForceTranslucentOn()
        self.actor.GetProperty().SetBackfaceCulling(culled)
        if uv is not None:
            self._data.GetPointData().SetTCoords(numpy_to_vtk(uv, deep=True))

    def set_triangles(self, triangles: np.ndarray) -> None:
        """Draw these, int (triangles, 3) into the points, instead of what was drawn."""
        cells = vtkCellArray()
        cells.SetData(3, numpy_to_vtkIdTypeArray(np.ascontiguousarray(triangles, dtype=np.int64).ravel(), deep=True))
        self._data.SetPolys(cells)

    def paint(self, texture: np.ndarray) -> None:
        """Set the texture: uint8 (height, width, 3 or 4), row 0 at v = 0."""
        self.actor.SetTexture(_texture(texture))

    def update(self) -> None:
        """Tell VTK that points and colours were overwritten."""
        self._points.Modified()
        self._holder.Modified()
        self._colours.Modified()
        self._data.Modified()


class Window:
    """A window of size x size pixels without a display, its camera and its backdrop."""

    def __init__(self, size: int, meshes: list[Mesh]):
        self.size = size
        self._renderer = vtkRenderer()
        self._renderer.SetUseFXAA(False)
        self._renderer.SetUseOIT(False)  # plain blending: hair and lashes come last and are one layer each
        for mesh in meshes:
            self._renderer.AddActor(mesh.actor)
        verbosity = vtkLogger.GetCurrentVerbosityCutoff()
        vtkLogger.SetStderrVerbosity(vtkLogger.VERBOSITY_ERROR)  # VTK looks for an X server first and warns without
        self._window = vtkRenderWindow()
        vtkLogger.SetStderrVerbosity(verbosity)
        self._window.SetOffScreenRendering(True)
        self._window.SetMultiSamples(0)
        self._window.SetSize(size, size)
        self._window.AddRenderer(self._renderer)
        self._pixels = vtkUnsignedCharArray()

    def backdrop(self, picture: np.ndarray) -> None:
        """Set the background: uint8 (height, width, 3), top row first; stretched to the window."""
        self._renderer.SetBackgroundTexture(_texture(picture[::-1]))
        self._renderer.SetTexturedBackground(True)

    def look_at(self, x: float, y: float, side: float, roll: float = 0.0) -> None:
        """Point the camera straight at (x, y), so that `side` cm at depth PLANE fill the picture.

        roll: radians that the camera leans, so that what leans clockwise by as much stands level.
        """
        camera = self._renderer.GetActiveCamera()
        camera.SetFocalPoint(x, y, PLANE)
        camera.SetPosition(x, y, PLANE + DISTANCE)
        camera.SetViewUp(float(np.sin(roll)), float(np.cos(roll)), 0)
        camera.SetViewAngle(float(np.degrees(2 * np.arctan(side / 2 / DISTANCE))))
        camera.SetClippingRange(DISTANCE - 30, DISTANCE + 40)

    def draw(self) -> np.ndarray:
        """The picture, uint8 (size, size, 3), top row first."""
        self._window.Render()
        self._window.GetRGBACharPixelData(  # type: ignore[call-overload]  # VTK's stubs lack this form
            0, 0, self.size - 1, self.size - 1, 0, self._pixels
        )
        return vtk_to_numpy(self._pixels).reshape(self.size, self.size, 4)[::-1, :, :3].copy()

    def close(self) -> None:
        """Give the window's memory back."""
        self._window.Finalize()


def _texture(picture: np.ndarray) -> vtkTexture:
    height, width, channels = picture.shape
    image = vtkImageData()
    image.SetDimensions(width, height, 1)
    image.GetPointData().SetScalars(numpy_to_vtk(np.ascontiguousarray(picture).reshape(-1, channels), deep=True))
    texture = vtkTexture()
    texture.SetInputData(image)
    texture.SetColorModeToDirectScalars()
    texture.InterpolateOn()
    texture.MipmapOn()
    return texture
