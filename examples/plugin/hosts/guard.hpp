#pragma once

/// While it is armed on a thread, any allocation, lock or system call of that thread ends the program with its name.
void armGuard(bool armed);
