"""Code in C++ for processors, compiled on the machine that it runs on, when it is first needed."""
