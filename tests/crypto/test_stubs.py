# SPDX-License-Identifier: GPL-2.0-or-later
"""The stubs of hsm_crypto say what the C source says.

Names, numbers of arguments, documentation, constants.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tools import paths

FOLDER = paths.PROJECT / "native_crypto"
STUB = FOLDER / "stubs" / "hsm_crypto.pyi"
BINDING = {path.name: path.read_text() for path in sorted((FOLDER / "binding").glob("*.c"))}
SOURCE = "\n".join(BINDING.values())

# The last line of each function: how many arguments MicroPython lets through.
REGISTRATION = re.compile(
    r"MP_DEFINE_CONST_FUN_OBJ_(?P<kind>\d|VAR|VAR_BETWEEN|KW)\("
    r"(?P<object>\w+), (?:(?P<bounds>\d+(?:, \d+)?), )?(?P<function>\w+)\)"
)
ROW = re.compile(
    r"\{MP_ROM_QSTR\(MP_QSTR_(\w+)\), MP_ROM_PTR\(&(\w+)\)\}|    OBJECT_ROW\((\w+), (\w+)\)"
)
UNBOUNDED = 1 << 30
# MicroPython's own function that returns its argument.
IDENTITY = "mp_identity_obj"
# Made by a slot of the type, not by a row of its table.
SLOTS = {"Secret.__len__": "MP_UNARY_OP_LEN"}
TYPES = {
    "Secret": "secret.c",
    "EcKey": "ec_key.c",
    "EdwardsKey": "edwards_key.c",
    "MontgomeryKey": "montgomery_key.c",
    "RsaKey": "rsa_key.c",
    "AesKey": "aes_key.c",
    "SecureChannel": "secure_channel.c",
    "HdNode": "hd_node.c",
}


def stub_functions() -> Iterator[tuple[str, ast.FunctionDef]]:
    """(qualified name, definition) of everything callable in the stub."""
    for node in ast.parse(STUB.read_text()).body:
        if isinstance(node, ast.FunctionDef):
            yield node.name, node
        elif isinstance(node, ast.ClassDef):
            for member in node.body:
                if isinstance(member, ast.FunctionDef):
                    yield f"{node.name}.{member.name}", member


def signature(name: str, node: ast.FunctionDef) -> str:
    """As the C source writes it after `///`."""
    assert node.returns is not None
    arguments = ast.unparse(node.args).replace("=", " = ") if node.args.defaults else ""
    text = arguments or ast.unparse(node.args)
    return f"{name}({text}) -> {ast.unparse(node.returns)}"


def documented() -> dict[str, list[str]]:
    """The `///` blocks of the source: signature -> lines of documentation."""
    blocks: dict[str, list[str]] = {}
    for match in re.finditer(r"((?:^///.*\n)+)", SOURCE, re.MULTILINE):
        # A signature goes on in lines that are indented.
        lines = [
            line[3:].removeprefix(" ") for line in match[1].replace("\n///     ", " ").splitlines()
        ]
        heads = [line for line in lines if re.match(r"[\w.]+\(.*\) -> ", line)]
        text = [line for line in lines if line not in heads]
        for head in heads:
            blocks[head] = text
    return blocks


def registered(text: str) -> dict[str, tuple[int, int]]:
    """Object of a function -> least and most positional arguments."""
    found = {}
    for match in REGISTRATION.finditer(text):
        kind, bounds = match["kind"], match["bounds"]
        numbers = [int(number) for number in bounds.split(", ")] if bounds else []
        if kind.isdigit():
            found[match["object"]] = (int(kind), int(kind))
        elif kind == "VAR_BETWEEN":
            found[match["object"]] = (numbers[0], numbers[1])
        else:
            found[match["object"]] = (numbers[0], UNBOUNDED)
    return found


def rows(text: str) -> dict[str, str]:
    """Name -> object of the rows of a table."""
    return {
        name or short: target or target_2 for name, target, short, target_2 in ROW.findall(text)
    }


def object_of(name: str) -> str | None:
    """The function object that a qualified name leads to."""
    if name in SLOTS:
        return None
    owner, _, member = name.rpartition(".")
    table = rows(BINDING[TYPES[owner]] if owner else BINDING["module.c"])
    if owner:
        header = (FOLDER / "binding" / "handle.h").read_text()
        table |= rows(header)
    target = table[member]
    static = re.search(
        rf"MP_DEFINE_CONST_STATICMETHOD_OBJ\({target}, MP_ROM_PTR\(&(\w+)\)\)", SOURCE
    )
    return static[1] if static else target


def test_every_function_is_documented_alike():
    blocks = documented()
    for name, node in stub_functions():
        head = signature(name, node)
        assert head in blocks, f"no `/// {head}` in native_crypto/binding"
        doc = ast.get_docstring(node)
        if doc:
            assert "\n".join(blocks[head]).strip() == doc.strip(), head
        assert any(blocks[head]), f"{head}: no documentation in C"
    assert set(blocks) == {signature(*item) for item in stub_functions()}


def test_every_function_takes_as_many_arguments():
    shared = registered(BINDING["handle.c"]) | registered(BINDING["functions.c"])
    for name, node in stub_functions():
        functions = shared | registered(BINDING.get(TYPES.get(name.partition(".")[0], ""), ""))
        target = object_of(name)
        if target is None:
            assert SLOTS[name] in SOURCE
            continue
        arguments = node.args
        most = len(arguments.args)
        least = most - len(arguments.defaults)
        if arguments.vararg or arguments.defaults:
            most = UNBOUNDED
        if name.endswith("__exit__"):
            least, most = 1, 4  # self and the three of an exception
        taken = (1, 1) if target == IDENTITY else functions[target]
        assert taken == (least, most), name


def test_nothing_is_there_that_the_stub_does_not_name():
    named = {name for name, _ in stub_functions()}
    module = rows(BINDING["module.c"])
    tree = ast.parse(STUB.read_text())
    classes = {node.name for node in tree.body if isinstance(node, ast.ClassDef)}
    assert set(module) - {"__name__"} == classes | {name for name in named if "." not in name}
    for owner, file in TYPES.items():
        members = {name.partition(".")[2] for name in named if name.startswith(f"{owner}.")}
        members -= {name.partition(".")[2] for name in SLOTS if name.startswith(f"{owner}.")}
        shared = {"wipe", "__enter__", "__exit__"}
        assert set(rows(BINDING[file])) == members - shared, owner


def test_the_constants_are_the_same():
    tree = ast.parse(STUB.read_text())
    stub = {
        node.target.id
        for node in tree.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }
    assert stub == set(re.findall(r"INTEGER_ROW\((\w+), ", BINDING["module.c"])) - {"name"}


def test_the_attributes_are_the_same():
    tree = ast.parse(STUB.read_text())
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name in TYPES:
            stub = {
                member.target.id
                for member in node.body
                if isinstance(member, ast.AnnAssign) and isinstance(member.target, ast.Name)
            }
            source = BINDING[TYPES[node.name]]
            assert stub == set(re.findall(r"attribute == MP_QSTR_(\w+)", source)), node.name
