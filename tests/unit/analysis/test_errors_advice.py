"""What may mend an error: clear only where the source line itself shows the cause."""

import textwrap

import pytest

from daydream.analysis.errors.advice import Advice, Code, advice
from daydream.analysis.errors.frames import Place, locator

OTHER = {
    "shop/users.py": "def find_user(n):\n    if n:\n        return n\n\n\ndef sure(n):\n    if n:\n        return 1\n    raise KeyError(n)\n",
    "shop/stores.py": "class Store:\n    def one(self):\n        return None\n",
}


def said(kind: str, message: str, source: str) -> Advice:
    """Ask for advice on the line that ends with ``# here``."""
    text = textwrap.dedent(source)
    lines = text.split("\n")
    line = next(number for number, each in enumerate(lines, 1) if each.endswith("# here"))
    files = {**OTHER, "shop/cart.py": text}
    code = Code(Place("shop/cart.py", line, lines[line - 1].strip(), line, text), files.get, locator(files))
    return advice(kind, message, code)


NONE_NAME = "'NoneType' object has no attribute 'name'"
NOT_SUBSCRIPTABLE = "'NoneType' object is not subscriptable"

CLEAR = [
    ("AttributeError", NONE_NAME, "user = None\nuser.name  # here", "set to None at line 1"),
    (
        "AttributeError",
        NONE_NAME,
        "def f(user=None):\n    return user.name  # here",
        "parameter of `f` whose default",
    ),
    (
        "AttributeError",
        NONE_NAME,
        "def f(*, user=None):\n    return user.name  # here",
        "whose default is None",
    ),
    (
        "AttributeError",
        NONE_NAME,
        "from shop.users import find_user\ndef f(n):\n    u = find_user(n)\n    v = u\n    return v.name  # here",
        "`find_user` (shop/users.py:1) ends without a return on some path",
    ),
    (
        "AttributeError",
        NONE_NAME,
        "import shop.users\ndef f(n):\n    return shop.users.find_user(n).name  # here",
        "`find_user` (shop/users.py:1)",
    ),
    (
        "AttributeError",
        NONE_NAME,
        "from shop import users\nasync def f(n):\n    return (await users.find_user(n)).name  # here",
        "`find_user` (shop/users.py:1)",
    ),
    (
        "AttributeError",
        "'NoneType' object has no attribute 'group'",
        "import re\nre.match('a', x).group(1)  # here",
        "is None where nothing matches",
    ),
    (
        "AttributeError",
        NONE_NAME,
        "def f(q):\n    return q.first().name  # here",
        "None where there is nothing",
    ),
    (
        "TypeError",
        NOT_SUBSCRIPTABLE,
        "def f(d):\n    row = d.get('a')\n    return row['b']  # here",
        "`row` can be None",
    ),
    (
        "TypeError",
        "'NoneType' object is not iterable",
        "def f(d=None):\n    for x in d:  # here\n        pass",
        "`d` can be",
    ),
    (
        "TypeError",
        "'NoneType' object is not iterable",
        "def f(d=None):\n    return [x for x in d]  # here",
        "`d` can be",
    ),
    (
        "TypeError",
        "'NoneType' object is not callable",
        "def f(call=None):\n    return call()  # here",
        "`call` can be",
    ),
    (
        "TypeError",
        "argument of type 'NoneType' is not iterable",
        "def f(d=None):\n    return 1 in d  # here",
        "`d` can",
    ),
    (
        "TypeError",
        "unsupported operand type(s) for +: 'NoneType' and 'int'",
        "def f(a, b=None):\n    return a * 2 + b  # here",
        "`b` can be None here",
    ),
    (
        "KeyError",
        "'coupon'",
        "def f(d):\n    return d['coupon'] + d['x']  # here",
        "`d['coupon']` is read without asking",
    ),
    (
        "KeyError",
        "'TOKEN'",
        "import os\nt = os.environ['TOKEN']  # here",
        "the environment lacks the variable",
    ),
    (
        "IndexError",
        "list index out of range",
        "def f(rows):\n    return rows[0]  # here",
        "`rows[0]` when `rows` is empty",
    ),
    ("IndexError", "list index out of range", "def f(rows):\n    return rows[-1]  # here", "is empty"),
    ("IndexError", "pop from empty list", "def f(rows):\n    return rows.pop()  # here", "nothing left"),
    (
        "UnboundLocalError",
        "cannot access local variable 'a' where it is not associated with a value",
        "def f(x):\n    if x:\n        a = 1\n    return a  # here",
        "only inside the `if` at line 2",
    ),
    (
        "ZeroDivisionError",
        "division by zero",
        "def f(a, n):\n    return 100 * a / n  # here",
        "`n` is 0 here",
    ),
    (
        "RuntimeError",
        "dictionary changed size during iteration",
        "def f(d):\n    for k in d.keys():  # here\n        del d[k]",
        "go over list(d.keys())",
    ),
    (
        "RuntimeError",
        "Set changed size during iteration",
        "for k in d:  # here\n    d.add(1)",
        "go over list(d)",
    ),
    ("StopIteration", "", "def f(it):\n    return next(it)  # here", "has no default"),
    (
        "UnicodeDecodeError",
        "'utf-8' codec",
        "def f(p):\n    return open(p).read()  # here",
        "names no encoding",
    ),
    (
        "UnicodeDecodeError",
        "'utf-8' codec",
        "def f(p):\n    return p.read_text()  # here",
        "names no encoding",
    ),
    (
        "JSONDecodeError",
        "Expecting value",
        "def f(r):\n    return r.json()  # here",
        "the answer that `r.json()` parses",
    ),
    ("JSONDecodeError", "Expecting value", "import json\nx = json.loads(t)  # here", "the text that"),
    ("DoesNotExist", "User matching", "def f(n):\n    return User.objects.get(id=n)  # here", "answer 404"),
    ("FileNotFoundError", "'a.csv'", "x = open('data/a.csv')  # here", "relative path"),
]

