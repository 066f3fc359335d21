"""Bytes: Convert, BitConverter, Buffer. Hashes of them: ``hashing``."""

from __future__ import annotations

import base64
import binascii
import struct
from decimal import Decimal
from typing import Any

from fleetdeploy.lab.powershell import convert, convert_numbers, numbers
from fleetdeploy.lab.powershell.dotnet.raising import argument_null, out_of_range, throw
from fleetdeploy.lab.powershell.formatting import BAD_FORMAT
from fleetdeploy.lab.powershell.typesystem import NOTHING
from fleetdeploy.lab.powershell.values import (
    DATETIME,
    INTEGER_RANGES,
    ByteArray,
    Char,
    EnumValue,
    NetError,
    PSArray,
    PSRuntimeError,
    PSType,
    Single,
    define,
    type_of,
)

CONVERT = define("System.Convert", closed=True)
BASE64_ERROR = (
    "The input is not a valid Base-64 string as it contains a non-base 64 character, more than two padding"
    " characters, or an illegal character among the padding characters. "
)


def check_range(data: Any, at: int, count: int) -> None:
    if at < 0 or count < 0 or at + count > len(data):
        out_of_range("offset", "Offset and length must refer to a position in the array.")


@CONVERT.static("ToBase64String(byte[] data)", "ToBase64String(byte[] data, int offset, int length)")
def _to_base64(data: ByteArray | None, at: int = 0, count: int | None = None) -> str:
    if data is None:
        argument_null("inArray")
    count = len(data) - at if count is None else count
    check_range(data, at, count)
    return base64.b64encode(bytes(data.data[at : at + count])).decode("ascii")


@CONVERT.static("ToBase64String(byte[] data, System.Base64FormattingOptions options)")
def _to_base64_lines(data: ByteArray, options: EnumValue) -> str:
    text = _to_base64(data)
    if options.value == 0:
        return text
    return "\r\n".join(text[at : at + 76] for at in range(0, len(text), 76))


@CONVERT.static("FromBase64String(string s)")
def _from_base64(text: str | None) -> ByteArray:
    if text is None:
        argument_null("s")
    bare = "".join(char for char in text if char not in " \t\r\n")
    try:
        return ByteArray(base64.b64decode(bare, validate=True))
    except (binascii.Error, ValueError):
        message = "Invalid length for a Base-64 char array or string." if len(bare) % 4 else BASE64_ERROR
        throw("FormatException", message)


def _integer(kind: PSType) -> None:
    low, high = INTEGER_RANGES[kind]
    name = f"To{kind.name}"

    def fit(number: int) -> Any:
        if not low <= number <= high:
            throw("OverflowException", convert_numbers.overflow_text(kind))
        return convert_numbers.make_integer(number, kind)

    @CONVERT.static(f"{name}(object value)", f"{name}(object value, System.IFormatProvider provider)")
    def to_integer(value: Any, provider: Any = None) -> Any:
        del provider
        if value is None:
            return convert_numbers.make_integer(0, kind)
        if isinstance(value, Char):
            return fit(ord(value))
        if isinstance(value, str):
            try:
                return fit(numbers.parse_int_style(value))
            except ValueError:
                throw("FormatException", BAD_FORMAT)
        if isinstance(value, EnumValue):
            return fit(value.value)
        if isinstance(value, (bool, int)):
            return fit(int(value))
        if isinstance(value, (float, Decimal)):
            try:
                return fit(round(value))
            except (ValueError, OverflowError):
                throw("OverflowException", convert_numbers.overflow_text(kind))
        throw("InvalidCastException", "Unable to cast object to type 'System.IConvertible'.")

    @CONVERT.static(f"{name}(string value, int fromBase)")
    def from_base(text: str | None, base: int) -> Any:
        if base not in (2, 8, 10, 16):
            throw("ArgumentException", "Invalid Base.")
        if not text:
            return convert_numbers.make_integer(0, kind)
        bare = text[2:] if base == 16 and text[:2].lower() == "0x" else text
        try:
            number = int(bare, base) if bare and bare[0] not in "+-_ " and "_" not in bare else -1
            if base == 10:
                number = int(bare, 10)
        except ValueError:
            number = -1
        if number < 0 and base != 10:
            throw("FormatException", "Could not find any recognizable digits.")
        width = (high - low + 1).bit_length() - 1
        if base != 10 and low < 0 and high < number < 1 << width:
            number -= 1 << width
        return fit(number)


for _kind in INTEGER_RANGES:
    _integer(_kind)


@CONVERT.static("ToString(object value)", "ToString(object value, System.IFormatProvider provider)")
def _to_string(value: Any, provider: Any = None) -> str:
    del provider
    return convert.net_to_string(value)


@CONVERT.static(
    "ToString(int value, int toBase)", "ToString(long value, int toBase)", "ToString(byte value, int toBase)"
)
def _to_base(value: int, base: int) -> str:
    digits = {2: "b", 8: "o", 10: "d", 16: "x"}.get(base)
    if digits is None:
        throw("ArgumentException", "Invalid Base.")
    number = int(value)
    if number < 0 and base != 10:
        number += 1 << (64 if type_of(value).full_name == "System.Int64" else 32)
    return format(number, digits)


@CONVERT.static("ToBoolean(object value)")
def _to_boolean(value: Any) -> bool:
    if isinstance(value, str) and not isinstance(value, Char):
        found = {"true": True, "false": False}.get(value.strip().lower())
        if found is None:
            throw("FormatException", "String was not recognized as a valid Boolean.")
        return found
    return convert.to_bool(value)


def _float(value: Any) -> float:
    if isinstance(value, str) and not isinstance(value, Char):
        try:
            return numbers.parse_float(value)
        except ValueError:
            throw("FormatException", BAD_FORMAT)
    return float(0 if value is None else value)


