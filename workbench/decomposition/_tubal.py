"""The t-product: tensors as matrices whose entries are tubes, multiplied by circular convolution; and its SVD.

A tensor of shape (rows, columns, *tubes) is a matrix of tubes. The Fourier transform along the tubes turns circular
convolution into ordinary products, so all algebra is done face by face, one matrix for every frequency. The faces of real
data come in conjugate pairs; only one of each is computed.
"""

__all__ = ["TubalSVD", "t_identity", "t_product", "t_svd", "t_transpose", "tubal_rank"]

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from workbench.data import as_tensor
from workbench.decomposition._errors import FitError
from workbench.decomposition._memory import require_memory
from workbench.decomposition._numbers import relative_residual

HALVES = (torch.float16, torch.bfloat16)


@dataclass(frozen=True, eq=False, repr=False)
class TubalSVD:
    """What `t_svd` found: ``x = U * S * V^H`` in the t-product.

    Attributes
    ----------
    U, S, V : torch.Tensor
        (rows, rank, *tubes), (rank, rank, *tubes) and (columns, rank, *tubes). The columns of U and V are orthonormal,
        ``U^H * U = I``; S holds tubes on its diagonal and zeros elsewhere.
    values : torch.Tensor
        (min(rows, columns), *tubes): the singular values of every face in the Fourier domain, largest first, those that
        were cut off included.
    error : float
        ``||x - U * S * V^H|| / ||x||`` in the Frobenius norm, never squared.

    Examples
    --------
    >>> x = torch.rand(6, 5, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    >>> svd = t_svd(x, rank=2)
    >>> svd
    TubalSVD(6 x 5 x 4, tubal rank 2, error=0.2176, compression=1.25)
    >>> svd.tube_norms.round(decimals=2).tolist()
    [5.76, 1.77, 1.14, 0.67, 0.22]
    """

    U: torch.Tensor
    S: torch.Tensor
    V: torch.Tensor
    values: torch.Tensor
    error: float

    @property
    def rank(self) -> int:
        """The number of singular tubes kept."""
        return self.U.shape[1]

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the data."""
        return self.U.shape[0], self.V.shape[0], *self.U.shape[2:]

    @property
    def singular_tubes(self) -> torch.Tensor:
        """(rank, *tubes): the tubes on the diagonal of S."""
        return self.S.diagonal(dim1=0, dim2=1).movedim(-1, 0)

    @property
    def tube_norms(self) -> torch.Tensor:
        """(min(rows, columns),): the norms of all singular tubes, in float64, largest first, those cut off included."""
        return norms_of(self.values)

    @property
    def multirank(self) -> torch.Tensor:
        """(*tubes): how many singular values of each face were kept and are not rounding errors."""
        noise = max(self.shape[:2]) * torch.finfo(self.values.dtype).eps * self.values.max()
        return (self.values[: self.rank] > noise).sum(0)

    @property
    def parameters(self) -> int:
        """The number of entries of U, V and the singular tubes."""
        rows, columns, *tubes = self.shape
        return (rows + columns + 1) * self.rank * math.prod(tubes)

    @property
    def compression(self) -> float:
        """Entries of the data for each parameter; above 1 the factors are the smaller."""
        return math.prod(self.shape) / self.parameters

    def reconstruct(self) -> torch.Tensor:
        """``U * S * V^H``: of the data's shape, dtype and device."""
        scaled = to_faces(self.U) * to_faces(self.S).diagonal(dim1=1, dim2=2).unsqueeze(1)
        return from_faces(scaled @ to_faces(self.V).mH, self.shape[2:], self.U.dtype)

    def __repr__(self) -> str:
        noise = 1e-10 if torch.finfo(self.U.dtype).eps < 1e-10 else 1e-5  # digits below differ from machine to machine
        error = f"error={self.error:.4g}" if self.error >= noise else f"error<{noise:g}"
        sizes = " x ".join(map(str, self.shape))
        return f"TubalSVD({sizes}, tubal rank {self.rank}, {error}, compression={self.compression:.4g})"


