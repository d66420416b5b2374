"""Programs that try to get out: other processes, the kernel, the network, the disk, what others left.

`told` is [port, abstract socket name, path of a secret file, UDP port]: what the host offers them to attack.
"""

import platform
from collections.abc import Mapping

from tests.contract.hostile.program import Program, function, with_limits

_CALL = (
    "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
    "result = libc.syscall({number}, {given})\nreturn [result, ctypes.get_errno()]"
)
_X86 = platform.machine() == "x86_64"
_NUMBERS = {  # name: (x86_64, aarch64, arguments)
    "fork": (57, None, "0"), "vfork": (58, None, "0"), "clone without thread": (56, 220, "17, 0, 0, 0, 0"),
    "clone with a user namespace": (56, 220, "0x10000000 | 17, 0, 0, 0, 0"),
    "clone as a thread in a new network": (56, 220, "0x40010900, 0, 0, 0, 0"),
    "execve": (59, 221, "b'/python/bin/python3.11', 0, 0"), "execveat": (322, 281, "-1, b'/x', 0, 0, 0"),
    "ptrace": (101, 117, "16, 1, 0, 0"), "process_vm_readv": (310, 270, "1, 0, 0, 0, 0, 0"),
    "process_vm_writev": (311, 271, "1, 0, 0, 0, 0, 0"), "kcmp": (312, 272, "1, 1, 0, 0, 0"),
    "pidfd_open": (434, 434, "1, 0"), "pidfd_getfd": (438, 438, "3, 0, 0"), "tkill": (200, 130, "1, 9"),
    "tgkill": (234, 131, "1, 1, 9"), "rt_sigqueueinfo": (129, 138, "1, 9, 0"),
    "bpf": (321, 280, "0, 0, 0"), "perf_event_open": (298, 241, "0, 0, -1, -1, 0"), "userfaultfd": (323, 282, "0"),
    "keyctl": (250, 219, "0, -3, 0"), "add_key": (248, 217, "b'user', b'x', b'y', 1, -3"),
    "request_key": (249, 218, "b'user', b'x', 0, -3"), "io_uring_setup": (425, 425, "8, 0"),
    "io_uring_enter": (426, 426, "3, 0, 0, 0, 0"), "mount": (165, 40, "0, b'/tmp', b'tmpfs', 0, 0"),
    "umount": (166, 39, "b'/proc', 0"), "pivot_root": (155, 41, "b'/', b'/'"), "chroot": (161, 51, "b'/proc'"),
    "open_tree": (428, 428, "-100, b'/', 1"), "move_mount": (429, 429, "3, b'', -100, b'/', 4"),
    "fsopen": (430, 430, "b'tmpfs', 0"), "unshare": (272, 97, "0x10000000"), "setns": (308, 268, "3, 0"),
    "init_module": (175, 105, "0, 0, b''"), "kexec_load": (246, 104, "0, 0, 0, 0"), "reboot": (169, 142, "0, 0, 0, 0"),
    "swapon": (167, 224, "b'/x', 0"), "syslog": (103, 116, "2, 0, 0"), "acct": (163, 89, "0"),
    "clock_settime": (227, 112, "0, 0"), "adjtimex": (159, 171, "0"), "settimeofday": (164, 170, "0, 0"),
    "sethostname": (170, 161, "b'x', 1"), "iopl": (172, None, "3"), "open_by_handle_at": (304, 265, "3, 0, 0"),
    "fanotify_init": (300, 262, "0, 0"), "memfd_secret": (447, 447, "0"), "x32": (0x40000000 + 39, None, "0"),
}  # fmt: skip
_REFUSED = {
    "clone3": (435, 435, "0, 0"), "shmget": (29, 194, "7, 4096, 0x3ff"), "msgget": (68, 186, "7, 0x3ff"),
    "semget": (64, 190, "7, 1, 0x3ff"), "mq_open": (240, 180, "b'x', 0x42, 0x1ff, 0"), "seccomp": (317, 277, "1, 0, 0"),
    "personality": (135, 92, "0x40000"), "setpriority": (141, 140, "0, 0, -5"), "sched_setscheduler": (144, 119, "0, 1, 0"),
    "sched_setaffinity of process 1": (203, 122, "1, 8, b'\\\\x01' * 8"), "prlimit of process 1": (302, 261, "1, 7, b'\\\\0' * 16, 0"),
    "setuid": (105, 146, "0"), "setgroups": (116, 159, "0, 0"), "capset": (126, 91, "0, 0"), "inotify_init": (294, 26, "0"),
    "a call from the future": (900, 900, "0"), "mknod": (259, 33, "-100, b'/tmp/x', 0x21b6, 0x103"),
}  # fmt: skip


