/* relay MICROSECONDS LOG STOP [ENTER]: live on by way of children: each waits MICROSECONDS, forks
 * the next and ends. Every hop appends a byte to LOG. It ends when the file STOP is there, or after
 * 30 seconds. All signals but KILL and STOP are ignored. ENTER is the hop that enters a session of
 * its own. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int main(int count, char **words)
{
    long pause = count > 1 ? atol(words[1]) : 5000;
    for (int number = 1; number < 65; number++) signal(number, SIG_IGN);
    if (fork()) return 0;
    setsid();
    int log = open(words[2], O_WRONLY | O_CREAT | O_APPEND, 0644);
    time_t until = time(NULL) + 30;
    while (time(NULL) < until && access(words[3], F_OK)) {
        struct timespec rest = {pause / 1000000, pause % 1000000 * 1000};
        write(log, ".", 1);
        nanosleep(&rest, NULL);
        if (fork() > 0) _exit(0);
    }
    return 0;
}
