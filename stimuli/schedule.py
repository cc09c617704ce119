"""Which compilation a participant sees: from the participant's number and the study's seed alone.

Participants come in aligned blocks of eight (numbers 1-8, 9-16, …). Within a block each compilation
is shown once, in an order that the seed gives to that block; no two of 40320 (8!) consecutive
blocks have the same order. Nothing is read or kept, so two laptops agree without talking.
"""

import re
from hashlib import sha256
from math import factorial, gcd

from mexlab.errors import InputError

COMPILATIONS = 8
ORDERS = factorial(COMPILATIONS)


def compilation_for(participant: str, seed: int) -> int:
    """The compilation 1..8 for a participant id; its last run of digits is the number.

    Raises InputError for an id without digits.
    """
    block, place = divmod(participant_number(participant) - 1, COMPILATIONS)
    return block_order(block, seed)[place]


def participant_number(participant: str) -> int:
    """The last run of digits in an id: 12 of `P012`. Raises InputError if there is none."""
    runs = re.findall("[0-9]+", participant)
    if not runs:
        remedy = "choose the film with --compilation N"
        raise InputError(
            f"id {participant!r} has no number to schedule by", "--participant", remedy
        )
    # int() refuses thousands of digits; the block and the place need only the number modulo 8 x 8!.
    cycle, number = COMPILATIONS * ORDERS, 0
    for digit in runs[-1]:
        number = (10 * number + int(digit)) % cycle
    return number


def block_order(block: int, seed: int) -> tuple[int, ...]:
    """The order of the eight compilations in a block, counted from 0.

    The seed gives a first order and a step; a step without a common divisor with 8! visits every
    order once before it comes back to the first.
    """
    digest = sha256(f"mexlab schedule {seed}".encode()).digest()
    first, step = (int.from_bytes(half) % ORDERS for half in (digest[:16], digest[16:]))
    while gcd(step, ORDERS) != 1:
        step += 1
    return _order((first + block * step) % ORDERS)


def _order(index: int) -> tuple[int, ...]:
    """The permutation of 1..8 with this place in alphabetical order (its Lehmer code)."""
    left, order = list(range(1, COMPILATIONS + 1)), []
    for remaining in reversed(range(COMPILATIONS)):
        digit, index = divmod(index, factorial(remaining))
        order.append(left.pop(digit))
    return tuple(order)
