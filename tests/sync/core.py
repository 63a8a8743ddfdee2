# SPDX-License-Identifier: BSD-2-Clause
"""A core for vsecm-sync to talk to, as userspace/wire/wire.h has it."""

import os
import pathlib
import queue
import re
import socket
import struct
import threading
import time

HEADER = pathlib.Path(__file__).parents[2] / "userspace/wire/wire.h"
HEAD = struct.Struct("=IHHQ")


def kinds_of(text):
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    names = re.search(r"enum wire_kind \{(.*?)\};", text, re.S)[1]
    return [name.strip().removeprefix("WIRE_") for name in names.split(",")]


KINDS = kinds_of(HEADER.read_text())
ABI = re.search(r'WIRE_ABI "(.*?)"', HEADER.read_text())[1]


def encode(kind, number, fields):
    fields = [field if isinstance(field, bytes) else field.encode() for field in fields]
    body = b"".join(struct.pack("=I", len(field)) + field for field in fields)
    return HEAD.pack(HEAD.size + len(body), KINDS.index(kind), len(fields), number) + body


def decode(body, count):
    fields, at = [], 0
    for _ in range(count):
        (length,) = struct.unpack_from("=I", body, at)
        fields.append(body[at + 4:at + 4 + length].decode())
        at += 4 + length
    return fields


class Core:
    """Listens at PATH. Keeps what the newest vsecm-sync said: self.lists, self.said."""

    def __init__(self, path):
        self.path = path
        self.listener = socket.socket(socket.AF_UNIX)
        if os.path.exists(path):
            os.unlink(path)
        self.listener.bind(path)
        os.chmod(path, 0o777)
        self.listener.listen(1)
        self.connections = 0
        self.connection = None
        self.number = 0
        self.is_reading = threading.Event()
        self.is_reading.set()
        self.forget()
        threading.Thread(target=self.accept, daemon=True).start()

    def forget(self):
        self.lists, self.synced, self.answers, self.said, self.leads, self.api = {}, set(), {}, [], False, None

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.forget()
            self.connection, self.connections = connection, self.connections + 1
            threading.Thread(target=self.read, args=(connection,), daemon=True).start()

    def receive(self, connection, size):
        data = b""
        while len(data) < size:
            self.is_reading.wait()
            piece = connection.recv(min(size - len(data), 1 << 16))
            if not piece:
                raise OSError("closed")
            data += piece
        return data

    def read(self, connection):
        try:
            while True:
                size, kind, count, number = HEAD.unpack(self.receive(connection, HEAD.size))
                body = self.receive(connection, size - HEAD.size)
                if connection is self.connection:
                    self.take(KINDS[kind], number, decode(body, count))
        except OSError:
            pass

    PLACES = {"POD": ("pods", 0), "BINDING": ("bindings", 0), "NODE": ("nodes", 0)}

    def take(self, kind, number, fields):
        if number:
            self.answers.setdefault(number, queue.Queue()).put((kind, fields))
            return
        self.said.append((kind, fields, time.monotonic()))
        name = kind.removesuffix("_GONE")
        if kind == "HELLO":
            self.send("WELCOME", [ABI])
        elif kind == "RESET":
            self.lists[fields[0]] = {}
            self.synced.discard(fields[0])
        elif kind == "SYNCED":
            self.synced.add(fields[0])
        elif name in self.PLACES:
            place = self.lists[self.PLACES[name][0]]
            place.pop(fields[0], None) if kind != name else place.update({fields[0]: fields})
        elif kind == "SEEN":
            self.lists["secrets"]["/".join(fields[:2])] = fields
        elif kind == "GONE":
            self.lists["secrets"].pop("/".join(fields[:2]), None)
        elif kind == "KEY":
            self.lists["key"]["root"] = fields
        elif kind == "KEY_GONE":
            self.lists["key"].clear()
        elif kind == "LEADER":
            self.leads = bool(fields[0])
        elif kind == "API":
            self.api = bool(fields[0])

    def send(self, kind, fields, number=0):
        self.connection.sendall(encode(kind, number, fields))

    def ask(self, kind, *fields, seconds=30):
        """All answers, the last one at the end."""
        self.number += 1
        number, answers = self.number, []
        inbox = self.answers.setdefault(number, queue.Queue())
        self.send(kind, list(fields), number)
        while not answers or answers[-1][0] == "VERSION":
            answers.append(inbox.get(timeout=seconds))
        return answers

    def result(self, kind, *fields):
        """The code, resource version and message of a request that a RESULT ends."""
        (answer, values), = self.ask(kind, *fields)
        assert answer == "RESULT", (answer, values)
        return values

    def drop(self):
        self.connection.shutdown(socket.SHUT_RDWR)

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        if self.connection:
            self.drop()
        os.unlink(self.path)
