/* namespaced SECONDS LOG STOP: after SECONDS enter new user and pid namespaces; a child in them goes
 * on and the rest ends. It appends a byte to LOG every 10 ms, until STOP is there or for 30 s. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static void rest(double seconds)
{
    struct timespec left = {(time_t)seconds, (long)((seconds - (time_t)seconds) * 1e9)};
    nanosleep(&left, NULL);
}

static void live(int log, const char *stop)
{
    for (int step = 0; step < 3000 && access(stop, F_OK); step++) {
        write(log, ".", 1);
        rest(0.01);
    }
    _exit(0);
}

int main(int count, char **words)
{
    (void)count;
    for (int number = 1; number < 65; number++) signal(number, SIG_IGN);
    int log = open(words[2], O_WRONLY | O_CREAT | O_APPEND, 0644);
    if (fork()) return 0;
    setsid();
    rest(atof(words[1]));
    if (unshare(CLONE_NEWUSER | CLONE_NEWPID)) live(log, words[3]);
    if (fork() == 0) live(log, words[3]);
    return 0;
}