CAUSE = [
    ("AttributeError", NONE_NAME, "def f(user):\n    return user.name  # here", "`user` is None here"),
    ("AttributeError", NONE_NAME, "from shop.users import sure\nsure(1).name  # here", "is None here"),
    (
        "AttributeError",
        "'str' object has no attribute 'name'",
        "def f(u):\n    return u.name  # here",
        "is a `str` here",
    ),
    (
        "TypeError",
        "f() missing 1 required positional argument: 'b'",
        "def f(a, b):\n    pass\nf(1)  # here",
        "shop/cart.py:1",
    ),
    ("KeyError", "'x'", "def f(d, k):\n    return d[k]  # here", "the key of `d[k]` is not there"),
    ("IndexError", "list index out of range", "def f(d, k):\n    return d[k]  # here", "lies beyond the end"),
    (
        "RuntimeError",
        "dictionary changed size during iteration",
        "for k in d:  # here\n    g()",
        "go over a copy",
    ),
    ("JSONDecodeError", "", "try:\n    r.json()  # here\nexcept ValueError:\n    raise", "is not JSON"),
    ("MultipleObjectsReturned", "", "User.objects.get(name=n)  # here", "finds several rows"),
    (
        "IntegrityError",
        "UNIQUE constraint failed: shop.name",
        "u.save()  # here",
        "of `shop.name` is there already",
    ),
    (
        "IntegrityError",
        "NOT NULL constraint failed: shop.name",
        "u.save()  # here",
        "a value of `shop.name` is missing",
    ),
    ("IntegrityError", "FOREIGN KEY constraint failed", "u.save()  # here", "the other order"),
    ("IntegrityError", "odd", "u.save()  # here", "the database refused"),
    ("OperationalError", "database is locked", "u.save()  # here", "another connection holds"),
    ("OperationalError", "no such table: shop", "u.save()  # here", "run the migrations"),
    ("FileNotFoundError", "'/x'", "open(path)  # here", "finds no file"),
    (
        "ModuleNotFoundError",
        "No module named 'shop.users'",
        "import shop.users  # here",
        "of this repository",
    ),
    (
        "ModuleNotFoundError",
        "No module named 'requests.adapters'",
        "import requests  # here",
        "lacks `requests`",
    ),
    ("RecursionError", "maximum recursion", "def f(n):\n    return f(n - 1)  # here", "`f` calls itself"),
    ("MemoryError", "", "def f(h):\n    return h.read()  # here", "into memory at once"),
    ("TimeoutError", "", "requests.get(u)  # here", "was not answered in time"),
    ("BrokenPipeError", "", "s.send(b)  # here", "the client hung up"),
    ("OSError", "[Errno 24] Too many open files", "open(p)  # here", "not closed"),
    ("KeyboardInterrupt", "", "run()  # here", "no fault of the program"),
    (
        "ValueError",
        "invalid literal for int() with base 10: 'a'",
        "int(x)  # here",
        "gets a text that is no number",
    ),
    (
        "ValueError",
        "not enough values to unpack (expected 2, got 1)",
        "a, b = x  # here",
        "unpacks another number",
    ),
    ("NameError", "name 'x' is not defined", "x  # here", "define or import"),
    ("ValidationError", "", "form.clean()  # here", "where the data comes in"),
]

PERSON = [
    ("OperationalError", "FATAL: too many connections for role", "u.save()  # here", "no connection left"),
    ("OperationalError", "odd", "u.save()  # here", "availability"),
    ("PermissionError", "[Errno 13]", "open('/x')  # here", "owner and mode"),
    ("OSError", "[Errno 28] No space left on device", "f.write(b)  # here", "the disk is full"),
    ("OSError", "[Errno 98] Address already in use", "s.bind(a)  # here", "the port is taken"),
    ("ConnectionRefusedError", "", "requests.get(u)  # here", "out of reach"),
    ("ConnectionResetError", "", "x()  # here", "the other side"),
    ("HouseRuleError", "timed out after 3 s", "x()  # here", "its time-out"),
    ("HouseRuleError", "no", "x()  # here", ""),
]


