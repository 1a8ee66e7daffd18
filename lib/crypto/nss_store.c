/*
 * The NSS database (keystore.h): opened once a process, keys made and listed. NSS reads and writes its own
 * files (cert9.db, key4.db, pkcs11.txt); this file adds only the password file nsspassword, read through
 * NSPR, whose lines are a password or token:password.
 */
#include "keystore.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nss.h>
#include <prerror.h>
#include <prio.h>
#include <secerr.h>
#include <secmod.h>

#include "limits.h"
#include "./nss.h"

