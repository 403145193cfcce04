"""The bounds of the style: small files, short functions, few parameters, speaking names, quiet imports."""

import ast
from collections import Counter
from functools import cache
from pathlib import Path

import eukrates

SOURCE = Path(eukrates.__file__).parent
MODULES = sorted(SOURCE.rglob("*.py"))
ROOT = Path(__file__).parent
TESTS = sorted(ROOT.rglob("*.py"))
LINES, FUNCTION_LINES, PARAMETERS = 400, 60, 8
NAMELESS = {"utils", "util", "helpers", "helper", "common", "misc", "tools", "blocks"}
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def name(path):
    """A module by its dotted path below the package."""
    return ".".join(path.relative_to(SOURCE).with_suffix("").parts)


def room(path):
    """The folder (or file) of the house in which a module lives."""
    return path.relative_to(SOURCE).parts[0]


@cache
def parsed(path):
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def functions(path):
    return [node for node in ast.walk(parsed(path)) if isinstance(node, FUNCTIONS)]


def test_files_are_short():
    counts = {name(p): len(p.read_text(encoding="utf-8").splitlines()) for p in MODULES}
    long = {p: n for p, n in counts.items() if n > LINES}
    assert not long, f"more than {LINES} lines; split by ideas: {long}"


def test_functions_are_short():
    counts = {f"{name(p)}.{f.name}": f.end_lineno - f.lineno + 1 for p in MODULES for f in functions(p)}
    long = {f: n for f, n in counts.items() if n > FUNCTION_LINES}
    assert not long, f"more than {FUNCTION_LINES} lines: {long}"


def test_signatures_are_short():
    """Keyword-only arguments of a constructor are the configuration, parameters of a command its options."""
    many = {}
    for path in MODULES:
        for f in functions(path):
            given = [*f.args.posonlyargs, *f.args.args] + ([] if f.name == "__init__" else f.args.kwonlyargs)
            count = len([a for a in given if a.arg not in ("self", "cls")])
            if count > PARAMETERS and room(path) != "app":
                many[f"{name(path)}.{f.name}"] = count
    assert not many, f"more than {PARAMETERS} parameters: {many}"


def test_names_of_modules_say_what_is_inside():
    found = [name(p) for p in MODULES if NAMELESS & set(name(p).split("."))]
    assert not found, f"if it has no home, it has no name yet: {found}"


def test_modules_say_what_they_are():
    silent = [name(p) for p in MODULES if not ast.get_docstring(parsed(p))]
    assert not silent, f"modules without a docstring: {silent}"


def test_errors_teach_instead_of_asserting():
    found = [
        f"{name(p)}:{n.lineno}"
        for p in MODULES
        for n in ast.walk(parsed(p))
        if isinstance(n, ast.Assert) and room(p) != "testing"
    ]
    assert not found, f"raise ValueError or TypeError with a sentence instead of assert: {found}"


def test_the_library_is_silent():
    found = [
        f"{name(p)}:{n.lineno}"
        for p in MODULES
        for n in ast.walk(parsed(p))
        if isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id == "print" and room(p) != "app"
    ]
    assert not found, f"only the command line prints: {found}"


def test_nothing_is_computed_by_jax_at_import():
    """jnp at module level starts a backend and freezes a dtype."""
    found = [f"{name(p)}:{line} {call}" for p in MODULES for call, line in _computed_at_import(parsed(p))]
    assert not found, f"calls at import: {found}"


def _computed_at_import(tree):
    """(name, line) of calls of jax.numpy and jax.random that run when the module is imported."""
    waiting = list(ast.iter_child_nodes(tree))
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            if called.startswith(("jnp.", "jax.numpy.", "jax.random.", "jax.devices", "jax.config.")):
                yield called, node.lineno
        if isinstance(node, (*FUNCTIONS, ast.Lambda)):  # bodies run later; defaults and decorators run now
            waiting += [d for d in (*node.args.defaults, *node.args.kw_defaults) if d is not None]
            waiting += getattr(node, "decorator_list", [])
        else:
            waiting += ast.iter_child_nodes(node)


def test_the_search_for_calls_at_import_finds_them():
    source = (
        "import jax\nA = jnp.zeros(3)\ndef f(x=jnp.ones(2)): return jnp.sin(x)\nclass B:\n    c = jax.random.key(0)\n"
    )
    assert {line for _, line in _computed_at_import(ast.parse(source))} == {2, 3, 5}
    quiet = "f = lambda x: jnp.sin(x)\ndef g(x): return jnp.cos(x)\nT = jnp.ndarray\n"
    assert not list(_computed_at_import(ast.parse(quiet)))


def test_test_modules_have_names_of_their_own():
    """Two test modules of one name hide each other, unless their folders are packages."""
    names = [".".join(p.relative_to(ROOT).parts) if (p.parent / "__init__.py").exists() else p.name for p in TESTS]
    twice = [n for n, count in Counter(names).items() if count > 1 and n != "conftest.py"]
    assert not twice
