"""What this machine is good for: device, number format, threads, how many folds at a time."""

import ctypes
import sys
from functools import cache

import torch

from mexlab.errors import InputError
from mexlab.parallel import default_workers

LARGE_MODELS = {"dual-hybrid-face", "vit", "lstm"}  # with preset paper: one fold fills the cores
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of mallopt, in glibc's malloc.h
SIDE_BY_SIDE_S = 30.0  # a training shorter than this is over before processes have started


def choose_device(wanted: str) -> str:
    """`cpu` or `cuda`. Raises InputError where CUDA is asked for and not there."""
    there = torch.cuda.is_available()
    if wanted.startswith("cuda") and not there:
        raise InputError("no CUDA device here", "--device", "use --device cpu")
    return ("cuda" if there else "cpu") if wanted == "auto" else wanted


def choose_precision(wanted: str, device: str, preset: str, input_: str) -> str:
    """`fp32` or `bf16`; auto takes bf16 for flow where the processor multiplies in it.

    Decided by what the machine has, never by a timing: the same command gives the same run. The
    tiny preset stays in fp32, since converting costs it more than multiplying; pictures do, since
    what tells clips of one face apart is a level or two of 256, about what bf16 rounds away.
    """
    if wanted != "auto":
        return wanted
    pays = _gpu_multiplies_bf16() if device == "cuda" else _cpu_multiplies_bf16()
    return "bf16" if pays and preset != "tiny" and input_ != "rgb" else "fp32"


def choose_threads(model: str, preset: str) -> int:
    """One for small networks, whose folds run side by side; all cores for large ones."""
    return default_workers() if model in LARGE_MODELS and preset == "paper" else 1


def choose_workers(wanted: int | None, jobs: int, estimate_s: float, threads: int) -> int:
    """How many folds at a time: as many as the cores carry, if it takes long enough to pay."""
    if wanted is not None:
        return min(wanted, jobs)
    return max(1, min(jobs, default_workers() // threads)) if estimate_s > SIDE_BY_SIDE_S else 1


def ready_process(threads: int) -> None:
    """What a process that trains does first: its threads, and memory that it keeps once it has it.

    glibc gives blocks beyond 32 MB back at once and takes them anew, page by page, at every step:
    a quarter of the time of a small network with a wide head. Other systems' allocators are left
    as they are.
    """
    torch.set_num_threads(threads)
    if sys.platform == "linux" and hasattr(_this_program(), "mallopt"):
        for what, value in ((_MMAP_THRESHOLD, 2**30), (_TRIM_THRESHOLD, 2**31 - 1)):
            _this_program().mallopt(what, value)


@cache
def _this_program() -> ctypes.CDLL:
    return ctypes.CDLL(None)


def _gpu_multiplies_bf16() -> bool:
    # Older ones compute bf16 in fp32 and convert, which is slower than fp32 alone.
    return bool(torch.cuda.is_bf16_supported(including_emulation=False))


@cache
def _cpu_multiplies_bf16() -> bool:
    # What torch asks before it lets oneDNN compute in bf16; the instructions' own names differ
    # from one processor family to the next.
    has_512 = torch.cpu._is_avx512_bf16_supported()
    return bool(has_512 or torch.cpu._is_amx_tile_supported())