def t_product(a: object, b: object) -> torch.Tensor:
    """The t-product ``a * b``: a product of matrices whose entries are tubes and whose products are circular convolutions.

    Parameters
    ----------
    a, b
        (rows, n, *tubes) and (n, columns, *tubes), as `workbench.data.as_tensor` takes them; one axis of tubes or more.

    Returns
    -------
    torch.Tensor
        (rows, columns, *tubes), of the dtype the two have in common.

    Raises
    ------
    FitError
        When the shapes do not fit, or a dtype has too few digits for a Fourier transform.

    References
    ----------
    Kilmer and Martin, Factorization strategies for third-order tensors (2011), definition 3.1.

    Examples
    --------
    >>> shift = torch.tensor([[[0.0, 1.0, 0.0]]])       # a tube that moves any other by one place
    >>> t_product(shift, [[[1.0, 2.0, 3.0]]]).round(decimals=4)
    tensor([[[3., 1., 2.]]])
    """
    left, right = _tubal(a, "a"), _tubal(b, "b")
    if left.shape[1] != right.shape[0] or left.shape[2:] != right.shape[2:]:
        raise FitError(
            f"a has shape {tuple(left.shape)}, b {tuple(right.shape)}; a's columns must be as many as b's rows "
            "and their tubes of one shape"
        )
    dtype = torch.promote_types(left.dtype, right.dtype)
    left, right = left.to(dtype), right.to(dtype)
    return from_faces(to_faces(left) @ to_faces(right), left.shape[2:], dtype)


def t_transpose(x: object) -> torch.Tensor:
    """The (conjugate) transpose in the t-product: every slice transposed, the slices after the first in reverse order.

    Parameters
    ----------
    x
        (rows, columns, *tubes).

    Returns
    -------
    torch.Tensor
        (columns, rows, *tubes), conjugated if complex, so that ``(a * b)^H = b^H * a^H``.

    Raises
    ------
    FitError
        When `x` has no tubes.

    Examples
    --------
    >>> t_transpose([[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]])
    tensor([[[1., 3., 2.]],
    <BLANKLINE>
            [[4., 6., 5.]]])
    """
    tensor = _tubal(x, "x")
    tubes = tuple(range(2, tensor.ndim))
    return tensor.transpose(0, 1).conj().resolve_conj().flip(tubes).roll((1,) * len(tubes), tubes)


def t_identity(
    n: int, tubes: int | Sequence[int], *, dtype: torch.dtype = torch.float64, device: torch.device | str = "cpu"
) -> torch.Tensor:
    """The identity of the t-product: the identity matrix as first slice, zeros behind it.

    Parameters
    ----------
    n
        The number of rows and columns.
    tubes
        The length of the tubes, or their shape.

    Returns
    -------
    torch.Tensor
        (n, n, *tubes).

    Raises
    ------
    FitError
        When a size is no whole number of at least 1.

    Examples
    --------
    >>> x = torch.rand(2, 3, 4, dtype=torch.float64)
    >>> torch.allclose(t_product(x, t_identity(3, 4)), x)
    True
    """
    sizes = (n, tubes) if isinstance(tubes, int) else (n, *tubes)
    if len(sizes) < 2 or any(isinstance(size, bool) or not isinstance(size, int) or size < 1 for size in sizes):
        raise FitError(f"n and tubes are {n!r} and {tubes!r}; they are whole numbers of at least 1")
    made = torch.zeros(n, *sizes, dtype=dtype, device=device)
    made.flatten(2)[:, :, 0] = torch.eye(n, dtype=dtype, device=device)
    return made


