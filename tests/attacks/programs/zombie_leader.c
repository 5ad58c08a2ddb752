/* zombie_leader THREADS SECONDS: the first thread ends, THREADS others sleep: a zombie that lives. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void *rest(void *seconds)
{
    sleep(atoi(seconds));
    return NULL;
}

int main(int count, char **words)
{
    (void)count;
    pthread_attr_t small;
    pthread_t thread;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 65536);
    for (int number = 0; number < atoi(words[1]); number++)
        if (pthread_create(&thread, &small, rest, words[2])) break;
    puts("ready");
    fflush(stdout);
    pthread_exit(NULL);
}
