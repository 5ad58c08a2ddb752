/* Daemons that hide from whoever looks for them. Each ends by itself after a minute.

   escapes BEAT relay MILLISECONDS   goes on by way of its children, one hop in so many ms
   escapes BEAT namespace GO         enters a pid namespace of its own once the file GO is there
   escapes BEAT bare                 has neither environment, parent nor session

   BEAT: a file to which it adds a byte as long as it lives. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *beat_file;
static time_t last;

static void beat(void)
{
    int file = open(beat_file, O_WRONLY | O_APPEND | O_CREAT, 0644);
    if (file >= 0 && write(file, ".", 1) == 1)
        close(file);
    if (time(NULL) > last)
        _exit(0);
}

static void rest(long milliseconds)
{
    struct timespec span = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    nanosleep(&span, NULL);
}

static void leave_parent(void)
{
    if (fork())
        _exit(0);
}

static void stay(void)
{
    for (;;) {
        beat();
        rest(5);
    }
}

int main(int count, char **words)
{
    const char *way = words[2];
    last = time(NULL) + 60;
    beat_file = words[1];
    for (int number = 1; number < 32; number++)
        signal(number, SIG_IGN);
    leave_parent();
    setsid();
    leave_parent();
    if (!strcmp(way, "relay"))
        for (;;) {
            leave_parent();
            beat();
            rest(atol(words[3]));
        }
    if (!strcmp(way, "namespace")) {
        while (access(words[3], F_OK)) {
            beat();
            rest(5);
        }
        if (unshare(CLONE_NEWPID))
            _exit(1);
        leave_parent();
        stay();
    }
    if (count == 3) {
        char *bare[] = {words[0], words[1], words[2], "again", NULL}, *none[] = {NULL};
        execve("/proc/self/exe", bare, none);
    }
    stay();
}
