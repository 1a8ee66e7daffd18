/* What simulated DNS says of simulated nodes: each has an RSA key, worthless but of the right shape, at its reverse name. */
#ifndef CYGNET_SIM_NAMES_H
#define CYGNET_SIM_NAMES_H

#include "dns.h"

#define NAMES_KEY_OCTETS 260

/* The key of a node, as RFC 3110 has it. */
void names_key(size_t node, uint8_t out[NAMES_KEY_OCTETS]);
/* The same as leftrsasigkey= takes it, "0s...": malloc'ed. */
char *names_key_text(size_t node);

/*
 * An answer to a question: word says what is so: secure, insecure (there is a key), none, none-insecure, bogus, failed, malformed,
 * wrong-key, silent (NULL). malloc'ed.
 */
struct dns_answer *names_answer(const struct dns_question *question, const char *word);

#endif