@pytest.mark.parametrize(
    ("verdict", "kind", "message", "source", "words"),
    [
        (verdict, *case)
        for verdict, cases in (("fix_clear", CLEAR), ("cause_only", CAUSE), ("needs_a_person", PERSON))
        for case in cases
    ],
)
def test_advice_fits_what_the_line_shows(
    verdict: str, kind: str, message: str, source: str, words: str
) -> None:
    found = said(kind, message, source)
    assert words in found.text
    assert found.verdict == verdict


@pytest.mark.parametrize(
    ("kind", "message", "source"),
    [
        ("AttributeError", NONE_NAME, "a.b.name + c.name  # here"),
        ("AttributeError", NONE_NAME, "def f(d):\n    x = d.get('a', 1)\n    return x.name  # here"),
        ("AttributeError", NONE_NAME, "def f(user=None):\n    user = User()\n    return user.name  # here"),
        ("KeyError", "'x'", "d['a'] + d['b']  # here"),
        ("IndexError", "list index out of range", "a[0] + b[0]  # here"),
        ("ZeroDivisionError", "division by zero", "a / b + c / d  # here"),
        ("ZeroDivisionError", "division by zero", "a / 2  # here"),
        (
            "UnboundLocalError",
            "cannot access local variable 'a'",
            "def f():\n    a = 1\n    if a:\n        a = 2\n    a  # here",
        ),
        ("UnicodeDecodeError", "", "open(p, 'rb').read()  # here"),
        ("UnicodeDecodeError", "", "open(p, encoding='utf-8').read()  # here"),
        ("DoesNotExist", "", "try:\n    U.objects.get(id=1)  # here\nexcept U.DoesNotExist:\n    raise"),
        ("StopIteration", "", "next(it, None)  # here"),
        ("FileNotFoundError", "", "open('/etc/x')  # here"),
        ("KeyError", "'x'", "def f(:  # here"),
    ],
)
def test_nothing_is_called_clear_that_the_line_does_not_show(kind: str, message: str, source: str) -> None:
    assert said(kind, message, source).verdict != "fix_clear"


@pytest.mark.parametrize(
    ("body", "empty"),
    [
        ("    return None", ""),
        ("    yield 1", ""),
        ("    return 1", ""),
        ("    if n:\n        return 1\n    else:\n        raise ValueError", ""),
        ("    if n:\n        return 1\n    return", "returns None at line 4"),
        ("    if n:\n        return 1\n    elif n > 2:\n        return 3", "ends without a return"),
        ("    with n:\n        return 1", ""),
        ("    try:\n        return 1\n    except ValueError:\n        raise", ""),
        ("    try:\n        return 1\n    except ValueError:\n        print(n)", "ends without a return"),
        ("    try:\n        x = 1\n    finally:\n        return 2", ""),
        ("    while True:\n        if n:\n            return 1", ""),
        ("    while n:\n        return 1", "ends without a return"),
        ("    match n:\n        case 1:\n            return 1", ""),
        ("    def g():\n        return\n    return g", ""),
    ],
)
def test_a_function_that_may_return_none_is_known(body: str, empty: str) -> None:
    found = said("AttributeError", NONE_NAME, f"def find(n):\n{body}\n\nfind(1).name  # here")
    assert found.verdict == ("fix_clear" if empty else "cause_only")
    assert empty in found.text


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (kind, message)
        for kind in (
            "AttributeError",
            "TypeError",
            "KeyError",
            "IndexError",
            "UnboundLocalError",
            "StopIteration",
            "ValueError",
        )
        for message in (
            "",
            NONE_NAME,
            NOT_SUBSCRIPTABLE,
            "f() missing 1",
            "cannot access local variable 'x'",
            "too many values to unpack",
        )
    ],
)
def test_a_line_that_shows_nothing_is_called_clear_by_no_rule(kind: str, message: str) -> None:
    assert said(kind, message, "def f():\n    pass  # here").verdict != "fix_clear"
    assert said(kind, message, "raise  # here").verdict != "fix_clear"


def test_without_a_line_of_the_repository_a_person_has_to_look() -> None:
    assert advice("django.db.models.DoesNotExist", "x", None) == Advice(
        "needs_a_person", "answer 404 (or handle the missing row) where the object is looked up"
    )
    assert advice("KeyError", "'x'", None).verdict == "needs_a_person"
    assert advice("FileNotFoundError", "'x'", None) == Advice("needs_a_person", "")


@pytest.mark.parametrize("source", ["", "\0", "(" * 5_000, "x = 1"])
def test_a_file_that_does_not_parse_or_end_there_is_no_trouble(source: str) -> None:
    code = Code(Place("a.py", 9, "", 9, source), lambda _: None, lambda _: None)
    for kind in ("KeyError", "TypeError", "RuntimeError", "RecursionError", "DoesNotExist", "OSError"):
        assert advice(kind, "'NoneType' during iteration", code).verdict != "fix_clear"