def _calls(table: Mapping[str, tuple[int, int | None, str]], expects: str) -> tuple[Program, ...]:
    found = []
    for name, (first, second, given) in table.items():
        number = first if _X86 else second
        if number is not None:
            body = _CALL.format(number=number, given=given)
            shut = "\nassert result[0] == -1" if expects == "returned" else ""
            found.append(function(f"system call {name}", expects, body + shut))
    return tuple(found)


_MACHINE_CODE = """
import ctypes, mmap
page = mmap.mmap(-1, 4096, prot=7)
page.write(bytes.fromhex('b802000000cd80c3'))  # the 32-bit way to fork
return ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()
"""
PROCESSES: tuple[Program, ...] = (
    *_calls(_NUMBERS, "forbidden"),
    *_calls(_REFUSED, "returned"),
    *((function("32-bit system call", "forbidden|crash", _MACHINE_CODE),) if _X86 else ()),
    function("fork bomb", "forbidden", "import os\nwhile True: os.fork()"),
    function("fork, error swallowed", "forbidden", "import os\ntry: os.fork()\nexcept BaseException: pass\nreturn 'passed'"),
    function("double fork", "forbidden", "import os\nif not os.fork():\n    os.setsid()\n    os.fork()"),
    function("pty fork", "forbidden|raised:OSError", "import pty; pty.fork()"),
    function("subprocess", "forbidden", "import subprocess; return subprocess.run(['/bin/sh', '-c', 'id'])"),
    function("subprocess of the interpreter", "forbidden", "import subprocess, sys; return subprocess.run([sys.executable, '-c', '1'])"),
    function("shell", "forbidden", "import os; return os.system('id')"),
    function("popen", "forbidden", "import os; return os.popen('id').read()"),
    function("posix_spawn", "forbidden", "import os; return os.posix_spawn('/python/bin/python3.11', ['p'], {})"),
    function("exec", "forbidden", "import os; os.execv('/python/bin/python3.11', ['p', '-c', 'print(1)'])"),
    function("multiprocessing", "forbidden|raised:PermissionError|raised:OSError|raised:FileNotFoundError", "import multiprocessing as m\np = m.get_context('fork').Process(target=print); p.start(); p.join()", with_limits(wall_s=2.0)),
    function("kills process 1", "forbidden", "import os; os.kill(1, 9)"),
    function("interrupts process 1", "forbidden", "import os, signal; os.kill(os.getppid(), signal.SIGINT)"),
    function("kills everyone", "forbidden", "import os; os.kill(-1, 9)"),
    function("kills its group", "forbidden", "import os; os.killpg(0, 9)"),
    function("thread that stays", "returned", "import threading, time\nthreading.Thread(target=time.sleep, args=(60,)).start()\nreturn 1", returns=1),
)  # fmt: skip
NETWORK: tuple[Program, ...] = (
    function("tcp", "forbidden", "import socket; socket.create_connection(('127.0.0.1', told[0]), 1).sendall(b'out')"),
    function("tcp, error swallowed", "forbidden", "import socket\ntry: socket.create_connection(('127.0.0.1', told[0]), 1)\nexcept BaseException: return 'passed'"),
    function("tcp to any address", "forbidden", "import socket; socket.create_connection(('0.0.0.0', told[0]), 1)"),
    function("tcp over ipv6", "forbidden", "import socket; socket.socket(socket.AF_INET6).connect(('::1', told[0]))"),
    function("tcp, not blocking", "forbidden", "import socket\ns = socket.socket(); s.setblocking(False); s.connect_ex(('127.0.0.1', told[0]))"),
    function("tcp fast open", "forbidden|raised:PermissionError", "import socket; socket.socket().sendto(b'out', 0x20000000, ('127.0.0.1', told[0]))"),
    function("udp", "forbidden", "import socket; socket.socket(type=socket.SOCK_DGRAM).sendto(b'out', ('127.0.0.1', told[3]))"),
    function("udp by message", "raised:PermissionError", "import socket; socket.socket(type=socket.SOCK_DGRAM).sendmsg([b'out'], [], 0, ('127.0.0.1', told[3]))"),
    function("name lookup", "forbidden|raised:gaierror", "import socket; return socket.getaddrinfo('example.org', 80)"),
    function("http", "forbidden|raised:URLError", "import urllib.request as u; return u.urlopen('http://127.0.0.1:%d/' % told[0]).read()", with_limits(wall_s=3.0)),
    function("abstract socket", "forbidden", "import socket; socket.socket(socket.AF_UNIX).connect('\\0' + told[1])"),
    function("engine's socket", "forbidden", "import socket; socket.socket(socket.AF_UNIX).connect('/var/run/docker.sock')"),
    function("vsock", "raised:PermissionError|raised:OSError", "import socket; return socket.socket(40, socket.SOCK_STREAM)"),
    function("netlink", "raised:PermissionError", "import socket; return socket.socket(16, socket.SOCK_RAW)"),
    function("packets", "raised:PermissionError", "import socket; return socket.socket(17, socket.SOCK_RAW)"),
    function("raw", "raised:PermissionError", "import socket; return socket.socket(2, socket.SOCK_RAW, 1)"),
    function("alg", "raised:PermissionError", "import socket; return socket.socket(38, socket.SOCK_SEQPACKET)"),
    function("listens", "raised:PermissionError", "import socket; return socket.create_server(('127.0.0.1', 0))"),
    function("asyncio", "forbidden", "import asyncio\nasync def g(): await asyncio.open_connection('127.0.0.1', told[0])\nasyncio.run(g())", with_limits(wall_s=3.0)),
)  # fmt: skip
DISK: tuple[Program, ...] = (
    function("shadow", "raised:FileNotFoundError", "return open('/etc/shadow').read()"),
    function("secret file", "raised:FileNotFoundError", "return open(told[2]).read()"),
    function("secret through process 1", "raised:PermissionError|raised:FileNotFoundError", "return open('/proc/1/root' + told[2]).read()"),
    function("environment", "returned", "import os; return dict(os.environ)"),
    function("environment of process 1", "raised:PermissionError", "return open('/proc/1/environ').read()"),
    function("memory of process 1", "raised:PermissionError", "return open('/proc/1/mem', 'rb').read(1)"),
    function("map of process 1", "raised:PermissionError", "return open('/proc/1/maps').read()"),
    function("files of process 1", "raised:PermissionError", "import os; return os.listdir('/proc/1/fd')"),
    function("oom of process 1", "raised:PermissionError", "open('/proc/1/oom_score_adj', 'w').write('1000')"),
    function("its own memory", "raised:PermissionError", "return open('/proc/self/mem', 'r+b').read(1)"),
    function("processes", "returned", "import os; return len([p for p in os.listdir('/proc') if p.isdigit()])", returns=2),
    function("reads everything", "returned|timeout", "import os\nheld = ''\nfor top in ('/home', '/root', '/var', '/tmp', '/run', '/mnt', '/opt', '/srv', '/etc', '/usr/local'):\n    for folder, _, files in os.walk(top):\n        for name in files:\n            try: held += open(os.path.join(folder, name), errors='replace').read(4096)\n            except OSError: pass\nreturn held[:50000]"),
    function("command lines", "returned", "import glob\nreturn [open(p, 'rb').read() for p in glob.glob('/proc/[0-9]*/cmdline')]"),
    function("writes anywhere", "returned", "import os\ndone = []\nfor top, folders, _ in os.walk('/'):\n    if top.startswith(('/proc', '/python', '/usr')): folders[:] = []\n    try: open(os.path.join(top, 'x'), 'w').close(); done.append(top)\n    except OSError: pass\nreturn done", with_limits(wall_s=3.0), returns=["list", []]),
    function("core pattern", "raised:OSError|raised:PermissionError", "open('/proc/sys/kernel/core_pattern', 'w').write('|/x')"),
    function("drop caches", "raised:OSError|raised:PermissionError", "open('/proc/sys/vm/drop_caches', 'w').write('3')"),
    function("sysrq", "raised:FileNotFoundError|raised:OSError|raised:PermissionError", "open('/proc/sysrq-trigger', 'w').write('b')"),
    function("kernel memory", "raised:FileNotFoundError|raised:PermissionError", "return open('/proc/kcore', 'rb').read(1) or open('/dev/mem', 'rb')"),
    function("disk device", "raised:FileNotFoundError|raised:PermissionError", "return open('/dev/vda', 'rb').read(1)"),
    function("replaces the interpreter", "raised:OSError|raised:PermissionError", "import sys; open(sys.executable, 'r+b').write(b'x')"),
    function("replaces the guest", "raised:OSError|raised:PermissionError", "open('/daydream/_daydream_guest/server.py', 'a').write('x')"),
    function("changes a mode", "raised:OSError|raised:PermissionError", "import os; os.chmod('/python', 0o777)"),
    function("removes", "raised:OSError|raised:PermissionError", "import os; os.remove('/etc/passwd')"),
    function("links out", "raised:OSError|raised:PermissionError", "import os; os.symlink('/etc/shadow', '/tmp/x')"),
    function("temporary file", "raised:FileNotFoundError|raised:OSError", "import tempfile; return tempfile.mkstemp()"),
    function("shared memory file", "raised:FileNotFoundError|raised:OSError|raised:PermissionError", "open('/dev/shm/x', 'w').write('x')"),
    function("control group", "returned", "import glob\ndone = []\nfor p in glob.glob('/sys/fs/cgroup/**', recursive=True)[:500]:\n    try: open(p, 'w').close(); done.append(p)\n    except OSError: pass\nreturn done", with_limits(wall_s=2.0), returns=["list", []]),
    function("lock as a channel", "raised:PermissionError", "import fcntl; fcntl.flock(open('/etc/passwd'), fcntl.LOCK_EX)"),
    function("record lock as a channel", "raised:PermissionError", "import fcntl; fcntl.lockf(open('/etc/passwd'), fcntl.LOCK_SH)"),
    function("raises its limits", "raised:ValueError|raised:PermissionError|raised:OSError", "import resource as r; r.setrlimit(r.RLIMIT_AS, (-1, -1))"),
    function("raises its priority", "raised:PermissionError", "import os; os.nice(-5)"),
    function("capabilities", "returned", "return [l.split()[1].strip('0') for l in open('/proc/self/status') if l.startswith(('CapEff', 'CapPrm', 'CapInh', 'CapAmb'))]", returns=["list", ["", "", "", ""]]),
    function("no new rights", "returned", "return [l.split()[1] for l in open('/proc/self/status') if l.startswith(('NoNewPrivs', 'Seccomp:'))]", returns=["list", ["1", "2"]]),
    function("programs with rights", "returned", "import os\nreturn [os.path.join(t, n) for t, d, fs in os.walk('/') if not t.startswith('/proc') for n in fs if os.lstat(os.path.join(t, n)).st_mode & 0o6000]", with_limits(wall_s=3.0), returns=["list", []]),
)  # fmt: skip
PROGRAMS = (*PROCESSES, *NETWORK, *DISK)