CONVERT.static("ToDouble(object value)", "ToDouble(object value, System.IFormatProvider provider)")(
    lambda value, provider=None: _float(value)
)
CONVERT.static("ToSingle(object value)")(lambda value: Single(_float(value)))
CONVERT.static("ToDecimal(object value)", "ToDecimal(object value, System.IFormatProvider provider)")(
    lambda value, provider=None: convert_numbers.to_decimal(0 if value is None else value)
)
CONVERT.static("ToChar(object value)")(lambda value: convert.to_type(value, type_of(Char("a"))))
CONVERT.static("ToDateTime(string value)")(lambda value: convert.to_type(value, DATETIME))


@CONVERT.static("ChangeType(object value, type target)")
def _change_type(value: Any, target: PSType) -> Any:
    """.NET's own conversion: for text and numbers the same as a cast, but .NET's exceptions."""
    if target in INTEGER_RANGES:
        from fleetdeploy.lab.powershell import method_calls

        return method_calls.call_static(CONVERT, f"To{target.name}", [value], None)
    try:
        return convert.to_type(value, target)
    except PSRuntimeError as failure:
        inner = failure.exception.inner_exception
        cause = inner.inner_exception if inner is not None else None
        raise NetError(cause or failure.exception) from None


# -- BitConverter, Buffer -----------------------------------------------------------------------------------------
BITS = define("System.BitConverter", closed=True)
BITS.static_prop("IsLittleEndian", "bool", lambda _: True)
_LAYOUT = {
    "int": "<i",
    "int16": "<h",
    "long": "<q",
    "uint16": "<H",
    "uint32": "<I",
    "uint64": "<Q",
    "double": "<d",
    "float": "<f",
    "bool": "<?",
}
for _type, _code in _LAYOUT.items():
    BITS.static(f"GetBytes({_type} value)")(lambda value, code=_code: ByteArray(struct.pack(code, value)))
BITS.static("GetBytes(char value)")(lambda value: ByteArray(struct.pack("<H", ord(value))))


def _reader(name: str, code: str, target: str) -> None:
    size = struct.calcsize(code)

    @BITS.static(f"{name}(byte[] value, int startIndex)")
    def read(data: ByteArray, at: int) -> Any:
        from fleetdeploy.lab.powershell import types

        if not 0 <= at < len(data):
            out_of_range(
                "startIndex", "Index was out of range. Must be non-negative and less than the size of the collection."
            )
        if at + size > len(data):
            throw(
                "ArgumentException",
                "Destination array is not long enough to copy all the items in the collection. Check array index and"
                " length.",
            )
        value = struct.unpack_from(code, data.data, at)[0]
        kind = types.resolve(target)
        return value if kind is None else convert.to_type(value, kind)


for _name, _type in (
    ("ToInt16", "int16"),
    ("ToInt32", "int"),
    ("ToInt64", "long"),
    ("ToUInt16", "uint16"),
    ("ToUInt32", "uint32"),
    ("ToUInt64", "uint64"),
    ("ToDouble", "double"),
    ("ToSingle", "float"),
    ("ToBoolean", "bool"),
):
    _reader(_name, _LAYOUT[_type], _type)


@BITS.static(
    "ToString(byte[] value)", "ToString(byte[] value, int start)", "ToString(byte[] value, int start, int length)"
)
def _hex(data: ByteArray | None, at: int = 0, count: int | None = None) -> str:
    if data is None:
        argument_null("value")
    count = len(data) - at if count is None else count
    check_range(data, at, count)
    return bytes(data.data[at : at + count]).hex("-").upper()


BUFFER = define("System.Buffer", closed=True)
_BLOCK_RANGE = (
    "Offset and length were out of bounds for the array or count is greater than the number of elements from index to"
    " the end of the source collection."
)
_SIZES = {
    "Byte": "B",
    "SByte": "b",
    "Int16": "h",
    "UInt16": "H",
    "Int32": "i",
    "UInt32": "I",
    "Int64": "q",
    "UInt64": "Q",
    "Double": "d",
    "Single": "f",
}


def _layout(array: PSArray) -> str:
    code = _SIZES.get(array.element_type.name)
    if code is None:
        throw("ArgumentException", "Object must be an array of primitives.")
    return code


def _raw(array: PSArray) -> bytes:
    if isinstance(array, ByteArray):
        return bytes(array.data)
    return struct.pack(f"<{len(array)}{_layout(array)}", *array.items)


@BUFFER.static("BlockCopy(array source, int sourceOffset, array target, int targetOffset, int count)")
def _block_copy(source: PSArray, at: int, target: PSArray, to: int, count: int) -> Any:
    if isinstance(source, ByteArray) and isinstance(target, ByteArray):
        if at < 0 or to < 0 or count < 0 or at + count > len(source) or to + count > len(target):
            throw("ArgumentException", _BLOCK_RANGE)
        target.data[to : to + count] = source.data[at : at + count]
        return NOTHING
    data, raw = _raw(source), bytearray(_raw(target))
    if at < 0 or to < 0 or count < 0 or at + count > len(data) or to + count > len(raw):
        throw("ArgumentException", _BLOCK_RANGE)
    raw[to : to + count] = data[at : at + count]
    if isinstance(target, ByteArray):
        target.data[:] = raw
        return NOTHING
    code = _layout(target)
    fresh = struct.unpack(f"<{len(target)}{code}", bytes(raw))
    target.items[:] = [convert.to_type(value, target.element_type) for value in fresh]
    return NOTHING


BUFFER.static("ByteLength(array value)")(lambda array: len(_raw(array)))
