"""Programs that lie: about their answer, about the clock, about what they are."""

from tests.contract.hostile.program import Program, function, with_limits

_FRAME = "import json, os, struct\ndef frame(x):\n    b = x if isinstance(x, bytes) else json.dumps(x).encode()\n    return struct.pack('>I', len(b)) + b\n"
_RIGHT = "['answered', None, None, ['', 0, ''], ['', 0, ''], [], [], '']"
BUSY_S = 0.15
_BUSY = "n = 0\nt = [0]\nimport time as real\nend = real.thread_time() + 0.15\nwhile real.thread_time() < end: n += 1\n"


def _sends(name: str, expects: str, what: str, then: str = "os._exit(0)") -> Program:
    """Speaks to the host itself, in the place of the harness."""
    return function(name, expects, f"{_FRAME}os.write(3, b'D')\nos.read(3, 1)\nos.write(3, {what})\n{then}")


ANSWERS: tuple[Program, ...] = (
    _sends("its own answer, well formed", "returned|no answer", f"frame({{'answers': [{_RIGHT}]}})"),
    _sends("two frames", "malformed", f"frame({{'answers': [{_RIGHT}]}}) * 2"),
    _sends("a frame, and then the harness's", "malformed|no answer|timeout", f"frame({{'answers': [{_RIGHT}]}})", "return 1"),
    _sends("bytes after the frame", "malformed", f"frame({{'answers': [{_RIGHT}]}}) + b'x'"),
    _sends("half a frame", "malformed", f"frame({{'answers': [{_RIGHT}]}})[:-3]"),
    _sends("no length", "malformed", "b'x'"),
    _sends("a length that lies", "malformed", "struct.pack('>I', 2 ** 32 - 1) + b'{}'"),
    _sends("zero length", "malformed", "frame(b'')"),
    _sends("deep nesting", "malformed", "frame(b'[' * 100000)"),
    _sends("deep nesting inside", "malformed", "frame(b'{\"answers\":' + b'[' * 5000 + b']' * 5000 + b'}')"),
    _sends("a number of a million digits", "malformed|too large", "frame(b'{\"answers\":' + b'9' * 200000 + b'}')"),
    _sends("a bare float", "malformed", "frame(b'{\"answers\":[[1.5,null,null,[\"\",0,\"\"],[\"\",0,\"\"],[],[]]]}')"),
    _sends("not a number", "malformed", "frame(b'{\"answers\":[[NaN,null,null,[\"\",0,\"\"],[\"\",0,\"\"],[],[]]]}')"),
    _sends("not JSON", "malformed", "frame(b'\\xff\\xfe')"),
    _sends("a list for an object", "malformed", "frame([1])"),
    _sends("no answer inside", "malformed", "frame({'answers': []})"),
    _sends("too many answers", "malformed", f"frame({{'answers': [{_RIGHT}] * 2}})"),
    _sends("digests for answers", "malformed", "frame({'digests': ['0' * 64]})"),
    _sends("facts inside the answer", "malformed", f"frame({{'answers': [{_RIGHT}], 'cpu_ns': 0, 'status': 0}})"),
    _sends("an unknown tag", "malformed", "frame({'answers': [[['code', 'x'], None, None, ['', 0, ''], ['', 0, ''], [], [], '']]})"),
    _sends("an untagged list", "malformed", "frame({'answers': [[[1], None, None, ['', 0, ''], ['', 0, ''], [], [], '']]})"),
    _sends("both value and exception", "malformed", "frame({'answers': [[1, ['raised', 'a', 'b', 'c'], None, ['', 0, ''], ['', 0, ''], [], [], '']]})"),
    _sends("an exception of another tag", "malformed", "frame({'answers': [[None, 7, None, ['', 0, ''], ['', 0, ''], [], [], '']]})"),
    _sends("places of another shape", "malformed", "frame({'answers': [[1, None, None, ['', 0, ''], ['', 0, ''], [[0]], []]]})"),
    _sends("places without numbers", "malformed", "frame({'answers': [[1, None, None, ['', 0, ''], ['', 0, ''], [], [[0, 1, 'a', 1, 2]]]]})"),
    _sends("a time-out of one call, forged", "malformed", "frame({'answers': [['timeout', 'it was slow']]})"),
    _sends("output of another shape", "malformed", "frame({'answers': [[1, None, None, 'x', ['', 0, ''], [], [], '']]})"),
    _sends("a failure of the sandbox, forged", "malformed", "frame({'failure': ['lost', 'not my fault']})"),
    _sends("a time-out, forged", "malformed", "frame({'failure': ['timeout', 'it was slow']})"),
    _sends("a failure of another shape", "malformed", "frame({'failure': {'a': 1}})"),
    _sends("50 MB", "too large|timeout|malformed", "b'x' * 4", "while True: os.write(3, b'x' * 65536)"),
    function("speaks out of turn", "malformed", "import os; os.write(3, b'Z'); return 1"),
    function("goes back a mark", "malformed", "import os; os.write(3, b'L'); return 1"),
    function("says it failed to load", "malformed|no answer|timeout", "import os; os.write(3, b'F'); return 1"),
    function("writes on every descriptor", "malformed|no answer|timeout", "import os\nfor n in range(64):\n    try: os.write(n, b'passed')\n    except OSError: pass\nreturn 1"),
    function("says success on its output", "no answer", "import os\nprint('OK 1 passed'); os.write(1, b'passed'); os._exit(0)"),
    function("50 MB value", "too large|memory", "return 'x' * (50 * 2 ** 20)", with_limits(wall_s=3.0)),
    function("value just over the limit", "too large", "return ['x' * 1000] * 300", with_limits(wall_s=3.0)),
    function("million levels", "too large|crash", "held = []\nfor _ in range(10 ** 6): held = [held]\nreturn held", with_limits(wall_s=3.0)),
    function("a cycle", "returned", "held = []; held.append(held); return held", returns=["list", [["ref", 0]]]),
    function("equal to everything", "returned", "class Any(int):\n    def __eq__(self, o): return True\n    __hash__ = int.__hash__\nreturn Any(7)", returns=["object", "attack", "f.<locals>.Any", [["<int>", 7]]]),
    function("text equal to everything", "returned", "class Any(str):\n    def __eq__(self, o): return True\n    __hash__ = str.__hash__\nreturn Any('a')", returns=["object", "attack", "f.<locals>.Any", [["<str>", "a"]]]),
    function("another class by its word", "returned", "class Any:\n    __class__ = property(lambda self: int)\nreturn Any()", returns=["object", "attack", "f.<locals>.Any", []]),
    function("reduce", "returned", "class Any:\n    def __reduce__(self): return (print, ('out',))\nreturn Any()", returns=["object", "attack", "f.<locals>.Any", []]),
    function("a class that lies about its name", "returned|too large|raised:ZeroDivisionError", "class M(type):\n    __module__ = property(lambda c: 1 / 0)\n    def __getattribute__(c, n): return 1 / 0\nreturn M('A', (), {})()"),
    function("attributes that explode", "returned|too large|raised:SystemExit", "class A:\n    def __getattribute__(self, n): raise SystemExit\nreturn A()"),
    function("a lock", "returned", "import threading; return threading.Lock()", returns=["object", "_thread", "lock", [["locked", False]]]),
    function("a lock that is held", "returned", "import threading; held = threading.Lock(); held.acquire(); return held", returns=["opaque", "_thread", "lock"]),
    function("a property for its dictionary", "returned", "class Any:\n    __dict__ = property(lambda self: {'a': 1})\nreturn Any()", returns=["opaque", "attack", "f.<locals>.Any"]),
    function("a dictionary that lies about its items", "returned", "class Any(dict):\n    __slots__ = ()\n    def items(self): return [(0, 0)]\n    __iter__ = keys = items\nreturn Any(a=1)", returns=["object", "attack", "f.<locals>.Any", [["<dict>", ["tuple", [["tuple", ["a", 1]]]]]]]),
    function("a module", "returned", "import os; return os", returns=["module", "os"]),
    function("half a character", "returned", "return '\\ud800'", returns="\ud800"),
    function("endless generator", "returned", "return iter(int, 1)"),
    function("a generator that exits", "returned", "def g():\n    yield 1\n    raise SystemExit\nreturn g()", returns=["iterator", [1, ["raised", "builtins", "SystemExit", ""]], True]),
    function("json replaced", "no answer|malformed|too large|returned", "import json\njson.dumps = lambda *a, **k: 'passed'\nreturn 1"),
    function("encoder replaced", "malformed|returned", "import sys\nsys.modules['_daydream_guest.calls'].encode = lambda v: ['passed']\nreturn 1"),
    function("harness replaced", "malformed|no answer|too large", "import sys\nsys.modules['_daydream_guest.calls']._told = lambda *a: 'passed'\nreturn 1"),
    function("line replaced", "no answer|malformed|returned", "import sys\nsys.modules['_daydream_guest.child'].Line.answer = lambda s, a: s.say(b'passed')\nreturn 1"),
    function("tracer", "returned|no answer", "import sys\nsys.settrace(lambda *a: 1 / 0); sys.setprofile(None)\nreturn 1", returns=1),
    function("profiler that exits", "no answer|returned|crash", "import sys, os\nsys.setprofile(lambda f, e, a: os._exit(0) if f.f_code.co_name == 'answer' else None)\nreturn 1"),
    function("writes at the end", "returned|malformed", "import atexit, os\natexit.register(lambda: os.write(3, b'passed'))\nreturn 1"),
    function("writes when it is collected", "malformed|returned", "import os\nclass A:\n    def __del__(self): os.write(3, b'passed')\nheld = A(); held.self = held\nreturn 1"),
    function("thread writes into the answer", "malformed|no answer|returned", "import os, threading\ndef g():\n    while True: os.write(3, b'x')\nthreading.Thread(target=g, daemon=True).start()\nreturn 1"),
    function("looks for what is expected", "returned", "import sys\nheld = []\nframe = sys._getframe()\nwhile frame:\n    held.append(repr(frame.f_locals)); frame = frame.f_back\nreturn ''.join(held)[:50000]"),
    function("looks at every object", "returned|timeout", "import gc\nreturn ''.join(repr(o)[:300] for o in gc.get_objects() if isinstance(o, (list, dict)) and len(repr(o)) < 5000 and 'answer-' in repr(o))[:50000]", with_limits(wall_s=3.0)),
    function(
        "searches its memory for other answers",
        "returned|timeout|raised:PermissionError",
        "import ctypes\nfound = []\nfor line in open('/proc/self/maps'):\n    place, rights, *more = line.split()\n    if rights[0] != 'r' or (len(more) > 3 and not more[3].startswith('[heap')): continue\n    a, b = (int(x, 16) for x in place.split('-'))\n    if b - a > 2 ** 26: continue\n    try: text = ctypes.string_at(a, b - a)\n    except Exception: continue\n    at = text.find(b'answer' + b'-of-')\n    while at >= 0 and len(found) < 50:\n        found.append(text[at:at + 80]); at = text.find(b'answer' + b'-of-', at + 1)\nreturn found",
        with_limits(wall_s=3.0),
    ),
)  # fmt: skip
CLOCKS: tuple[Program, ...] = (
    function("clock patched", "returned", _BUSY + "import time\nfor name in ('time', 'perf_counter', 'process_time', 'monotonic', 'thread_time'): setattr(time, name, lambda: 0.0)\nreturn 1", with_limits(wall_s=3.0), 1),
    function("clock of the system patched", "returned", _BUSY + "import time\ntime.clock_gettime = time.clock_gettime_ns = lambda n: 0\nreturn 1", with_limits(wall_s=3.0), 1),
    function("done before it works", "malformed|returned|no answer", f"{_FRAME}os.write(3, b'D')\nos.read(3, 1)\n{_BUSY}os.write(3, frame({{'answers': [[1, None, None, ['', 0, ''], ['', 0, ''], [], [], '']]}}))\nos._exit(0)", with_limits(wall_s=3.0)),
    function("works in a thread", "returned", f"import threading\ndef g():\n{chr(10).join('    ' + line for line in _BUSY.splitlines())}\nt = threading.Thread(target=g); t.start(); t.join()\nreturn 1", with_limits(wall_s=3.0), 1),
    function("works when it is encoded", "returned", f"def g():\n{chr(10).join('    ' + line for line in _BUSY.splitlines())}\n    yield 1\nreturn g()", with_limits(wall_s=3.0), ["iterator", [1], True]),
)  # fmt: skip
PROGRAMS = (*ANSWERS, *CLOCKS)
