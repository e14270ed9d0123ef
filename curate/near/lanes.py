"""Many bytes in one instruction: what numba has no words for, as a few lines of LLVM each.

They are plain vector code, so that each machine gets its own instructions. Bytes stand in memory lowest first, as on
every machine that numba compiles for. None of them looks at the borders of an array: the callers leave room.
"""

# ruff: noqa: ARG001 - numba prescribes the parameters

from __future__ import annotations

from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

# Numba makes wrappers for callers in Python and in C of every function that it compiles, at a fifth of the time.
inner = njit(nogil=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)
"""For a function that compiled ones alone call."""
outer = njit(nogil=True, error_model="numpy", no_cfunc_wrapper=True, cache=True)
"""For a function that Python calls; the machine code is cached on disk."""

_BYTE, _WORD, _BITS = ir.IntType(8), ir.IntType(32), ir.IntType(64)
_LANES = ir.VectorType(_BYTE, 64)


def _place(context, builder, kind, array, index, pointee):
    """A pointer to array[index], an array of bytes."""
    data = context.make_array(kind)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [index]), pointee.as_pointer())


def _load(context, builder, kind, array, index, pointee):
    value = builder.load(_place(context, builder, kind, array, index, pointee))
    value.align = 1
    return value


@intrinsic
def word_at(typing, data, at):
    """The four bytes data[at:at+4] as one uint32."""

    def made(context, builder, signature, args):
        return _load(context, builder, signature.args[0], args[0], args[1], _WORD)

    return types.uint32(data, at), made


@intrinsic
def blanks_at(typing, data, at):
    """A uint64 whose bit k says that data[at+k] is a space, for k below 64."""

    def made(context, builder, signature, args):
        lanes = _load(context, builder, signature.args[0], args[0], args[1], _LANES)
        return builder.bitcast(builder.icmp_unsigned("==", lanes, ir.Constant(_LANES, [32] * 64)), _BITS)

    return types.uint64(data, at), made


@intrinsic
def copy_lanes(typing, out, to, data, at):
    """out[to:to+64] = data[at:at+64]."""

    def made(context, builder, signature, args):
        lanes = _load(context, builder, signature.args[2], args[2], args[3], _LANES)
        builder.store(lanes, _place(context, builder, signature.args[0], args[0], args[1], _LANES)).align = 1
        return context.get_dummy_value()

    return types.none(out, to, data, at), made


def _turned(builder, word, left):
    turn = builder.module.declare_intrinsic("llvm.fshl", [_WORD], ir.FunctionType(_WORD, [_WORD] * 3))
    return builder.call(turn, [word, word, left])


@intrinsic
def rotated(typing, word, left):
    """A uint32 with its bits moved up by `left` (uint32, below 32), those at the top coming in below."""

    def made(context, builder, signature, args):
        return _turned(builder, *args)

    return types.uint32(types.uint32, types.uint32), made


@intrinsic
def stirred(typing, value, word, times, left, again):
    """rotated(value + word * times, left) * again, all uint32: in one, since numba takes half a millisecond to compile
    each step of arithmetic."""

    def made(context, builder, signature, args):
        value, word, times, left, again = args
        return builder.mul(_turned(builder, builder.add(value, builder.mul(word, times)), left), again)

    return types.uint32(*[types.uint32] * 5), made


@intrinsic
def folded(typing, value, bits, times):
    """(value ^ value >> bits) * times, all uint32."""

    def made(context, builder, signature, args):
        value, bits, times = args
        return builder.mul(builder.xor(value, builder.lshr(value, bits)), times)

    return types.uint32(*[types.uint32] * 3), made


@intrinsic
def lowest(typing, bits):
    """The number of the lowest bit that is set in a uint64 other than zero."""

    def made(context, builder, signature, args):
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 1))

    return types.uint64(bits), made


@intrinsic
def ones(typing, bits):
    """How many bits are set in a uint64."""

    def made(context, builder, signature, args):
        return builder.ctpop(args[0])

    return types.uint64(bits), made
