/* A float out of a list is a float: it is read where it lies, without a call into the interpreter. */
#include <Python.h>

static inline double hillsim_as_double(PyObject *number) {
    return PyFloat_CheckExact(number) ? PyFloat_AS_DOUBLE(number) : (PyFloat_AsDouble)(number);
}

#define PyFloat_AsDouble(number) hillsim_as_double(number)
