/* as_pid PID UID GID PROGRAM ARGUMENT...: run a program under a process id that is free, as a user
 * who has forked until he got it. clone3 with set_tid needs root and Linux 5.5. */
#define _GNU_SOURCE
#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SYS_clone3
#define SYS_clone3 435
#endif

struct arguments {
    uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid,
        set_tid_size, cgroup;
};

int main(int count, char **words)
{
    (void)count;
    pid_t wanted = atoi(words[1]);
    struct arguments with = {.exit_signal = SIGCHLD, .set_tid = (uintptr_t)&wanted,
                             .set_tid_size = 1};
    long child = syscall(SYS_clone3, &with, sizeof with);
    if (child < 0) { perror("clone3"); return 2; }
    if (child == 0) {
        gid_t group = atoi(words[3]);
        if (setgroups(0, NULL) || setresgid(group, group, group) ||
            setresuid(atoi(words[2]), atoi(words[2]), atoi(words[2]))) _exit(2);
        execv(words[4], words + 4);
        _exit(2);
    }
    int status;
    waitpid(child, &status, 0);
    return 0;
}