def t_svd(x: object, *, rank: int | None = None, error: float | None = None) -> TubalSVD:
    """The singular value decomposition in the t-product, whole or cut off at a tubal rank.

    Cutting off is optimal: no tensor of the same tubal rank is nearer to `x` in the Frobenius norm. Tensors with few
    singular tubes are those whose columns are sums of few columns, each convolved along the tubes: things that move along
    an axis, and whatever else does not change when that axis is turned.

    Parameters
    ----------
    x
        (rows, columns, *tubes), real or complex, as `workbench.data.as_tensor` takes it. Tubes of several axes are
        convolved along all of them. To put the axis that moves last: ``x.movedim(axis, -1)``.
    rank
        How many singular tubes to keep, at most min(rows, columns).
    error
        In place of `rank`, the relative error that is allowed, between 0 and 1; the smallest sufficient rank is taken.

    Returns
    -------
    TubalSVD
        With U, S and V of the dtype of `x` and on its device.

    Raises
    ------
    DataError
        When `x` holds integers, NaN or infinities, or is no data at all.
    FitError
        When `x` has no tubes, `rank` or `error` is out of its range, or memory does not suffice.

    References
    ----------
    Kilmer and Martin, Factorization strategies for third-order tensors (2011), theorems 4.1 and 4.3. Martin, Shafer and
    LaRue, An order-p tensor factorization with applications in imaging (2013), for tubes of several axes.

    Examples
    --------
    >>> picture = torch.rand(8, 16, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    >>> film = torch.stack([picture.roll(step, 1) for step in range(10)], dim=1)   # (row, time, column): it moves
    >>> t_svd(film, error=1e-6)
    TubalSVD(8 x 10 x 16, tubal rank 1, error<1e-10, compression=4.211)
    """
    tensor = _tubal(x, "x")
    most = min(tensor.shape[:2])
    _check(rank, error, most)
    needed = 8 * tensor.dtype.itemsize * tensor.numel()
    require_memory(needed, tensor.device, f"a t-SVD of {tensor.numel():,} entries")
    u, s, v = _svd_of_faces(tensor)
    values = all_faces(s, tensor.shape[2:], tensor.dtype)
    if error is not None:
        tails = norms_of(values).square().flip(0).cumsum(0).flip(0)  # tails[k]: what keeping k leaves out
        rank = max(1, int((tails > error**2 * tails[0]).sum()))
    rank = most if rank is None else rank
    u, s, v = u[:, :, :rank], s[:, :rank], v[:, :, :rank]
    tubes = tensor.shape[2:]
    approximation = from_faces((u * s.unsqueeze(1)) @ v.mH, tubes, tensor.dtype)
    return TubalSVD(
        from_faces(u, tubes, tensor.dtype),
        from_faces(torch.diag_embed(s.to(u.dtype)), tubes, tensor.dtype),
        from_faces(v, tubes, tensor.dtype),
        values,
        relative_residual(tensor, approximation),
    )


def tubal_rank(x: object, *, tol: float | None = None) -> int:
    """The number of singular tubes of `x` that are not rounding errors.

    Parameters
    ----------
    x
        (rows, columns, *tubes), real or complex.
    tol
        Tubes whose norm is below this fraction of the largest one's do not count; by default the machine's precision times
        max(rows, columns), as `torch.linalg.matrix_rank` takes it.

    Raises
    ------
    DataError
        When `x` holds integers, NaN or infinities, or is no data at all.
    FitError
        When `x` has no tubes, or `tol` is out of its range.

    Examples
    --------
    >>> a, b = torch.rand(6, 2, 4, dtype=torch.float64), torch.rand(2, 5, 4, dtype=torch.float64)
    >>> tubal_rank(t_product(a, b))
    2
    """
    tensor = _tubal(x, "x")
    if tol is None:
        tol = max(tensor.shape[:2]) * torch.finfo(tensor.dtype).eps
    elif not 0 <= tol < 1:
        raise FitError(f"tol is {tol!r}; it is a fraction of the largest singular tube, at least 0 and below 1")
    norms = norms_of(all_faces(torch.linalg.svdvals(to_faces(tensor)), tensor.shape[2:], tensor.dtype))
    return int((norms > tol * norms[0]).sum())


# ---- faces: one matrix for every frequency ---------------------------------------------------------------------------


def to_faces(x: torch.Tensor) -> torch.Tensor:
    """(faces, rows, columns): the Fourier transform along the tubes; of real tensors the half that tells the rest."""
    axes = tuple(range(2, x.ndim))
    hat: torch.Tensor = torch.fft.fftn(x, dim=axes) if x.is_complex() else torch.fft.rfftn(x, dim=axes)
    return hat.flatten(2).movedim(-1, 0).contiguous()


def from_faces(faces: torch.Tensor, tubes: Sequence[int], dtype: torch.dtype) -> torch.Tensor:
    """(rows, columns, *tubes) of a dtype whose faces these are."""
    axes = tuple(range(2, 2 + len(tubes)))
    hat = faces.movedim(0, -1).reshape(*faces.shape[1:], *_stored(tubes, dtype))
    if dtype.is_complex:
        back: torch.Tensor = torch.fft.ifftn(hat, dim=axes)
    else:
        back = torch.fft.irfftn(hat, s=tuple(tubes), dim=axes)
    return back.to(dtype)


