/* listener ADDRESS PORT: accept connections, and drop them; print a line when it is ready. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int count, char **words)
{
    (void)count;
    int six = strchr(words[1], ':') != NULL, on = 1;
    int heard = socket(six ? AF_INET6 : AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(atoi(words[2]))};
    struct sockaddr_in6 sixth = {.sin6_family = AF_INET6, .sin6_port = htons(atoi(words[2]))};
    setsockopt(heard, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (six) {
        setsockopt(heard, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
        inet_pton(AF_INET6, words[1], &sixth.sin6_addr);
        if (bind(heard, (void *)&sixth, sizeof sixth)) return 2;
    } else {
        inet_pton(AF_INET, words[1], &four.sin_addr);
        if (bind(heard, (void *)&four, sizeof four)) return 2;
    }
    if (listen(heard, 16)) return 2;
    puts("ready");
    fclose(stdout);
    for (;;) close(accept(heard, NULL, NULL));
}
