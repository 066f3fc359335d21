"""Hash algorithms of System.Security.Cryptography: whole arrays and streams, and blocks. No encryption."""

from __future__ import annotations

import hashlib
from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell.dotnet.binary import check_range
from fleetdeploy.lab.powershell.dotnet.raising import argument_null
from fleetdeploy.lab.powershell.typesystem import NOTHING
from fleetdeploy.lab.powershell.values import ByteArray, NetObject, define


class HashAlgorithm(NetObject):
    """A hash; blocks fed with TransformBlock end with TransformFinalBlock."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.state = hashlib.new(name, usedforsecurity=False)
        self.result: bytes | None = None

    def reset(self) -> None:
        self.state = hashlib.new(self.name, usedforsecurity=False)


_CRYPTO = "System.Security.Cryptography."
HASH = define(f"{_CRYPTO}HashAlgorithm", py=HashAlgorithm, interfaces=("System.IDisposable",), closed=True)


@HASH.method("ComputeHash(byte[] data)", "ComputeHash(byte[] data, int offset, int count)")
def _compute(algorithm: HashAlgorithm, data: ByteArray | None, at: int = 0, count: int | None = None) -> ByteArray:
    if data is None:
        argument_null("buffer")
    count = len(data) - at if count is None else count
    check_range(data, at, count)
    view = memoryview(data.data)[at : at + count]
    algorithm.result = hashlib.new(algorithm.name, view, usedforsecurity=False).digest()
    view.release()
    return ByteArray(algorithm.result)


@HASH.method("ComputeHash(System.IO.Stream stream)")
def _compute_stream(algorithm: HashAlgorithm, stream: Any) -> ByteArray:
    state = hashlib.new(algorithm.name, usedforsecurity=False)
    while chunk := stream.read(1 << 20):
        state.update(chunk)
    algorithm.result = state.digest()
    return ByteArray(algorithm.result)


@HASH.method("TransformBlock(byte[] data, int offset, int count, byte[] output, int outputOffset)")
def _transform(algorithm: HashAlgorithm, data: ByteArray | None, at: int, count: int, output: Any, to: int) -> int:
    del output, to
    if data is None:
        argument_null("inputBuffer")
    check_range(data, at, count)
    algorithm.state.update(bytes(data.data[at : at + count]))
    return count


@HASH.method("TransformFinalBlock(byte[] data, int offset, int count)")
def _final(algorithm: HashAlgorithm, data: ByteArray | None, at: int, count: int) -> ByteArray:
    if data is None:
        argument_null("inputBuffer")
    check_range(data, at, count)
    chunk = bytes(data.data[at : at + count])
    algorithm.state.update(chunk)
    algorithm.result = algorithm.state.digest()
    algorithm.reset()
    return ByteArray(chunk)


HASH.prop("Hash", "byte[]", lambda algorithm: ByteArray(algorithm.result) if algorithm.result is not None else None)
HASH.prop("HashSize", "int", lambda algorithm: algorithm.state.digest_size * 8)
HASH.method("Dispose()", "Clear()")(lambda algorithm: NOTHING)


@HASH.method("Initialize()")
def _initialize(algorithm: HashAlgorithm) -> Any:
    algorithm.reset()
    return NOTHING


def _hash_type(name: str) -> None:
    kind = define(f"{_CRYPTO}{name}", HASH, closed=True)
    algorithm = name.lower()

    def made() -> HashAlgorithm:
        return HashAlgorithm(algorithm)

    kind.static("Create()")(made)
    for flavour in ("Managed", "CryptoServiceProvider", "Cng"):
        define(f"{_CRYPTO}{name}{flavour}", kind, closed=True).ctor("()")(made)


for _name in ("SHA256", "SHA1", "SHA384", "SHA512", "MD5"):
    _hash_type(_name)


@HASH.static("Create(string name)")
def _create(name: str) -> HashAlgorithm:
    bare = name.lower().replace("-", "")
    if bare not in ("sha256", "sha1", "sha384", "sha512", "md5"):
        raise NotSimulated(f"the hash {name}")
    return HashAlgorithm(bare)