def norms_of(values: torch.Tensor) -> torch.Tensor:
    """The norms of tubes from the sizes (n, *tubes) of their Fourier coefficients (Parseval), in float64."""
    return values.to(torch.float64).flatten(1).square().mean(-1).sqrt()


def _stored(tubes: Sequence[int], dtype: torch.dtype) -> tuple[int, ...]:
    return tuple(tubes) if dtype.is_complex else (*tubes[:-1], tubes[-1] // 2 + 1)


def _mirrored(tubes: Sequence[int], stored: Sequence[int], device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """For every frequency of the full spectrum its place among those stored, or -1, and that of its negative."""
    grids = torch.meshgrid(*(torch.arange(size, device=device) for size in tubes), indexing="ij")
    places = []
    for at in (grids, [-grid % size for grid, size in zip(grids, tubes, strict=True)]):
        place = torch.zeros_like(at[0])
        for axis, size in zip(at, stored, strict=True):
            place = place * size + axis
        places.append(torch.where(at[-1] < stored[-1], place, -1).flatten())
    return places[0], places[1]


def all_faces(s: torch.Tensor, tubes: Sequence[int], dtype: torch.dtype) -> torch.Tensor:
    """(n, *tubes): numbers (faces, n) that a face and its conjugate share, for the full spectrum."""
    own, other = _mirrored(tubes, _stored(tubes, dtype), s.device)
    return s[torch.where(own >= 0, own, other)].T.reshape(-1, *tubes)


def _svd_of_faces(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """U (faces, rows, p), S (faces, p), V (faces, columns, p) of every face stored.

    A face's singular vectors are free up to a phase. For U and V to be real again, the face at a frequency and the face
    at its negative must be given conjugate ones, and a face that is its own negative real ones.
    """
    hat = to_faces(x)
    if x.is_complex():
        u, s, vh = torch.linalg.svd(hat, full_matrices=False)
        return u, s, vh.mH
    tubes = x.shape[2:]
    own, other = _mirrored(tubes, _stored(tubes, x.dtype), x.device)
    own, other = own[own >= 0], other[own >= 0]
    alone, copies = own[own == other], own[(other >= 0) & (own > other)]
    first = own[(other < 0) | (own < other)]
    p = min(x.shape[:2])
    u, v = hat.new_empty(len(own), x.shape[0], p), hat.new_empty(len(own), x.shape[1], p)
    s = hat.real.new_empty(len(own), p)
    for which, faces in ((alone, hat[alone].real), (first, hat[first])):
        left, s[which], right = torch.linalg.svd(faces, full_matrices=False)
        u[which], v[which] = left.to(u.dtype), right.mH.to(v.dtype)
    sources = other[copies]
    u[copies], s[copies], v[copies] = u[sources].conj(), s[sources], v[sources].conj()
    return u, s, v


# ---- checks ----------------------------------------------------------------------------------------------------------


def _tubal(x: object, what: str) -> torch.Tensor:
    tensor = as_tensor(x, what=what)
    if tensor.ndim < 3:
        raise FitError(
            f"{what} has shape {tuple(tensor.shape)}; the t-product needs rows, columns and at least one axis along the tubes"
        )
    if tensor.dtype in HALVES:
        name = str(tensor.dtype).removeprefix("torch.")
        raise FitError(
            f"{what} holds {name} values, too few digits for a Fourier transform; convert with {what} = {what}.float()"
        )
    return tensor


def _check(rank: int | None, error: float | None, most: int) -> None:
    if rank is not None and error is not None:
        raise FitError("rank= and error= are both given; give one of them, or neither for the whole t-SVD")
    if rank is not None and (isinstance(rank, bool) or not isinstance(rank, int) or not 1 <= rank <= most):
        raise FitError(f"rank is {rank!r}; it is a whole number from 1 to min(rows, columns) = {most}")
    if error is not None and not 0 < error < 1:
        raise FitError(f"error is {error!r}; it is the relative error allowed, above 0 and below 1")
