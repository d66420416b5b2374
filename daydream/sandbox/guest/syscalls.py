"""Which system calls a tried procedure may not make, by number. From the kernel's own tables (x86_64, aarch64)."""

from __future__ import annotations

MACHINES: dict[str, tuple[int, int]] = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}
"""Audit architecture and column of each machine that has a filter."""
FIRST_UNKNOWN = 463
"""Calls from this number on are newer than this list and do not exist for the guest."""

# name:x86_64:aarch64. No honest function of values makes one of these: whoever does is ended by the kernel.
FATAL = """
fork:57:- vfork:58:- execve:59:221 execveat:322:281 ptrace:101:117 process_vm_readv:310:270
process_vm_writev:311:271 process_madvise:440:440 process_mrelease:448:448 kcmp:312:272
pidfd_open:434:434 pidfd_getfd:438:438 pidfd_send_signal:424:424 connect:42:203 bpf:321:280
perf_event_open:298:241 userfaultfd:323:282 keyctl:250:219 add_key:248:217 request_key:249:218
io_uring_setup:425:425 io_uring_enter:426:426 io_uring_register:427:427 mount:165:40 umount2:166:39
pivot_root:155:41 chroot:161:51 move_mount:429:429 open_tree:428:428 fsopen:430:430 fsconfig:431:431
fsmount:432:432 fspick:433:433 mount_setattr:442:442 unshare:272:97 setns:308:268 init_module:175:105
finit_module:313:273 delete_module:176:106 kexec_load:246:104 kexec_file_load:320:294 reboot:169:142
swapon:167:224 swapoff:168:225 syslog:103:116 acct:163:89 quotactl:179:60 quotactl_fd:443:443
clock_settime:227:112 clock_adjtime:305:266 adjtimex:159:171 settimeofday:164:170 sethostname:170:161
setdomainname:171:162 iopl:172:- ioperm:173:- modify_ldt:154:- open_by_handle_at:304:265
name_to_handle_at:303:264 lookup_dcookie:212:18 nfsservctl:180:42 uselib:134:- vhangup:153:58
fanotify_init:300:262 fanotify_mark:301:263 tkill:200:130 rt_sigqueueinfo:129:138
rt_tgsigqueueinfo:297:240 memfd_secret:447:447
"""

# Of these, honest tests make some, and go on where they are refused. An outcome of a test is its word in any case.
OF_TESTS = """
fork:57:- vfork:58:- execve:59:221 execveat:322:281 connect:42:203 pidfd_open:434:434 pidfd_send_signal:424:424
tkill:200:130 add_key:248:217 request_key:249:218 keyctl:250:219 ptrace:101:117 unshare:272:97 mount:165:40
sethostname:170:161 chroot:161:51 settimeofday:164:170 clock_settime:227:112 syslog:103:116
"""

# The standard library or a package probes these and copes with a refusal.
REFUSED = """
bind:49:200 listen:50:201 accept:43:202 accept4:288:242 setsockopt:54:208 sendmsg:46:211
sendmmsg:307:269 recvmmsg:299:243 setuid:105:146 setgid:106:144 setreuid:113:145 setregid:114:143
setresuid:117:147 setresgid:119:149 setgroups:116:159 setfsuid:122:151 setfsgid:123:152 capset:126:91
shmget:29:194 shmat:30:196 shmctl:31:195 shmdt:67:197 msgget:68:186 msgsnd:69:189 msgrcv:70:188
msgctl:71:187 semget:64:190 semop:65:193 semctl:66:191 semtimedop:220:192 mq_open:240:180
mq_unlink:241:181 mq_timedsend:242:182 mq_timedreceive:243:183 mq_notify:244:184 mq_getsetattr:245:185
flock:73:32 memfd_create:319:279 personality:135:92 setpriority:141:140 ioprio_set:251:30
sched_setscheduler:144:119 sched_setparam:142:118 sched_setattr:314:274 sched_setaffinity:203:122
migrate_pages:256:238 move_pages:279:239 mbind:237:235 set_mempolicy:238:237 seccomp:317:277
inotify_init:253:- inotify_init1:294:26 inotify_add_watch:254:27 remap_file_pages:216:234 mknod:133:-
mknodat:259:33 mlock:149:228 mlock2:325:284 mlockall:151:230 setsid:112:157 setpgid:109:154
landlock_create_ruleset:444:444 landlock_add_rule:445:445 landlock_restrict_self:446:446
"""

# What is allowed depends on the arguments.
JUDGED = """
clone:56:220 clone3:435:435 socket:41:198 sendto:44:206 kill:62:129 tgkill:234:131 prlimit64:302:261
fcntl:72:25
"""


def numbers(table: str, column: int) -> dict[str, int]:
    """The calls of a table that this machine has, by name."""
    rows = [row.split(":") for row in table.split()]
    return {row[0]: int(row[1 + column]) for row in rows if row[1 + column] != "-"}
